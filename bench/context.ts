// Owns: what each part of the prompt is worth: first drafts with that part left out, beside those with all of it.
// Leaves: the parts to the mind; the tasks and their checks to the ranking.
// Laws: every variant does the same tasks, each with one greedy draft that no gate has seen; answers are kept.
//
//     node tools/batos.mjs --run bench/context.ts --limit 40
import { parseArgs } from 'node:util'
import {
  type ChatMessage,
  classMessages,
  clearStage,
  DRAFT_STOPS,
  type DraftContext,
  describeReceiver,
  draftMessages,
  extractDraft,
  MIND_LIMITS,
  type MethodTask,
  namesOf,
  runChecks,
  setStage,
  type SlotContext,
  valueOf,
} from '#mind'
import { homeFolder } from '#powers'
import { openKeptModel } from './kept-model.ts'
import { openTaskKernel, ownTasks } from './task-world.ts'

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'qwen2.5-coder-1.5b' },
    limit: { type: 'string', default: '40' },
    only: { type: 'string' },
    completions: { type: 'string', default: `${homeFolder()}/.cache/batos/completions` },
  },
})

const slots = (change: (slot: SlotContext) => SlotContext) => (context: DraftContext) => ({
  ...context,
  slots: context.slots.map(change),
  peers: context.peers.map((peer) => ({ ...peer, slots: peer.slots.map(change) })),
})

/** The worked examples are the question's beginning: all messages but the rules and the question. */
const withoutExamples = (messages: ChatMessage[]) => [
  ...messages.filter(({ role }) => role === 'system'),
  ...messages.slice(-1),
]

/** What is left out of the question that has worked examples. */
const VARIANTS: Record<string, (context: DraftContext) => ChatMessage[]> = {
  'all of it': (context) => draftMessages(context),
  'the other way of asking': (context) => classMessages(context),
  'no worked examples': (context) => withoutExamples(draftMessages(context)),
  'no values of slots': (context) =>
    draftMessages(slots((slot) => ({ ...slot, sample: '…' }))(context)),
  'no types of slots': (context) =>
    draftMessages(slots((slot) => ({ ...slot, type: 'any' }))(context)),
  'no sibling methods': (context) => draftMessages({ ...context, methods: [] }),
  'no objects that it knows': (context) => draftMessages({ ...context, peers: [] }),
  'no inherited slots': (context) =>
    draftMessages({
      ...context,
      slots: context.slots.filter(({ inherited }) => !inherited),
      parents: [],
    }),
  'no arguments’ values': (context) =>
    draftMessages({ ...context, args: context.args.map((arg) => ({ ...arg, sample: '…' })) }),
  'a third of the budget': (context) => draftMessages(context, MIND_LIMITS.contextTokens / 3),
}

const { provider, close } = await openKeptModel(values.model, values.completions)
const signal = new AbortController().signal

const own = await ownTasks()
const every = Math.max(1, own.length / Number(values.limit))
const tasks = own.filter((_, i) => Math.floor(i / every) !== Math.floor((i - 1) / every))

const kernel = await openTaskKernel()
console.log(`${values.model}, ${tasks.length} tasks, one greedy draft each, no gates\n`)
console.log('| shown | right | lost | won | tokens read |\n|---|---|---|---|---|')
let all: boolean[] | undefined
for (const [name, messagesOf] of Object.entries(VARIANTS)) {
  if (values.only !== undefined && all !== undefined && !name.includes(values.only)) continue
  const done: { isRight: boolean; tokens: number }[] = []
  for (const task of tasks) done.push(await draft(task, messagesOf))
  const right = done.map(({ isRight }) => isRight)
  all ??= right
  const against = (isLoss: boolean) =>
    right.filter((one, i) => one !== all?.[i] && all?.[i] === isLoss).length
  const tokens = done.reduce((sum, one) => sum + one.tokens, 0) / done.length
  const sum = right.filter(Boolean).length
  console.log(`| ${name} | ${sum} | ${against(true)} | ${against(false)} | ${Math.round(tokens)} |`)
}
await close()
await kernel.close()

/** One draft of one task, and whether it passes the task's checks. */
async function draft(task: MethodTask, messagesOf: (context: DraftContext) => ChatMessage[]) {
  const stage = await setStage(kernel, task, true)
  const args = task.args.map((arg) => valueOf(arg, stage.oids))
  const asked = { selector: task.selector, args, intent: task.intent }
  const { context } = describeReceiver(kernel.head, stage.receiver, asked, namesOf(kernel.head))
  await clearStage(kernel, stage)
  const request = {
    messages: messagesOf(context),
    maxTokens: MIND_LIMITS.draftTokens,
    temperature: 0,
    stop: [...DRAFT_STOPS],
  }
  const { text } = await provider.complete(request, () => undefined, signal)
  const [taken] = provider.takeAll()
  const found = extractDraft(text, task.selector)
  const isRight = found.ok && (await runChecks(kernel, task, found.source)).ok
  return { isRight, tokens: taken?.promptTokens ?? 0 }
}
