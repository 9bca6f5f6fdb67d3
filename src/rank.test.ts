// The open tasks and the ranking, with the real worker, judge and trials; models are scripts.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Answer, KERNEL_LIMITS, type Learner } from '#kernel'
import {
  addTaskFile,
  type CodeResult,
  type CompletionRequest,
  emptySuite,
  type MethodTask,
  type RankResult,
  runChecks,
  type Script,
  ScriptedProvider,
  type Suite,
} from '#mind'
import { GENESIS } from '#objects'
import { openRankWorld, openTasks, rankModel } from './rank.ts'

const TASKS = new URL('../tasks/', import.meta.url)

/** Meets no need: what is checked here is given. */
const refusing: Learner = {
  name: 'none',
  learn: () => Promise.reject(new Error('nothing is learnt here')),
}

async function openSuite(): Promise<Suite> {
  const suite = emptySuite()
  for (const { name, text } of await openTasks()) addTaskFile(suite, name, text)
  return suite
}

let shared: ReturnType<typeof openRankWorld> | undefined
/** One world for all files: every check has objects of its own in it. */
const sharedWorld = () => {
  shared ??= openRankWorld(refusing)
  return shared
}
after(async () => (await shared)?.close())

for (const file of readdirSync(new URL('missing-methods', TASKS)).sort()) {
  test(`[RK6] in ${file} every reference passes its checks and every mutant fails one`, async () => {
    const suite = emptySuite()
    addTaskFile(suite, file, readFileSync(new URL(`missing-methods/${file}`, TASKS), 'utf8'))
    const world = await sharedWorld()
    const wrong: string[] = []
    const look = async (task: MethodTask, source: string, isRight: boolean) => {
      const checked = await runChecks(world.kernel, task, source)
      if (checked.ok !== isRight) wrong.push(`${task.id}: ${checked.ok ? source : checked.why}`)
    }
    for (const task of suite.code) {
      await look(task, task.ref ?? '', true)
      for (const mutant of task.mutants ?? []) await look(task, mutant, false)
    }
    assert.deepEqual(wrong, [])
  })
}

const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``

/** Sources of a model that writes the references of some tasks. */
function scriptOf(suite: Suite, sources: Record<string, string>) {
  const bySelector = new Map(suite.code.map((task) => [task.selector, task]))
  return (request: CompletionRequest) => {
    // A repair goes on from the question, which is of one of two forms.
    const [selector = ''] = request.messages
      .flatMap(({ role, content }) => {
        const found = /\nMessage: (\w+)\(/.exec(content) ?? /\n {2}(\w+)\(\n}$/.exec(content)
        return role === 'user' && found !== null ? [found[1] as string] : []
      })
      .slice(-1)
    const task = bySelector.get(selector)
    return fenced(sources[task?.id ?? ''] ?? task?.ref ?? '')
  }
}

async function ranked(suite: Suite, script: Script, signal = new AbortController().signal) {
  const folder = mkdtempSync(join(tmpdir(), 'batos-rank-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const provider = new ScriptedProvider(script)
  const told: string[] = []
  const model = { name: 'scripted', identity: 'scripted', open: async () => provider }
  const onResult = ({ id }: RankResult) => void told.push(id)
  const order = { model, suite, completions: folder, fresh: false, signal, onResult }
  return { provider, told, ranking: await rankModel(order), again: () => rankModel(order) }
}

async function some(...ids: string[]): Promise<Suite> {
  const { code, ...others } = await openSuite()
  return {
    ...others,
    calls: [],
    flow: [],
    persona: [],
    code: code.filter((one) => ids.includes(one.id)),
  }
}

test('[RK8] a task is drafted, judged and installed as a message is; its seeds are those of its name', async () => {
  const suite = await some('wallet-pay')
  const { provider, ranking } = await ranked(suite, scriptOf(suite, {}))
  const [result] = ranking.results
  assert.equal(result?.outcome, 'right')
  assert.match((result as { source: string }).source, /^function pay\(self, amount\)/)
  assert.match(provider.asked[0]?.messages.at(-1)?.content ?? '', /^Object: wallet\n.*cash: 50/s)
  const seeds = provider.asked.map(({ seed }) => seed)
  assert.equal(seeds[0], undefined)
  const other = await ranked(suite, scriptOf(suite, {}))
  assert.deepEqual(
    other.provider.asked.map(({ seed }) => seed),
    seeds,
  )
  // The first of each way is greedy, and has none.
  const drawn = seeds.filter((seed) => seed !== undefined)
  assert.equal(new Set(drawn).size, seeds.length - 2)
})

test('[RK6] drafts that are alike and wrong are accepted falsely, and those that never agree abstain', async () => {
  const suite = await some('lift-go-up', 'diary-texts-in', 'scores-median', 'car-range')
  const wrong = suite.code.find(({ id }) => id === 'scores-median')?.mutants?.[2] ?? ''
  const { ranking } = await ranked(
    suite,
    scriptOf(suite, { 'lift-go-up': 'no method', 'scores-median': wrong }),
  )
  const outcomes = Object.fromEntries(ranking.results.map(({ id, outcome }) => [id, outcome]))
  assert.deepEqual(outcomes, {
    'lift-go-up': 'abstained',
    'scores-median': 'wrong',
    'car-range': 'right',
    'diary-texts-in': 'right',
  })
  assert.deepEqual(
    [ranking.code?.first.count, ranking.code?.right.count, ranking.code?.accepted.count],
    [2, 2, 3],
  )
  assert.deepEqual([ranking.code?.wrongOfAccepted.count, ranking.code?.wrongOfAccepted.of], [1, 3])
  const median = ranking.results.find(({ id }) => id === 'scores-median')
  assert.match(median?.why ?? '', /^check 2: it answered 3 where 2\.5 is right/)
})

test('[RK8] a draft that waits for a person is not accepted, and the next task goes on', async () => {
  const suite = await some('switchboard-all-on', 'lift-go-up')
  const { ranking } = await ranked(suite, scriptOf(suite, {}))
  const held = ranking.results.find(({ id }) => id === 'switchboard-all-on')
  assert.deepEqual([held?.outcome, (held as { first: boolean }).first], ['abstained', true])
  assert.match(held?.why ?? '', /^left to a person: its trial changed #\d+/)
  assert.equal((held as { asked: string }).asked, 'right')
  assert.equal(ranking.results.find(({ id }) => id === 'lift-go-up')?.outcome, 'right')
})

test('[RK19] of what is left to a person it is told whether the question has a right draft', async () => {
  const suite = await some('scores-median')
  const { ref = '', mutants = [] } = suite.code[0] ?? {}
  const asked = async (...sources: string[]) => {
    let drawn = 0
    const drawing = () => fenced(sources[drawn++ % sources.length] as string)
    const { ranking } = await ranked(suite, drawing)
    const [result] = ranking.results as CodeResult[]
    return [result?.outcome, result?.asked, ranking.code?.asked.count, ranking.code?.asked.of]
  }
  const [wrong = '', , other = ''] = mutants
  assert.deepEqual(await asked(ref, wrong), ['abstained', 'right', 1, 1])
  assert.deepEqual(await asked(wrong, other), ['abstained', 'wrong', 0, 1])
  assert.deepEqual(await asked(ref), ['right', null, 0, 0])
})

test('[RK4] [RK9] a ranking that is repeated asks the model nothing, and tells the same', async () => {
  const suite = await some('kettle-switch-off')
  const { provider, ranking, again } = await ranked(suite, scriptOf(suite, {}))
  const asked = provider.asked.length
  assert.ok(asked > 0)
  const repeated = await again()
  assert.equal(provider.asked.length, asked)
  assert.deepEqual([ranking.reused, repeated.reused], [0, asked])
  const plain = (one: typeof ranking) => one.results.map(({ id, outcome }) => [id, outcome])
  assert.deepEqual(plain(repeated), plain(ranking))
})

test('[RK5] tasks with an object of the same name do not meet, and checks begin anew', async () => {
  const suite = await some('invoice-total', 'invoice-customer-name')
  assert.deepEqual(
    suite.code.map(({ object }) => object),
    ['invoice', 'invoice'],
  )
  const { provider, ranking } = await ranked(suite, scriptOf(suite, {}))
  assert.deepEqual(
    ranking.results.map(({ outcome }) => outcome),
    ['right', 'right'],
  )
  const prompts = provider.asked.map(({ messages }) => messages.at(-1)?.content ?? '')
  for (const prompt of prompts)
    assert.match(prompt, /^Object: invoice\n|^(?:class [^]*\n)?class Invoice \{\n/)
})

test('[RK7] a draft that calls what nobody has refuses nothing', async () => {
  const { code } = await some('stock-take-out')
  const [task] = code as [MethodTask]
  const { kernel } = await sharedWorld()
  const ref = task.ref ?? ''
  const thrown = "throw new Error('not enough')"
  assert.ok(ref.includes(thrown))
  const checked = await runChecks(kernel, task, ref.replace(thrown, 'return self.refuse()'))
  assert.equal(checked.ok, false)
  assert.match((checked as { why: string }).why, /does not understand refuse/)
  const endless = await runChecks(kernel, task, ref.replace(thrown, 'for (;;);'))
  assert.equal(endless.ok, false)
})

test('[RK13] [RK14] every other task is asked once, greedily, in order, and told when it is done', async () => {
  const { calls, flow, persona } = await openSuite()
  const suite = {
    code: [],
    calls: calls.slice(0, 2),
    flow: flow.slice(0, 1),
    persona: persona.slice(0, 1),
  }
  const answers = [
    'Oh, I feel with you: two hours of your own work are gone, and that hurts.',
    '{"message": "deposit", "args": [250]}',
    '{"message": "withdraw", "args": [12]}',
    'RUN',
  ]
  const { provider, told, ranking } = await ranked(suite, answers)
  assert.deepEqual(told, ['robin-lost-data', 'deposit', 'withdraw-cents', 'run-own'])
  assert.equal(provider.asked.length, 4)
  for (const { temperature, seed } of provider.asked)
    assert.deepEqual([temperature, seed], [0, undefined])
  assert.deepEqual(
    ranking.results.map(({ outcome }) => outcome),
    ['right', 'right', 'wrong', 'right'],
  )
  assert.equal(ranking.scores.calls?.share, 0.5)
  assert.equal(ranking.code, null)
})

test('[RK14] a model that fails ends the ranking with its fault', async () => {
  const suite = await some('wallet-pay')
  const dead = () => Promise.reject(new Error('the model is gone'))
  await assert.rejects(ranked(suite, dead), { message: /the model is gone/ })
})

test('[RK14] a person who ends it ends the draft at hand', async () => {
  const suite = await some('wallet-pay')
  const cancel = new AbortController()
  const endless: Script = (_request, _nth, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      cancel.abort(new Error('enough'))
    })
  await assert.rejects(ranked(suite, endless, cancel.signal), { message: 'enough' })
})

test('[RK15] a ranking writes completions and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'batos-rank-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const suite = await some('kettle-switch-off')
  const provider = new ScriptedProvider(scriptOf(suite, {}))
  const model = { name: 'scripted', identity: 'scripted', open: async () => provider }
  const { signal } = new AbortController()
  const order = { model, suite, completions: join(folder, 'kept'), fresh: false, signal }
  await rankModel({ ...order, onResult: () => undefined })
  assert.deepEqual(readdirSync(folder), ['kept'])
  const names = readdirSync(join(folder, 'kept'))
  assert.equal(names.length, provider.asked.length)
  for (const name of names) assert.match(name, /^[0-9a-f]{64}\.json$/)
})

test('[RK18] more tasks than an image may learn in a minute meet no budget', async () => {
  const { kernel } = await sharedWorld()
  const tasks = KERNEL_LIMITS.generationsMinute + 10
  const codes = new Set<string>()
  for (let i = 0; i < tasks; i++) {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const by = { principal: 'rank', author: 'rank' }
    const message = { ...by, target: GENESIS, selector: `task${i}`, args: [] }
    kernel.send(message, { event: () => undefined, answer: resolve })
    const answer = await promise
    codes.add(answer.ok ? 'ok' : answer.fault.code)
  }
  // What nobody learns fails, each in its own generation.
  assert.deepEqual([...codes], ['METHOD_FAILED'])
  assert.equal(kernel.status().generations, tasks)
})

test('[RK6] the open tasks are as many and as various as they should be', async () => {
  const { code, calls, flow, persona } = await openSuite()
  const bare = code.filter(({ intent }) => intent === undefined).length
  assert.ok(code.length >= 60 && calls.length >= 24 && flow.length >= 16 && persona.length >= 16)
  assert.ok(bare > code.length * 0.4 && bare < code.length * 0.6)
  for (const { id, ref, mutants = [], checks } of code) {
    assert.ok(ref !== undefined && mutants.length >= 2 && checks.length >= 3, id)
  }
  for (const tasks of [code, calls, flow, persona]) {
    assert.equal(new Set(tasks.map(({ id }) => id)).size, tasks.length)
  }
})
