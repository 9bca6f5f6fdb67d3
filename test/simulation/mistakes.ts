// Owns: mistakes put in on purpose, one after the other, and how soon a check finds each.
// Leaves: making them to the simulated parts that have them as options; nothing of the product is changed for any.
// Laws: KN96 a simulation that finds nothing is worth what it would have found.
import { Storage } from '#image'
import { connectionHistory, type ConnectionHistoryOptions } from './connection-history.ts'
import { checkHistory } from './history.ts'
import { type Lies, type RunOptions, simulate } from './simulation.ts'

/** What found a mistake: the rule that did not hold, and the sentence that says so. */
export interface Caught {
  rule: string
  sentence: string
}

export interface Mistake {
  name: string
  /** What is to find it. */
  rule: RegExp
  /** Seeds within which it is found. */
  seeds: number
  run(seed: number): Promise<Caught | undefined>
}

/** `faults` are those without which the mistake makes no difference. */
const lying = (
  name: string,
  lies: Lies,
  rule: RegExp,
  seeds: number,
  faults: RunOptions['faults'] = {},
): Mistake => ({
  name,
  rule,
  seeds,
  run: async (seed) => {
    const { rule, violation } = await simulate(seed, { lies, faults })
    return violation === undefined ? undefined : { rule: rule ?? '', sentence: violation }
  },
})

const inHistories = (name: string, options: ConnectionHistoryOptions): Mistake => ({
  name,
  rule: /KN95/,
  seeds: 10,
  run: async (seed) => {
    const { history } = await connectionHistory(seed, 400, options)
    const [anomaly] = checkHistory(history)
    return anomaly && { rule: `KN95, ${anomaly.name}`, sentence: anomaly.sentence }
  },
})

/** Groups are on their way most of the time. */
const SLOW = { slowness: 1_000 }

/** Takes the newest tid of the store although its invalidations are not told yet. */
class EarlySnapshot extends Storage {
  override read(oid: number, at?: number) {
    return this.records.read(oid, at)
  }

  override boundary(follower: Parameters<Storage['boundary']>[0]) {
    const { changed } = super.boundary(follower)
    return { tid: this.records.head().tid, changed }
  }
}

/** Forgets an object of every fifth transaction: it stays in memory as it was. */
class StaleCache extends Storage {
  override boundary(follower: Parameters<Storage['boundary']>[0]) {
    const { tid, changed } = super.boundary(follower)
    const skips = tid % 5 === 0 && changed !== 'all'
    return { tid, changed: skips ? new Map([...changed].slice(1)) : changed }
  }
}

export const MISTAKES: readonly Mistake[] = [
  lying('an answer before the group is durable', { early: true }, /KN3/, 5),
  lying('a record of a group that is not written', { losesWrites: true }, /IM1|KN9/, 10),
  lying('a torn group taken as far as it can be read', { ignoresTorn: true }, /IM1|KN9/, 60, SLOW),
  lying(
    'a group in a crash without its tables',
    { losesTables: true },
    /KN92|KN13|KN94/,
    150,
    SLOW,
  ),
  lying('the answers of keys forgotten in a crash', { forgetsReplies: true }, /KN13|KN92/, 10),
  lying('the answers of keys never found', { forgetsKeys: true }, /KN13|KN92/, 10),
  lying('a message with a key that runs twice', { runsTwice: true }, /KN92/, 10),
  lying('a message for later of a turn that was not kept', { keepsPostings: true }, /KN73/, 40, {
    refused: 0.2,
  }),
  lying('timers that never come', { losesTimers: true }, /KN94|KN73/, 40, { hangs: 0.02 }),
  lying('a store that answers what it once read', { stale: true }, /KN9/, 40),
  lying('a worker that forgets what its batch wrote', { forgetful: true }, /KN9/, 40),
  lying('an event that a follower is not told', { losesEvents: true }, /KN82/, 10),
  lying('a follower that comes back at the newest transaction', { forgetsPlace: true }, /KN82/, 20),
  inHistories('a snapshot ahead of its invalidations', { readChecks: true, Kind: EarlySnapshot }),
  inHistories('an object kept in memory though it was changed', {
    readChecks: true,
    Kind: StaleCache,
  }),
  inHistories('read checks that are not made', { readChecks: false }),
]

/** The first seed that finds a mistake, and what found it; undefined when none of its seeds does. */
export async function firstCatch(
  mistake: Mistake,
): Promise<(Caught & { seed: number }) | undefined> {
  for (let seed = 1; seed <= mistake.seeds; seed++) {
    const caught = await mistake.run(seed)
    if (caught !== undefined) return { ...caught, seed }
  }
  return undefined
}

/** The table of the documentation: each mistake, what finds it, how many seeds that takes. */
export async function tableOfMistakes(): Promise<string> {
  const rows = ['| mistake | found by | seed |', '|---|---|---:|']
  for (const mistake of MISTAKES) {
    const caught = await firstCatch(mistake)
    const { rule, seed } = caught ?? { rule: 'nothing', seed: `more than ${mistake.seeds}` }
    rows.push(`| ${mistake.name} | ${rule} | ${seed} |`)
  }
  return rows.join('\n')
}
