// Owns: a person's own answer to the question of a proposal: kept as an example, whereupon drafts are drawn anew.
// Leaves: the call that is asked about to proposing.ts; keeping both, and running what waits, to the kernel.
// Laws: GO81 an answer that none of the drafts gives is kept as one that a draft gives is, in one commit with the end of the proposal;
// those who waited go on to ask for a method that gives it.
import type { Example, Expected, Kernel, Proposal } from '#kernel'
import { textOf } from './examples.ts'
import { governanceFault } from './faults.ts'

/** What a person says of a proposal; without `answer` it is only drawn anew. */
export interface Answering {
  id: string
  by: string
  /** What the call must come to. `reply` is in stored form. */
  answer?: { reply: unknown } | { fails: true }
  /** False leaves the proposal and those who wait as they are. */
  draw: boolean
}

/** What an answer did: how many go on to ask anew, and whether it is kept. */
export interface Answered {
  waiting: number
  example: boolean
  drawn: boolean
}

/** Keeps an answer, and has drafts drawn anew for those who wait. Faults TARGET_UNKNOWN, CONFLICT, FIELD_INVALID, LIMIT and BUSY. */
export async function answerProposal(
  kernel: Kernel,
  { id, by, answer, draw }: Answering,
): Promise<Answered> {
  const { proposals, examples } = kernel
  const proposal = proposals.get(id)
  if (answer === undefined && !draw) {
    throw governanceFault('FIELD_INVALID', 'neither an answer is given nor drafts are asked for')
  }
  const writes =
    answer === undefined
      ? []
      : [examples.adding(proposal.holder, proposal.selector, exampleOf(proposal, answer, by))]
  if (!draw) {
    const { status } = proposal
    if (!proposals.isOpen(id)) {
      throw governanceFault('CONFLICT', `proposal ${id} is ${status}`, { proposal: id, status })
    }
    await kernel.keep(writes)
    return { waiting: proposals.waitersOf(id), example: true, drawn: false }
  }
  const reason = answer === undefined ? 'drawn anew' : `answered: it must ${mustText(answer)}`
  const waiting = await proposals.drawAnew(id, by, reason, writes)
  return { waiting, example: answer !== undefined, drawn: true }
}

const mustText = (answer: Expected) =>
  'fails' in answer ? 'refuse it' : `answer ${textOf(answer.reply)}`

function exampleOf({ id, pinned, status }: Proposal, expected: Expected, by: string): Example {
  if (status !== 'open') {
    throw governanceFault('CONFLICT', `proposal ${id} is ${status}`, { proposal: id, status })
  }
  if (pinned !== undefined) return { ...pinned.call, expected, by, proposal: id }
  throw governanceFault(
    'FIELD_INVALID',
    `the state that an answer to proposal ${id} would hold for is not kept: it is too large`,
    { proposal: id },
    'Accept a draft, or give the method yourself with `batos method`.',
  )
}
