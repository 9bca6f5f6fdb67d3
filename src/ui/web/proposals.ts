// Owns: what the page knows of methods that wait for a person: the list, kept true, and one with its drafts.
// Leaves: the question and its buttons to asks.ts; deciding to the kernel.
// Laws: UI41 what waits for a person is listed as soon as it waits, whoever sent it, and is gone from the list when it is decided.
import { useEffect, useState } from 'preact/hooks'
import type { WireFault } from '#protocol'
import type { ShownReview } from './review-view.ts'
import { shortText } from './value.ts'
import { coalesce, faultOf, nextFrame, useConnection, useConnectionState } from './world.ts'

/** A proposal as ListProposalsCommand shows it. */
export interface ListedProposal {
  id: string
  status: 'open' | 'accepted' | 'rejected' | 'superseded'
  holder: string
  receiver: string
  selector: string
  intent?: string
  author: string
  why: { code: string; sentence: string }
  /** Messages that are parked at it. */
  waiting: number
  decided?: { by: string; draft?: number; tid?: string; reason?: string }
}

export interface ShownDraft {
  source: string
  votes: number
  reply?: unknown
  fails?: string
  warnings?: string[]
}

/** A proposal as GetProposalCommand shows it. */
export interface ShownProposal extends ListedProposal {
  args: unknown[]
  drafts: ShownDraft[]
  question?: {
    call: { sets: { target: string; slot: string; value: unknown }[]; args: unknown[] }
    options: { draft: number; text: string }[]
  }
  model: string
  review?: ShownReview
  /** Vetoes that stand, by draft. */
  vetoes?: string[][]
  places: Record<string, string>
}

/** What AcceptProposalCommand answers. */
export interface Accepted {
  tid: string
  version: number
  waiting: number
  example: boolean
  /** Why the answer is not kept. */
  unkept?: string
  warnings?: string[]
}

export interface Proposals {
  open: readonly ListedProposal[]
  /** Those decided of late, the newest first. */
  decided: readonly ListedProposal[]
  places: Readonly<Record<string, string>>
}

const NONE: Proposals = { open: [], decided: [], places: {} }

/** What waits for a person, live. It is fetched anew after each connection, since news of before is not told again. */
export function useProposals(): Proposals {
  const connection = useConnection()
  const { kind } = useConnectionState()
  const [proposals, setProposals] = useState(NONE)
  useEffect(() => {
    if (kind !== 'open') return
    let ended = false
    const fetching = coalesce(async () => {
      try {
        const { result } = await connection.read('ListProposalsCommand', {})
        const { proposals: all, places } = result as Pick<Proposals, 'places'> & {
          proposals: ListedProposal[]
        }
        if (ended) return
        const open = all.filter(({ status }) => status === 'open')
        const decided = all.filter(({ status }) => status !== 'open').reverse()
        setProposals({ open, decided, places })
      } catch {
        // A kernel that knows no proposals has none.
        if (!ended) setProposals(NONE)
      }
    }, nextFrame)
    fetching.ask()
    const end = connection.subscribe(undefined, undefined, (notice) => {
      if (notice.kind === 'proposal' || notice.kind === 'gap') fetching.ask()
    })
    return () => {
      ended = true
      fetching.stop()
      end()
    }
  }, [connection, kind])
  return proposals
}

export type ProposalView =
  | { kind: 'loading' }
  | { kind: 'fault'; fault: WireFault }
  | { kind: 'shown'; shown: ShownProposal }

/** One proposal with its drafts, fetched again when more messages wait for it, or when asked once more. */
export function useProposal(id: string, waiting: number, asked: number): ProposalView {
  const connection = useConnection()
  const [view, setView] = useState<ProposalView>({ kind: 'loading' })
  useEffect(() => {
    let ended = false
    connection.read('GetProposalCommand', { proposal: id }).then(
      ({ result }) => {
        if (!ended) setView({ kind: 'shown', shown: result as ShownProposal })
      },
      (thrown: unknown) => {
        if (!ended) setView({ kind: 'fault', fault: faultOf(thrown) })
      },
    )
    return () => {
      ended = true
    }
  }, [connection, id, waiting, asked])
  return view
}

/** `1 message`, `2 messages`. */
export const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? '' : 's'}`

/** The call that the question is about: `with count 0 and add(3)`. */
export function callText({ question, receiver, selector, args, places }: ShownProposal): string {
  const call = question?.call ?? { sets: [], args }
  const sets = call.sets.map(({ target, slot, value }) => {
    const of = target === receiver ? '' : `${places[target] ?? target} `
    return `${of}${slot} ${shortText(value)}`
  })
  const sent = `${selector}(${call.args.map(shortText).join(', ')})`
  return sets.length === 0 ? `with ${sent}` : `with ${sets.join(', ')} and ${sent}`
}

/** What an acceptance did, in a sentence or more. */
export function acceptedText(done: Accepted): string {
  const { version, waiting, example, unkept, warnings = [] } = done
  const again = waiting === 0 ? '' : ` ${counted(waiting, 'message')} that waited went on.`
  const kept = example ? ' The answer is kept: later drafts must give it too.' : ''
  const lost = unkept === undefined ? '' : ` The answer is not kept: ${unkept}.`
  return [`Installed as version ${version}.${again}${kept}${lost}`, ...warnings].join(' ')
}
