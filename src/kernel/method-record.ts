// Owns: the record of a method: the fields that say what it is, who made it and how.
// Leaves: the bytes to objects/codec.ts; the slot that refers to it to whoever installs it.
import type { Revision } from '#image'
import { decodeSlots, encodeSlots, MethodRef, type Oid, Ref, type Tid } from '#objects'

/** What is kept of a method. `author` is a person or a program, `model` the model that drafted it. */
export interface MethodFields {
  selector: string
  source: string
  comment: string
  author: string
  model?: string
  persona?: string
  /** Hash of the prompt that the draft answered. */
  prompt?: string
  /** The seed that the model drew it with. */
  seed?: number
  /** The proposal that it was, and who accepted it. */
  proposal?: string
  accepted?: string
  version: number
  holder: Oid
  previous?: Oid
  /** What let it in: gates, probes, votes, and the hash of the code that judged. */
  verdict?: MethodVerdict
  /** Why it does not run any more. */
  quarantined?: { time: number; deaths: number; reason: string }
  /** Calls that the method was tried with and what they answered, as wire values. */
  examples?: unknown[]
}

export interface MethodVerdict {
  /** Gates that it passed, in order. */
  gates?: readonly string[]
  /** Calls that it was tried on. */
  probes?: number
  /** Drafts that behave like it, and all that passed. */
  votes?: number
  of?: number
  /** What spoke against it, and the person who gave it overruled. */
  overruled?: readonly string[]
  judge?: string
}

/** A method's revision, ready to keep. */
export function methodRevision(oid: Oid, tid: Tid, fields: MethodFields): Revision {
  const slots: { name: string; tid: Tid; value: unknown }[] = []
  const refs: Oid[] = [fields.holder]
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (name === 'holder') slots.push({ name, tid, value: new Ref(fields.holder) })
    else if (name === 'previous') {
      slots.push({ name, tid, value: new MethodRef(value as Oid) })
      refs.push(value as Oid)
    } else slots.push({ name, tid, value })
  }
  return { oid, tid, kind: 'method', refs, payload: encodeSlots(slots) }
}

/** The fields in a method's record, as they were given. */
export function methodFields({ payload }: Revision): MethodFields {
  const fields = decodeSlots(payload).map(({ name, value }) => [name, oidIn(value)] as const)
  return Object.fromEntries(fields) as unknown as MethodFields
}

const oidIn = (value: unknown) =>
  value instanceof Ref || value instanceof MethodRef ? value.oid : value
