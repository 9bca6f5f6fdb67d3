// Owns: sources that may not run any more, by the hash of their text: which, why, and who let one go again.
// Leaves: who was on the stack to sequence.ts; the turn that tells it in the history to governance.
// Laws: KN152 a source that was on the stack at two deaths of workers does not run, under whatever name, by whatever way it
// comes back, until a person releases it.
import { createHash } from 'node:crypto'
import type { FaultRecord } from '#ground'
import type { Store, TableWrite } from '#image'
import { decodeValue, encodeValue, type Oid, oidText } from '#objects'
import { kernelFault } from './faults.ts'
import { KERNEL_LIMITS } from './limits.ts'

/** What is known of a source that was on the stack when a worker died. */
export interface Quarantined {
  hash: string
  /** The version that was on the stack last. */
  selector: string
  holder: Oid
  version: number
  /** Deaths at which it is known to have been on the stack. */
  deaths: number
  /** Milliseconds since 1970, of the last one. */
  time: number
  reason: string
  /** Who let it go again; its deaths are counted anew from there. */
  released?: { by: string; time: number }
}

export const sourceHash = (source: string): string =>
  createHash('sha256').update(source.trim()).digest('hex')

export class Quarantine {
  readonly #store: Store
  readonly #keep: (writes: readonly TableWrite[]) => Promise<void>
  readonly #known = new Map<string, Quarantined>()

  constructor(store: Store, keep: (writes: readonly TableWrite[]) => Promise<void>) {
    this.#store = store
    this.#keep = keep
    for (let from = ''; ; ) {
      const page = this.#store.scan('quarantine', { from })
      for (const { key, value } of page) this.#known.set(key, decodeValue(value) as Quarantined)
      const last = page.at(-1)?.key
      if (last === undefined) return
      from = `${last} `
    }
  }

  /** The entry of a source that may not run. */
  of(source: string): Quarantined | undefined {
    if (this.#known.size === 0) return undefined
    const known = this.#known.get(sourceHash(source))
    return known !== undefined && isIn(known) ? known : undefined
  }

  /** The fault of a call of that source; undefined when it may run. */
  faultOf(source: string): FaultRecord | undefined {
    const known = this.of(source)
    if (known === undefined) return undefined
    const { selector, version, holder, deaths, reason } = known
    return kernelFault(
      'QUARANTINED',
      `version ${version} of ${selector} of ${oidText(holder)} does not run any more: it was on the stack at ${deaths} deaths of a worker (${reason})`,
      { selector, holder: oidText(holder), version, deaths },
    ).toRecord()
  }

  list(): Quarantined[] {
    return [...this.#known.values()].filter(isIn)
  }

  /** Counts deaths of a source; answers the entry when these are the ones that end it. */
  died(
    source: string,
    of: { selector: string; holder: Oid; version: number },
    { deaths, time, reason }: { deaths: number; time: number; reason: string },
  ): { entry: Quarantined; ends: boolean; kept: Promise<void> } {
    const hash = sourceHash(source)
    const before = this.#known.get(hash)
    const counted = before === undefined || before.released !== undefined ? 0 : before.deaths
    const { selector, holder, version } = of
    const entry: Quarantined = {
      ...{ hash, selector, holder, version, time, reason },
      deaths: counted + deaths,
    }
    this.#known.set(hash, entry)
    const ends = isIn(entry) && counted < KERNEL_LIMITS.quarantineDeaths
    return { entry, ends, kept: this.#keep([writeOf(entry)]) }
  }

  /** Takes over what a dump or a copy says of a source. Resolves when it is durable. */
  adopt(entries: readonly Quarantined[]): Promise<void> {
    for (const entry of entries) this.#known.set(entry.hash, entry)
    return entries.length === 0 ? Promise.resolve() : this.#keep(entries.map(writeOf))
  }

  /** The write that lets a source run again; it does from here on. */
  releasing(entry: Quarantined, released: { by: string; time: number }): TableWrite {
    const free = { ...entry, released }
    this.#known.set(entry.hash, free)
    return writeOf(free)
  }
}

const isIn = ({ deaths, released }: Quarantined) =>
  released === undefined && deaths >= KERNEL_LIMITS.quarantineDeaths

const writeOf = (entry: Quarantined): TableWrite => ({
  table: 'quarantine',
  key: entry.hash,
  value: encodeValue(entry),
})
