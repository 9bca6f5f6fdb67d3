// Owns: what must hold of a simulated kernel, told from what clients sent and heard and from what the store has.
// Leaves: what each deed does to bank.ts; serial orders of whole transactions to history.ts.
// Laws: KN91 every acknowledged write is there. KN92 a message has at most one effect, and its answer is that effect's.
// KN93 all answers agree with one serial order. KN94 a live kernel answers everything, once.
import type { Revision, Store } from '#image'
import { decodeSlots, decodeValue, type Tid } from '#objects'
import {
  act,
  arrive,
  answerText,
  type BankState,
  type Deed,
  firstState,
  NAMES,
  textOf,
  TOTAL,
} from './bank.ts'
import type { Disk } from './disk.ts'

/** An answer as a client heard it. `text` is the answer's value; `high` the newest durable transaction then. */
export interface Heard {
  text: string | undefined
  code: string | undefined
  message: string
  tid: Tid | null
  high: Tid
}

/** A deed as its client knows it. Its id is the author of its transaction. */
export interface Operation {
  readonly id: string
  readonly deed: Deed
  readonly key: string | undefined
  /** The newest durable transaction when it was first sent. */
  readonly low: Tid
  readonly heard: Heard[]
  /** Listeners of the kernel that runs now which were not answered yet. */
  open: number
  isCancelled: boolean
  hasDeadline: boolean
}

/** What a check says when something does not hold. */
export class Violation extends Error {}

export function violated(sentence: string): never {
  throw new Violation(sentence)
}

/** Codes that say nothing of the outcome: the message may have run, or may still run. */
const OPEN_CODES = new Set(['BUSY', 'CANCELLED', 'DEADLINE'])

/** True for an answer that is the outcome of the message. */
export const isOutcome = ({ code }: Heard) => code === undefined || !OPEN_CODES.has(code)

/** What a client may check at once. Answers of one key are one answer. */
export function checkHeard(operation: Operation, heard: Heard, store: Store): void {
  const { id, deed } = operation
  if (heard.tid !== null) {
    if (heard.tid > heard.high) {
      violated(`${id} was answered with transaction ${heard.tid}; durable is ${heard.high} (KN3)`)
    }
    const author = store.transaction(heard.tid)?.author
    if (author !== id) violated(`${id} was answered with transaction ${heard.tid} of ${author}`)
  }
  if (!isOutcome(heard)) return
  const before = operation.heard.find(isOutcome)
  if (before === undefined) return
  if (before.text !== heard.text || before.code !== heard.code || before.tid !== heard.tid) {
    violated(
      `${id} (${deed.kind}) was answered ${before.text ?? before.code} and ${heard.text ?? heard.code} (KN13)`,
    )
  }
}

/** A read, or a fault by the state, that must be what some state of its window comes to. */
interface Glimpse {
  operation: Operation
  heard: Heard
}

/**
 * Goes through the store's transactions in their order, does each deed to the model and compares: answers, reads,
 * effects, the objects at the end. `base` is the newest transaction of the world's beginning.
 */
export function checkStore(
  { store, breaks, failures }: Pick<Disk, 'store' | 'breaks' | 'failures'>,
  operations: ReadonlyMap<string, Operation>,
  base: Tid,
): BankState {
  const state = firstState()
  const glimpses = glimpsesOf(operations.values())
  const effects = new Map<string, Tid>()
  look(state, base, glimpses)
  for (const { tid, author, revisions } of store.replay({ start: base + 1 })) {
    const operation = operations.get(author)
    if (operation !== undefined) {
      const earlier = effects.get(author)
      if (earlier !== undefined) {
        violated(`${author} (${operation.deed.kind}) ran twice: ${earlier} and ${tid} (KN13)`)
      }
      effects.set(author, tid)
      checkEffect(state, operation, tid)
    } else if (author === 'later') checkArrival(state, tid, revisions)
    else if (author !== 'learner') violated(`transaction ${tid} is of nobody: ${author}`)
    look(state, tid, glimpses)
  }
  for (const { operation, heard } of glimpses) {
    const said = heard.text ?? heard.code
    violated(
      `${operation.id} (${textOf(operation.deed)}) was answered ${said}, which no state from ${operation.low} to ${heard.high} comes to`,
    )
  }
  for (const operation of operations.values()) {
    // A message that waited is run again at a start when its record could not be removed either.
    const hasWaited = operation.deed.kind === 'learn' || operation.deed.kind === 'help'
    const inDoubt = breaks > 0 || (hasWaited && failures > 1)
    checkEffects(operation, effects.get(operation.id), inDoubt)
  }
  compare(store, state)
  return state
}

function glimpsesOf(operations: Iterable<Operation>): Glimpse[] {
  const found: Glimpse[] = []
  for (const operation of operations) {
    for (const heard of operation.heard) {
      const byState = isByState(operation.deed, heard)
      if (heard.tid === null && (heard.code === undefined || byState)) {
        found.push({ operation, heard })
      }
    }
  }
  return found
}

/** True for a fault that the state is the reason of. */
function isByState({ kind }: Deed, { code, message }: Heard): boolean {
  if (kind === 'edit' || kind === 'breed') return code === 'CONFLICT'
  if (code !== 'METHOD_FAILED' || /ended its worker/.test(message)) return false
  return kind === 'give' || kind === 'spoil'
}

/** Takes off the list what this state comes to. */
function look(state: BankState, tid: Tid, glimpses: Glimpse[]): void {
  for (let i = glimpses.length - 1; i >= 0; i--) {
    const { operation, heard } = glimpses[i] as Glimpse
    if (tid < operation.low || tid > heard.high) continue
    const due = act(structuredClone(state), operation.deed, 0)
    const isDue =
      'fault' in due
        ? heard.code === due.fault
        : heard.code === undefined && !due.wrote && heard.text === textOf(due.answer)
    if (isDue) glimpses.splice(i, 1)
  }
}

function checkEffect(state: BankState, { id, deed, heard }: Operation, tid: Tid): void {
  const due = act(state, deed, tid)
  if ('fault' in due || !due.wrote) {
    violated(`${id} (${textOf(deed)}) left transaction ${tid}, and should have left none`)
  }
  for (const one of heard) {
    if (one.code !== undefined) continue
    if (one.tid !== tid) violated(`${id} was answered with ${one.tid} and is transaction ${tid}`)
    if (one.text !== textOf(due.answer)) {
      violated(
        `${id} (${textOf(deed)}) was answered ${one.text}; after all before transaction ${tid} it is ${textOf(due.answer)}`,
      )
    }
  }
}

/** What was posted arrives once, after the turn that posted it; the list that it is put into says which it is. */
function checkArrival(state: BankState, tid: Tid, revisions: readonly Revision[]): void {
  const slots = revisions.flatMap(({ payload }) => decodeSlots(payload))
  const got = slots.find(({ name }) => name === 'got')?.value as number[] | undefined
  const id = got?.at(-1)
  if (id === undefined || !arrive(state, id)) {
    violated(
      `transaction ${tid} is the arrival of ${id}, which is posted nowhere or arrived before (KN73)`,
    )
  }
}

function checkEffects({ id, deed, key, heard }: Operation, tid: Tid | undefined, inDoubt: boolean) {
  for (const one of heard) {
    if (one.tid !== null && tid !== one.tid) {
      violated(`${id} (${textOf(deed)}) was acknowledged as ${one.tid}, and is not there (KN91)`)
    }
    if (one.code === undefined || tid === undefined) continue
    // Refused before it was kept; with a key the same message may have been sent again.
    const nothingKept = one.code === 'BUSY' && !inDoubt && key === undefined
    if (isOutcome(one) || nothingKept) {
      violated(`${id} (${textOf(deed)}) was answered ${one.code}, and left transaction ${tid}`)
    }
  }
}

function compare(store: Store, state: BankState): void {
  const names = new Map(store.names().map(({ name, oid }) => [name, oid]))
  const slotsOf = (name: string) => {
    const payload = store.read(names.get(name) ?? 0)?.payload
    if (payload === undefined) return violated(`${name} is not there`)
    return new Map(decodeSlots(payload).map((slot) => [slot.name, slot]))
  }
  const same = (name: string, slot: string, found: unknown, due: unknown) => {
    if (textOf(found) === textOf(due)) return
    violated(`${name} ${slot} is ${textOf(found)} and should be ${textOf(due)}`)
  }
  let sum = 0
  for (const [name, due] of state.numbers) {
    const slot = NAMES.accounts.includes(name) ? 'balance' : 'n'
    const found = slotsOf(name).get(slot)?.value
    if (slot === 'balance') sum += found as number
    same(name, slot, found, due)
  }
  if (sum !== TOTAL) violated(`the accounts have ${sum} together, and began with ${TOTAL}`)
  for (const [name, due] of state.lists) same(name, 'items', slotsOf(name).get('items')?.value, due)
  for (const [name, due] of state.got) same(name, 'got', slotsOf(name).get('got')?.value ?? [], due)
  for (const [name, due] of state.notes) {
    const slot = slotsOf(name).get('note')
    same(name, 'note', [slot?.value, slot?.tid], [due.value, due.tid])
  }
  const known = new Set([...state.numbers.keys(), ...state.lists.keys()])
  for (const name of names.keys()) {
    if (!known.has(name) && !['genesis', 'counter', 'account', 'list'].includes(name)) {
      violated(`${name} is bound, and nobody's deed bound it`)
    }
  }
}

/** What a reply in the store's table says, for those who look into it. */
export function replyText(store: Store, key: string): string | undefined {
  const bytes = store.get('replies', key)
  if (bytes === undefined) return undefined
  const [, ok, body] = decodeValue(bytes) as [number, boolean, Uint8Array & { code: string }]
  return ok ? answerText(body) : body.code
}
