// Owns: what the head says of the mind: who writes methods, under which policy, and a budget that is used up or nearly so.
// Leaves: keeping budgets to the kernel.
// Laws: UI48 a budget is told only when something was refused for it or little of it is left.
import { useEffect, useState } from 'preact/hooks'
import type { Entry } from './activity.ts'
import { useConnection, useConnectionState } from './world.ts'

/** The share of what may begin within a minute below which it is told how much is left. */
const LITTLE = 0.15

/** Milliseconds between two looks at what is told, at least. */
const LOOK_MS = 1_000

/** Milliseconds for which a refusal is told that does not say when to try again. */
const REFUSAL_MS = 60_000

/** Who writes methods here, and whether they are installed: see GetStatusCommand. */
export interface Mind {
  model: string
  policy: string
  /** What there is to say of budgets, if anything. */
  budget: string | undefined
}

interface Status {
  model: string
  policy: string
  minute: { left: number; limit: number; window: number } | undefined
}

/** The mind of the kernel, asked anew after each connection and each draft, since another kernel may have come. */
export function useMind(entries: readonly Entry[]): Mind | undefined {
  const connection = useConnection()
  const { kind } = useConnectionState()
  const [status, setStatus] = useState<Status | undefined>(undefined)
  const [now, setNow] = useState(Date.now())
  const [looked, setLooked] = useState(0)
  const drafts = entries.flatMap(({ steps }) => steps).filter((one) => one.kind === 'drafting')
  const failed = entries.filter(({ state }) => state === 'failed')
  const happened = `${drafts.length} ${failed.length}`
  useEffect(() => {
    if (kind !== 'open') return
    let ended = false
    connection.read('GetStatusCommand', {}).then(
      ({ result }) => {
        if (ended) return
        setNow(Date.now())
        setStatus(statusOf(result))
      },
      // Without a status the page only says less.
      () => setStatus(undefined),
    )
    return () => {
      ended = true
    }
  }, [connection, kind, happened, looked])
  const told = budgetText(failed, status?.minute, now)
  const until = told?.until
  useEffect(() => {
    if (until === undefined) return
    // What is told is looked at again when it may be over.
    const again = (): void => setLooked((before) => before + 1)
    const timer = setTimeout(again, Math.max(LOOK_MS, until - Date.now()))
    return () => clearTimeout(timer)
  }, [until])
  if (status === undefined) return undefined
  return { model: status.model, policy: status.policy, budget: told?.text }
}

function statusOf(result: unknown): Status {
  const { model, policy, budgets } = result as {
    model?: unknown
    policy?: unknown
    budgets?: { minute?: Status['minute'] }
  }
  return { model: String(model), policy: String(policy), minute: budgets?.minute }
}

/** What there is to say of budgets, and when to look again: the newest refusal that still holds, else how little is left. */
export function budgetText(
  failed: readonly Pick<Entry, 'fault' | 'ended'>[],
  minute: Status['minute'],
  now: number,
): { text: string; until: number } | undefined {
  for (const { fault, ended = 0 } of failed) {
    const { budget, retryAfter } = fault?.data ?? {}
    if (fault === undefined || typeof budget !== 'string') continue
    const until = ended + (typeof retryAfter === 'number' ? retryAfter : REFUSAL_MS)
    if (until > now) return { text: `refused: ${fault.message}`, until }
  }
  if (minute === undefined || minute.left > minute.limit * LITTLE) return undefined
  const { left, limit, window } = minute
  return { text: `${left} of ${limit} methods a minute left`, until: now + window }
}
