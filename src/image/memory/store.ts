// Owns: the store in memory: for tests, trials and worlds that nobody wants to keep.
// Leaves: checks to group.ts; durability to lmdb/.
// Laws: IM1–IM8 of SPEC.md, with memory in place of the disk; it cannot be damaged, so IM9 has nothing to find.
import type { Oid, Tid } from '#objects'
import { DamageList } from '../damage.ts'
import { closedFault } from '../faults.ts'
import { checkGroup, type Head, TABLES } from '../group.ts'
import { IMAGE_LIMITS } from '../limits.ts'
import type {
  Group,
  Revision,
  Store,
  TableName,
  TableWrite,
  TransactionInfo,
  VerifyReport,
} from '../store.ts'

/** A new, empty store that lives as long as the process. */
export function openMemoryStore(): Store {
  return new MemoryStore()
}

interface Binding {
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

class MemoryStore implements Store {
  /** Each object's revisions, oldest first. */
  readonly #revisions = new Map<Oid, Revision[]>()
  /** Each name's bindings, oldest first. */
  readonly #names = new Map<string, Binding[]>()
  /** Oldest first. */
  readonly #transactions: TransactionInfo[] = []
  readonly #tables = new Map<TableName, Map<string, Uint8Array>>()
  #head: Head = { tid: 0, time: 0, oid: 0 }
  #tail: Head = this.#head
  #line: Promise<void> = Promise.resolve()
  #closed = false

  constructor() {
    for (const table of Object.keys(TABLES) as TableName[]) this.#tables.set(table, new Map())
  }

  head(): { tid: Tid; oid: Oid } {
    this.#live()
    return { tid: this.#head.tid, oid: this.#head.oid }
  }

  read(oid: Oid, at?: Tid): Revision | undefined {
    this.#live()
    const found = newestAt(this.#revisions.get(oid) ?? [], at ?? this.#head.tid)
    return found === undefined ? undefined : copy(found)
  }

  revisions(oid: Oid, options: { before?: Tid; limit?: number } = {}): Revision[] {
    this.#live()
    return page(this.#revisions.get(oid) ?? [], options).map(copy)
  }

  name(name: string, at?: Tid): Oid | undefined {
    this.#live()
    return newestAt(this.#names.get(name) ?? [], at ?? this.#head.tid)?.oid ?? undefined
  }

  names(
    options: { prefix?: string; after?: string; limit?: number; at?: Tid } = {},
  ): { name: string; oid: Oid }[] {
    this.#live()
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
    return this.#tables.get(table)?.get(key)?.slice()
  }

  scan(
    table: TableName,
    options: { from?: string; limit?: number } = {},
  ): { key: string; value: Uint8Array }[] {
    this.#live()
    const from = options.from ?? ''
    return [...(this.#tables.get(table) ?? [])]
      .filter(([key]) => byBytes(key, from) >= 0)
      .sort(([one], [other]) => byBytes(one, other))
      .slice(0, options.limit ?? IMAGE_LIMITS.page)
      .map(([key, value]) => ({ key, value: value.slice() }))
  }

  async commit(group: Group): Promise<void> {
    this.#live()
    const checked = checkGroup(group, this.#tail)
    const copied = copyGroup(group, checked.head, checked.infos)
    this.#tail = checked.head
    // As on disk, the group is not there before its turn in the line has come.
    this.#line = this.#line.then(() => this.#keep(copied))
    await this.#line
  }

  *#walk(): Generator<Revision, void, undefined> {
    const at = this.#head.tid
    for (const oid of [...this.#revisions.keys()].sort((one, other) => one - other)) {
      const revision = this.read(oid, at)
      if (revision !== undefined) yield revision
    }
  }

  objects(): Iterable<Revision> {
    this.#live()
    return this.#walk()
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
    await this.#line
  }

  #keep({ head, infos, revisions, names, tables }: Copied): void {
    for (const revision of revisions) pushTo(this.#revisions, revision.oid, revision)
    for (const { name, binding } of names) pushTo(this.#names, name, binding)
    for (const { table, key, value } of tables) {
      const entries = this.#tables.get(table) as Map<string, Uint8Array>
      if (value === null) entries.delete(key)
      else entries.set(key, value)
    }
    this.#transactions.push(...infos)
    this.#head = head
  }

  #live(): void {
    if (this.#closed) throw closedFault()
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

/** The last of a list in order of tids that is at or below `at`. */
function newestAt<T extends { tid: Tid }>(list: readonly T[], at: Tid): T | undefined {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] as T).tid <= at) low = middle + 1
    else high = middle
  }
  return list[low - 1]
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

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
