// Owns: the shapes of a turn: what is asked of the world and what comes of it.
// Leaves: running it to world.ts; keeping it to the kernel.
import type { FaultRecord } from '#ground'
import type { Oid, Tid } from './identity.ts'
import type { Posting } from './posting.ts'
import type { Need } from './signal.ts'

/** A change that the kernel makes itself, as one turn. `expect` is the tid of the slot's last change, null if absent. */
export type Change =
  | { kind: 'set'; target: Oid; slot: string; value: unknown; expect?: Tid | null }
  | { kind: 'remove'; target: Oid; slot: string; expect?: Tid | null }
  | { kind: 'create'; name?: string; parents: Oid[]; slots: [string, unknown][] }
  // `method` is left out when the method is new: it gets the next oid. `relies` are slots that must be as they were read.
  | {
      kind: 'method'
      target: Oid
      selector: string
      method?: Oid
      expect?: Tid | null
      relies?: Relied[]
    }
  | { kind: 'restore'; slots: RestoredSlot[]; names: RestoredName[] }

/** A slot of another's that a change relies on: the tid of its last change, null if it must be absent. */
export interface Relied {
  target: Oid
  slot: string
  expect: Tid | null
}

/** A slot to be as it was: absent, a stored value, or a method, which gets the next oid. */
export interface RestoredSlot {
  target: Oid
  slot: string
  was: 'absent' | 'value' | 'method'
  value?: unknown
  expect: Tid | null
}

/** A name to be bound as it was, or to nothing with null. */
export interface RestoredName {
  name: string
  oid: Oid | null
  expect: Oid | null
}

/** What every turn is given: the time and the seed fixed when its message was admitted, fuel in ticks. */
export interface TurnFrame {
  /** Milliseconds since 1970, UTC. */
  now: number
  seed: number
  fuel: number
  /** How the needs of attempts before ended, by needKey. */
  outcomes?: Record<string, NeedOutcome>
  /** How many messages for later it may post, when that is less than OBJECT_LIMITS.postings. */
  postings?: number
}

/** How a need ended: with a fault, or with a stored value; a method that is there now has no outcome. */
export type NeedOutcome = { fault: FaultRecord } | { value: unknown }

/** A message to an object, arguments in stored form. */
export interface SendRequest extends TurnFrame {
  target: Oid
  selector: string
  args: unknown[]
  /** Who learns what is missing, when the sender said so. */
  holder?: Oid
  /** The very method to run, whatever the receiver finds by the selector, and the object that held it. */
  version?: { method: Oid; holder: Oid }
}

/** One object as a turn leaves it; `slots` are the names of those that changed. */
export interface Write {
  oid: Oid
  born: boolean
  payload: Uint8Array
  slots: string[]
}

/** What a turn came to. `reply` is a wire value's bytes. */
export type TurnOutcome =
  | {
      kind: 'kept'
      reply: Uint8Array
      writes: Write[]
      names: { name: string; oid: Oid | null }[]
      fuel: number
      /** What leaves once the turn is kept. */
      postings: readonly Posting[]
    }
  | { kind: 'fault'; fault: FaultRecord }
  // `stale` are the keys of outcomes that this attempt did not ask for.
  | { kind: 'need'; need: Need; stale: string[] }
