// Owns: records that a transaction has made and not committed: what savepoints hold, and what a commit stores.
// Leaves: making them of objects to connection.ts.
// Laws: IM51 a new object is stored only when something stored reaches it. IM63 a savepoint's records do not change.
import { decodeSlots, encodeSlots, type Oid, type Tid } from '#objects'
import { CONNECTION_LIMITS } from './connection-limits.ts'
import { imageFault } from './faults.ts'
import type { RecordKind } from './store.ts'

/** A record under way. Slots that this transaction changed have tid 0 in the payload. */
export interface PendingWrite {
  base: Tid
  kind: RecordKind
  refs: readonly Oid[]
  payload: Uint8Array
  /** True for an object that this transaction made. */
  isNew: boolean
}

export class PendingWrites {
  readonly #writes: Map<Oid, PendingWrite>
  #bytes = 0

  constructor(writes: ReadonlyMap<Oid, PendingWrite> = new Map()) {
    this.#writes = new Map(writes)
    for (const { payload } of writes.values()) this.#bytes += payload.length
  }

  get size(): number {
    return this.#writes.size
  }

  has(oid: Oid): boolean {
    return this.#writes.has(oid)
  }

  get(oid: Oid): PendingWrite | undefined {
    return this.#writes.get(oid)
  }

  /** Faults LIMIT when all of them take more than a commit can hold. */
  set(oid: Oid, write: PendingWrite): void {
    const bytes = this.#bytes + write.payload.length - (this.#writes.get(oid)?.payload.length ?? 0)
    if (bytes > CONNECTION_LIMITS.savepointBytes) {
      throw imageFault(
        'LIMIT',
        `The transaction has ${bytes} bytes of changes; the limit is ${CONNECTION_LIMITS.savepointBytes}.`,
        { bytes },
        'Commit in smaller steps.',
      )
    }
    this.#bytes = bytes
    this.#writes.set(oid, write)
  }

  delete(oid: Oid): void {
    this.#bytes -= this.#writes.get(oid)?.payload.length ?? 0
    this.#writes.delete(oid)
  }

  entries(): [Oid, PendingWrite][] {
    return [...this.#writes]
  }

  /** The same records, apart from later changes. */
  copy(): PendingWrites {
    return new PendingWrites(this.#writes)
  }

  /** What is to be stored: changed objects, and new ones that they or the named ones reach. */
  reachable(named: Iterable<Oid>): Map<Oid, PendingWrite> {
    const found = new Map<Oid, PendingWrite>()
    const queue: Oid[] = [...named]
    for (const [oid, write] of this.#writes) if (!write.isNew) queue.push(oid)
    for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
      const write = this.#writes.get(oid)
      if (write === undefined || found.has(oid)) continue
      found.set(oid, write)
      queue.push(...write.refs)
    }
    return found
  }
}

/** The payload with the tid of its transaction in the slots that it changed. */
export function datedPayload(payload: Uint8Array, tid: Tid): Uint8Array {
  const slots = decodeSlots(payload)
  for (const slot of slots) if (slot.tid === 0) slot.tid = tid
  return encodeSlots(slots)
}
