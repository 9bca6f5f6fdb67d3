// Owns: the vote among drafts that passed the gates: which of them behave alike, and where the likeliest differ.
// Leaves: what a vote allows to the policy of whoever draws drafts.
// Laws: GO13 drafts behave alike when on every probe they do the same. GO14 a vote is counted over one set of probes.
import type { Probe, TrialReport } from '#kernel'
import { type Behaviour, firstDifference } from './behaviour.ts'

/** A draft that passed the gates, with what it did. */
export interface Voter {
  source: string
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

/** Parties, the largest first; of equal ones the one that was drawn first. */
export function partiesOf(voters: readonly Voter[]): Party[] {
  const parties: Party[] = []
  for (const voter of voters) {
    const party = parties.find(
      ({ voters: [first] }) =>
        firstDifference((first as Voter).behaviour, voter.behaviour) === undefined,
    )
    if (party === undefined) parties.push({ voters: [voter] })
    else party.voters.push(voter)
  }
  return parties.sort((a, b) => b.voters.length - a.voters.length)
}

/**
 * The smallest question whose answer decides between the two likeliest parties: the call as it came if they differ on
 * it, else the probe that changes least. Undefined when there are not two.
 */
export function questionOf(
  parties: readonly Party[],
  probes: readonly Probe[],
): Question | undefined {
  const [one, other] = parties.map(({ voters }) => voters[0])
  if (one === undefined || other === undefined) return undefined
  const differing = probes.flatMap((probe, i) =>
    one.behaviour[i] === other.behaviour[i] ? [] : [{ probe, i }],
  )
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
