// Owns: one object in memory: its slots, its handle for guest code, and whether it is a ghost, clean, touched or born.
// Leaves: finding slots through parents to delegation.ts; turns to world.ts.
// Laws: OB6 one oid is one object and one handle (`===`) for as long as the world is in memory.
//
//   ghost --fetch--> clean --write or hand-out--> touched --keep--> clean
//                      ^                            |--drop--> ghost
//   born --keep--> clean                       born --drop--> gone
import { decodeSlots } from './codec.ts'
import type { Oid, Tid } from './identity.ts'
import { MethodRef, toLive } from './value.ts'

export type SlotKind = 'data' | 'method' | 'parent'

/** A slot in memory. `value` is live: a handle, a primitive or a container; a MethodRef in a method slot. */
export interface Slot {
  kind: SlotKind
  value: unknown
  tid: Tid
  /** The stored bytes of a container when it was handed to guest code in this turn; compared when the turn ends. */
  handed: Buffer | undefined
  /** The function of a method slot, once it was asked for. */
  run?: ((self: unknown, ...args: unknown[]) => unknown) | undefined
}

/** The kind of a slot by its name and stored value: parent slots end in `*`. */
export function slotKind(name: string, value: unknown): SlotKind {
  if (value instanceof MethodRef) return 'method'
  return name.endsWith('*') ? 'parent' : 'data'
}

/** A copy of a parent's container as a receiver sees it; it becomes the receiver's own slot when it is changed. */
export interface Borrowed {
  copy: unknown
  origin: unknown
  bytes: Buffer
}

/** A tid that a slot carries between its change and the end of the turn. */
export const UNKEPT: Tid = -1

/** A slot that this turn makes, without its value as yet. */
export const freshSlot = (kind: SlotKind): Slot => ({
  kind,
  value: undefined,
  tid: UNKEPT,
  handed: undefined,
  run: undefined,
})

export class ObjectState {
  readonly oid: Oid
  readonly handle: object
  slots: Map<string, Slot> | undefined
  born: boolean
  touched = false
  /** True once a lookup went through this object as a parent: then its changes move the epoch. */
  isParent = false
  parents: ObjectState[] | undefined
  found: Map<string, ObjectState | null> | undefined
  foundEpoch = 0
  borrowed: Map<string, Borrowed> | undefined
  removed: string[] | undefined

  constructor(oid: Oid, born: boolean, handler: ProxyHandler<ObjectState>) {
    this.oid = oid
    this.born = born
    this.handle = new Proxy(this, handler)
    if (born) this.slots = new Map()
  }

  /** Fills a ghost from a record's payload. */
  fill(payload: Uint8Array, handleOf: (oid: Oid) => object): void {
    const slots = new Map<string, Slot>()
    for (const { name, tid, value } of decodeSlots(payload)) {
      const kind = slotKind(name, value)
      const live = kind === 'method' ? value : toLive(value, handleOf)
      slots.set(name, { kind, value: live, tid, handed: undefined, run: undefined })
    }
    this.slots = slots
  }

  /** Becomes a ghost again: the next use fetches it. */
  forget(): void {
    this.slots = undefined
    this.parents = undefined
    this.found = undefined
    this.borrowed = undefined
    this.removed = undefined
    this.touched = false
  }
}
