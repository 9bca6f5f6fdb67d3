// Owns: which slot a container belongs to, and the copy that is made when one is stored where it does not belong.
// Leaves: noticing changes inside a container to world.ts.
// Laws: OB11 a value in a slot belongs to that slot: stored elsewhere it is copied at once, and so are its parts.
import { OBJECT_LIMITS } from './limits.ts'
import type { Slot } from './object.ts'

export class Ownership {
  readonly #owners = new WeakMap<object, Slot>()
  readonly #isObject: (value: object) => boolean
  readonly #copy: (value: object) => object

  /** `isObject` knows objects of the world, which are referred to; `copy` answers a container like the one given. */
  constructor(isObject: (value: object) => boolean, copy: (value: object) => object) {
    this.#isObject = isObject
    this.#copy = copy
  }

  ownerOf(value: object): Slot | undefined {
    return this.#owners.get(value)
  }

  /** The value as the slot may hold it: itself when it is free or the slot's own, a copy otherwise. */
  adopt(value: unknown, slot: Slot): unknown {
    if (typeof value !== 'object' || value === null || this.#isObject(value)) return value
    const own = this.#isForeign(value, slot) ? this.#copy(value) : value
    this.own(own, slot)
    return own
  }

  /** What may be put into a container: a part that belongs elsewhere is copied if the container belongs to a slot. */
  partFor(container: object, part: unknown): unknown {
    const slot = this.#owners.get(container)
    return slot === undefined ? part : this.adopt(part, slot)
  }

  /** Makes a container and all its parts the slot's own. Parts that belong elsewhere are replaced by copies. */
  own(container: object, slot: Slot, depth = 0): void {
    if (this.#isObject(container) || this.#owners.get(container) === slot) return
    // What is nested deeper is refused when it is stored; until then it need not belong to anyone.
    if (depth > OBJECT_LIMITS.valueDepth) return
    this.#owners.set(container, slot)
    if (container instanceof Uint8Array || container instanceof Date) return
    const parts = container as Record<string | number, unknown>
    if (Array.isArray(container)) {
      // A list of thousands of millions of holes costs nothing to make; it is refused when it is stored.
      if (container.length > OBJECT_LIMITS.arrayLength) return
      for (let i = 0; i < container.length; i++) this.#ownPart(parts, i, slot, depth)
    } else for (const key of Object.keys(parts)) this.#ownPart(parts, key, slot, depth)
  }

  #ownPart(
    parts: Record<string | number, unknown>,
    key: string | number,
    slot: Slot,
    depth: number,
  ) {
    const part = parts[key]
    if (typeof part !== 'object' || part === null || this.#isObject(part)) return
    if (!this.#isForeign(part, slot)) return this.own(part, slot, depth + 1)
    const copy = this.#copy(part)
    this.own(copy, slot, depth + 1)
    parts[key] = copy
  }

  /** A frozen container could not be changed in its slot, where everything can be. */
  #isForeign(value: object, slot: Slot): boolean {
    const owner = this.#owners.get(value)
    return (owner !== undefined && owner !== slot) || Object.isFrozen(value)
  }
}
