// Owns: the newest state of the image as the kernel sees it: what is durable, and over it what is on its way.
// Leaves: durability to the store; order to sequence.ts.
// Laws: KN1 a read of the head sees every turn whose result was taken; KN2 what failed to become durable is unseen again.
import type { Revision, Store, Transaction } from '#image'
import {
  decodeSlots,
  MethodRef,
  type Oid,
  oidText,
  parseOid,
  parseTid,
  Ref,
  type StoredSlot,
  type Tid,
} from '#objects'
import { kernelFault } from './faults.ts'

/** An object as read: its slots in stored form. */
export interface ObjectView {
  oid: Oid
  tid: Tid
  slots: StoredSlot[]
}

/** A method as its record has it. */
export interface MethodView {
  oid: Oid
  tid: Tid
  selector: string
  source: string
  comment: string
  author: string
  model: string
  version: number
  holder: Oid
  previous: Oid | undefined
}

export class Head {
  readonly store: Store
  readonly #records = new Map<Oid, Revision>()
  readonly #names = new Map<string, { oid: Oid | null; tid: Tid }>()
  nextOid: Oid
  nextTid: Tid

  constructor(store: Store) {
    this.store = store
    const head = store.head()
    this.nextOid = head.oid + 1
    this.nextTid = head.tid + 1
  }

  /** The newest tid whose result was taken. */
  get tid(): Tid {
    return this.nextTid - 1
  }

  /** Lays a transaction over the durable state. */
  take(transaction: Transaction): void {
    for (const revision of transaction.revisions) this.#records.set(revision.oid, revision)
    for (const { name, oid } of transaction.names) {
      this.#names.set(name, { oid, tid: transaction.tid })
    }
  }

  /** Forgets what has become durable, up to `tid`. */
  settled(transactions: readonly Transaction[]): void {
    for (const { tid, revisions, names } of transactions) {
      for (const { oid } of revisions) {
        if (this.#records.get(oid)?.tid === tid) this.#records.delete(oid)
      }
      for (const { name } of names) {
        if (this.#names.get(name)?.tid === tid) this.#names.delete(name)
      }
    }
  }

  /** Goes back to what is durable. */
  reset(): void {
    this.#records.clear()
    this.#names.clear()
    const head = this.store.head()
    this.nextOid = Math.max(this.nextOid, head.oid + 1)
    this.nextTid = head.tid + 1
  }

  /** The newest revision, or that as of `at`. */
  read(oid: Oid, at?: Tid): Revision | undefined {
    if (at === undefined) {
      const pending = this.#records.get(oid)
      if (pending !== undefined) return pending
    }
    return this.store.read(oid, at)
  }

  /** True for an object that is there. */
  has(oid: Oid): boolean {
    return this.read(oid)?.kind === 'object'
  }

  /** An object's payload; undefined for what is no object. */
  payload(oid: Oid, at?: Tid): Uint8Array | undefined {
    const revision = this.read(oid, at)
    return revision?.kind === 'object' ? revision.payload : undefined
  }

  name(name: string, at?: Tid): Oid | undefined {
    if (at === undefined) {
      const pending = this.#names.get(name)
      if (pending !== undefined) return pending.oid ?? undefined
    }
    return this.store.name(name, at)
  }

  /** The oid that a target names: an oid or a name. Faults TARGET_UNKNOWN. */
  resolve(target: string, at?: Tid): Oid {
    const oid = target.startsWith('#') ? parseOid(target) : this.name(target, at)
    if (oid === undefined || this.read(oid, at)?.kind !== 'object') {
      throw kernelFault('TARGET_UNKNOWN', `there is no object ${JSON.stringify(target)}`, {
        target,
      })
    }
    return oid
  }

  /** An object's slots. Faults TARGET_UNKNOWN. */
  object(oid: Oid, at?: Tid): ObjectView {
    const revision = this.read(oid, at)
    if (revision?.kind !== 'object') {
      throw kernelFault('TARGET_UNKNOWN', `there is no object ${oidText(oid)}`, {
        target: oidText(oid),
      })
    }
    return { oid, tid: revision.tid, slots: decodeSlots(revision.payload) }
  }

  /** A method's record. Faults TARGET_UNKNOWN. */
  method(oid: Oid, at?: Tid): MethodView {
    const revision = this.read(oid, at)
    if (revision?.kind !== 'method') {
      throw kernelFault('TARGET_UNKNOWN', `there is no method ${oidText(oid)}`)
    }
    const fields = Object.fromEntries(
      decodeSlots(revision.payload).map(({ name, value }) => [name, value]),
    )
    return {
      oid,
      tid: revision.tid,
      selector: String(fields.selector),
      source: String(fields.source),
      comment: String(fields.comment ?? ''),
      author: String(fields.author ?? ''),
      model: String(fields.model ?? ''),
      version: Number(fields.version ?? 1),
      holder: fields.holder instanceof Ref ? fields.holder.oid : 0,
      previous: fields.previous instanceof MethodRef ? fields.previous.oid : undefined,
    }
  }

  /** The transaction that a text names: a tid, or a time that Date understands. Faults TARGET_UNKNOWN. */
  at(text: string): Tid {
    const tid = parseTid(text)
    if (tid !== undefined && tid <= this.tid) return tid
    const time = tid === undefined ? Date.parse(text) : Number.NaN
    if (Number.isNaN(time)) {
      throw kernelFault('TARGET_UNKNOWN', `${JSON.stringify(text)} is no transaction and no time`)
    }
    return this.store.tidAt(time)
  }
}
