// Owns: the tasks whose answer is text alone: a call, a directive, a persona's words; each is asked for once.
// Leaves: what is asked and how it is read to the file of each kind.
// Laws: RK13 such a task is one greedy completion.
import type { ChatMessage, CompletionRequest } from '../provider.ts'
import { CALL_STOPS, callMessages, readCall } from '../tell/call-messages.ts'
import { directiveMessages, readDirective } from './directive.ts'
import { alike } from './hidden-checks.ts'
import { type Cost, costOf, type RankBench } from './learning.ts'
import { RANK_LIMITS } from './limits.ts'
import { brokenRule, personaMessages } from './persona.ts'
import type { CallTask, PersonaTask, Suite } from './task-file.ts'

export interface AnswerResult extends Cost {
  id: string
  category: string
  outcome: 'right' | 'wrong'
  /** What is wrong with the answer. */
  why: string
  answer: string
}

type Asked = Pick<CompletionRequest, 'messages' | 'maxTokens' | 'stop'>

async function answerOf(
  { provider, clock, signal }: RankBench,
  { id, category }: { id: string; category: string },
  asked: Asked,
  problem: (answer: string) => string | undefined,
): Promise<AnswerResult> {
  const began = clock()
  const { text } = await provider.complete({ ...asked, temperature: 0 }, () => undefined, signal)
  const cost = costOf(provider.takeAll(), clock() - began)
  const why = problem(text)
  const outcome = why === undefined ? 'right' : 'wrong'
  return { id, category, outcome, why: why ?? '', answer: text, ...cost }
}

/** Asks which message does what a person says. */
export function callTask(bench: RankBench, task: CallTask): Promise<AnswerResult> {
  const messages: ChatMessage[] = callMessages(task.tools, task.text, task.object)
  const asked = { messages, maxTokens: RANK_LIMITS.callTokens, stop: [...CALL_STOPS] }
  return answerOf(bench, task, asked, (text) => wrongCall(text, task))
}

function wrongCall(text: string, { tools, expect, also = [] }: CallTask): string | undefined {
  const read = readCall(text, tools)
  if (!read.ok) return read.problem
  const right = [expect, ...also].some((call) => alike(read.call, call))
  return right ? undefined : `${JSON.stringify(read.call)} where ${JSON.stringify(expect)} is right`
}

/** Asks what to do next. */
export function flowTask(bench: RankBench, task: Suite['flow'][number]): Promise<AnswerResult> {
  const { directives, situation, expect, also = [] } = task
  const messages = directiveMessages(directives, situation)
  const asked = { messages, maxTokens: RANK_LIMITS.callTokens, stop: ['\n'] }
  return answerOf(bench, task, asked, (text) => {
    const said = readDirective(text, directives)
    if (said === undefined) return 'it is none of the directives'
    return said === expect || also.includes(said) ? undefined : `${said} where ${expect} is right`
  })
}

/** Asks a persona. */
export function personaTask(bench: RankBench, task: PersonaTask): Promise<AnswerResult> {
  const asked = { messages: personaMessages(task), maxTokens: RANK_LIMITS.personaTokens }
  return answerOf(bench, task, asked, (text) => brokenRule(text, task))
}
