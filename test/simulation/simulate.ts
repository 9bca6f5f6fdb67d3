// Owns: the command that runs seeds: `npm run simulate -- --seed=N --rounds=M`.
// Leaves: a run to simulation.ts.
import { simulate } from './simulation.ts'

/** The number of an option, or what it is when nobody says. */
function option(name: string, otherwise: number): number {
  const given = process.argv.find((word) => word.startsWith(`--${name}=`))
  return given === undefined ? otherwise : Number(given.slice(name.length + 3))
}

const first = option('seed', 1)
const rounds = option('rounds', 200)
const sums = { events: 0, deeds: 0, transactions: 0, crashes: 0, deaths: 0, failures: 0 }
for (let seed = first; seed < first + rounds; seed++) {
  const report = await simulate(seed)
  const again = await simulate(seed)
  for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += report[name]
  const differs = again.digest !== report.digest ? 'two runs of it differ' : undefined
  const problem = report.violation ?? differs
  if (rounds === 1) process.stdout.write(`seed ${seed}: trace ${report.digest}\n`)
  if (problem === undefined) continue
  process.stdout.write(`${report.tail.join('\n')}\n\nseed ${seed}: ${problem}\n`)
  process.stdout.write(`Again: npm run simulate -- --seed=${seed} --rounds=1\n`)
  process.exitCode = 1
  break
}
const counted = Object.entries(sums).map(([name, count]) => `${count} ${name}`)
process.stdout.write(`${rounds} seeds from ${first}: ${counted.join(', ')}\n`)
