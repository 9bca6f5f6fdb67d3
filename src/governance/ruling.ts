// Owns: what the vote of drafts allows: that one is installed, that a person is asked, or that another draft is drawn.
// Leaves: counting to ballot.ts; drawing to the mind; asking to proposing.ts.
// Laws: GO80 a method is installed without a person when enough drafts behave alike by its rule, twice as
// many as the others that passed; one that only shows its object when one passed. Whatever else passes goes to a person.
import { collectRefs, type MethodNeedCall } from '#kernel'
import { beyondAuto, type Vote } from './crucible.ts'
import type { VoteRule } from './vote-words.ts'

/** Drafts that are drawn for one need at most. */
export const DRAWS = 6
/**
 * Drafts that must behave alike, and how many times as many as those that passed and behave otherwise. With one of each way of
 * asking five of 62 methods were wrong in tasks that nobody had tuned for: see docs/learning.md. What a model gets wrong depends
 * on how it is asked, what it gets right less: so many ways of asking must have led to them.
 */
export const RULE: VoteRule = { alike: 3, lead: 2, ways: 2 }

/** Why a person is asked: the policy wants it, the method does more than it may by itself, or the vote decides nothing. */
export interface Asking {
  code: 'policy' | 'beyond' | 'undecided'
  sentence: string
}

/** Whether drafts go on being drawn; if not, `why` says for what a person is asked. */
export type Ruling = { kind: 'draw' } | { kind: 'install' } | { kind: 'ask'; why: Asking }

/** What a vote is judged by beside its numbers. */
export interface Bench {
  call: MethodNeedCall
  /** True when the message only asks its object to show itself. */
  shows: boolean
  /** True when a person decides about every method. */
  isReview: boolean
}

type Counted = Pick<Vote, 'alike' | 'ways' | 'passed'>

const isEnough = ({ alike, ways, passed }: Counted) =>
  ways >= RULE.ways && alike >= RULE.alike && alike >= RULE.lead * (passed - alike)

/** Whether so many more drafts could bring the vote in. */
const canBeEnough = ({ alike, passed }: Counted, left: number) =>
  alike + left >= Math.max(RULE.alike, RULE.lead * (passed - alike))

/** What becomes of a vote after which so many drafts may still be drawn. */
export function rulingOf(vote: Vote, left: number, { call, shows, isReview }: Bench): Ruling {
  const { leader, alike, passed } = vote
  // How an object shows itself is a matter of taste that no two drafts share: it is right when it shows it.
  const isShowing = shows && leader.shows
  if (!isEnough(vote) && !isShowing) {
    // Where the rest cannot make enough alike, drawing them tells nothing.
    if (left > 0 && canBeEnough(vote, left)) return { kind: 'draw' }
    const few = `${alike} of ${passed} drafts of ${call.selector} behave alike, which is not enough`
    return ask('undecided', few)
  }
  if (isReview) return ask('policy', 'the policy installs nothing without a person')
  // Whoever sends a message expects an answer: that there is none is for a person to say.
  if (leader.refuses) return ask('undecided', 'it refuses the very call that was sent')
  const beyond = beyondAuto(leader, call, collectRefs(call.args, new Set()))
  return beyond === undefined ? { kind: 'install' } : ask('beyond', beyond)
}

/** What is asked when of all that were drawn none passed. */
export function noneOf(selector: string, tried: number): Asking {
  return {
    code: 'undecided',
    sentence: `none of ${tried} drafts of ${selector} passed the gates`,
  }
}

const ask = (code: Asking['code'], sentence: string): Ruling => ({
  kind: 'ask',
  why: { code, sentence },
})
