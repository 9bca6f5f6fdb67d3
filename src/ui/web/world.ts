// Owns: what the page knows of the world and keeps true: names, an object's state.
// Leaves: the wire to connection.ts; drawing to the rest.
// Laws: UI14 a card follows its object and every object that it inherits from.  UI15 many changes make one fetch: the
// next begins when the last has come, and not before the next frame is drawn.
import { createContext } from 'preact'
import { useContext, useEffect, useMemo, useState } from 'preact/hooks'
import type { FullState, SlotState, WireFault } from '#protocol'
import { type Connection, type ConnectionState, FaultError, type Notice } from './connection.ts'
import { refOf } from './value.ts'

/** Milliseconds for which a changed cell stays marked: long enough to be seen on the way from elsewhere. */
export const MARK_MS = 2_000

/** Names fetched at first and with each "more"; a page of the wire has at most 1000. */
const NAMES_PAGE = 100
const NAMES_MAX = 1_000

/** Milliseconds between two fetches of the names: a busy world changes far more often than a list is read. */
const NAMES_PAUSE_MS = 250

export interface NamedObject {
  name: string
  oid: string
}

export const ConnectionContext = createContext<Connection | undefined>(undefined)

export function useConnection(): Connection {
  const connection = useContext(ConnectionContext)
  if (connection === undefined) throw new Error('the page has no connection')
  return connection
}

export function useConnectionState(): ConnectionState {
  const connection = useConnection()
  const [state, setState] = useState(connection.state)
  useEffect(() => {
    setState(connection.state)
    return connection.onState(setState)
  }, [connection])
  return state
}

/** The fault in whatever a call threw. */
export function faultOf(thrown: unknown): WireFault {
  if (thrown instanceof FaultError) return thrown.fault
  return {
    code: 'PAGE_FAILED',
    message: thrown instanceof Error ? thrown.message : String(thrown),
    remedy: 'Reload the page; if it comes back, report it with the steps that lead to it.',
    retry: 'never',
  }
}

/**
 * Runs `fetch` when asked, one at a time, at most once a frame, and once more when it was asked meanwhile.
 * `stop` forgets what is asked.
 */
export function coalesce(
  fetch: () => Promise<void>,
  nextFrame: (run: () => void) => void,
): { ask(): void; stop(): void } {
  let asked = false
  let running = false
  let stopped = false
  const run = async (): Promise<void> => {
    if (stopped) return
    asked = false
    await fetch()
    running = false
    if (asked) ask()
  }
  const ask = (): void => {
    asked = true
    if (running || stopped) return
    running = true
    nextFrame(() => void run())
  }
  return {
    ask,
    stop: () => {
      stopped = true
    },
  }
}

/** The next frame, or soon when the tab is hidden and draws none. */
export function nextFrame(run: () => void): void {
  if (document.hidden) setTimeout(run, 100)
  else requestAnimationFrame(run)
}

export type ObjectView =
  | { kind: 'loading' }
  | { kind: 'fault'; fault: WireFault }
  | { kind: 'state'; state: FullState; changed: ReadonlySet<string>; tid: string }

/** One slot's key in a card: a name may be held by several objects of the chain. */
export function slotKey(slot: SlotState): string {
  return `${slot.holder} ${slot.name}`
}

/** The oids whose changes can change what this object shows. */
export function watchedOids(state: FullState): string[] {
  return [...state.chain].sort()
}

/** The keys of slots that are new or were written between two states of one object. */
export function changedSlots(before: FullState, after: FullState): string[] {
  const tids = new Map(before.slots.map((slot) => [slotKey(slot), slot.tid]))
  return after.slots.filter((slot) => tids.get(slotKey(slot)) !== slot.tid).map(slotKey)
}

/** An object, live. `onChange` is called with the tid of every change to what it shows. */
export function useObject(target: string, onChange: (tid: string) => void): ObjectView {
  const connection = useConnection()
  const [view, setView] = useState<ObjectView>({ kind: 'loading' })
  useEffect(() => {
    const follower = followObject(connection, target, setView, onChange)
    return follower
  }, [connection, target])
  return view
}

function followObject(
  connection: Connection,
  target: string,
  show: (view: ObjectView) => void,
  onChange: (tid: string) => void,
): () => void {
  let last: FullState | undefined
  let changed = new Set<string>()
  let watched = ''
  let ended = false
  let subscriptions: (() => void)[] = []
  const timers = new Set<ReturnType<typeof setTimeout>>()

  const publish = (): void => {
    if (last === undefined) return
    show({ kind: 'state', state: last, changed: new Set(changed), tid: last.tid })
  }
  const mark = (keys: string[]): void => {
    if (keys.length === 0) return
    for (const key of keys) changed.add(key)
    const timer = setTimeout(() => {
      timers.delete(timer)
      changed = new Set([...changed].filter((key) => !keys.includes(key)))
      publish()
    }, MARK_MS)
    timers.add(timer)
  }
  const follow = (state: FullState): void => {
    const oids = watchedOids(state)
    if (oids.join(' ') === watched) return
    watched = oids.join(' ')
    const before = subscriptions
    subscriptions = oids.map((oid) =>
      connection.subscribe(oid, state.tid, (notice: Notice) => {
        if (notice.kind === 'change') onChange(notice.tid)
        // How a version stands is part of the state; what waits for a person is none.
        if (notice.kind !== 'proposal') fetching.ask()
      }),
    )
    for (const end of before) end()
  }
  const fetching = coalesce(async () => {
    try {
      const { result } = await connection.read('GetFullStateCommand', { target })
      if (ended) return
      const state = result as FullState
      if (last !== undefined && last.oid === state.oid) mark(changedSlots(last, state))
      last = state
      follow(state)
      publish()
    } catch (thrown) {
      if (ended) return
      // A target that does not exist may be made at any time, so the whole world is followed until then.
      for (const end of subscriptions) end()
      subscriptions = [connection.subscribe(undefined, undefined, () => fetching.ask())]
      watched = ''
      show({ kind: 'fault', fault: faultOf(thrown) })
    }
  }, nextFrame)

  show({ kind: 'loading' })
  fetching.ask()
  return () => {
    ended = true
    fetching.stop()
    for (const end of subscriptions) end()
    for (const timer of timers) clearTimeout(timer)
  }
}

export interface Names {
  objects: NamedObject[]
  /** Whether there are more than were fetched. */
  more: boolean
  loaded: boolean
  fault: WireFault | undefined
  fetchMore(): void
}

/** The named objects that begin with a prefix, live. */
export function useNames(prefix: string): Names {
  const connection = useConnection()
  const [limit, setLimit] = useState(NAMES_PAGE)
  const [page, setPage] = useState<Omit<Names, 'fetchMore'>>({
    objects: [],
    more: false,
    loaded: false,
    fault: undefined,
  })
  useEffect(() => {
    let ended = false
    let pause = 0
    const fetching = coalesce(
      async () => {
        pause = NAMES_PAUSE_MS
        try {
          const fields = { limit, ...(prefix === '' ? {} : { prefix }) }
          const { result } = await connection.read('ListObjectsCommand', fields)
          if (ended) return
          const { objects, next } = result as { objects: NamedObject[]; next?: string }
          setPage({ objects, more: next !== undefined, loaded: true, fault: undefined })
        } catch (thrown) {
          if (!ended) setPage((old) => ({ ...old, loaded: true, fault: faultOf(thrown) }))
        }
      },
      (run) => setTimeout(run, pause),
    )
    fetching.ask()
    const end = connection.subscribe(undefined, undefined, ({ kind }) => {
      if (kind === 'change' || kind === 'gap') fetching.ask()
    })
    return () => {
      ended = true
      fetching.stop()
      end()
    }
  }, [connection, prefix, limit])
  const fetchMore = (): void => setLimit((old) => Math.min(old + NAMES_PAGE, NAMES_MAX))
  return { ...page, fetchMore }
}

/** What to call an object: its shortest name when the list knows one, else its oid. */
export type NameOf = (oid: string) => string

export function useNameOf(objects: readonly NamedObject[]): NameOf {
  return useMemo(() => {
    const names = new Map<string, string>()
    for (const { name, oid } of objects) {
      const known = names.get(oid)
      if (known === undefined || name.length < known.length) names.set(oid, name)
    }
    return (oid) => names.get(oid) ?? oid
  }, [objects])
}
