// Owns: the measure of Phase 2: how often the embedded model teaches a fresh image what it is asked, and how long one waits.
// Leaves: speed of the kernel to run.ts; how long installing takes, with --installing, to installing.ts.
// Laws: every run is on a new image; nothing but the selector, the arguments and the slots is given; right is what the
// checks below say, and they are not shown to the model.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type OpenWorld, open, openModel } from '#batos'
import { installing } from './installing.ts'

interface Step {
  learns: string
  run(world: OpenWorld): Promise<boolean>
}

interface Scenario {
  name: string
  prepare(world: OpenWorld): Promise<void>
  steps: Step[]
}

const make = (name: string, slots: Record<string, unknown>) => async (world: OpenWorld) => {
  await world.send('genesis', 'clone:', [name])
  for (const [slot, value] of Object.entries(slots)) {
    await world.send(name, 'setSlot:value:', [slot, value])
  }
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

const SCENARIOS: Scenario[] = [
  {
    name: 'account',
    prepare: make('account', { balance: 0 }),
    steps: [
      {
        learns: 'deposit',
        run: async (world) => {
          const first = await world.send('account', 'deposit', [50])
          const second = await world.send('account', 'deposit', [25])
          return first === 50 && second === 75 && (await world.send('account', 'balance')) === 75
        },
      },
      {
        learns: 'withdraw',
        run: async (world) => {
          await world.send('account', 'setSlot:value:', ['balance', 75])
          const reply = await world.send('account', 'withdraw', [20])
          const again = await world.send('account', 'withdraw', [5])
          return reply === 55 && again === 50 && (await world.send('account', 'balance')) === 50
        },
      },
    ],
  },
  {
    name: 'counter',
    prepare: make('counter', { count: 0 }),
    steps: [
      {
        learns: 'increment',
        run: async (world) => {
          const first = await world.send('counter', 'increment')
          const second = await world.send('counter', 'increment')
          return first === 1 && second === 2 && (await world.send('counter', 'count')) === 2
        },
      },
    ],
  },
  {
    name: 'list',
    prepare: make('list', { items: [] }),
    steps: [
      {
        learns: 'add',
        run: async (world) => {
          await world.send('list', 'add', [3])
          await world.send('list', 'add', [4])
          return same(await world.send('list', 'items'), [3, 4])
        },
      },
      {
        learns: 'total',
        run: async (world) => {
          await world.send('list', 'setSlot:value:', ['items', [3, 4, 5]])
          const total = await world.send('list', 'total')
          await world.send('list', 'setSlot:value:', ['items', []])
          return total === 12 && (await world.send('list', 'total')) === 0
        },
      },
    ],
  },
  {
    name: 'genesis',
    prepare: async () => undefined,
    steps: [
      {
        learns: 'display_yourself',
        run: async (world) => {
          const shown = await world.send('genesis', 'display_yourself')
          return typeof shown === 'string' ? shown.trim().length > 0 : shown !== null
        },
      },
    ],
  },
]

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    model: { type: 'string' },
    only: { type: 'string' },
    show: { type: 'boolean', default: false },
    installing: { type: 'boolean', default: false },
    methods: { type: 'string', default: '25' },
  },
})

if (values.installing) {
  // Nothing of this needs the model, which another program may be using.
  console.log(await installing(Number(values.methods)))
  process.exit()
}

interface Row {
  right: number
  seconds: number[]
  why: string[]
}

const runs = Number(values.runs)
const model = await openModel(values.model)
const provider = await model.open()
const table = new Map<string, Row>()

for (let run = 0; run < runs; run++) {
  for (const scenario of SCENARIOS) {
    if (values.only !== undefined && scenario.name !== values.only) continue
    const folder = mkdtempSync(join(tmpdir(), 'batos-learning-'))
    const world = undeciding(await open(folder, { provider }))
    await scenario.prepare(world)
    for (const step of scenario.steps) await measure(world, scenario, step)
    await world.shut()
    rmSync(folder, { recursive: true, force: true })
  }
}
await provider.close()

console.log(`${model.name}, ${runs} fresh images`)
for (const [what, row] of table) {
  const sorted = [...row.seconds].sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)
  console.log(
    `| ${what} | ${row.right} of ${runs} | ${at(0.5)} | ${at(1)} | ${row.why.join('; ')} |`,
  )
}

/** A world in which nobody decides: what waits for a person is rejected at once. */
function undeciding(world: OpenWorld): OpenWorld {
  const send: OpenWorld['send'] = (target, selector, args, options) => {
    const onEvent = ({ kind, proposal }: Record<string, unknown>) => {
      if (kind === 'parked') void world.request('RejectProposalCommand', { proposal })
    }
    return plainSend.call(world, target, selector, args, { ...options, onEvent })
  }
  const plainSend = world.send
  return Object.assign(world, { send })
}

async function measure(world: OpenWorld, scenario: Scenario, step: Step): Promise<void> {
  const what = `${scenario.name} ${step.learns}`
  const row = table.get(what) ?? { right: 0, seconds: [], why: [] }
  table.set(what, row)
  const began = performance.now()
  try {
    if (await step.run(world)) row.right++
    else row.why.push('learnt, but wrong')
  } catch (error) {
    row.why.push(error instanceof Error ? error.message : String(error))
  }
  row.seconds.push((performance.now() - began) / 1000)
  if (!values.show) return
  const state = (await world.request('GetFullStateCommand', { target: scenario.name })) as {
    slots: { name: string; source?: string }[]
  }
  console.log(what, row.seconds.at(-1), row.why.at(-1) ?? 'right')
  console.log(state.slots.find(({ name }) => name === step.learns)?.source ?? 'nothing learnt')
}
