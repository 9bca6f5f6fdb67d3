// Owns: the calculator as a command: an empty object that receives seven messages in shuffled orders, several times each,
// and the table of how many calculators are right at the end.
// Leaves: one run to calculator-run.ts; what is right to calculator-checks.ts; what the numbers mean to docs/learning.md.
// Laws: RK3 answers of the model are kept, so that a run that was ended goes on where it was.
//
//     node tools/batos.mjs --run bench/calculator.ts                 ten orders, five times each, the default model
//     node tools/batos.mjs --run bench/calculator.ts --intents       with a sentence beside each message
//     node tools/batos.mjs --run bench/calculator.ts --slots         on a calculator that has value and log already
//     node tools/batos.mjs --run bench/calculator.ts --orders 2 --times 1 --show --json out.json
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { homeFolder, writePrivate } from '#powers'
import { SELECTORS } from './calculator-checks.ts'
import { type Run, runOnce } from './calculator-run.ts'
import { openKeptModel } from './kept-model.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'qwen2.5-coder-1.5b' },
    orders: { type: 'string', default: '10' },
    times: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    intents: { type: 'boolean', default: false },
    slots: { type: 'boolean', default: false },
    json: { type: 'string' },
    completions: { type: 'string', default: `${homeFolder()}/.cache/batos/completions` },
    show: { type: 'boolean', default: false },
  },
})

const { provider, close } = await openKeptModel(values.model, values.completions)

const runs: (Run & { drafts: number; reused: number; modelSeconds: number })[] = []
for (let order = 1; order <= Number(values.orders); order++) {
  for (let time = 1; time <= Number(values.times); time++) {
    const { intents, slots, seed } = values
    const run = await runOnce({ provider, order, time, seed: Number(seed), intents, slots })
    const taken = provider.takeAll()
    const modelSeconds = taken.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / 1_000
    const reused = taken.filter((one) => one.reused).length
    runs.push({ ...run, drafts: taken.length, reused, modelSeconds })
    console.log(lineOf(run, taken.length, reused, modelSeconds))
    if (values.show) for (const { source } of run.learnt) console.log(source ?? '—')
    if (values.json !== undefined) await writePrivate(values.json, `${JSON.stringify(runs)}\n`)
  }
}
await close()
for (const line of tableOf()) console.log(line)

function lineOf(run: Run, drafts: number, reused: number, seconds: number): string {
  const verdict = run.right && run.consistent ? 'right' : 'WRONG'
  const cost = `${drafts} drafts, ${reused} kept, ${seconds.toFixed(0)} s of the model`
  return [`${run.order}.${run.time} ${verdict}  ${run.selectors.join(' ')}  (${cost})`]
    .concat(reasonsOf(run).map((why) => `      ${why}`))
    .join('\n')
}

/** Why a run is not right, a line each. */
function reasonsOf(run: Run): string[] {
  const abstained = run.learnt.filter(({ outcome }) => outcome === 'abstained')
  return [
    ...abstained.map(({ selector, why }) => `${selector} abstained: ${why.slice(0, 160)}`),
    ...Object.entries(run.wrong).map(([selector, why]) => `${selector} is wrong: ${why}`),
    ...(run.drift === undefined ? [] : [`drift: ${run.drift}`]),
  ]
}

function tableOf(): string[] {
  const all = runs.length
  const right = runs.filter((run) => run.right && run.consistent).length
  const consistent = runs.filter((run) => run.consistent).length
  const words = values.intents ? 'with intents' : 'without intents'
  const rows = SELECTORS.map((selector) => {
    const of = runs.map((run) => ({ run, one: run.learnt.find((l) => l.selector === selector) }))
    const abstained = of.filter(({ one }) => one?.outcome === 'abstained').length
    const wrong = of.filter(({ run }) => run.wrong[selector] !== undefined).length
    return `| ${selector} | ${all - abstained - wrong} | ${wrong} | ${abstained} |`
  })
  const reasons = new Map<string, number>()
  for (const why of runs.flatMap(reasonsOf)) {
    const kind = why.replace(/-?\d[\d.e+-]*/g, 'N').slice(0, 110)
    reasons.set(kind, (reasons.get(kind) ?? 0) + 1)
  }
  return [
    '',
    `${values.model}, ${words}: ${right} of ${all} calculators right and consistent; ${consistent} consistent`,
    '',
    '| message | right | wrong | abstained |',
    '|---|---|---|---|',
    ...rows,
    '',
    ...[...reasons].sort((a, b) => b[1] - a[1]).map(([why, n]) => `${n} × ${why}`),
  ]
}
