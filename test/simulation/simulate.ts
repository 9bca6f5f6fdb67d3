// Owns: the command of the simulation: `npm run simulate`, and what it prints. docs/simulation.md says what to ask it.
// Leaves: a run to simulation.ts; histories to histories.ts; sweeps to sweep.ts; mistakes to mistakes.ts.
import { manyHistories, tableOf } from './histories.ts'
import { tableOfMistakes } from './mistakes.ts'
import { simulate } from './simulation.ts'
import { crashEverywhere, failEverywhere } from './sweep.ts'

/** What follows a word, as `--seed=7` or `--seed 7`; undefined when the word is not there. */
function given(name: string): string | undefined {
  const at = process.argv.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`))
  if (at < 0) return undefined
  const word = process.argv[at] as string
  return word.includes('=') ? word.slice(name.length + 3) : (process.argv[at + 1] ?? '')
}

const number = (name: string, otherwise: number) => Number(given(name) ?? otherwise)

const say = (text: string) => void process.stdout.write(`${text}\n`)

function fail(problem: string, again: string): void {
  say(`\n${problem}\nAgain: npm run simulate -- ${again}`)
  process.exitCode = 1
}

const seconds = () => {
  const { user, system } = process.cpuUsage()
  return `${((user + system) / 1_000_000).toFixed(1)} s of processor time`
}

/** Seeds one after the other, each twice, since the same seed is the same run. */
async function rounds(first: number, count: number): Promise<void> {
  const sums = {
    ...{ events: 0, deeds: 0, transactions: 0, commits: 0 },
    ...{ crashes: 0, deaths: 0, failures: 0, packs: 0 },
  }
  const keepsTrace = given('trace') !== undefined
  for (let seed = first; seed < first + count; seed++) {
    const report = await simulate(seed, { keepsTrace })
    const { digest } = await simulate(seed)
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name]
    const differs = digest === report.digest ? undefined : 'two runs of it differ'
    const problem = report.violation ?? differs
    if (keepsTrace) say(report.trace.join('\n'))
    if (count === 1) say(`seed ${seed}: trace ${report.digest}`)
    if (problem === undefined) continue
    if (!keepsTrace) say(report.trace.join('\n'))
    fail(`seed ${seed}: ${problem}`, `--seed=${seed} --rounds=1 --trace`)
    break
  }
  const counted = Object.entries(sums).map(([name, amount]) => `${amount} ${name}`)
  say(`${count} seeds from ${first}: ${counted.join(', ')}; ${seconds()}`)
}

async function histories(first: number, transactions: number): Promise<void> {
  const { tallies, found } = await manyHistories(first, transactions)
  say(tableOf(tallies))
  say(`\n${transactions.toLocaleString('en')} transactions from seed ${first}; ${seconds()}`)
  if (found === undefined) return say('No ring, no dirty read, no lost write: no anomaly.')
  const { kind, seed, anomaly } = found
  fail(
    `${kind}, seed ${seed}: ${anomaly.name}: ${anomaly.sentence}`,
    `--seed=${seed} --histories 1`,
  )
}

async function sweeps(seed: number): Promise<void> {
  for (const [what, sweep] of [
    ['ends of the process', crashEverywhere],
    ['calls that fail', failEverywhere],
  ] as const) {
    const { points, within, broken } = await sweep(seed)
    say(`seed ${seed}: ${points} ${what}, ${within} of them matter`)
    if (broken === undefined) continue
    say(broken.report.trace.join('\n'))
    fail(`${broken.point}: ${broken.report.violation}`, `--sweep --seed=${seed}`)
  }
  say(seconds())
}

const seed = number('seed', 1)
if (given('histories') !== undefined) await histories(seed, number('histories', 100_000))
else if (given('sweep') !== undefined) await sweeps(seed)
else if (given('mistakes') !== undefined) say(await tableOfMistakes())
else await rounds(seed, number('rounds', 200))
