// Owns: one version of a method in the place of another: taken back by the system, or by a person; which there are; what a person
// says of one.
// Leaves: when the system takes one back to probation.ts; putting a new one into its slot to atomic-swap.ts.
// Laws: GO51 taking back is one turn, and the history says why. GO54 every version that the image still has can be listed,
// read and called by its number, and put back. GO55 a person's word ends a probation or a quarantine, and is in the history.
import { Fault } from '#ground'
import type { Revision } from '#image'
import {
  type Kernel,
  type MethodView,
  methodFields,
  placesIn,
  type VersionRow,
  type VersionState,
} from '#kernel'
import { MethodRef, type Oid, oidText, Ref } from '#objects'
import { governanceFault } from './faults.ts'

/** Who appears in the history when nobody asked for it. */
export const SYSTEM = 'system'

/** The slot of an own method: its oid and when it was changed last. */
export function slotOf(
  { head }: Kernel,
  holder: Oid,
  selector: string,
): { method: Oid; tid: number } | undefined {
  if (!head.has(holder)) return undefined
  const slot = head.object(holder).slots.find(({ name }) => name === selector)
  return slot?.value instanceof MethodRef ? { method: slot.value.oid, tid: slot.tid } : undefined
}

/**
 * Takes a version out of its slot as one turn of the system: the one before comes back, or, where there is none that may run,
 * nothing.
 */
export async function takeBack(kernel: Kernel, row: VersionRow, reason: string): Promise<void> {
  const { versions, head, quarantine, options } = kernel
  const { holder, selector, method, version, previous } = row
  const slot = slotOf(kernel, holder, selector)
  const time = options.now()
  if (slot?.method !== method) {
    await kernel.keep([versions.deciding(row, 'replaced', time)])
    return
  }
  const before =
    previous !== null && head.read(previous)?.kind === 'method' ? head.method(previous) : undefined
  const isFit = before !== undefined && quarantine.of(before.source) === undefined
  const to = isFit ? `version ${before.version} is back` : 'it is removed'
  const by = {
    author: SYSTEM,
    note: `roll back ${selector}, version ${version}: ${reason}; ${to}`,
    tables: (tid: number) => [
      versions.deciding(row, 'rolled-back', time, { by: SYSTEM, reason, tid }),
    ],
  }
  const expect = slot.tid
  const answer = await kernel.change(
    isFit
      ? { kind: 'method', target: holder, selector, method: before.oid, expect }
      : { kind: 'remove', target: holder, slot: selector, expect },
    by,
  )
  if (!answer.ok) {
    // Somebody else has put something there meanwhile, or the disk refused; the next call decides anew.
    const sentence = `it could not be taken back: ${answer.fault.message}`
    return versions.evidence(row, sentence)
  }
  const came = isFit ? { to: before.version } : {}
  versions.tell({ kind: 'rolled-back', row, tid: answer.tid, reason, ...came })
}

/** One version as it is listed: its record, as far as the image still has it, and how it has fared. */
export interface Listed {
  version: number
  /** True for the one in the slot. */
  current: boolean
  state: VersionState | 'quarantined'
  method: MethodView | undefined
  row: VersionRow | undefined
  quarantined: string | undefined
}

/** Versions followed from one to the one before, for methods that are older than their rows. */
const CHAIN_MAX = 1_000

/** All versions of a selector of an object that are known, oldest first. */
export function versionsOf(kernel: Kernel, holder: Oid, selector: string): Listed[] {
  const { head, versions, quarantine } = kernel
  const rows = new Map(versions.of(holder, selector).map((row) => [row.version, row]))
  const current = slotOf(kernel, holder, selector)?.method
  const found = new Map<number, MethodView>()
  const add = (oid: Oid | null | undefined) => {
    for (let next = oid; next != null && found.size < CHAIN_MAX; ) {
      if (head.read(next)?.kind !== 'method') return
      const method = head.method(next)
      if (found.has(method.version)) return
      found.set(method.version, method)
      next = method.previous
    }
  }
  add(current)
  for (const { method } of rows.values()) add(method)
  const numbers = [...new Set([...rows.keys(), ...found.keys()])].sort((a, b) => a - b)
  return numbers.map((version): Listed => {
    const row = rows.get(version)
    const method = found.get(version)
    const entry = method === undefined ? undefined : quarantine.of(method.source)
    return {
      ...{ version, method, row },
      current: method !== undefined && method.oid === current,
      state: entry === undefined ? (row?.state ?? 'durable') : 'quarantined',
      quarantined: entry?.reason,
    }
  })
}

/** Who has a method of that selector itself: the object, or the first of its parents. Faults TARGET_UNKNOWN. */
export function holderOf({ head, versions }: Kernel, target: Oid, selector: string): Oid {
  const seen = new Set<Oid>()
  const visit = (oid: Oid, isIt: (oid: Oid) => boolean): Oid | undefined => {
    if (seen.has(oid) || !head.has(oid)) return undefined
    seen.add(oid)
    if (isIt(oid)) return oid
    for (const parent of parentsOf(head.object(oid).slots)) {
      const found = visit(parent, isIt)
      if (found !== undefined) return found
    }
    return undefined
  }
  const inSlot = (oid: Oid) =>
    head
      .object(oid)
      .slots.some(({ name, value }) => name === selector && value instanceof MethodRef)
  const found = visit(target, inSlot)
  if (found !== undefined) return found
  seen.clear()
  // What was taken out of its slot is found by its rows.
  const old = visit(target, (oid) => versions.of(oid, selector).length > 0)
  if (old !== undefined) return old
  throw governanceFault(
    'TARGET_UNKNOWN',
    `${oidText(target)} has no method ${selector}`,
    { target: oidText(target), selector },
    'Look at what it has with `batos show`.',
  )
}

const parentsOf = (slots: readonly { name: string; value: unknown }[]): Oid[] =>
  slots
    .filter(({ name }) => name.endsWith('*'))
    .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
    .flatMap((value) => (value instanceof Ref ? [value.oid] : []))

/** One version with its record. Faults TARGET_UNKNOWN when the image does not have it. */
export function versionOf(
  kernel: Kernel,
  target: Oid,
  selector: string,
  version: number,
): Listed & { method: MethodView } {
  const holder = holderOf(kernel, target, selector)
  const all = versionsOf(kernel, holder, selector)
  const found = all.find((one) => one.version === version)
  if (found?.method !== undefined) return { ...found, method: found.method }
  const there = all.filter(({ method }) => method !== undefined).map((one) => one.version)
  throw governanceFault(
    'TARGET_UNKNOWN',
    `the image has no version ${version} of ${selector} of ${called(kernel, holder)}; it has ${there.join(', ') || 'none'}`,
    { holder: oidText(holder), selector, version },
    `\`batos swap ls ${called(kernel, holder)} ${selector}\` lists them.`,
  )
}

function called({ head }: Kernel, oid: Oid): string {
  const text = oidText(oid)
  return placesIn(head, [oid])[text] ?? text
}

/** What a person asks of the versions of a selector. */
export interface Asked {
  target: Oid
  selector: string
  by: string
  version?: number
}

/**
 * Puts an older version back: the one before the one in the slot, unless `version` says which. Faults TARGET_UNKNOWN, CONFLICT and
 * QUARANTINED.
 */
export async function swapBack(
  kernel: Kernel,
  { target, selector, by, version }: Asked,
): Promise<{ tid: number; version: number; holder: Oid }> {
  const { head, versions, options, quarantine } = kernel
  const holder = holderOf(kernel, target, selector)
  const slot = slotOf(kernel, holder, selector)
  const now = slot === undefined ? undefined : head.method(slot.method)
  const to =
    version ?? (now?.previous === undefined ? undefined : head.method(now.previous).version)
  if (to === undefined) {
    const none = `there is no version of ${selector} before the one in its slot`
    throw governanceFault('CONFLICT', none, { selector }, 'Name one with --to.')
  }
  const { method, row } = versionOf(kernel, holder, selector, to)
  if (method.oid === slot?.method) {
    throw governanceFault('CONFLICT', `version ${to} of ${selector} is in its slot already`)
  }
  const barred = quarantine.faultOf(method.source)
  if (barred !== undefined) throw new Fault(barred)
  const time = options.now()
  const left = now === undefined ? undefined : versions.find(holder, selector, now.version)
  const answer = await kernel.change(
    { kind: 'method', target: holder, selector, method: method.oid, expect: slot?.tid ?? null },
    {
      author: by,
      note: `swap ${selector} back to version ${to}`,
      tables: (tid) => {
        const said = { by, reason: `swapped back to version ${to}`, tid }
        const chosen = { by, reason: 'swapped back to', tid }
        return [
          ...(left === undefined ? [] : [versions.deciding(left, 'rolled-back', time, said)]),
          ...(row === undefined ? [] : [versions.deciding(row, 'durable', time, chosen)]),
        ]
      },
    },
  )
  if (!answer.ok) throw new Fault(answer.fault)
  if (left !== undefined) {
    versions.tell({ kind: 'rolled-back', row: left, tid: answer.tid, reason: `${by} said so`, to })
  }
  return { tid: answer.tid ?? 0, version: to, holder }
}

/** Ends the probation of the version in the slot: it stays. One turn, for the history. Faults CONFLICT. */
export async function keepVersion(
  kernel: Kernel,
  { target, selector, by }: Asked,
): Promise<{ tid: number; version: number; holder: Oid }> {
  const { head, versions, options } = kernel
  const holder = holderOf(kernel, target, selector)
  const slot = slotOf(kernel, holder, selector)
  const method = slot === undefined ? undefined : head.method(slot.method)
  const row = method === undefined ? undefined : versions.find(holder, selector, method.version)
  if (slot === undefined || method === undefined || row?.state !== 'probation') {
    throw governanceFault('CONFLICT', `no version of ${selector} is on probation`, { selector })
  }
  const reason = `${by} keeps it`
  const answer = await retold(kernel, slot, method, {
    author: by,
    note: `keep ${selector}, version ${method.version}`,
    tables: (tid) => [versions.deciding(row, 'durable', options.now(), { by, reason, tid })],
  })
  versions.tell({ kind: 'durable', row, tid: answer, reason })
  return { tid: answer, version: method.version, holder }
}

/** Lets a quarantined version run again. One turn where it is in its slot, for the history. Faults CONFLICT. */
export async function releaseVersion(
  kernel: Kernel,
  { target, selector, by, version }: Asked,
): Promise<{ tid: number | null; version: number; holder: Oid }> {
  const { quarantine, versions, options } = kernel
  const holder = holderOf(kernel, target, selector)
  const barred = versionsOf(kernel, holder, selector).filter(
    (one) => one.quarantined !== undefined && (version === undefined || one.version === version),
  )
  const chosen = barred.find(({ current }) => current) ?? barred.at(-1)
  const entry = chosen?.method && quarantine.of(chosen.method.source)
  if (chosen?.method === undefined || entry === undefined) {
    throw governanceFault('CONFLICT', `no version of ${selector} is quarantined`, { selector })
  }
  const { method, row } = chosen
  const slot = slotOf(kernel, holder, selector)
  const tables = () => [quarantine.releasing(entry, { by, time: options.now() })]
  const note = `release ${selector}, version ${method.version}, from quarantine`
  let tid: number | null = null
  if (slot?.method === method.oid) {
    tid = await retold(kernel, slot, method, { author: by, note, tables }, true)
  } else await kernel.keep(tables())
  if (row !== undefined) versions.tell({ kind: 'released', row, tid, reason: `${by} said so` })
  return { tid, version: method.version, holder }
}

/** Puts the method that is in a slot there again, so that the history has what was said of it. */
async function retold(
  kernel: Kernel,
  slot: { tid: number },
  { oid, holder, selector }: MethodView,
  by: Parameters<Kernel['change']>[1],
  isFree = false,
): Promise<number> {
  const { quarantined: _, ...fields } = methodFields(kernel.head.read(oid) as Revision)
  const answer = await kernel.change(
    { kind: 'method', target: holder, selector, method: oid, expect: slot.tid },
    by,
    isFree ? () => fields : undefined,
  )
  if (!answer.ok) throw new Fault(answer.fault)
  return answer.tid ?? 0
}
