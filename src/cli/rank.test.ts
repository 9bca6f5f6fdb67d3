// `model rank`: what is asked for and how it is told; the ranking itself is handed in.
import assert from 'node:assert/strict'
import test from 'node:test'
import { MODELS, rankingOf, type RankResult } from '#mind'
import type { Powers } from './powers.ts'
import { ran } from './ran.fixture.ts'

const TASK = {
  category: 'state',
  object: 'lamp',
  slots: { on: false },
  selector: 'toggle',
  args: [],
  checks: [{ calls: [['toggle']], state: { on: true } }],
}
const methods = (...ids: string[]) =>
  JSON.stringify({ version: 1, tasks: ids.map((id) => ({ id, ...TASK })) })
const calls = JSON.stringify({
  version: 1,
  kind: 'function-calling',
  tasks: [
    {
      id: 'light',
      category: 'none',
      object: 'lamp',
      tools: [{ message: 'toggle', args: [] }],
      text: 'Light!',
      expect: { message: 'toggle', args: [] },
    },
  ],
})

const cost = { seconds: 2, promptTokens: 900, tokens: 40, completions: 2, reused: 1 }

type Order = Parameters<Powers['rankModel']>[0]

/** Words with models in files and tasks that are open; each task is right, but for those of a model with `bad` in its name. */
async function ranked(words: string[], files: Record<string, string> = {}) {
  const orders: Order[] = []
  const rankModel = async (order: Order) => {
    orders.push(order)
    const isRight = !order.model.name.includes('bad')
    const outcome = isRight ? 'right' : 'wrong'
    const common = { category: 'x', why: isRight ? '' : 'check 1: it answered 2', ...cost }
    const results: RankResult[] = [
      ...order.suite.code.map(({ id }) => {
        const learnt = { outcome, first: true, source: 'function', asked: null } as const
        return { kind: 'code', id, ...learnt, ...common } as const
      }),
      ...order.suite.calls.map(({ id }) => {
        return { kind: 'calls', id, outcome, answer: '', ...common } as const
      }),
    ]
    for (const result of results) order.onResult(result)
    return rankingOf(order.model.name, results)
  }
  const given = {
    files: { '/here/good.gguf': 'x', '/here/bad.gguf': 'xy', ...files },
    openTasks: async () => [
      { name: 'tasks/1', text: methods('a', 'b', 'c', 'd') },
      { name: 'tasks/2', text: calls },
    ],
    rankModel,
  }
  const done = await ran(['model', 'rank', ...words], {}, given)
  return { ...done, orders }
}

test('[CL64] the table has a column for each model, the best first, and every share its interval', async () => {
  const { code, out, err } = await ranked(['./bad.gguf', './good.gguf'])
  assert.equal(code, 0)
  const lines = out.split('\n')
  assert.match(lines[0] ?? '', /^ +good +bad$/)
  assert.match(out, /right after the gates +4 of 4 +100 % \(51–100\) +0 of 4 +0 % +\(0–49\)/)
  assert.match(out, /wrong of those accepted +0 of 4 .* 4 of 4 +100 %/)
  assert.match(out, /seconds a task, median +2\.0 s +2\.0 s/)
  assert.match(out, /function calling +1 of 1 .* 0 of 1/)
  assert.match(out, /persona response +– +–/)
  assert.match(out, /mean of the categories +100 % +0 %/)
  assert.match(
    err,
    /^bad: 5 tasks\.\n1\/5 {2}a +wrong +2\.0 s {2}first draft right; check 1: it answered 2\n/,
  )
  assert.match(err, /good: 10 completions, 5 of them from earlier runs\./)
})

test('[CL64] --json is one document with every result, and nothing of it is told twice', async () => {
  const { out } = await ranked(['./good.gguf', '--json', '--only', 'calls'])
  const { models } = JSON.parse(out)
  assert.equal(models.length, 1)
  assert.equal(models[0].code, null)
  assert.equal(models[0].results.length, 1)
  assert.equal(models[0].scores.calls.count, 1)
})

test('[CL64] --only, --limit and --tasks choose the tasks, and --fresh and --completions are handed on', async () => {
  const only = await ranked(['./good.gguf', '--only', 'code', '--limit', '2'])
  const ids = (order: Order | undefined) => order?.suite.code.map(({ id }) => id)
  assert.deepEqual(ids(only.orders[0]), ['a', 'c'])
  assert.deepEqual(only.orders[0]?.suite.calls, [])
  assert.deepEqual([only.orders[0]?.fresh, only.orders[0]?.completions], [false, '/completions'])
  const own = await ranked(
    ['./good.gguf', '--tasks', './mine.json', '--fresh', '--completions', './kept'],
    { '/here/mine.json': methods('mine') },
  )
  assert.deepEqual(ids(own.orders[0]), ['mine'])
  assert.deepEqual([own.orders[0]?.fresh, own.orders[0]?.completions], [true, '/here/kept'])
})

test('[CL64] a model is known by its bytes, a file by its place, a server by its address', async () => {
  const server = 'http://127.0.0.1:8080/v1#mine'
  const { orders } = await ranked([server, './good.gguf'])
  assert.deepEqual(
    orders.map(({ model }) => model.identity),
    [server, '/here/good.gguf 1'],
  )
})

test('[CL65] a model or a task file that is not there ends the command before anything is asked', async () => {
  const known = MODELS[0]?.name ?? ''
  const cases: [string[], number, RegExp][] = [
    [['./good.gguf', 'no-such-model'], 2, /FIELD_INVALID: there is no model/],
    [['./good.gguf', './gone.gguf'], 3, /TARGET_UNKNOWN: there is no file \/here\/gone\.gguf/],
    [['./good.gguf', known], 7, /GENERATION_FAILED: .* is not on this machine\n {2}Fetch it with/],
    [
      ['./good.gguf', '--tasks', './gone.json'],
      3,
      /TARGET_UNKNOWN: there is no file \.\/gone\.json/,
    ],
    [['./good.gguf', '--only', 'flow'], 2, /FIELD_INVALID: there is no task of flow/],
    [Array.from({ length: 9 }, () => './good.gguf'), 2, /FIELD_INVALID: 9 models are more than 8/],
  ]
  for (const [words, exit, said] of cases) {
    const { code, out, err, orders } = await ranked(words)
    assert.deepEqual([code, out, orders.length], [exit, '', 0], words.join(' '))
    assert.match(err, said)
  }
})

test('[CL65] a task file that is wrong is told with its line, and nothing is asked', async () => {
  const text = '{"version": 1,\n"tasks": [{"id": 3}]}'
  const words = ['./good.gguf', '--tasks', './mine.json']
  const { code, err, orders } = await ranked(words, { '/here/mine.json': text })
  assert.deepEqual([code, orders.length], [2, 0])
  assert.match(err, /^FIELD_INVALID: \.\/mine\.json:2: tasks\[0\]\.id: .*\n {2}Correct that line/)
})
