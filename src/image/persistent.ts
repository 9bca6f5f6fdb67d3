// Owns: one object in memory: its slots, its state, and the notice of every change.
// Leaves: loading and storing to its owner, a connection; which of its kin stay in memory to object-cache.ts.
// Laws: IM50 identity and owner never change while it has an owner. IM52 a ghost loads once, at the first access to a slot.
// IM53 slots whose names begin with _v_ are neither stored nor noticed. IM55 the states are those below.
//
//   unsaved --add--> added --commit, savepoint--> saved <--load-- ghost
//      ^               |                           |  ^             ^
//      +----abort------+                       set |  | commit      | abort, others' commit, eviction (not of changed)
//                                                  v  |             |
//                                                changed -----------+
import { checkSlotName, MethodRef, type Oid, type Tid } from '#objects'
import { comparable, isContainer } from './slot-values.ts'
import type { RecordKind } from './store.ts'

export type ObjectState = 'unsaved' | 'added' | 'saved' | 'changed' | 'ghost'

/** What an object asks of the connection that owns it. */
export interface Owner {
  /** Fills a ghost. */
  load(object: Persistent): void
  /** Faults when the object may not be changed now; else remembers that it is. */
  changing(object: Persistent): void
  /** Its changes are not to be stored. */
  reverted(object: Persistent): void
  /** A container was handed out, whose inside may change unseen. */
  lent(object: Persistent): void
  /** The object was used. */
  used(object: Persistent): void
  /** The object is a ghost now. */
  emptied(object: Persistent): void
}

/** What may be told of an object's life. Hooks live with the object in memory, not in the image. */
export interface LifeHooks {
  /** Before its slots are taken to be stored; it may change them and make objects. */
  serialize?: (object: Persistent) => void
  /** After it became a ghost because its state counts no more. */
  invalidate?: (object: Persistent) => void
}

/** One slot in memory. `tid` is 0 until the change is committed. */
export interface Cell {
  tid: Tid
  value: unknown
  /** Bytes of a container as it was when it was handed out. */
  lent: Uint8Array | undefined
}

/** What the connection does to an object, and nobody else. */
interface Insides {
  adopt(object: Persistent, owner: Owner, oid: Oid, isNew: boolean): void
  disown(object: Persistent): void
  fill(object: Persistent, tid: Tid, kind: RecordKind, cells: Map<string, Cell>): void
  empty(object: Persistent): void
  cells(object: Persistent): Map<string, Cell> | undefined
  stored(object: Persistent, tid: Tid): void
  dirty(object: Persistent): void
  isDirty(object: Persistent): boolean
  isNew(object: Persistent): boolean
}

/** Whether a slot's name is one of those that are never stored. */
export const isVolatile = (name: string): boolean => name.startsWith('_v_')

/** An oid that no object has: it stands for an object without one where bytes are compared. */
const NO_OID = Number.MAX_SAFE_INTEGER

const oidForComparing = (value: object): Oid | undefined =>
  value instanceof Persistent ? (value.oid ?? NO_OID) : undefined

export class Persistent {
  readonly hooks: LifeHooks = {}
  #oid: Oid | undefined
  #owner: Owner | undefined
  #kind: RecordKind
  #tid: Tid = 0
  /** Undefined in a ghost. */
  #cells: Map<string, Cell> | undefined
  #volatile: Map<string, unknown> | undefined
  #isDirty = false
  #isNew = false
  #pins = 0

  /** An unsaved object with these slots. */
  constructor(slots: Readonly<Record<string, unknown>> = {}, kind: 'object' | 'method' = 'object') {
    this.#kind = kind
    this.#cells = new Map()
    for (const [name, value] of Object.entries(slots)) this.set(name, value)
  }

  /** Its identity, undefined while it is unsaved. */
  get oid(): Oid | undefined {
    return this.#oid
  }

  /** The connection that it belongs to, undefined while it is unsaved. */
  get connection(): Owner | undefined {
    return this.#owner
  }

  /** The transaction that its state is of; 0 for a new object and for a ghost that was never loaded. */
  get tid(): Tid {
    return this.#tid
  }

  /** Object or method. Loads a ghost. */
  get kind(): RecordKind {
    this.#use()
    return this.#kind
  }

  get state(): ObjectState {
    if (this.#owner === undefined) return 'unsaved'
    if (this.#cells === undefined) return 'ghost'
    if (this.#isNew) return 'added'
    return this.#isDirty || this.differs() ? 'changed' : 'saved'
  }

  /** True while it refuses to become a ghost by itself. */
  get isPinned(): boolean {
    return this.#pins > 0
  }

  /** Keeps it loaded until the pin is disposed of. */
  pin(): Disposable {
    this.#pins++
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#pins--
        isHeld = false
      },
    }
  }

  /** A slot's value, undefined when there is none. A container is the slot's own: changes inside it are noticed. */
  get(name: string): unknown {
    if (isVolatile(name)) return this.#volatile?.get(name)
    const cell = this.#use().get(name)
    if (cell === undefined) return undefined
    if (cell.lent === undefined && this.#owner !== undefined && isContainer(cell.value)) {
      cell.lent = comparable(cell.value, oidForComparing)
      this.#owner.lent(this)
    }
    return cell.value
  }

  /** Sets a slot. What cannot be stored faults when it is committed. */
  set(name: string, value: unknown): void {
    if (isVolatile(name)) {
      this.#use()
      this.#volatile ??= new Map()
      this.#volatile.set(name, value)
      return
    }
    checkSlotName(name)
    const cells = this.#change()
    cells.set(name, { tid: 0, value, lent: undefined })
  }

  /** Removes a slot; answers whether there was one. */
  delete(name: string): boolean {
    if (isVolatile(name)) return this.#volatile?.delete(name) ?? false
    if (!this.#use().has(name)) return false
    return this.#change().delete(name)
  }

  has(name: string): boolean {
    if (isVolatile(name)) return this.#volatile?.has(name) ?? false
    return this.#use().has(name)
  }

  /** Names of the stored slots, in their order. */
  names(): string[] {
    return [...this.#use().keys()]
  }

  /** The tid of a slot's last change, 0 for one that is not committed. */
  changedAt(name: string): Tid | undefined {
    return this.#use().get(name)?.tid
  }

  /**
   * Says by hand that it was changed, or with false that its changes are not to be stored: they stay in memory until
   * it is a ghost. A ghost is loaded for true and left for false; nothing else happens to new and unsaved objects.
   */
  changed(isChanged = true): void {
    if (this.#owner === undefined || this.#isNew) return
    if (isChanged) {
      this.#change()
      return
    }
    this.#isDirty = false
    this.#owner.reverted(this)
    for (const cell of this.#cells?.values() ?? []) {
      if (cell.lent !== undefined) cell.lent = comparable(cell.value, oidForComparing)
    }
  }

  /** Loads a ghost. */
  activate(): void {
    this.#use()
  }

  /** Makes a saved object a ghost; changed, new and pinned ones stay as they are. */
  deactivate(): void {
    if (this.state === 'saved' && !this.isPinned) this.#empty()
  }

  /** Makes a saved or changed object a ghost; changes are forgotten. */
  invalidate(): void {
    const { state } = this
    if (state !== 'saved' && state !== 'changed') return
    this.#empty()
    this.hooks.invalidate?.(this)
  }

  /** Whether a container that was handed out is not what it was. */
  differs(): boolean {
    for (const { value, lent } of this.#cells?.values() ?? []) {
      if (lent === undefined) continue
      try {
        if (Buffer.compare(comparable(value, oidForComparing), lent) !== 0) return true
      } catch {
        // What cannot be stored is not what was loaded; the commit says what is wrong with it.
        return true
      }
    }
    return false
  }

  #use(): Map<string, Cell> {
    const owner = this.#owner
    if (this.#cells === undefined) owner?.load(this)
    else owner?.used(this)
    return this.#cells as Map<string, Cell>
  }

  #change(): Map<string, Cell> {
    if (this.#owner === undefined) return this.#cells as Map<string, Cell>
    // Loaded first: a change of what cannot be read changes nothing.
    const cells = this.#use()
    this.#owner.changing(this)
    this.#isDirty = true
    return cells
  }

  #empty(): void {
    this.#cells = undefined
    this.#volatile = undefined
    this.#isDirty = false
    this.#owner?.emptied(this)
  }

  /** The way in for connections; files of this folder alone import it. */
  static readonly insides: Insides = {
    adopt(object, owner, oid, isNew) {
      object.#owner = owner
      object.#oid = oid
      object.#isNew = isNew
      object.#isDirty = isNew
      if (!isNew) object.#cells = undefined
    },
    disown(object) {
      object.#owner = undefined
      object.#oid = undefined
      object.#isNew = false
      object.#isDirty = false
      object.#tid = 0
      for (const cell of object.#cells?.values() ?? []) cell.lent = undefined
    },
    fill(object, tid, kind, cells) {
      object.#tid = tid
      object.#kind = kind
      object.#cells = cells
    },
    empty: (object) => object.#empty(),
    cells: (object) => object.#cells,
    stored(object, tid) {
      object.#tid = tid
      object.#isDirty = false
      object.#isNew = false
    },
    dirty(object) {
      object.#isDirty = true
    },
    isDirty: (object) => object.#isDirty,
    isNew: (object) => object.#isNew,
  }
}

export const { insides } = Persistent

/** The stored form of an object's slots: name, tid and value, changed ones with tid 0; containers are compared anew. */
export function takeCells(
  object: Persistent,
  store: (value: unknown) => unknown,
): { name: string; tid: Tid; value: unknown }[] {
  const taken: { name: string; tid: Tid; value: unknown }[] = []
  for (const [name, cell] of insides.cells(object) ?? []) {
    const value = store(cell.value)
    if (isContainer(cell.value) && !(cell.value instanceof MethodRef)) {
      const bytes = comparable(cell.value, oidForComparing)
      if (cell.lent !== undefined && Buffer.compare(bytes, cell.lent) !== 0) cell.tid = 0
      // Whoever set the container may still hold it, so it counts as handed out.
      cell.lent = bytes
    }
    taken.push({ name, tid: cell.tid, value })
  }
  return taken
}
