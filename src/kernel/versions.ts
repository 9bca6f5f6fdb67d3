// Owns: what is known of the versions of methods beside the graph: their states, and how those on probation fare.
// Leaves: judging them to governance; the records of methods to the image.
// Laws: KN150 the row of a version is kept in the commit that puts it into its slot. KN151 only methods on probation are
// counted, and what was counted survives a restart.
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue, type Oid, type SendRequest, type Tid } from '#objects'
import { KERNEL_LIMITS } from './limits.ts'
import type { MethodFields } from './method-record.ts'
import type { Settled } from './sequence.ts'
import type { Timers } from './timers.ts'

/**
 * `probation`: counted, and taken back on evidence. `durable`: it has proven itself, or a person says so. `degraded`: it spoke
 * against itself and could not be taken back. `replaced`: another one took its place before it had proven itself.
 */
export type VersionState = 'probation' | 'durable' | 'degraded' | 'rolled-back' | 'replaced'

/** How a replacement compares with the version before it, on calls that wrote nothing. */
export interface Shadows {
  /** Calls that both were made on. */
  runs: number
  same: number
  /** Both answered, and otherwise. */
  differ: number
  /** It failed and the one before answered. */
  worse: number
  /** It answered and the one before failed. */
  better: number
  /** Ticks of both, and how many calls both answered. */
  fuel: number
  fuelBefore: number
  paired: number
}

/** One version of a method. */
export interface VersionRow {
  method: Oid
  holder: Oid
  selector: string
  version: number
  state: VersionState
  /** The method that it replaced. */
  previous: Oid | null
  /** Milliseconds since 1970. */
  since: number
  /** Since it came, while it was on probation. */
  calls: number
  faults: number
  /** Calls that ended by what no method does on purpose. */
  crashes: number
  fuel: number
  /** Sessions that have called it, up to as many as matter. */
  sessions: string[]
  shadows: Shadows
  /** What spoke against it, in sentences. */
  evidence: string[]
  /** Who decided, when and why, once it is no longer on probation. */
  decided?: { by: string; time: number; reason: string; tid?: Tid }
}

/** What a worker counted of one method in one turn. */
export interface Called {
  method: Oid
  calls: number
  faults: number
  fuel: number
}

/** A turn in which methods on probation ran. `at` is the transaction that it saw the image as of. */
export interface CalledTurn {
  request: SendRequest
  outcome: Settled
  at: Tid
}

/** Is told how methods on probation fare, and decides about them. */
export interface Supervisor {
  /** A version has come into its slot and is durable. */
  began(row: VersionRow): void
  /** `faults` of its calls in that turn ended in a fault. */
  called(row: VersionRow, turn: CalledTurn, faults: number): void
}

/** What happens to a version, for whoever follows. */
export interface VersionEvent {
  kind: 'rolled-back' | 'durable' | 'quarantined' | 'released'
  row: VersionRow
  tid: Tid | null
  reason: string
  /** The version that is in the slot from then on. */
  to?: number
}

const NO_SHADOWS: Shadows = {
  ...{ runs: 0, same: 0, differ: 0, worse: 0, better: 0 },
  ...{ fuel: 0, fuelBefore: 0, paired: 0 },
}

/** Calls after each of which the row is kept; later ones are kept now and then, which a crash may forget. */
const KEPT_EACH = 16
const KEPT_EVERY = 64
/** Milliseconds after which rows that have changed are kept, all in one commit: none of its own stands before the next message's. */
const KEPT_AFTER = 100
/** UTF-16 units of a sentence of evidence. */
const EVIDENCE_LENGTH = 600

export interface VersionParts {
  store: Store
  now: () => number
  timers: Timers
  keep(writes: readonly TableWrite[]): Promise<void>
  /** The worker need not count a method any more. */
  unwatch(method: Oid): void
  trouble(detail: string): void
}

export class Versions {
  readonly #parts: VersionParts
  /** Those on probation, by method. */
  readonly #live = new Map<Oid, VersionRow>()
  readonly #followers = new Set<(event: VersionEvent) => void>()
  #supervisor: Supervisor | undefined
  /** Rows that have changed since they were kept. */
  readonly #changed = new Set<VersionRow>()
  #timer: unknown

  constructor(parts: VersionParts) {
    this.#parts = parts
    for (let from = ''; ; ) {
      const page = parts.store.scan('versions', { from })
      for (const { value } of page) {
        const row = decodeValue(value) as VersionRow
        if (row.state === 'probation') this.#live.set(row.method, row)
      }
      const last = page.at(-1)?.key
      if (last === undefined) return
      from = `${last} `
    }
  }

  /** How many are on probation. */
  get onProbation(): number {
    return this.#live.size
  }

  /** Those on probation. */
  live(): VersionRow[] {
    return [...this.#live.values()]
  }

  supervise(supervisor: Supervisor): void {
    this.#supervisor = supervisor
  }

  /** True for a method whose calls are counted. */
  isWatched(method: Oid): boolean {
    return this.#live.has(method)
  }

  /** The rows of one selector of an object, oldest first. */
  of(holder: Oid, selector: string): VersionRow[] {
    const prefix = prefixOf(holder, selector)
    return this.#parts.store
      .scan('versions', { from: prefix, limit: KERNEL_LIMITS.versions })
      .filter(({ key }) => key.startsWith(prefix))
      .map(({ value }) => decodeValue(value) as VersionRow)
      .map((row) => this.#live.get(row.method) ?? row)
  }

  /** The row of a version; undefined for one that was never on probation. */
  find(holder: Oid, selector: string, version: number): VersionRow | undefined {
    const value = this.#parts.store.get('versions', keyOf({ holder, selector, version }))
    const row = value === undefined ? undefined : (decodeValue(value) as VersionRow)
    return row && (this.#live.get(row.method) ?? row)
  }

  /** The largest number that a version of this selector has had; 0 when none is known. */
  newest(holder: Oid, selector: string): number {
    return Math.max(0, ...this.of(holder, selector).map(({ version }) => version))
  }

  /** The write that puts a version on probation with the commit that installs it. A person's first one is durable. */
  begin(fields: MethodFields, method: Oid): TableWrite[] {
    const { holder, selector, version, previous, model } = fields
    const row: VersionRow = {
      ...{ method, holder, selector, version, previous: previous ?? null },
      state: model === undefined && previous === undefined ? 'durable' : 'probation',
      since: this.#parts.now(),
      ...{ calls: 0, faults: 0, crashes: 0, fuel: 0, sessions: [], evidence: [] },
      shadows: { ...NO_SHADOWS },
    }
    if (row.state === 'probation') this.#live.set(method, row)
    const replaced = previous === undefined ? undefined : this.#live.get(previous)
    if (replaced === undefined) return [writeOf(row)]
    return [writeOf(row), this.deciding(replaced, 'replaced', row.since)]
  }

  /** The commit of `begin` is durable. */
  began(method: Oid): void {
    const row = this.#live.get(method)
    if (row !== undefined) this.#supervisor?.began(row)
  }

  /** The commit of `begin` failed. */
  forget(method: Oid): void {
    this.#live.delete(method)
  }

  /** Counts what a turn called. */
  called(called: readonly Called[], session: string, turn: CalledTurn): void {
    for (const { method, calls, faults, fuel } of called) {
      const row = this.#live.get(method)
      if (row === undefined) continue
      row.calls += calls
      row.faults += faults
      row.fuel += fuel
      const isNew =
        row.sessions.length < KERNEL_LIMITS.probationSessions && !row.sessions.includes(session)
      if (isNew) row.sessions.push(session)
      if (isNew || row.calls <= KEPT_EACH || row.calls % KEPT_EVERY < calls) this.keep(row)
      this.#supervisor?.called(row, turn, faults)
    }
  }

  /** Adds a sentence to what speaks against a version. */
  evidence(row: VersionRow, sentence: string): void {
    if (row.evidence.length < KERNEL_LIMITS.evidence) {
      row.evidence.push(sentence.slice(0, EVIDENCE_LENGTH))
    }
    this.keep(row)
  }

  /** Keeps a row soon; off the path of any reply. A kill may take what was counted in the last tenth of a second. */
  keep(row: VersionRow): void {
    this.#changed.add(row)
    this.#timer ??= this.#parts.timers.setTimeout(() => void this.flush(), KEPT_AFTER)
  }

  /** Keeps what has changed; resolves when it is durable, or was told as trouble. */
  async flush(): Promise<void> {
    this.#parts.timers.clearTimeout(this.#timer)
    this.#timer = undefined
    const writes = [...this.#changed].map(writeOf)
    this.#changed.clear()
    if (writes.length === 0) return
    await this.#parts.keep(writes).catch((error: unknown) => this.#parts.trouble(String(error)))
  }

  /** The write that ends a version's probation, or changes what was decided of it. */
  deciding(
    row: VersionRow,
    state: VersionState,
    time: number,
    decided?: { by: string; reason: string; tid?: Tid },
  ): TableWrite {
    row.state = state
    if (decided !== undefined) row.decided = { ...decided, time }
    if (state === 'probation') this.#live.set(row.method, row)
    else if (this.#live.delete(row.method)) this.#parts.unwatch(row.method)
    return writeOf(row)
  }

  /** Calls back for what happens to versions; answers how to stop. */
  follow(callback: (event: VersionEvent) => void): () => void {
    this.#followers.add(callback)
    return () => this.#followers.delete(callback)
  }

  tell(event: VersionEvent): void {
    for (const callback of this.#followers) callback(event)
  }
}

const writeOf = (row: VersionRow): TableWrite => ({
  table: 'versions',
  key: keyOf(row),
  value: encodeValue(row),
})

const prefixOf = (holder: Oid, selector: string) =>
  `${String(holder).padStart(16, '0')}\n${selector}\n`

const keyOf = ({
  holder,
  selector,
  version,
}: Pick<VersionRow, 'holder' | 'selector' | 'version'>) =>
  `${prefixOf(holder, selector)}${String(version).padStart(8, '0')}`
