// Owns: the rule of the vote in words, and in what a vote falls short of it.
// Leaves: counting to ballot.ts; the numbers of the rule to whoever draws drafts.
// Laws: GO23 a case says the whole rule of its vote, and what a vote that is not enough lacks.
import type { Vote } from './crucible.ts'

/** What a vote must come to, for a method to come in without a person. */
export interface VoteRule {
  /** Drafts that behave alike. */
  alike: number
  /** How many times as many as those that passed and behave otherwise. */
  lead: number
  /** Ways of asking that led to them. */
  ways: number
}

const times = (count: number) => (count === 2 ? 'twice' : `${count} times`)

/** The rule of a vote, and whether this one is enough. `isShown` tells that a display needs no more than one draft. */
export function voteWords(
  { alike, passed, ways }: Pick<Vote, 'alike' | 'passed' | 'ways'>,
  rule: VoteRule,
  isShown: boolean,
): { rule: string; verdict: string } {
  const said = `without a person when at least ${rule.alike} drafts behave alike, ${rule.ways} ways of asking led to them, and they are at least ${times(rule.lead)} as many as those that passed and behave otherwise; one that only shows its object, when one passed`
  if (isShown) return { rule: said, verdict: 'enough: it only shows its object' }
  const others = passed - alike
  const lacks = [
    alike < rule.alike && `${alike} ${alike === 1 ? 'behaves' : 'behave'} alike`,
    ways < rule.ways && `${ways} of ${rule.ways} ways of asking led to them`,
    alike < rule.lead * others &&
      `${others} behave otherwise, so that ${rule.lead * others} would have to behave alike`,
  ].filter((one) => one !== false)
  const verdict = lacks.length === 0 ? 'enough' : `not enough: ${lacks.join('; ')}`
  return { rule: said, verdict }
}
