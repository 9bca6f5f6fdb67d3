// Owns: the vote among drafts that passed the gates: which of them behave alike, and where the likeliest differ.
// Leaves: what a vote allows to the policy of whoever draws drafts.
// Laws: GO13 drafts behave alike when on every probe they do the same. GO14 a vote is counted over one set of probes.
import type { Probe, TrialReport } from '#kernel'
import { type Behaviour, crashesOf, differencesOf } from './behaviour.ts'

/** A draft that passed the gates, with what it did. */
export interface Voter {
  source: string
  /** How it was asked for: drafts that were asked for in one way share what a model gets wrong when asked so. */
  way: string
  behaviour: Behaviour
  reports: readonly TrialReport[]
}

/** Drafts that behave alike; the first drawn speaks for them. */
export interface Party {
  voters: Voter[]
}

/** One call on which the two likeliest drafts do not do the same. */
export interface Question {
  probe: Probe
  options: { source: string; votes: number; report: TrialReport }[]
}

/** The part of the probes on which a draft may crash and still vote with those that answer there. */
const CRASHES_MAX = 1 / 4

/** How many ways of asking have led to a party. */
export const waysOf = ({ voters }: Party) => new Set(voters.map(({ way }) => way)).size

/**
 * Parties, first those that most ways led to, of them the largest, of equal ones the one that was drawn first. In each the draft that crashes least speaks
 * for all, and everyone is alike to everyone.
 */
export function partiesOf(voters: readonly Voter[]): Party[] {
  const parties: Party[] = []
  const isAlike = (one: Voter, other: Voter) =>
    differencesOf(one.behaviour, other.behaviour).length === 0 &&
    Math.abs(crashesOf(one.behaviour) - crashesOf(other.behaviour)) <=
      one.behaviour.length * CRASHES_MAX
  for (const voter of voters) {
    const party = parties.find((one) => one.voters.every((member) => isAlike(member, voter)))
    if (party === undefined) parties.push({ voters: [voter] })
    else party.voters.push(voter)
  }
  for (const party of parties) {
    party.voters.sort((a, b) => crashesOf(a.behaviour) - crashesOf(b.behaviour))
  }
  return parties.sort((a, b) => waysOf(b) - waysOf(a) || b.voters.length - a.voters.length)
}

/**
 * The smallest question whose answer decides between the two likeliest parties: the call as it came if they differ on
 * it, else the probe that changes least. Undefined when there are not two, or no one call tells them apart.
 */
export function questionOf(
  parties: readonly Party[],
  probes: readonly Probe[],
): Question | undefined {
  const [one, other] = parties.map(({ voters }) => voters[0])
  if (one === undefined || other === undefined) return undefined
  const told = differencesOf(one.behaviour, other.behaviour)
  const isTold = (i: number) =>
    told.length > 0 ? told.includes(i) : one.behaviour[i] !== other.behaviour[i]
  // A person is asked about one call, so that the answer is an example of one.
  const isOne = ({ earlier = [] }: Probe) => earlier.length === 0
  const differing = probes.flatMap((probe, i) => (isTold(i) && isOne(probe) ? [{ probe, i }] : []))
  if (differing.length === 0) return undefined
  const sizeOf = ({ probe }: { probe: Probe }) => JSON.stringify(probe, plain).length
  const smallest = differing.reduce((a, b) => (sizeOf(b) < sizeOf(a) ? b : a))
  const chosen = differing.find(({ i }) => i === 0) ?? smallest
  return {
    probe: chosen.probe,
    options: [one, other].map((voter, at) => ({
      source: voter.source,
      votes: (parties[at] as Party).voters.length,
      report: voter.reports[chosen.i] as TrialReport,
    })),
  }
}

const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)
