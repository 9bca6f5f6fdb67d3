// Owns: running the turns of a batch over a world, and their reports as the kernel reads them.
// Leaves: the pipe and what the world asks for to worker.ts; what a report is worth to the kernel.
// Laws: KN35 a turn sees what earlier turns of its batch left, whatever happened between them. KN106 and its receiver as the
// turns before it left it.
import { encodeValue, type Oid, type TurnOutcome, type World } from '#objects'
import type { Watching } from './watching.ts'

/** A turn as it comes from the kernel: its number, its kind and its request. */
export type TurnGiven = [n: number, kind: string, request: never]

export class Turns {
  readonly #world: World
  readonly #watching: Watching | undefined
  /**
   * What the turns of this batch wrote. The kernel does not have it before the batch is reported, so an object that a
   * failed turn made the world forget would otherwise be fetched as it was before the batch.
   */
  #written = new Map<Oid, Uint8Array>()
  /** What the turns of the batch before wrote. */
  #before = new Map<Oid, Uint8Array>()
  /** Receivers that came with this batch. */
  readonly #given = new Map<Oid, Uint8Array>()
  /** True when the world has been emptied since the last batch: what comes with the next one is as old as the image. */
  #isFresh = false
  /** Batches that were reported. */
  #reports = 0
  /** Bytes of the reports since the last ones were sent, roughly. */
  bytes = 0

  /** Without `watching` nothing is noted of the methods that run. */
  constructor(world: World, watching?: Watching) {
    this.#world = world
    this.#watching = watching
  }

  /**
   * Takes objects that came with the batch, oids and payloads by turns, as they were when the kernel had taken `heard`
   * reports. What a batch has written of which it had not heard yet is asked for: the answer comes after the report.
   */
  give(heard: number, objects: unknown[]): void {
    if (heard < this.#reports - 1 && !this.#isFresh) return
    for (let i = 0; i < objects.length; i += 2) {
      const oid = objects[i] as Oid
      if (heard < this.#reports && this.#before.has(oid) && !this.#isFresh) continue
      this.#given.set(oid, objects[i + 1] as Uint8Array)
    }
  }

  /** The world was emptied: what earlier batches wrote is nowhere. */
  emptied(): void {
    this.#isFresh = true
  }

  /** An object's payload, when a turn of this batch wrote it or it came with the batch; undefined otherwise. */
  payload(oid: Oid): Uint8Array | undefined {
    const written = this.#written.get(oid)
    if (written !== undefined) return written
    const given = this.#given.get(oid)
    // A copy, because what an object keeps of its bytes would keep the whole frame.
    return given && new Uint8Array(given)
  }

  /** Runs one turn to its end and answers its report. */
  run([n, kind, request]: TurnGiven): unknown[] {
    this.#watching?.begin()
    const outcome =
      kind === 'send'
        ? this.#world.runSend(request)
        : this.#world.runChange((request as { change: never }).change, request)
    if (outcome.kind === 'kept') {
      this.bytes += outcome.reply.length
      for (const { oid, payload } of outcome.writes) {
        this.#written.set(oid, payload)
        this.bytes += payload.length
      }
    }
    const reported = report(n, outcome, this.#watching?.counted())
    // Most turns are kept and post nothing, and their bytes are known.
    if (outcome.kind !== 'kept' || outcome.postings.length > 0) {
      this.bytes += encodeValue(reported).length
    }
    return reported
  }

  /** The batch is reported: what is asked for from now on, the kernel answers after it has taken the report. */
  reported(): void {
    this.#reports++
    this.#isFresh = false
    this.#given.clear()
    const before = this.#before
    before.clear()
    this.#before = this.#written
    this.#written = before
  }
}

function report(n: number, outcome: TurnOutcome, counted: unknown[] | undefined): unknown[] {
  if (outcome.kind === 'kept') {
    const writes = outcome.writes.map((w) => [w.oid, w.born, w.payload])
    const names = outcome.names.map((one) => [one.name, one.oid])
    const kept = [n, 'kept', outcome.reply, writes, names, outcome.fuel]
    // Most turns post nothing, and every report is paid for.
    if (counted !== undefined) return [...kept, outcome.postings, counted]
    return outcome.postings.length === 0 ? kept : [...kept, outcome.postings]
  }
  if (outcome.kind === 'fault') {
    const fault = [n, 'fault', outcome.fault]
    return counted === undefined ? fault : [...fault, counted]
  }
  // The turn runs again, and is counted when it ends.
  return [n, 'need', outcome.need, outcome.stale]
}
