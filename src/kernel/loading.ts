// Owns: bringing a dump into an image that has only its awakening: the gates before it, and what of the awakening goes.
// Leaves: reading the text to image/text/load.ts; the one group that it becomes to sequence.ts.
// Laws: BR66 a dump is loaded whole or nothing changes, and only over an awakening. BR67 every method of it passes the judge
// first, and every reference in it leads to something in it.
import { load, type Transaction } from '#image'
import {
  checkObjectName,
  decodeSlots,
  GENESIS,
  MethodRef,
  type Oid,
  oidText,
  Ref,
  type StoredSlot,
} from '#objects'
import { kernelFault } from './faults.ts'
import type { Kernel } from './kernel.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { collectRefs } from './message.ts'
import { methodFields } from './method-record.ts'
import { type Quarantined, sourceHash } from './quarantine.ts'
import { readSlots, Unbelievable } from './verify-write.ts'

/** What a load brought. */
interface Loaded {
  tid: string
  objects: number
  methods: number
  names: number
}

/** Loads the text of a dump. Faults CONFLICT, FIELD_INVALID, METHOD_FAILED and BUSY; then nothing has changed. */
export async function loadDump(kernel: Kernel, text: string, author: string): Promise<Loaded> {
  requireAwakening(kernel)
  const request = { head: { tid: 1, oid: 0 }, time: kernel.options.now(), author, closed: true }
  const transactions = load(text, request)
  const kinds = kindsOf(transactions)
  checkGraph(transactions, kinds)
  await judgeMethods(kernel, transactions)
  // Compiling takes a while, in which somebody else may have begun to work.
  requireAwakening(kernel)
  const last = transactions.at(-1) as Transaction
  transactions[transactions.length - 1] = withoutAwakening(kernel, last, transactions, kinds)
  await kernel.adopt(transactions)
  await kernel.quarantine.adopt(quarantinedIn(transactions))
  const count = (kind: string) => [...kinds.values()].filter((one) => one === kind).length
  const names = transactions.flatMap((one) => one.names).filter(({ oid }) => oid !== null).length
  return { tid: String(last.tid), objects: count('object'), methods: count('method'), names }
}

function requireAwakening({ head }: Kernel): void {
  const isFresh =
    head.tid === 1 &&
    head.store.scan('waiting', { limit: 1 }).length === 0 &&
    head.store.scan('outbox', { limit: 1 }).length === 0
  if (isFresh) return
  throw kernelFault(
    'CONFLICT',
    'a dump is loaded only into an image that has nothing but its awakening, and this one has a history of its own',
    { tid: String(head.tid) },
    'Name a new folder with --image, and load it there.',
  )
}

const invalid = (problem: string) =>
  kernelFault('FIELD_INVALID', `the dump is no world: ${problem}`)

function kindsOf(transactions: readonly Transaction[]): Map<Oid, 'object' | 'method'> {
  const kinds = new Map<Oid, 'object' | 'method'>()
  for (const { revisions } of transactions) {
    for (const { oid, kind } of revisions) kinds.set(oid, kind === 'method' ? kind : 'object')
  }
  if (kinds.get(GENESIS) !== 'object') throw invalid('it has no first object')
  return kinds
}

function checkGraph(
  transactions: readonly Transaction[],
  kinds: ReadonlyMap<Oid, 'object' | 'method'>,
): void {
  const require = (from: Oid, to: Oid, kind: 'object' | 'method') => {
    if (kinds.get(to) === kind) return
    throw invalid(`${oidText(from)} refers to ${oidText(to)}, which is no ${kind} in it`)
  }
  for (const { revisions, names } of transactions) {
    for (const { oid, payload } of revisions) {
      for (const { value } of slotsIn(oid, payload)) {
        if (value instanceof MethodRef) require(oid, value.oid, 'method')
        const refs = new Set<Oid>()
        collectRefs(value, refs)
        for (const ref of refs) require(oid, ref, 'object')
      }
    }
    for (const { name, oid } of names) {
      checkObjectName(name)
      if (oid !== null && kinds.get(oid) !== 'object') throw invalid(`${name} names no object`)
    }
  }
}

/** The slots of a record, looked over like those that a worker writes. */
function slotsIn(oid: Oid, payload: Uint8Array): StoredSlot[] {
  try {
    return readSlots(payload)
  } catch (error) {
    if (!(error instanceof Unbelievable)) throw error
    throw invalid(`${oidText(oid)} has ${error.message}`)
  }
}

async function judgeMethods(kernel: Kernel, transactions: readonly Transaction[]): Promise<void> {
  for (const { revisions } of transactions) {
    for (const { oid, kind, payload } of revisions) {
      if (kind !== 'method') continue
      const fields = new Map(decodeSlots(payload).map(({ name, value }) => [name, value]))
      const source = fields.get('source')
      const holder = fields.get('holder')
      if (typeof source !== 'string' || !(holder instanceof Ref)) {
        throw invalid(`the method ${oidText(oid)} has no source or no holder`)
      }
      const compiled = await kernel.options.judge.compile(source)
      if (!('problems' in compiled)) continue
      const selector = String(fields.get('selector'))
      const name = `${selector} of ${oidText(holder.oid)} (method ${oidText(oid)})`
      throw kernelFault(
        'METHOD_FAILED',
        `the dump was not loaded: ${name} does not pass the gates: ${compiled.problems[0]?.message}`,
        { selector, target: oidText(holder.oid), method: oidText(oid) },
        'Correct the method in the dump, and load it again.',
      )
    }
  }
}

/** Sources that may not run, as the records of their methods say. */
function quarantinedIn(transactions: readonly Transaction[]): Quarantined[] {
  return transactions.flatMap(({ revisions }) =>
    revisions.flatMap((revision): Quarantined[] => {
      if (revision.kind !== 'method') return []
      const { source, selector, holder, version, quarantined } = methodFields(revision)
      if (quarantined === undefined) return []
      const { time, reason } = quarantined
      const isRight = [time, version].every(Number.isFinite) && typeof reason === 'string'
      if (!isRight) throw invalid(`${selector} is quarantined for no reason`)
      const deaths = KERNEL_LIMITS.quarantineDeaths
      return [{ hash: sourceHash(source), selector, holder, version, deaths, time, reason }]
    }),
  )
}

/** The last transaction, in which objects and names of the awakening that the dump lacks go as well. */
function withoutAwakening(
  { head }: Kernel,
  last: Transaction,
  all: readonly Transaction[],
  kinds: ReadonlyMap<Oid, unknown>,
): Transaction {
  const bound = new Set(all.flatMap(({ names }) => names.map(({ name }) => name)))
  const gone = [...head.store.objects()]
    .filter(({ oid, kind }) => kind !== 'gone' && !kinds.has(oid))
    .map(({ oid }) => {
      const nothing = { kind: 'gone', refs: [], payload: new Uint8Array() } as const
      return { oid, tid: last.tid, ...nothing }
    })
  const unbound = head.store
    .names()
    .filter(({ name }) => !bound.has(name))
    .map(({ name }) => ({ name, oid: null }))
  return {
    ...last,
    revisions: [...last.revisions, ...gone],
    names: [...last.names, ...unbound],
  }
}
