// Owns: the shapes of messages in motion, and what can be said of one without the kernel.
// Leaves: moving them to kernel.ts.
import type { FaultRecord } from '#ground'
import {
  type MethodNeed,
  type Need,
  type NeedOutcome,
  needKey,
  type Oid,
  oidText,
  Ref,
  type Tid,
} from '#objects'
import { kernelFault } from './faults.ts'
import type { KernelEvent } from './learner.ts'
import type { Arriving, Taking } from './outbox.ts'
import type { Looks } from './refusals.ts'
import type { Settled } from './sequence.ts'

/** A message to an object, as the bridge hands it in; arguments in stored form. */
export interface Message {
  /** Whose keys these are: one who may use the kernel. */
  principal: string
  /** Who appears in the history. */
  author: string
  target: Oid
  selector: string
  args: unknown[]
  intent?: string
  holder?: Oid
  policy?: 'review' | 'off'
  /** Milliseconds from admission. */
  deadline?: number
  key?: string
  /** The very method to run, whatever the receiver finds by the selector, and the object that held it. */
  version?: { method: Oid; holder: Oid }
  /** Which conversation it belongs to; how many have called a method is part of its probation. */
  session?: string
}

/** `result` is a wire value's bytes. */
export type Answer =
  | { ok: true; result: Uint8Array; tid: Tid | null }
  | { ok: false; fault: FaultRecord }

export interface Listener {
  event(event: KernelEvent): void
  answer(answer: Answer): void
}

/** What a message keeps from one attempt to the next. */
export interface Frame {
  now: number
  seed: number
  fuel: number
  outcomes?: Record<string, NeedOutcome>
}

/** A message without an answer. */
export interface Pending {
  /** Where it is among the messages without an answer. */
  place: number
  message: Message
  listeners: Listener[]
  frame: Frame
  needs: number
  /** Generations that began for it alone, and whether it waited already when the kernel started. */
  begun: number
  isResumed: boolean
  done: boolean
  /** Whether the worker has its turn, or had it and died. */
  isOut: boolean
  /** Whether a turn before it called it off: what it does is not to be taken. */
  isCalledOff: boolean
  timer: unknown
  /** Its record in the table of waiting messages, once it has one. */
  record: string | undefined
  generation: Generation | undefined
  /** The one that it will wait for once its record is kept. */
  coming: Generation | undefined
  /** The id of the proposal that it waits for. */
  parked: string | undefined
  /** Ends the request that it waits for. */
  asking: AbortController | undefined
  /** Where it came from when that was the outbox, until it is kept in another way. */
  arriving: Arriving | undefined
  /** The outcome whose table writes are on their way, and what it posted. */
  decided: { outcome: Settled; taking: Taking | undefined } | undefined
}

/** One generation of a method, and the messages that wait for it. */
export interface Generation {
  key: string
  /** What began it. */
  need: MethodNeed
  intent: string | undefined
  frame: Frame
  looks: Looks
  state: 'reserved' | 'running' | 'over'
  controller: AbortController
  waiters: Set<Pending>
  /** Those whose records are on their way to the disk. */
  coming: Set<Pending>
}

/** A change of the kernel's own needs nothing; if one ever did, that is a fault like any other. */
export const answerOf = (outcome: Settled): Answer => {
  if (outcome.kind === 'kept') return { ok: true, result: outcome.result, tid: outcome.tid }
  if (outcome.kind === 'fault') return { ok: false, fault: outcome.fault }
  const missing = outcome.need.kind === 'method' ? outcome.need.selector : 'an answer'
  return { ok: false, fault: kernelFault('NOT_UNDERSTOOD', `${missing} is missing`).toRecord() }
}

/** True for a fault that says nothing of the message: it may be tried again as it is. */
export const isPassing = (outcome: Settled): boolean =>
  outcome.kind === 'fault' && (outcome.fault.code === 'BUSY' || outcome.fault.code === 'CANCELLED')

/** True for a message from the outbox whose entry there is gone: nobody can send it again, its record is all there is of it. */
export const isOwed = ({ message, arriving, record, done }: Pending): boolean =>
  message.principal === LATER && arriving === undefined && record !== undefined && !done

/** Adds the oids of all references in a stored value, and answers the set. */
export function collectRefs(value: unknown, oids: Set<Oid>): Set<Oid> {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return oids
  if (value instanceof Ref) oids.add(value.oid)
  else for (const part of Object.values(value)) collectRefs(part, oids)
  return oids
}

export const keyId = (message: Pick<Message, 'principal' | 'key'>) =>
  `${message.principal}\n${message.key}`

/** A message's frame that knows how a need ended. */
export const frameWith = (frame: Frame, need: Need, outcome: NeedOutcome): Frame => ({
  ...frame,
  outcomes: { ...frame.outcomes, [needKey(need)]: outcome },
})

/** A message's frame without the outcomes of those names. */
export function frameWithout(frame: Frame, stale: readonly string[]): Frame {
  if (stale.length === 0 || frame.outcomes === undefined) return frame
  const known = Object.entries(frame.outcomes).filter(([key]) => !stale.includes(key))
  return { ...frame, outcomes: Object.fromEntries(known) }
}

export const busy = (why: string) => kernelFault('BUSY', `the kernel is busy: ${why}`).toRecord()

/** Selectors that are never generated: every JavaScript value answers to them, or is asked for them in passing. */
export const NEVER_GENERATED = new Set([
  ...['then', 'constructor', '__proto__', 'toJSON', 'toString', 'valueOf', 'hasOwnProperty'],
])

/** Who sends what was posted: no client's keys are among these. */
const LATER = 'later'

/** Who listens to a message that nobody waits for. */
export const NOBODY: Listener = { event: () => undefined, answer: () => undefined }

/** The message that one from the outbox is. */
export function arrivalOf({ target, selector, args, policy }: Arriving): Message {
  const message = { principal: LATER, author: LATER, target, selector, args }
  return policy === undefined ? message : { ...message, policy }
}

/** Tells everyone who listens to a message. */
export function emit(pending: Pending, event: KernelEvent): void {
  for (const listener of pending.listeners) listener.event(event)
}

/** What a sender is told of a need. */
export function needEvent(need: Need): KernelEvent {
  if (need.kind === 'inquiry') {
    const { inquiry } = need
    const detail = inquiry.of === 'persona' ? `asks ${inquiry.name}` : 'asks the Crucible'
    return { kind: 'progress', detail }
  }
  if (need.kind === 'http') {
    const { method, url } = need.request
    return { kind: 'progress', detail: `${method} ${url}` }
  }
  return {
    kind: 'not-understood',
    target: oidText(need.receiver),
    selector: need.selector,
    holder: oidText(need.learner),
  }
}
