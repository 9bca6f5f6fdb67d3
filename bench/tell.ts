// Owns: the measure of `batos tell`: of sentences, how many come to the right messages, how many to wrong ones that are sent,
// and how many are refused; for the model's first answer alone, and with the rule of sureness.
// Leaves: the tasks to tasks/function-calling.json and bench/tell-tasks.json; what is sure to the mind.
// Laws: answers are kept, so that a second run asks only what was not asked before.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  COMMON,
  type Drawn,
  decide,
  type TellCall,
  type TellMessage,
  type TellObject,
  type Told,
} from '#mind'
import { homeFolder, readText } from '#powers'
import { openKeptModel } from './kept-model.ts'

interface Case {
  id: string
  told: Told
  /** Answers that are right, as text; null when nothing may be sent but a new message of that name. */
  right: readonly string[] | null
  fresh: string | undefined
}

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'qwen2.5-coder-1.5b' },
    set: { type: 'string', default: 'own' },
    limit: { type: 'string', default: '1000' },
    verbose: { type: 'boolean', default: false },
  },
})

const HERE = import.meta.dirname
const textOf = async (path: string) => JSON.parse((await readText(join(HERE, path))) ?? 'null')

function message(head: string, about: string): TellMessage {
  const [selector = '', rest = ''] = head.split('(')
  const names = rest
    .replace(')', '')
    .split(',')
    .map((one) => one.trim())
  const args = names.filter((one) => one !== '').map((name) => ({ name, optional: false }))
  return { selector, args, rest: false, about }
}

function object(name: string, oid: string, own: readonly TellMessage[]): TellObject {
  const messages = [...own, ...COMMON]
  const understood = new Map(messages.map((one) => [one.selector, one]))
  const isMethod = ({ about = '' }: TellMessage) => !about.startsWith('now ')
  const slots = new Map(messages.map((one) => [one.selector, isMethod(one) ? 'method' : 'other']))
  return { name, oid, messages, understood, slots }
}

interface OwnTask {
  id: string
  object: string
  tools: { message: string; args: string[]; about?: string }[]
  text: string
  expect: { message: string; args: unknown[] } | null
  also?: { message: string; args: unknown[] }[]
}

async function ownCases(): Promise<Case[]> {
  const { tasks } = (await textOf('../tasks/function-calling.json')) as { tasks: OwnTask[] }
  return tasks.map(({ id, object: name, tools, text, expect, also = [] }) => {
    const own = tools.map((one) =>
      message(`${one.message}(${one.args.join(',')})`, one.about ?? ''),
    )
    const target = object(name, '#2', own)
    const told = { text, target, mentioned: [], objects: [target] }
    const line = (one: { message: string; args: unknown[] }) =>
      `${name}.${one.message}(${one.args.map((arg) => JSON.stringify(arg)).join(', ')})`
    const right = expect === null ? null : [expect, ...also].map(line)
    // Where nothing fits a new message may be sent, unless nothing was asked for or a value is missing.
    const isNew = expect === null && !['calendar-missing', 'phone-no-thanks'].includes(id)
    return { id, told, right, fresh: isNew ? '' : undefined }
  })
}

interface WorldTask {
  id: string
  world: string
  target?: string
  text: string
  expect: string[][] | null
  new?: string
  slot?: { object: string; name: string; value: string }
}

async function worldCases(): Promise<Case[]> {
  const { tasks, worlds } = (await textOf('tell-tasks.json')) as {
    tasks: WorldTask[]
    worlds: Record<string, Record<string, Record<string, string>>>
  }
  return tasks.map(({ id, world, target: given, text, expect, new: fresh, slot }) => {
    const all = Object.entries(worlds[world] ?? {}).map(([name, heads], i) => {
      const more = slot?.object === name ? { [slot.name]: slot.value } : {}
      const own = Object.entries({ ...heads, ...more }).map(([head, about]) => message(head, about))
      return object(name, `#${i + 2}`, own)
    })
    const target = all.find(({ name }) => name === given)
    const isIn = ({ name }: TellObject) =>
      new RegExp(`(?<![\\w])${name.replace(/^.*\//, '')}(?![\\w])`, 'i').test(text)
    const mentioned = all.filter((one) => one !== target && isIn(one))
    const near = [...(target === undefined ? [] : [target]), ...mentioned]
    const told = { text, target, mentioned, objects: near.length > 0 ? near : all }
    return { id, told, right: expect?.map((lines) => lines.join('\n')) ?? null, fresh }
  })
}

const plain = (value: unknown): string => {
  if (typeof value === 'object' && value !== null && 'named' in value) return String(value.named)
  return JSON.stringify(value)
}
const lineOf = ({ object: { name }, selector, args }: TellCall) =>
  `${name}.${selector}(${args.map(plain).join(', ')})`
const linesOf = (calls: readonly TellCall[]) => calls.map(lineOf).join('\n')

type Outcome = 'right' | 'new' | 'wrong' | 'refused' | 'right to refuse'

function outcomeOf({ right, fresh }: Case, calls: readonly TellCall[] | undefined): Outcome {
  if (calls === undefined || calls.length === 0)
    return right === null ? 'right to refuse' : 'refused'
  if (right !== null) {
    const said = linesOf(calls).toLowerCase()
    return right.some((one) => one.toLowerCase() === said) ? 'right' : 'wrong'
  }
  const isNew = calls.length === 1 && calls[0]?.known === undefined
  if (!isNew || fresh === undefined) return 'wrong'
  return calls[0]?.selector.toLowerCase().includes(fresh) === true ? 'new' : 'wrong'
}

const firstOf = (drawn: readonly Drawn[]) => {
  const [first] = drawn
  return first !== undefined && 'calls' in first ? first.calls : undefined
}

const completions = `${homeFolder()}/.cache/batos/completions-tell`
const { provider, close } = await openKeptModel(values.model, completions)

const cases = (values.set === 'own' ? await ownCases() : await worldCases()).slice(
  0,
  Number(values.limit),
)
const counts = { first: new Map<Outcome, number>(), sure: new Map<Outcome, number>() }
const count = (into: Map<Outcome, number>, outcome: Outcome) =>
  into.set(outcome, (into.get(outcome) ?? 0) + 1)
let milliseconds = 0
for (const one of cases) {
  const decision = await decide(provider, one.told, new AbortController().signal)
  milliseconds += provider.takeAll().reduce((sum, taken) => sum + taken.milliseconds, 0)
  const before = outcomeOf(one, firstOf(decision.drawn))
  const after = outcomeOf(one, decision.sure ? decision.calls : undefined)
  count(counts.first, before)
  count(counts.sure, after)
  const isOdd = after === 'wrong' || after === 'refused' || after === 'new'
  if (!values.verbose && !isOdd) continue
  const drawn = decision.drawn.map((answer) =>
    'calls' in answer ? linesOf(answer.calls).replaceAll('\n', '; ') || 'none' : answer.problem,
  )
  const why = decision.sure ? '' : ` (${decision.why})`
  console.log(
    `${one.id}: ${before} → ${after}${why}\n    ${one.told.text}\n    ${drawn.join(' | ')}`,
  )
}
console.log(
  `${values.model}, ${cases.length} sentences, ${Math.round(milliseconds / cases.length)} ms each`,
)
for (const [name, counted] of Object.entries(counts)) {
  console.log(name, Object.fromEntries(counted))
}
await close()
