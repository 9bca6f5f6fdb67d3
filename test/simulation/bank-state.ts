// Owns: what the world of a simulation comes to when deeds are done to it one after the other, as plain data.
// Leaves: the world itself to bank.ts; comparing to model.ts.
// Laws: KN92 KN93 a deed comes to the same after the same deeds. KN73 a posting arrives once. BR60 an undo restores all or nothing.
import { BALANCE, type Deed, NAMES, textOf, TOTAL } from './bank.ts'

/** A slot of an object that has a name, or the name itself: who has it, and since which transaction. */
export interface Slot {
  value: unknown
  tid: number
}

/** What a deed writes: undefined takes the slot away. */
type Write = readonly [place: string, value: unknown]

/** What a deed must come to: an answer or the code of a fault, and what it leaves. */
export interface Due {
  answer?: unknown
  fault?: string
  writes: readonly Write[]
  posts?: { id: number; target: string; by: number }
  /** The object whose postings are called off. */
  callsOff?: string
}

/** One place before and after a transaction. */
interface Changed {
  before: unknown
  after: unknown
}

export interface Posted {
  target: string
  by: number
  /** The transaction that called it off. */
  off?: number
}

/** A place: a slot of a named object, or, with `name` in front, a name. */
export const placeOf = (name: string, slot: string) => `${name} ${slot}`

export class BankState {
  readonly slots = new Map<string, Slot>()
  /** What was posted and has not arrived, by its number. */
  readonly posted = new Map<number, Posted>()
  /** What each transaction changed. */
  readonly #changes = new Map<number, ReadonlyMap<string, Changed>>()

  constructor(lists: readonly string[] = NAMES.lists) {
    for (const name of NAMES.counters) this.slots.set(placeOf(name, 'n'), { value: 0, tid: 0 })
    for (const name of NAMES.accounts) {
      this.slots.set(placeOf(name, 'balance'), { value: BALANCE, tid: 0 })
    }
    for (const name of lists) this.slots.set(placeOf(name, 'items'), { value: [], tid: 0 })
  }

  value(name: string, slot: string): unknown {
    return this.slots.get(placeOf(name, slot))?.value
  }

  /** What a deed must come to after all that was done. */
  due(deed: Deed): Due {
    const one = deeds[deed.kind] as (state: BankState, deed: Deed) => Due
    return one(this, deed)
  }

  /** Does what a deed came to, as a transaction. What a slot has already is no change. */
  apply({ writes, posts, callsOff }: Due, tid: number): void {
    const changes = new Map<string, Changed>()
    for (const [place, value] of writes) {
      const before = this.slots.get(place)
      if (textOf(before?.value) === textOf(value)) continue
      changes.set(place, { before: before?.value, after: value })
      if (value === undefined) this.slots.delete(place)
      else this.slots.set(place, { value, tid })
    }
    this.#changes.set(tid, changes)
    if (posts !== undefined) this.posted.set(posts.id, { target: posts.target, by: posts.by })
    for (const posted of this.posted.values()) {
      if (posted.target === callsOff) posted.off ??= tid
    }
  }

  /** A posting arrives as a transaction; undefined when there is none, or it has arrived before. */
  arrive(id: number, tid: number): Posted | undefined {
    const posting = this.posted.get(id)
    if (posting === undefined) return undefined
    const { target, by } = posting
    this.posted.delete(id)
    const got = [...((this.value(target, 'got') as number[] | undefined) ?? []), id]
    const writes = [this.#sum(target, by), [placeOf(target, 'got'), got] as const]
    this.apply({ writes }, tid)
    return posting
  }

  #sum(name: string, by: number): Write {
    return [placeOf(name, 'n'), (this.value(name, 'n') as number) + by]
  }

  /** What takes a transaction back; undefined when something that it left was changed since. */
  backFrom(tid: number): Write[] | undefined {
    const changes = [...(this.#changes.get(tid) ?? [])]
    for (const [place, { after }] of changes) {
      const now = this.slots.get(place)
      // A name is as it was left when it names the same object; a slot, when nobody wrote it again.
      const isLeft =
        after === undefined || place.endsWith(' name')
          ? textOf(now?.value) === textOf(after)
          : now?.tid === tid
      if (!isLeft) return undefined
    }
    return changes.map(([place, { before }]) => [place, before])
  }
}

/** Adds to a number that a deed answers. */
function adding(state: BankState, name: string, by: number): { sum: number; write: Write } {
  const slot = NAMES.accounts.includes(name) ? 'balance' : 'n'
  const sum = (state.value(name, slot) as number) + by
  return { sum, write: [placeOf(name, slot), sum] }
}

function added(state: BankState, name: string, by: number): Due {
  const { sum, write } = adding(state, name, by)
  return { answer: sum, writes: [write] }
}

const answered = (answer: unknown): Due => ({ answer, writes: [] })
const faulted = (fault: string): Due => ({ fault, writes: [] })

type Kind = Deed['kind']
type DeedOf<K extends Kind> = Extract<Deed, { kind: K }>

const deeds: { [K in Kind]: (state: BankState, deed: DeedOf<K>) => Due } = {
  inc: (state, { target, by }) => added(state, target, by),
  learn: (state, { target }) => added(state, target, 10),
  help: (state, { target }) => added(state, target, 11),
  ask: (state, { target, id }) => ({ ...added(state, target, 1), answer: hostSays(id) }),
  post: (state, { target, id, by }) => ({ ...added(state, target, 1), posts: { id, target, by } }),
  callOff: (state, { target }) => ({ ...added(state, target, 1), callsOff: target }),
  peek: (state, { target }) => answered(state.value(target, 'n')),
  view: (state, { target }) => answered(state.value(target, 'n')),
  spoil: () => faulted('METHOD_FAILED'),
  poison: () => answered(1),
  stall: () => answered(1),
  breed: (state, { name, id }) => {
    if (state.value(name, 'name') !== undefined) return faulted('CONFLICT')
    return { answer: name, writes: [[placeOf(name, 'name'), id]] }
  },
  nest: (_, { target, n }) => ({ answer: n, writes: [[placeOf(target, 'inner'), n]] }),
  lend: (state, { target, to }) => {
    const nest = state.value(target, 'inner')
    if (nest === undefined) return answered(null)
    return { answer: nest, writes: [[placeOf(to, 'held'), nest]] }
  },
  take: (_, { target, n }) => ({ answer: 1, writes: [[placeOf(target, 'held'), n]] }),
  show: (state, { target }) => answered(state.value(target, 'held') ?? null),
  give: (state, { target, to, amount }) => {
    if ((state.value(target, 'balance') as number) < amount) return faulted('METHOD_FAILED')
    const from = adding(state, target, -amount)
    const other = adding(state, to, amount)
    return { answer: [from.sum, other.sum], writes: [from.write, other.write] }
  },
  total: () => answered(TOTAL),
  append: (state, { target, value }) => {
    const items = [...(state.value(target, 'items') as number[]), value]
    return { answer: items.length, writes: [[placeOf(target, 'items'), items]] }
  },
  mix: (state, { steps }) => mix(state, steps),
  edit: (state, { target, value, expect }) => {
    const last = state.slots.get(placeOf(target, 'note'))?.tid ?? null
    if (expect !== undefined && expect !== last) return faulted('CONFLICT')
    return { answer: null, writes: [[placeOf(target, 'note'), value]] }
  },
  undo: (state, { tid }) => {
    const writes = state.backFrom(tid)
    return writes === undefined ? faulted('CONFLICT') : { answer: null, writes }
  },
}

function mix(state: BankState, steps: readonly ([string] | [string, number])[]): Due {
  const lists = new Map<string, number[]>()
  const written = new Set<string>()
  const answer: number[][] = []
  for (const [name, value] of steps) {
    const list = lists.get(name) ?? [...(state.value(name, 'items') as number[])]
    lists.set(name, list)
    if (value === undefined) answer.push([...list])
    else {
      list.push(value)
      written.add(name)
    }
  }
  const writes = [...written].map((name) => [placeOf(name, 'items'), lists.get(name)] as const)
  return { answer, writes }
}

/** Whether what a deed came to leaves a transaction: writes of what is there already are none. */
export function leaves(state: BankState, { writes, posts, callsOff }: Due): boolean {
  if (posts !== undefined || callsOff !== undefined) return true
  return writes.some(([place, value]) => textOf(state.slots.get(place)?.value) !== textOf(value))
}

/** What the host that may be asked answers. */
export const hostSays = (id: number) => `answer ${id}`
