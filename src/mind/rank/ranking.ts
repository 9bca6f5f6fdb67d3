// Owns: the ranking of one model: every task in turn, and what all of them come to.
// Leaves: each kind of task to its file; showing it to the command line.
// Laws: RK2 every share is told with its interval. RK14 tasks are done in order, one at a time, and each is told when it is
// done.
import type { Provider } from '../provider.ts'
import { type AnswerResult, callTask, flowTask, personaTask } from './answering.ts'
import { type Share, shareOf } from './interval.ts'
import { type CodeResult, learnTask, type RankBench } from './learning.ts'
import type { Suite } from './task-file.ts'

/** The categories of the rubric. */
export type RankCategory = 'code' | 'persona' | 'calls' | 'flow'

export const RANK_CATEGORIES: readonly RankCategory[] = ['code', 'persona', 'calls', 'flow']

/** One task as it was done. */
export type RankResult =
  | (CodeResult & { kind: 'code' })
  | (AnswerResult & { kind: 'persona' | 'calls' | 'flow' })

/** How long tasks took, seconds. */
export interface Times {
  median: number
  worst: number
}

/** How drafts fared: shares are of all tasks, those that are wrong of those that were accepted, `asked` of those left to a person. */
export interface CodeScore {
  first: Share
  right: Share
  accepted: Share
  wrongOfAccepted: Share
  abstained: Share
  /** A right draft stands among those that the person's question decides between. */
  asked: Share
  seconds: Times
  /** Tokens written for a task, on average, and read. */
  tokens: number
  promptTokens: number
}

/** What is asked for: which model does which tasks, and where its answers are kept. */
export interface RankOrder {
  /** `identity` says which bytes or which server it is; `open` is called when an answer is not kept yet. */
  model: { name: string; identity: string; open: () => Promise<Provider> }
  suite: Suite
  /** The folder of completions. */
  completions: string
  /** Ask the model anew for everything. */
  fresh: boolean
  signal: AbortSignal
  onResult: (result: RankResult) => void
}

export interface Ranking {
  model: string
  code: CodeScore | null
  /** What was right of each category that had tasks. */
  scores: Partial<Record<RankCategory, Share & { seconds: Times }>>
  /** Mean of the categories' shares. */
  score: number
  completions: number
  /** Completions that were kept from an earlier run. */
  reused: number
  results: RankResult[]
}

/** Does all tasks of a suite. Throws when the model fails, or with the signal's reason. */
export async function rank(
  bench: RankBench,
  suite: Suite,
  onResult: (result: RankResult) => void,
): Promise<Ranking> {
  const results: RankResult[] = []
  const tell = (result: RankResult) => {
    results.push(result)
    onResult(result)
  }
  for (const task of suite.code) tell({ ...(await learnTask(bench, task)), kind: 'code' })
  for (const task of suite.persona) tell({ ...(await personaTask(bench, task)), kind: 'persona' })
  for (const task of suite.calls) tell({ ...(await callTask(bench, task)), kind: 'calls' })
  for (const task of suite.flow) tell({ ...(await flowTask(bench, task)), kind: 'flow' })
  return rankingOf(bench.provider.name, results)
}

/** What results come to. */
export function rankingOf(model: string, results: RankResult[]): Ranking {
  const scores: Ranking['scores'] = {}
  for (const category of RANK_CATEGORIES) {
    const own = results.filter(({ kind }) => kind === category)
    if (own.length === 0) continue
    const right = own.filter(({ outcome }) => outcome === 'right').length
    scores[category] = { ...shareOf(right, own.length), seconds: timesOf(own) }
  }
  const shares = Object.values(scores).map(({ share }) => share)
  return {
    model,
    code: codeScore(results.filter((one) => one.kind === 'code')),
    scores,
    score: shares.length === 0 ? 0 : sumOf(shares) / shares.length,
    completions: sumOf(results.map(({ completions }) => completions)),
    reused: sumOf(results.map(({ reused }) => reused)),
    results,
  }
}

function codeScore(results: readonly CodeResult[]): CodeScore | null {
  const all = results.length
  if (all === 0) return null
  const count = (is: (one: CodeResult) => boolean) => results.filter(is).length
  const accepted = count(({ outcome }) => outcome !== 'abstained')
  return {
    first: shareOf(
      count(({ first }) => first),
      all,
    ),
    right: shareOf(
      count(({ outcome }) => outcome === 'right'),
      all,
    ),
    accepted: shareOf(accepted, all),
    wrongOfAccepted: shareOf(
      count(({ outcome }) => outcome === 'wrong'),
      accepted,
    ),
    abstained: shareOf(all - accepted, all),
    asked: shareOf(
      count(({ asked }) => asked === 'right'),
      count(({ asked }) => asked !== null),
    ),
    seconds: timesOf(results),
    tokens: sumOf(results.map(({ tokens }) => tokens)) / all,
    promptTokens: sumOf(results.map(({ promptTokens }) => promptTokens)) / all,
  }
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0)

function timesOf(results: readonly { seconds: number }[]): Times {
  const sorted = results.map(({ seconds }) => seconds).sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? 0
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
  return { median: (lower + upper) / 2, worst: sorted.at(-1) ?? 0 }
}
