// Owns: how long it takes from a model's last token to the installed method, and what the second send costs: a kernel with the
// real judge and trials on an image on disk, and a model that takes as long for a draft as a real one, so that what is made
// ready meanwhile is ready.
// Leaves: how good drafts are to learning.ts; what the numbers mean to docs/benchmarks.md.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { putMethod } from '#governance'
import { openLmdbStore } from '#image'
import { type Answer, awaken, Judge, Kernel, type Learner, type Workbench } from '#kernel'
import { type CompletionRequest, DraftingLearner, type Provider } from '#mind'
import { decodeValue, type Oid, parseOid } from '#objects'
import { readTexts, spawnNode } from '#powers'

/** Milliseconds that a draft of some forty tokens takes the default model on two cores. */
const DRAFTING = 1_500
/** Sends of each method once it is learnt, and as many of one that was there: the first sixteen are its probation. */
const SENDS = 48
const PROBATION = 16

/** Bodies in turn: what changes a slot, what computes from a list, what makes a text. */
const BODIES = [
  'self.count += n; return self.count',
  'return self.items.filter(one => one > n).length',
  'self.items = [...self.items, n]; return self.items.length',
  'return `${self.label}: ${self.count + n}`',
  'if (n < 0) throw new Error("below zero"); self.price = n; return self.price',
]
const NAMES = ['raise', 'count_above', 'keep', 'tag', 'charge']

const sourceOf = (selector: string) => {
  const body = BODIES[NAMES.findIndex((name) => selector.startsWith(name))]
  return `function ${selector}(self, n) {\n  ${body}\n}`
}

/** Says what is right after the time of a draft, and when its last token left. */
class SlowProvider implements Provider {
  readonly name = 'slow'
  asked = 0
  lastToken = 0

  async complete({ messages }: CompletionRequest, onToken: (text: string) => void) {
    this.asked++
    await pause(DRAFTING)
    const asked = messages.map(({ content }) => content).join('\n')
    const found = [...asked.matchAll(/\n(?:Message: | {3}\* Called as: )(\w+)\(/g)].at(-1)
    const text = `\`\`\`ts\n${sourceOf(found?.[1] ?? '')}\n\`\`\`\n`
    onToken(text)
    this.lastToken = performance.now()
    return { text, promptTokens: 0, completionTokens: 40, milliseconds: DRAFTING }
  }

  async warm(): Promise<void> {}

  async close(): Promise<void> {}
}

/** The workbench, with the milliseconds that each kind of work took since `parts` was cleared. */
function timed(bench: Workbench, parts: Map<string, number>): Workbench {
  const KINDS: readonly (string | symbol)[] = ['check', 'trial', 'install']
  return new Proxy(bench, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (!KINDS.includes(name)) return value.bind(target)
      return async (...args: unknown[]) => {
        const began = performance.now()
        try {
          return await value.apply(target, args)
        } finally {
          const so = parts.get(String(name)) ?? 0
          parts.set(String(name), so + performance.now() - began)
        }
      }
    },
  })
}

/** Milliseconds of sends. */
interface Spans {
  probation: number[]
  learnt: number[]
  ordinary: number[]
}

interface Measured {
  whole: number
  check: number
  trial: number
  install: number
}

/** Learns so many methods, one after the other, and answers the table. */
export async function installing(methods: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'batos-installing-'))
  const provider = new SlowProvider()
  const parts = new Map<string, number>()
  const drafting = new DraftingLearner('slow', async () => provider, 'auto')
  const learner: Learner = {
    name: 'slow',
    learn: (task, bench) => drafting.learn(task, timed(bench, parts)),
  }
  const store = openLmdbStore(folder)
  const judge = new Judge({ spawn: spawnNode })
  await awaken(store, judge, await readTexts(join(import.meta.dirname, '../world'), '.ts'), 0)
  const kernel = new Kernel({
    ...{ store, spawn: spawnNode, judge, learner, policy: 'auto' as const },
    ...{ now: () => Date.now(), random: () => 7, budgets: { minute: 10_000 } },
  })
  kernel.prepareTrial()
  try {
    const it = await make(kernel)
    const source = 'function ordinary(self, n) {\n  self.count += n; return self.count\n}'
    const about = { holder: it, selector: 'ordinary', source, comment: '', author: 'bench' }
    await putMethod(kernel.workbench, about)
    const measured: Measured[] = []
    const learnt: string[] = []
    for (let i = 0; i < methods; i++) {
      const selector = `${NAMES[i % NAMES.length]}_${i}`
      const one = await learn(kernel, it, selector, provider, parts)
      if (one === undefined) throw new Error(`${selector} was not learnt`)
      measured.push(one)
      learnt.push(selector)
    }
    const asked = provider.asked
    const spans = await sends(kernel, it, learnt)
    return tableOf(measured, spans, asked, provider.asked - asked)
  } finally {
    await kernel.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const BY = { author: 'bench', note: 'bench' }

async function make(kernel: Kernel): Promise<Oid> {
  const slots = Object.entries({ count: 0, items: [3, 1, 2], label: 'till', price: 2.5 })
  const genesis = kernel.head.resolve('genesis')
  const change = { kind: 'create' as const, parents: [genesis], slots: slots, name: 'till' }
  const answer = await kernel.change(change, BY)
  if (!answer.ok) throw new Error(answer.fault.message)
  return parseOid((decodeValue(answer.result) as { $ref: string }).$ref) as Oid
}

/** One method: what passes between the last token of its last draft and the event that says it is in. */
async function learn(
  kernel: Kernel,
  target: Oid,
  selector: string,
  provider: SlowProvider,
  parts: Map<string, number>,
): Promise<Measured | undefined> {
  let measured: Measured | undefined
  await send(kernel, target, selector, 5, ({ kind }) => {
    // What was measured of the drafts before the last one does not count.
    if (kind === 'token') parts.clear()
    if (kind !== 'installed') return
    const of = (name: string) => parts.get(name) ?? 0
    const whole = performance.now() - provider.lastToken
    measured = { whole, check: of('check'), trial: of('trial'), install: of('install') }
  })
  return measured
}

/** Milliseconds of second sends of what was learnt, and beside each one of the method that was there. */
async function sends(kernel: Kernel, target: Oid, selectors: readonly string[]): Promise<Spans> {
  const spans: Spans = { probation: [], learnt: [], ordinary: [] }
  const timedSend = async (selector: string) => {
    const began = performance.now()
    await send(kernel, target, selector, 5)
    return performance.now() - began
  }
  for (const selector of selectors.filter((one) => one.startsWith('raise'))) {
    for (let i = 0; i < SENDS; i++) {
      const of = i < PROBATION ? spans.probation : spans.learnt
      of.push(await timedSend(selector))
      spans.ordinary.push(await timedSend('ordinary'))
    }
  }
  return spans
}

function send(
  kernel: Kernel,
  target: Oid,
  selector: string,
  arg: number,
  event: (told: { kind: string }) => void = () => undefined,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const answer = (got: Answer) =>
    got.ok ? resolve() : reject(new Error(`${selector}: ${got.fault.message}`))
  const message = { principal: 'bench', author: 'bench', target, selector, args: [arg] }
  kernel.send(message, { event, answer })
  return promise
}

function tableOf(
  measured: readonly Measured[],
  spans: Spans,
  drafts: number,
  later: number,
): string {
  const row = (name: string, of: (one: Measured) => number) => {
    const sorted = measured.map(of).sort((a, b) => a - b)
    return `| ${name} | ${at(sorted, 0.5).toFixed(0)} | ${at(sorted, 1).toFixed(0)} |`
  }
  const median = (values: number[]) =>
    at(
      values.toSorted((a, b) => a - b),
      0.5,
    )
  const ordinary = median(spans.ordinary)
  const beside = (values: number[]) =>
    `${median(values).toFixed(2)} ms (${(median(values) / ordinary).toFixed(2)} times)`
  return [
    `${measured.length} methods, ${(drafts / measured.length).toFixed(1)} drafts each`,
    '',
    '| from the last token | median ms | worst ms |',
    '|---|---|---|',
    row('to installed', ({ whole }) => whole),
    row('of it: check', ({ check }) => check),
    row('of it: trial', ({ trial }) => trial),
    row('of it: swap', ({ install }) => install),
    '',
    `A send of a method that was there takes ${ordinary.toFixed(2)} ms; of one just learnt, on probation,`,
    `${beside(spans.probation)}, after it ${beside(spans.learnt)}; ${later} model calls.`,
  ].join('\n')
}

const at = (sorted: readonly number[], share: number) =>
  sorted[Math.floor((sorted.length - 1) * share)] ?? 0
