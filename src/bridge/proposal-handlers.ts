// Owns: the operations on methods that wait for a person, and on policies.
// Leaves: deciding to governance; keeping both to the kernel.
// Laws: BR12 a decision that installs is one turn of the kernel's sequence.
import { acceptProposal, answerProposal, standingVetoes } from '#governance'
import { type Head, kernelFault, type Proposal, placesIn } from '#kernel'
import { review } from '#mind'
import { fromWire, type Oid, oidText, toWire } from '#objects'
import type { Dispatcher, Handlers } from './dispatch.ts'
import { bridgeFault } from './faults.ts'
import { answerLater } from './image-handlers.ts'
import { adviserOf } from './persona-handlers.ts'

type ProposalOperation =
  | 'ListProposalsCommand'
  | 'GetProposalCommand'
  | 'AcceptProposalCommand'
  | 'AnswerProposalCommand'
  | 'RejectProposalCommand'
  | 'ReviewProposalCommand'
  | 'SetPolicyCommand'
  | 'ListPoliciesCommand'

/** What a list shows of a proposal. */
function summaryOf({ kernel }: Dispatcher, proposal: Proposal) {
  const { id, holder, receiver, selector, intent, author, time, why, drafts, status } = proposal
  const { decided } = proposal
  return {
    id,
    status,
    holder: oidText(holder),
    receiver: oidText(receiver),
    selector,
    ...(intent === undefined ? {} : { intent }),
    author,
    time: new Date(time),
    why,
    drafts: drafts.length,
    waiting: kernel.proposals.waitersOf(id),
    ...(decided === undefined ? {} : { decided: decidedOf(decided) }),
  }
}

function decidedOf({ by, time, draft, tid, reason, despite }: NonNullable<Proposal['decided']>) {
  return {
    by,
    time: new Date(time),
    ...(draft === undefined ? {} : { draft }),
    ...(tid === undefined ? {} : { tid: String(tid) }),
    ...(reason === undefined ? {} : { reason }),
    ...(despite === undefined ? {} : { despite }),
  }
}

export const PROPOSAL_HANDLERS: Pick<Handlers, ProposalOperation> = {
  ListProposalsCommand: (d, session, id) => {
    const all = d.kernel.proposals.list()
    const places = placesOf(d.kernel.head, all)
    const proposals = all.map((one) => summaryOf(d, one))
    session.reply(id, { ok: true, result: { proposals, places } })
  },
  GetProposalCommand: (d, session, id, fields) => {
    const proposal = d.kernel.proposals.get(fields.proposal)
    const { drafts, question, args, model, prompt, review, tests } = proposal
    const vetoes = drafts.map((_, draft) => standingVetoes(proposal, draft))
    const result = {
      ...summaryOf(d, proposal),
      args: args.map(toWire),
      drafts,
      ...(question === undefined ? {} : { question }),
      ...(review === undefined ? {} : { review }),
      ...(tests === undefined ? {} : { tests }),
      ...(proposal.case === undefined ? {} : { case: proposal.case }),
      // Those that stand, by draft.
      vetoes,
      model,
      prompt,
      places: placesOf(d.kernel.head, [proposal]),
    }
    session.reply(id, { ok: true, result })
  },
  AcceptProposalCommand: (d, session, id, { proposal, draft, source, despiteVeto }) => {
    if (draft !== undefined && source !== undefined) {
      throw bridgeFault('FIELD_INVALID', 'either a draft is accepted, or a source of your own')
    }
    answerLater(session, id, async () => {
      const chosen = {
        ...(draft === undefined ? {} : { draft }),
        ...(source === undefined ? {} : { source }),
        ...(despiteVeto === undefined ? {} : { despiteVeto }),
      }
      const acceptance = { id: proposal, by: session.author, ...chosen }
      const { tid, ...done } = await acceptProposal(d.kernel, acceptance)
      const made = { tid: String(tid) }
      session.reply(id, { ok: true, result: { ...made, ...done }, ...made })
    })
  },
  AnswerProposalCommand: (d, session, id, fields) => {
    const { proposal, value, fails = false, draw = true } = fields
    // Nil is an answer too.
    const isGiven = value !== undefined
    if (isGiven && fails) {
      throw bridgeFault('FIELD_INVALID', 'either the call answers a value, or it fails')
    }
    const answer = isGiven ? { reply: fromWire(value) } : { fails: true as const }
    answerLater(session, id, async () => {
      const given = isGiven || fails ? { answer } : {}
      const answering = { id: proposal, by: session.author, ...given, draw }
      const result = await answerProposal(d.kernel, answering)
      session.reply(id, { ok: true, result })
    })
  },
  ReviewProposalCommand: (d, session, id, { proposal: which, draft = 0 }) => {
    const { workbench, proposals } = d.kernel
    const proposal = proposals.get(which)
    const source = proposal.drafts[draft]?.source
    if (source === undefined) {
      throw bridgeFault('FIELD_INVALID', `proposal ${which} has no draft ${draft}`)
    }
    const adviser = adviserOf(d)
    const ending = new AbortController()
    answerLater(session, id, async () => {
      const tell = (event: Record<string, unknown>) => session.event(id, event)
      const reviews = await review(workbench, adviser, { proposal, source }, tell, ending.signal)
      await proposals.reviewed(which, { draft, reviews })
      session.reply(id, { ok: true, result: { proposal: which, draft, reviews } })
    })
    session.expectUntil(id, () => {
      ending.abort(kernelFault('CANCELLED', 'the review was cancelled'))
      return true
    })
  },
  RejectProposalCommand: (d, session, id, { proposal, reason }) => {
    answerLater(session, id, async () => {
      const waiting = await d.kernel.proposals.reject(proposal, session.author, reason)
      session.reply(id, { ok: true, result: { waiting } })
    })
  },
  SetPolicyCommand: (d, session, id, { policy, target, selector }) => {
    const entry = {
      policy,
      ...(target === undefined ? {} : { target: d.kernel.head.resolve(target) }),
      ...(selector === undefined ? {} : { selector }),
    }
    answerLater(session, id, async () => {
      await d.kernel.policies.set(entry)
      session.reply(id, { ok: true, result: {} })
    })
  },
  ListPoliciesCommand: (d, session, id) => {
    const entries = d.kernel.policies.list()
    const policies = entries.map(({ target, selector, policy }) => ({
      policy,
      ...(target === undefined ? {} : { target: oidText(target) }),
      ...(selector === undefined ? {} : { selector }),
    }))
    const oids = entries.flatMap(({ target }) => target ?? [])
    const places = placesOf(
      d.kernel.head,
      oids.map((oid) => ({ holder: oid, receiver: oid })),
    )
    session.reply(id, { ok: true, result: { policy: d.kernel.options.policy, policies, places } })
  },
}

/** What people call the objects of some proposals. */
function placesOf(head: Head, proposals: readonly { holder: Oid; receiver: Oid }[]) {
  const oids = new Set(proposals.flatMap(({ holder, receiver }) => [holder, receiver]))
  return placesIn(
    head,
    [...oids].filter((oid) => head.has(oid)),
  )
}
