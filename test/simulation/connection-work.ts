// Owns: one transaction of a simulated client at a connection: its steps, its savepoints, its end.
// Leaves: which steps to connection-history.ts; whether what came of them is right to history.ts.
// Laws: IM63 what was rolled back was never done. IM43 what two append at once is kept of both. IM45 reads are relied on.
import { asFault } from '#ground'
import { type Connection, type MergeHook, Persistent } from '#image'
import type { ConnectionCounts } from './connection-history.ts'
import type { HistoryTransaction, Step } from './history.ts'
import type { Universe } from './universe.ts'

/** How likely a step is done behind a savepoint, and how often that is gone back to. */
const SAVEPOINT = 0.15
const ROLLS_BACK = 0.6
/** How likely a transaction is given up at its end. */
const GIVES_UP = 0.03

/** Merges lists to which both sides have appended. */
export function mergeLists(counts: ConnectionCounts): MergeHook {
  return (old, committed, mine) => {
    counts.merges++
    const list = (slots: ReadonlyMap<string, unknown>) => slots.get('items') as number[]
    const own = list(mine).slice(list(old).length)
    return new Map([...committed, ['items', [...list(committed), ...own]]])
  }
}

export interface WorkParts {
  universe: Universe
  readChecks: boolean
  counts: ConnectionCounts
  /** Resolves when others had their turn. */
  turn(): Promise<void>
}

export class ConnectionWork {
  readonly #parts: WorkParts

  constructor(parts: WorkParts) {
    this.#parts = parts
  }

  /** Does the steps in one transaction, with turns of others between them; `done` tells at any time what it holds. */
  async transaction(
    connection: Connection,
    steps: readonly Step[],
    done: Step[],
  ): Promise<Pick<HistoryTransaction, 'status' | 'span'>> {
    const { universe, turn } = this.#parts
    await turn()
    connection.manager.begin()
    const begin = universe.events
    for (const step of steps) {
      if (universe.chance(SAVEPOINT)) this.#aside(connection, step, done)
      else done.push(this.#do(connection, step))
      if (universe.chance(0.7)) await turn()
    }
    const status = await this.#end(connection)
    return { status, span: { begin, end: universe.events } }
  }

  /** Does a step behind a savepoint, and perhaps takes it back: then nobody may ever see it. */
  #aside(connection: Connection, step: Step, done: Step[]): void {
    const { universe, counts } = this.#parts
    const savepoint = connection.manager.savepoint()
    const one = this.#do(connection, step)
    if (!universe.chance(ROLLS_BACK)) {
      done.push(one)
      return
    }
    counts.rollbacks++
    savepoint.rollback()
    // What was read stays read, if nothing of this transaction was in it that is gone now.
    if (one.kind === 'read') done.push(one)
  }

  async #end(connection: Connection): Promise<HistoryTransaction['status']> {
    if (this.#parts.universe.chance(GIVES_UP)) {
      connection.manager.abort()
      return 'aborted'
    }
    try {
      await connection.manager.commit()
      return 'committed'
    } catch (error) {
      if (asFault(error)?.retry !== 'transaction') throw error
      this.#parts.counts.conflicts++
      connection.manager.abort()
      return 'aborted'
    }
  }

  #do(connection: Connection, step: Step): Step {
    const object = connection.name(step.key) as Persistent
    if (step.kind === 'append') {
      object.set('items', [...(object.get('items') as number[]), step.value])
      return step
    }
    if (this.#parts.readChecks) connection.readCurrent(object)
    return { ...step, list: [...(object.get('items') as number[])] }
  }
}
