// Owns: the store in memory: for tests, trials and worlds that nobody wants to keep.
// Leaves: checks to group.ts; durability to lmdb/.
// Laws: IM1–IM8 of SPEC.md, with memory in place of the disk; it cannot be damaged, so IM9 has nothing to find.
import type { Oid, Tid } from '#objects'
import { DamageList } from '../damage.ts'
import { closedFault, packedFault } from '../faults.ts'
import { checkGroup, type Head, TABLES } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import { type PackedStore, Packer, type Removal } from '../pack.ts'
import { replay } from '../replay.ts'
import type {
  Group,
  PackProgress,
  PackReport,
  PackRequest,
  Revision,
  Store,
  TableName,
  TableWrite,
  Transaction,
  TransactionInfo,
  VerifyReport,
} from '../store.ts'

/** A new, empty store that lives as long as the process. */
export function openMemoryStore(): Store {
  return new MemoryStore()
}

/** Bytes that an entry takes beside what it holds, roughly. */
const OVERHEAD = 64

/** What a name is bound to from a transaction on; null when to nothing. */
export interface Binding {
  tid: Tid
  oid: Oid | null
}

/** What a commit leaves to do once it is its turn. */
interface Copied {
  head: Head
  infos: TransactionInfo[]
  revisions: Revision[]
  names: { name: string; binding: Binding }[]
  tables: TableWrite[]
}

export class MemoryStore implements Store {
  /** Each object's revisions, oldest first. */
  readonly #revisions = new Map<Oid, Revision[]>()
  /** Each name's bindings, oldest first. */
  readonly #names = new Map<string, Binding[]>()
  /** Oldest first. */
  readonly #transactions: TransactionInfo[] = []
  /** In an overlay a removed value is null here, to be known from one that was never there. */
  readonly #tables = new Map<TableName, Map<string, Uint8Array | null>>()
  readonly #isAbove: boolean
  readonly #packer = new Packer()
  #packedTo: Tid = 0
  #head: Head
  #tail: Head
  #line: Promise<void> = Promise.resolve()
  #closed = false

  /** `below` is where the store that this one lies over stands: its transactions follow. */
  constructor(below?: Head) {
    const head = below ?? { tid: 0, time: 0, oid: 0 }
    this.#isAbove = below !== undefined
    this.#head = head
    this.#tail = head
    for (const table of Object.keys(TABLES) as TableName[]) this.#tables.set(table, new Map())
  }

  head(): { tid: Tid; oid: Oid } {
    this.#live()
    return { tid: this.#head.tid, oid: this.#head.oid }
  }

  read(oid: Oid, at?: Tid): Revision | undefined {
    this.#live()
    const found = newestAt(this.#revisions.get(oid) ?? [], at ?? this.#head.tid)
    if (found === undefined) this.#unpacked(at)
    return found === undefined ? undefined : copy(found)
  }

  revisions(oid: Oid, options: { before?: Tid; limit?: number } = {}): Revision[] {
    this.#live()
    return page(this.#revisions.get(oid) ?? [], options).map(copy)
  }

  name(name: string, at?: Tid): Oid | undefined {
    this.#live()
    const found = this.binding(name, at)
    if (found === undefined) this.#unpacked(at)
    return found?.oid ?? undefined
  }

  /** What a name is bound to, also when to nothing; undefined when it never was. */
  binding(name: string, at: Tid = this.#head.tid): Binding | undefined {
    return newestAt(this.#names.get(name) ?? [], at)
  }

  /** Every name that was ever bound or unbound here. */
  everyName(): Iterable<string> {
    return this.#names.keys()
  }

  /** A table's entries as they were written here: null where a value was removed. */
  entries(table: TableName): ReadonlyMap<string, Uint8Array | null> {
    return this.#tables.get(table) ?? new Map()
  }

  names(
    options: { prefix?: string; after?: string; limit?: number; at?: Tid } = {},
  ): { name: string; oid: Oid }[] {
    this.#live()
    this.#unpacked(options.at)
    const limit = options.limit ?? IMAGE_LIMITS.page
    const found: { name: string; oid: Oid }[] = []
    for (const name of [...this.#names.keys()].sort(byBytes)) {
      if (found.length >= limit) break
      if (options.prefix !== undefined && !name.startsWith(options.prefix)) continue
      if (options.after !== undefined && byBytes(name, options.after) <= 0) continue
      const oid = this.name(name, options.at)
      if (oid !== undefined) found.push({ name, oid })
    }
    return found
  }

  transaction(tid: Tid): TransactionInfo | undefined {
    this.#live()
    const found = newestAt(this.#transactions, tid)
    return found?.tid === tid ? structuredClone(found) : undefined
  }

  transactions(options: { before?: Tid; limit?: number } = {}): TransactionInfo[] {
    this.#live()
    return structuredClone(page(this.#transactions, options))
  }

  tidAt(time: number): Tid {
    this.#live()
    return this.#transactions.findLast((info) => info.time <= time)?.tid ?? 0
  }

  get(table: TableName, key: string): Uint8Array | undefined {
    this.#live()
    return this.#tables.get(table)?.get(key)?.slice() ?? undefined
  }

  scan(
    table: TableName,
    options: { from?: string; limit?: number } = {},
  ): { key: string; value: Uint8Array }[] {
    this.#live()
    const from = options.from ?? ''
    const found: { key: string; value: Uint8Array }[] = []
    for (const [key, value] of this.entries(table)) {
      if (value !== null && byBytes(key, from) >= 0) found.push({ key, value: value.slice() })
    }
    return found
      .sort((one, other) => byBytes(one.key, other.key))
      .slice(0, options.limit ?? IMAGE_LIMITS.page)
  }

  async commit(group: Group): Promise<void> {
    this.#live()
    const checked = checkGroup(group, this.#tail)
    this.#packer.meet(group)
    const copied = copyGroup(group, checked.head, checked.infos)
    this.#tail = checked.head
    // As on disk, the group is not there before its turn in the line has come.
    this.#line = this.#line.then(() => this.#keep(copied))
    await this.#line
  }

  *#walk(asOf: Tid | undefined): Generator<Revision, void, undefined> {
    const at = Math.min(asOf ?? this.#head.tid, this.#head.tid)
    for (const oid of [...this.#revisions.keys()].sort((one, other) => one - other)) {
      this.#live()
      this.#unpacked(at)
      const revision = newestAt(this.#revisions.get(oid) ?? [], at)
      if (revision !== undefined) yield copy(revision)
    }
  }

  objects(options: { at?: Tid } = {}): Iterable<Revision> {
    this.#live()
    return this.#walk(options.at)
  }

  replay(options: { start?: Tid; stop?: Tid } = {}): Iterable<Transaction> {
    this.#live()
    return replay(
      {
        head: () => this.head(),
        packedTo: () => this.packedTo(),
        infosFrom: (start, limit) => {
          const first = countBelow(this.#transactions, start, ({ tid }) => tid)
          return structuredClone(this.#transactions.slice(first, first + limit))
        },
        exact: (oid, tid) => {
          const found = newestAt(this.#revisions.get(oid) ?? [], tid)
          return found?.tid === tid ? copy(found) : undefined
        },
        binding: (name, tid) => {
          const found = this.binding(name, tid)
          return found?.tid === tid ? found.oid : undefined
        },
      },
      options,
    )
  }

  packedTo(): Tid {
    this.#live()
    return this.#packedTo
  }

  async pack(
    request: PackRequest,
    progress?: (progress: PackProgress) => void,
  ): Promise<PackReport> {
    this.#live()
    return this.#packer.run(this.#packed(), request, progress)
  }

  #packed(): PackedStore {
    let oids: Oid[] | undefined
    return {
      head: () => this.head(),
      packedTo: () => this.#packedTo,
      settled: () => this.#line,
      read: (oid, at) => this.read(oid, at),
      replay: (options) => this.replay(options),
      bindings: () => this.#bindings(),
      tids: (from, limit) => {
        // Objects that come later are above the pack time, so one sorted list serves the whole sweep.
        oids ??= [...this.#revisions.keys()].sort((one, other) => one - other)
        const first = countBelow(oids, from, (oid) => oid)
        return oids
          .slice(first, first + limit)
          .map((oid) => ({ oid, tids: (this.#revisions.get(oid) ?? []).map(({ tid }) => tid) }))
      },
      markPacked: async (at) => {
        this.#packedTo = at
      },
      remove: async (removals) => {
        for (const removal of removals) this.#remove(removal)
      },
      live: () => this.#live(),
    }
  }

  *#bindings(): Generator<{ name: string } & Binding> {
    for (const [name, bindings] of [...this.#names]) {
      for (const binding of [...bindings]) yield { name, ...binding }
    }
  }

  #remove(removal: Removal): void {
    if ('oid' in removal) removeFrom(this.#revisions, removal.oid, removal.tid)
    else removeFrom(this.#names, removal.name, removal.tid)
  }

  onRemoved(hear: (oids: readonly Oid[]) => void): () => void {
    return this.#packer.onRemoved(hear)
  }

  bytes(): number {
    this.#live()
    let bytes = 0
    for (const revisions of this.#revisions.values()) {
      for (const { payload, refs } of revisions)
        bytes += payload.length + 8 * refs.length + OVERHEAD
    }
    bytes += this.#transactions.length * OVERHEAD
    for (const table of this.#tables.values()) {
      for (const value of table.values()) bytes += (value?.length ?? 0) + OVERHEAD
    }
    return bytes
  }

  verify(): VerifyReport {
    this.#live()
    const list = new DamageList()
    for (const revisions of this.#revisions.values()) {
      for (const _ of revisions) list.countRevision()
      list.newest(revisions.at(-1) as Revision)
    }
    for (const [name, bindings] of this.#names) {
      const { oid, tid } = bindings.at(-1) as Binding
      if (oid !== null) list.want(oid, `The name ${JSON.stringify(name)}`, undefined, tid)
    }
    return list.report(this.#transactions.length)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#packer.ended()
    await this.#line
  }

  #keep({ head, infos, revisions, names, tables }: Copied): void {
    for (const revision of revisions) pushTo(this.#revisions, revision.oid, revision)
    for (const { name, binding } of names) pushTo(this.#names, name, binding)
    for (const { table, key, value } of tables) {
      const entries = this.#tables.get(table) as Map<string, Uint8Array | null>
      if (value === null && !this.#isAbove) entries.delete(key)
      else entries.set(key, value)
    }
    this.#transactions.push(...infos)
    this.#head = head
  }

  #live(): void {
    if (this.#closed) throw closedFault()
  }

  /** Faults CONFLICT when what was not found may have been there, and was packed away. */
  #unpacked(at: Tid | undefined): void {
    if (at !== undefined && at < this.#packedTo) throw packedFault(at, this.#packedTo)
  }
}

function copyGroup(group: Group, head: Head, infos: TransactionInfo[]): Copied {
  // A Buffer's own slice would share its bytes, so copies are made by the constructor.
  return {
    head,
    infos,
    revisions: group.transactions.flatMap(({ revisions }) => revisions.map(copy)),
    names: group.transactions.flatMap(({ tid, names }) =>
      names.map(({ name, oid }) => ({ name, binding: { tid, oid } })),
    ),
    tables: group.tables.map((write) => ({
      ...write,
      value: write.value && new Uint8Array(write.value),
    })),
  }
}

function copy(revision: Revision): Revision {
  const { oid, tid, kind, refs, payload } = revision
  return { oid, tid, kind, refs: [...refs], payload: new Uint8Array(payload) }
}

/** How many of a list in order of numbers are strictly below `limit`. */
function countBelow<T>(list: readonly T[], limit: number, numberOf: (item: T) => number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numberOf(list[middle] as T) < limit) low = middle + 1
    else high = middle
  }
  return low
}

/** The last of a list in order of tids that is at or below `at`. */
function newestAt<T extends { tid: Tid }>(list: readonly T[], at: Tid): T | undefined {
  return list[countBelow(list, at + 1, ({ tid }) => tid) - 1]
}

/** Those below `before`, newest first. */
function page<T extends { tid: Tid }>(
  list: readonly T[],
  {
    before = Number.POSITIVE_INFINITY,
    limit = IMAGE_LIMITS.page,
  }: { before?: Tid; limit?: number },
): T[] {
  const found: T[] = []
  for (let i = list.length - 1; i >= 0 && found.length < limit; i--) {
    const item = list[i] as T
    if (item.tid < before) found.push(item)
  }
  return found
}

function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

function removeFrom<K, V extends { tid: Tid }>(map: Map<K, V[]>, key: K, tid: Tid): void {
  const left = (map.get(key) ?? []).filter((item) => item.tid !== tid)
  if (left.length === 0) map.delete(key)
  else map.set(key, left)
}

/** The order of UTF-8 bytes, in which names and keys are listed. */
export function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
