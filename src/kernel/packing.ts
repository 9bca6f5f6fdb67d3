// Owns: packing the image under a running kernel: the pack time from a span, and what is held outside the graph.
// Leaves: what goes and what stays to image/pack.ts; when it is time by itself to automatic-packing.ts.
// Laws: BR63 what a stored reply, a waiting message or a message for later names stays. BR64 one pack at a time. KN85 what a
// message names stays until it is answered, whether it came before the pack or while it is under way.
import { asFault, type FaultRecord } from '#ground'
import type {
  Group,
  PackProgress,
  PackReport,
  Store,
  TableName,
  TableWrite,
  Transaction,
} from '#image'
import { decodeValue, type Oid, oidText, parseOid, Ref } from '#objects'
import { AutomaticPacking, type PackedByItself, type PackingPolicy } from './automatic-packing.ts'
import { kernelFault } from './faults.ts'
import type { Head } from './head.ts'
import type { Timers } from './timers.ts'

/** A pack's report. */
export type Packed = PackReport

/** What no table of the store has yet: values that name objects, and groups on their way to the disk. */
export interface Unkept {
  values: Iterable<unknown>
  groups: Iterable<Pick<Group, 'transactions' | 'tables'>>
}

export interface PackParts {
  head: Head
  timers: Timers
  options: {
    now: () => number
    packing?: PackingPolicy
    onPacked?: (packed: PackedByItself | { problem: string }) => void
  }
  unkept: () => Unkept
}

/** Fields of messages, postings and changes that hold a bare oid, or several. */
const PLACES: ReadonlySet<string> = new Set([
  'target',
  'holder',
  'receiver',
  'method',
  'oid',
  'parents',
])

export class Packs {
  readonly #parts: PackParts
  /** Keeps one more object in the pack under way. */
  #keep: ((oid: Oid) => void) | undefined

  readonly #automatic: AutomaticPacking | undefined

  constructor(parts: PackParts) {
    this.#parts = parts
    const { head, timers, options } = parts
    const { packing: policy, now, onPacked: tell = () => {} } = options
    if (policy === undefined) return
    const run = (keep: number) => this.run(keep)
    this.#automatic = new AutomaticPacking({ policy, head, timers, now, run, tell })
  }

  get status(): { packing?: Record<string, unknown> } {
    return this.#automatic === undefined ? {} : { packing: this.#automatic.status }
  }

  /** Told of what has become durable. */
  grew(transactions: readonly Transaction[]): void {
    if (this.#automatic === undefined) return
    let bytes = 0
    for (const { revisions } of transactions) {
      for (const { payload } of revisions) bytes += payload.length
    }
    this.#automatic.grew(bytes)
  }

  /** Begins no pack by itself any more. */
  close(): void {
    this.#automatic?.close()
  }

  /** Packs away what is older than a span of milliseconds. Faults BUSY while another pack is under way. */
  async run(keep: number, progress?: (progress: PackProgress) => void): Promise<Packed> {
    const { head, options } = this.#parts
    const { store } = head
    const before = keep === 0 ? store.head().tid : store.tidAt(options.now() - keep)
    let mine: ((oid: Oid) => void) | undefined
    const onBegin = (keep: (oid: Oid) => void) => {
      mine = keep
      this.#keep = keep
    }
    try {
      const held = this.#held()
      return await store.pack({ before, gc: true, keep: held, onBegin }, progress)
    } finally {
      if (mine !== undefined && this.#keep === mine) this.#keep = undefined
      // What was read before may be gone, also after a pack that failed half-way.
      head.forget()
    }
  }

  /** Keeps what a message or a change names, while a pack is under way. Answers the fault of one that names what is going. */
  hold(value: unknown): FaultRecord | undefined {
    if (this.#keep === undefined) return undefined
    const oids = new Set<Oid>()
    collectNamed(value, oids)
    for (const oid of oids) {
      try {
        this.#keep(oid)
      } catch (error) {
        if (asFault(error)?.code !== 'CONFLICT') throw error
        const target = oidText(oid)
        const what = `${target} was reachable from nowhere and is being packed away`
        return kernelFault('TARGET_UNKNOWN', what, { target }).toRecord()
      }
    }
    return undefined
  }

  /** Objects that the kernel's tables name, and what is on its way into them. */
  #held(): Set<Oid> {
    const { store } = this.#parts.head
    const { values, groups } = this.#parts.unkept()
    const oids = new Set<Oid>()
    for (const table of ['replies', 'waiting', 'outbox', 'proposals'] as const) {
      for (const value of valuesOf(store, table)) collectKept(table, value, oids)
    }
    for (const value of values) collectNamed(value, oids)
    for (const { transactions, tables } of groups) {
      for (const { revisions, names } of transactions) {
        for (const { oid, refs } of revisions) for (const one of [oid, ...refs]) oids.add(one)
        for (const { oid } of names) if (oid !== null) oids.add(oid)
      }
      for (const { table, value } of tables) if (value !== null) collectKept(table, value, oids)
    }
    return oids
  }
}

/** What a table's entry names. A reply has wire values, the others have stored ones. */
function collectKept(table: TableWrite['table'], value: Uint8Array, oids: Set<Oid>): void {
  if (table === 'waiting' || table === 'outbox' || table === 'proposals')
    collectNamed(decodeValue(value), oids)
  if (table !== 'replies') return
  const [, ok, body] = decodeValue(value) as [number, boolean, unknown]
  if (ok && body instanceof Uint8Array) collectWireRefs(decodeValue(body), oids)
}

/** The oids of references anywhere in a value, and of what its fields name. */
function collectNamed(value: unknown, oids: Set<Oid>): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  if (value instanceof Ref) {
    oids.add(value.oid)
    return
  }
  for (const [key, part] of Object.entries(value)) {
    if (!PLACES.has(key)) collectNamed(part, oids)
    else for (const one of [part].flat()) addPlace(one, oids)
  }
}

/** A field of such a name may also be one of a sender's own values, with anything in it. */
function addPlace(part: unknown, oids: Set<Oid>): void {
  if (Number.isSafeInteger(part) && (part as Oid) > 0) oids.add(part as Oid)
  else collectNamed(part, oids)
}

function* valuesOf(store: Store, table: TableName): Generator<Uint8Array> {
  for (let from = ''; ; ) {
    const page = store.scan(table, { from })
    for (const { value } of page) yield value
    const last = page.at(-1)?.key
    if (last === undefined) return
    from = `${last} `
  }
}

/** The oids of `{"$ref": oid}` in a wire value. */
function collectWireRefs(value: unknown, oids: Set<Oid>): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const ref = (value as { $ref?: unknown }).$ref
  const oid = typeof ref === 'string' ? parseOid(ref) : undefined
  if (oid !== undefined) oids.add(oid)
  else for (const part of Object.values(value)) collectWireRefs(part, oids)
}
