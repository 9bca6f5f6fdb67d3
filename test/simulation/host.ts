// Owns: another host that methods ask: when it answers, when it fails, and how often it was asked what.
// Leaves: what the answer does to a turn to bank.ts.
// Laws: KN78 once a message has its outcome the host is not asked for it again.
import type { FetchPower } from '#kernel'
import { hostSays } from './bank-state.ts'
import type { Life, Universe } from './universe.ts'
import { violated } from './violation.ts'

/** How likely it fails, and how likely it never answers. */
const FAILS = 0.15
const HANGS = 0.05
/** Milliseconds that it takes at most otherwise. */
const SLOWNESS = 800

export class Host {
  readonly #universe: Universe
  readonly #guard: (check: () => void) => void
  readonly #failed = new Set<number>()
  readonly #over = new Set<number>()
  /** Whether anything goes wrong with it. */
  isCalm = false

  constructor(universe: Universe, guard: (check: () => void) => void) {
    this.#universe = universe
    this.#guard = guard
  }

  /** Whether an asker was ever told of a failure. */
  hasFailed(id: number): boolean {
    return this.#failed.has(id)
  }

  /** Who asked has its outcome. */
  over(id: number): void {
    this.#over.add(id)
  }

  /** How one process reaches it. */
  power(life: Life): FetchPower {
    const universe = this.#universe
    return (url, { signal }) =>
      new Promise<Response>((resolve, reject) => {
        const id = Number(new URL(url).pathname.slice(1))
        universe.say(`the host is asked ${id}`)
        this.#guard(() => {
          if (this.#over.has(id)) violated('KN78', `the host is asked for ${id} after its outcome`)
        })
        signal.addEventListener('abort', () => {
          this.#failed.add(id)
          reject(signal.reason)
        })
        if (!this.isCalm && universe.chance(HANGS)) return
        const fails = !this.isCalm && universe.chance(FAILS)
        const answer = () => {
          if (!fails) return resolve(answerOf(id))
          this.#failed.add(id)
          reject(new Error('there is no way to the host'))
        }
        universe.after(universe.between(0, SLOWNESS), `the host answers ${id}`, answer, life)
      })
  }
}

/** As much of an answer as is read. */
function answerOf(id: number): Response {
  const body = [Buffer.from(hostSays(id))]
  return { status: 200, headers: new Headers(), body } as unknown as Response
}
