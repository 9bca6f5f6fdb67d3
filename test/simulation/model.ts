// Owns: what must hold of a simulated kernel, told from what clients sent and heard and from what the store has.
// Leaves: what each deed comes to to bank-state.ts; what the image is at the end to portrait.ts; serial orders of whole
// transactions to history.ts.
// Laws: KN91 every acknowledged write is there. KN92 a message has at most one effect, and its answer is that effect's.
// KN93 all answers agree with one serial order. KN94 a live kernel answers everything, once.
import type { Store, Transaction } from '#image'
import { decodeSlots, type Tid } from '#objects'
import { type Deed, textOf } from './bank.ts'
import { BankState, type Due, leaves } from './bank-state.ts'
import { type Disk, UNREADABLE } from './disk.ts'
import { checkPortrait } from './portrait.ts'
import { violated } from './violation.ts'

/** An answer as a client heard it. `text` is the answer's value; `high` the newest durable transaction then. */
export interface Heard {
  text: string | undefined
  code: string | undefined
  message: string
  tid: Tid | null
  high: Tid
  /** The pack time then. */
  packedTo: Tid
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
  /** Failures of the disk before it was first sent: who asks again may hear what befell an earlier one. */
  readonly failures: number
  isCancelled: boolean
  hasDeadline: boolean
}

/** Codes that say nothing of the outcome: the message may have run, or may still run. */
const OPEN_CODES = new Set(['BUSY', 'CANCELLED', 'DEADLINE', 'IMAGE_DAMAGED'])

/** True for an answer that is the outcome of the message. */
export const isOutcome = ({ code }: Heard) => code === undefined || !OPEN_CODES.has(code)

/** True for a fault that tells of a disk that could not be read. */
export const isUnread = ({ code, message }: Heard) =>
  code !== undefined && message.includes(UNREADABLE)

/** What a client may check at once. Answers of one key are one answer. */
export function checkHeard(operation: Operation, heard: Heard, store: Store): void {
  const { id, deed } = operation
  if (heard.tid !== null) {
    if (heard.tid > heard.high) {
      violated('KN3', `${id} was answered with transaction ${heard.tid}; durable is ${heard.high}`)
    }
    const author = store.transaction(heard.tid)?.author
    if (author !== id) {
      violated('KN92', `${id} was answered with transaction ${heard.tid} of ${author}`)
    }
  }
  if (!isOutcome(heard)) return
  const before = operation.heard.find(isOutcome)
  if (before === undefined) return
  if (before.text !== heard.text || before.code !== heard.code || before.tid !== heard.tid) {
    const [one, other] = [before, heard].map(({ text, code, tid }) => `${text ?? code} (${tid})`)
    violated('KN13', `${id} (${deed.kind}) was answered ${one} and ${other}`)
  }
}

/** A read, or a fault by the state, that must be what some state of its window comes to. */
interface Glimpse {
  operation: Operation
  heard: Heard
}

export type Operations = ReadonlyMap<string, Operation>

/**
 * Goes through the transactions that were kept in their order, does each deed to the model and compares: answers, reads,
 * effects, the objects at the end. `base` is the newest transaction of the world's beginning.
 */
export function checkStore(disk: Disk, operations: Operations, base: Tid): BankState {
  checkJournal(disk, base)
  const state = new BankState()
  const glimpses = glimpsesOf(operations.values())
  const effects = new Map<string, Tid>()
  look(state, base, glimpses)
  for (const transaction of disk.journal) {
    const { tid, author } = transaction
    if (tid <= base) continue
    const operation = operations.get(author)
    if (operation !== undefined) {
      const earlier = effects.get(author)
      if (earlier !== undefined) {
        violated('KN92', `${author} (${operation.deed.kind}) ran twice: ${earlier} and ${tid}`)
      }
      effects.set(author, tid)
      takeEffect(state, operation, tid)
    } else if (author === 'later') takeArrival(state, transaction, operations)
    else if (author !== 'learner') {
      violated('KN92', `transaction ${tid} is of nobody: ${author}`)
    }
    look(state, tid, glimpses)
  }
  for (const { operation, heard } of glimpses) {
    const { id, deed, low } = operation
    const said = `${id} (${textOf(deed)}) was answered ${heard.text ?? heard.code}`
    violated('KN93', `${said}, which no state from ${low} to ${heard.high} comes to`)
  }
  for (const operation of operations.values()) {
    // A message that waited is run again at a start when its record could not be removed either.
    const hasWaited = ['learn', 'help', 'ask'].includes(operation.deed.kind)
    const inDoubt = disk.breaks > 0 || (hasWaited && disk.failures > 1)
    checkEffects(operation, effects.get(operation.id), inDoubt)
  }
  checkPortrait(disk.store, state)
  return state
}

/** The store has what was kept, and nothing else: whole transactions, but for what is packed away. */
function checkJournal({ store, journal }: Disk, base: Tid): void {
  const kept = journal.filter(({ tid }) => tid > base)
  const packedTo = store.packedTo()
  let at = 0
  for (const found of store.replay({ start: base + 1 })) {
    const due = kept[at++]
    if (due?.tid !== found.tid || due.author !== found.author) {
      violated('IM1', `transaction ${found.tid} of ${found.author} was never kept as a whole`)
    }
    if (found.tid > packedTo && contentOf(found) !== contentOf(due)) {
      violated('IM1', `transaction ${found.tid} has lost a part of what was kept`)
    }
  }
  const lost = kept[at]
  if (lost !== undefined) violated('IM2', `transaction ${lost.tid} was kept, and is not there`)
}

/** What a transaction changed, as a text; in any order. */
function contentOf({ revisions, names }: Transaction): string {
  const parts = [
    ...revisions.map(({ oid, payload }) => `${oid} ${Buffer.from(payload).toString('base64')}`),
    ...names.map(({ name, oid }) => `${name} is ${oid}`),
  ]
  return parts.sort().join('\n')
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
function isByState(deed: Deed, heard: Heard): boolean {
  const { kind } = deed
  const { code, message, packedTo } = heard
  if (isUnread(heard)) return false
  // What is packed away cannot be told from what was changed since.
  if (kind === 'undo') return code === 'CONFLICT' && deed.tid > packedTo
  if (kind === 'edit' || kind === 'breed') return code === 'CONFLICT'
  if (code !== 'METHOD_FAILED' || /ended its worker/.test(message)) return false
  return kind === 'give' || kind === 'spoil'
}

/** Takes off the list what this state comes to. */
function look(state: BankState, tid: Tid, glimpses: Glimpse[]): void {
  for (let i = glimpses.length - 1; i >= 0; i--) {
    const { operation, heard } = glimpses[i] as Glimpse
    if (tid < operation.low || tid > heard.high) continue
    const due = state.due(operation.deed)
    const isDue =
      due.fault === undefined
        ? heard.code === undefined && !leaves(state, due) && heard.text === textOf(due.answer)
        : heard.code === due.fault
    if (isDue) glimpses.splice(i, 1)
  }
}

function takeEffect(state: BankState, { id, deed, heard }: Operation, tid: Tid): void {
  const due: Due = state.due(deed)
  if (due.fault !== undefined || !leaves(state, due)) {
    violated('KN93', `${id} (${textOf(deed)}) left transaction ${tid}, and should have left none`)
  }
  state.apply(due, tid)
  for (const one of heard) {
    if (one.code !== undefined) continue
    if (one.tid !== tid) {
      violated('KN92', `${id} was answered with ${one.tid} and is transaction ${tid}`)
    }
    if (one.text === textOf(due.answer)) continue
    const after = `after all before transaction ${tid} it is ${textOf(due.answer)}`
    violated('KN93', `${id} (${textOf(deed)}) was answered ${one.text}; ${after}`)
  }
}

/** What was posted arrives once, after the turn that posted it; the list that it is put into says which it is. */
function takeArrival(state: BankState, { tid, revisions }: Transaction, operations: Operations) {
  const slots = revisions.flatMap(({ payload }) => decodeSlots(payload))
  const got = slots.find(({ name }) => name === 'got')?.value as number[] | undefined
  const id = got?.at(-1)
  const posting = id === undefined ? undefined : state.arrive(id, tid)
  if (posting === undefined) {
    const which = `transaction ${tid} is the arrival of ${id}`
    return violated('KN73', `${which}, which is posted nowhere or arrived before`)
  }
  if (posting.off === undefined) return
  for (const { heard } of operations.values()) {
    const said = heard.find((one) => one.tid === posting.off && one.code === undefined)
    if (said === undefined || tid <= said.high) continue
    violated('KN75', `${id} arrived as ${tid}; calling it off was acknowledged at ${said.high}`)
  }
}

function checkEffects({ id, deed, key, heard }: Operation, tid: Tid | undefined, inDoubt: boolean) {
  const what = `${id} (${textOf(deed)})`
  for (const one of heard) {
    if (one.tid !== null && tid !== one.tid) {
      violated('KN91', `${what} was acknowledged as ${one.tid}, and is not there`)
    }
    if (one.code === undefined || tid === undefined) continue
    // Refused before it was kept; with a key the same message may have been sent again.
    const nothingKept = one.code === 'BUSY' && !inDoubt && key === undefined
    if (isOutcome(one) || nothingKept) {
      violated('KN92', `${what} was answered ${one.code}, and left transaction ${tid}`)
    }
  }
}
