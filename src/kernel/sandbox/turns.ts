// Owns: running the turns of a batch over a world, and their reports as the kernel reads them.
// Leaves: the pipe and what the world asks for to worker.ts; what a report is worth to the kernel.
// Laws: KN35 a turn sees what earlier turns of its batch left, whatever happened between them.
import type { Oid, TurnOutcome, World } from '#objects'

/** A turn as it comes from the kernel: its number, its kind and its request. */
export type TurnGiven = [n: number, kind: string, request: never]

export class Turns {
  readonly #world: World
  /**
   * What the turns of this batch wrote. The kernel does not have it before the batch is reported, so an object that a
   * failed turn made the world forget would otherwise be fetched as it was before the batch.
   */
  readonly #written = new Map<Oid, Uint8Array>()

  constructor(world: World) {
    this.#world = world
  }

  /** The payload that a turn of this batch left of an object; undefined when none wrote it. */
  written(oid: Oid): Uint8Array | undefined {
    return this.#written.get(oid)
  }

  /** Runs one turn to its end and answers its report. */
  run([n, kind, request]: TurnGiven): unknown[] {
    const outcome =
      kind === 'send'
        ? this.#world.runSend(request)
        : this.#world.runChange((request as { change: never }).change, request)
    if (outcome.kind === 'kept') {
      for (const { oid, payload } of outcome.writes) this.#written.set(oid, payload)
    }
    return report(n, outcome)
  }

  /** The batch is reported: what is asked for from now on, the kernel answers after it has taken the report. */
  reported(): void {
    this.#written.clear()
  }
}

function report(n: number, outcome: TurnOutcome): unknown[] {
  if (outcome.kind === 'kept') {
    const writes = outcome.writes.map((w) => [w.oid, w.born, w.payload])
    const names = outcome.names.map((one) => [one.name, one.oid])
    const kept = [n, 'kept', outcome.reply, writes, names, outcome.fuel]
    // Most turns post nothing, and every report is paid for.
    return outcome.postings.length === 0 ? kept : [...kept, outcome.postings]
  }
  if (outcome.kind === 'fault') return [n, 'fault', outcome.fault]
  return [n, 'need', outcome.need, outcome.stale]
}
