// Owns: which objects a connection has in memory: one for each oid, loaded ones in the order of use, within limits.
// Leaves: loading to connection.ts; an object's own state to persistent.ts.
// Laws: IM50 one oid is one object. IM54 what is over a limit becomes a ghost, the longest unused first; changed, new and
// pinned objects never do.
import { assert } from '#ground'
import type { Oid } from '#objects'
import { CONNECTION_LIMITS } from './connection-limits.ts'
import type { Persistent } from './persistent.ts'

export interface CacheLimits {
  /** Loaded objects. */
  count?: number
  /** Bytes of their records. */
  bytes?: number
}

export class ObjectCache {
  count: number
  bytes: number
  readonly #known = new Map<Oid, WeakRef<Persistent>>()
  readonly #loaded = new Map<Persistent, number>()
  readonly #gone = new FinalizationRegistry<Oid>((oid) => this.#forget(oid))
  #size = 0

  constructor(limits: CacheLimits) {
    this.count = limits.count ?? CONNECTION_LIMITS.cacheCount
    this.bytes = limits.bytes ?? CONNECTION_LIMITS.cacheBytes
  }

  /** Loaded objects, ghosts that somebody holds, and the bytes of the loaded ones. */
  get report(): { loaded: number; known: number; bytes: number } {
    return { loaded: this.#loaded.size, known: this.#known.size, bytes: this.#size }
  }

  get(oid: Oid): Persistent | undefined {
    return this.#known.get(oid)?.deref()
  }

  /** Takes an object in under its oid. */
  add(object: Persistent): void {
    const oid = object.oid as Oid
    const other = this.get(oid)
    assert(other === undefined || other === object, 'one oid is one object')
    this.#known.set(oid, new WeakRef(object))
    this.#gone.register(object, oid, object)
  }

  /** Lets an object go that has no oid any more. */
  drop(object: Persistent, oid: Oid): void {
    this.unloaded(object)
    this.#known.delete(oid)
    this.#gone.unregister(object)
  }

  /** The object is loaded now, from or to a record of this size. */
  loaded(object: Persistent, bytes: number): void {
    this.#size += bytes - (this.#loaded.get(object) ?? 0)
    this.#loaded.delete(object)
    this.#loaded.set(object, bytes)
  }

  /** The object is a ghost now. */
  unloaded(object: Persistent): void {
    const bytes = this.#loaded.get(object)
    if (bytes === undefined) return
    this.#loaded.delete(object)
    this.#size -= bytes
  }

  used(object: Persistent): void {
    const bytes = this.#loaded.get(object)
    if (bytes === undefined) return
    this.#loaded.delete(object)
    this.#loaded.set(object, bytes)
  }

  /** Loaded objects, the longest unused first. */
  objects(): Persistent[] {
    return [...this.#loaded.keys()]
  }

  /** Makes ghosts until the limits are kept or nobody is left who may become one. */
  sweep(limits: Required<CacheLimits> = { count: this.count, bytes: this.bytes }): void {
    for (const object of this.objects()) {
      if (this.#loaded.size <= limits.count && this.#size <= limits.bytes) return
      object.deactivate()
    }
  }

  /** Makes a ghost of everything that may become one. */
  minimize(): void {
    this.sweep({ count: 0, bytes: 0 })
  }

  #forget(oid: Oid): void {
    if (this.#known.get(oid)?.deref() === undefined) this.#known.delete(oid)
  }
}
