// Owns: the newest state of the image as the kernel sees it: what is durable, and over it what is on its way.
// Leaves: durability to the store; order to sequence.ts.
// Laws: KN1 a read of the head sees every turn whose result was taken; KN2 what failed to become durable is unseen again.
// What is remembered of the store is bounded, and only what `take` replaces can change.
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
import type { MethodVerdict } from './method-record.ts'

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
  persona?: string
  /** Hash of the prompt that it answered. */
  prompt?: string
  /** The seed that its model drew it with. */
  seed?: number
  proposal?: string
  accepted?: string
  verdict?: MethodVerdict
}

/** Records remembered after they became durable, and the bytes of their payloads: a read of the store costs far more. */
const REMEMBERED = 16_384
const REMEMBERED_BYTES = 32 * 1024 * 1024
/** Names remembered, for the same reason. */
const REMEMBERED_NAMES = 65_536

/**
 * What is known of an object: the revision on its way to the disk, and the durable one. The entry of an object that changes
 * often stays where it is, because a Map with much coming and going keeps what it let go of alive for long.
 */
interface Known {
  pending: Revision | undefined
  durable: Revision | undefined
}

export class Head {
  readonly store: Store
  readonly #known = new Map<Oid, Known>()
  /** Entries that have a durable revision, and the bytes of their payloads. */
  #durables = 0
  #durableBytes = 0
  readonly #names = new Map<string, { oid: Oid | null; tid: Tid }>()
  readonly #durableNames = new Map<string, Oid>()
  nextOid: Oid
  nextTid: Tid
  /** How often the store was changed by something else than turns: what was found in it before may be gone. */
  forgotten = 0

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
    for (const revision of transaction.revisions) this.#entry(revision.oid).pending = revision
    for (const { name, oid } of transaction.names) {
      this.#names.set(name, { oid, tid: transaction.tid })
    }
  }

  /** Remembers what has become durable, which is no longer on its way. */
  settled(transactions: readonly Transaction[]): void {
    for (const { tid, revisions, names } of transactions) {
      for (const revision of revisions) {
        const known = this.#known.get(revision.oid)
        if (known?.pending?.tid !== tid) continue
        known.pending = undefined
        // A copy, because the bytes lie in a frame of the worker that would be kept with them.
        const { oid, kind, refs, payload } = revision
        this.#remember(known, { oid, tid, kind, refs, payload: new Uint8Array(payload) })
      }
      for (const { name, oid } of names) {
        if (this.#names.get(name)?.tid !== tid) continue
        this.#names.delete(name)
        if (oid === null) this.#durableNames.delete(name)
        else this.#rememberName(name, oid)
      }
    }
    this.#shed()
  }

  #entry(oid: Oid): Known {
    let known = this.#known.get(oid)
    if (known === undefined) {
      known = { pending: undefined, durable: undefined }
      this.#known.set(oid, known)
    }
    return known
  }

  #remember(known: Known, durable: Revision): void {
    if (known.durable === undefined) this.#durables++
    this.#durableBytes += durable.payload.length - (known.durable?.payload.length ?? 0)
    known.durable = durable
  }

  /** Forgets the entries known longest when there are too many. */
  #shed(): void {
    if (this.#durables <= REMEMBERED && this.#durableBytes <= REMEMBERED_BYTES) return
    for (const [oid, known] of this.#known) {
      if (known.durable === undefined) continue
      this.#durables--
      this.#durableBytes -= known.durable.payload.length
      known.durable = undefined
      if (known.pending === undefined) this.#known.delete(oid)
      // A quarter at a time, so that this is rare.
      if (this.#durables <= REMEMBERED * 0.75 && this.#durableBytes <= REMEMBERED_BYTES * 0.75)
        return
    }
  }

  #rememberName(name: string, oid: Oid): void {
    if (this.#durableNames.size >= REMEMBERED_NAMES) this.#durableNames.clear()
    this.#durableNames.set(name, oid)
  }

  /** Forgets what is remembered of the store: when something else than turns has changed it, as packing does. */
  forget(): void {
    this.forgotten++
    for (const [oid, known] of this.#known) {
      known.durable = undefined
      if (known.pending === undefined) this.#known.delete(oid)
    }
    this.#durables = 0
    this.#durableBytes = 0
    this.#durableNames.clear()
  }

  /** Goes back to what is durable. */
  reset(): void {
    this.#known.clear()
    this.#names.clear()
    this.forget()
    const head = this.store.head()
    this.nextOid = Math.max(this.nextOid, head.oid + 1)
    this.nextTid = head.tid + 1
  }

  /** The newest revision, or that as of `at`. */
  read(oid: Oid, at?: Tid): Revision | undefined {
    if (at !== undefined) return this.store.read(oid, at)
    const known = this.#known.get(oid)
    const newest = known?.pending ?? known?.durable
    if (newest !== undefined) return newest
    const found = this.store.read(oid)
    if (found !== undefined) {
      this.#remember(this.#entry(oid), found)
      this.#shed()
    }
    return found
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
    if (at !== undefined) return this.store.name(name, at)
    const pending = this.#names.get(name)
    if (pending !== undefined) return pending.oid ?? undefined
    const known = this.#durableNames.get(name)
    if (known !== undefined) return known
    const found = this.store.name(name)
    if (found !== undefined) this.#rememberName(name, found)
    return found
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
      ...textsOf(fields),
      ...(typeof fields.seed === 'number' ? { seed: fields.seed } : {}),
      ...(isRecord(fields.verdict) ? { verdict: fields.verdict } : {}),
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

const TEXTS = ['persona', 'prompt', 'proposal', 'accepted'] as const

function textsOf(fields: Record<string, unknown>): Partial<Record<(typeof TEXTS)[number], string>> {
  const found = TEXTS.filter((name) => typeof fields[name] === 'string')
  return Object.fromEntries(found.map((name) => [name, fields[name] as string]))
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
