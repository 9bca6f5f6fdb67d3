// Owns: the world of a simulation: its objects and methods as text, and what each message must do, as plain functions.
// Leaves: who sends what to clients.ts; comparing to model.ts.
import { decodeValue } from '#objects'

const COUNTERS = ['counter1', 'counter2', 'counter3']
const ACCOUNTS = ['account1', 'account2', 'account3', 'account4']
const LISTS = ['list1', 'list2', 'list3', 'list4']
/** What each account begins with. */
const BALANCE = 100
export const TOTAL = ACCOUNTS.length * BALANCE

export const NAMES = { counters: COUNTERS, accounts: ACCOUNTS, lists: LISTS }

/** Selectors that are missing at first, of which the learner has these. */
export const LEARNT = ['learnt1', 'learnt2', 'learnt3', 'learnt4']
/** One that no learner has. */
export const UNLEARNABLE = 'unlearnable'

export const learntSource = (selector: string) =>
  `function ${selector}(self) { self.n = self.n + 10; return self.n }`

const METHODS = {
  counter: {
    inc: 'function inc(self, by) { self.n += by; return self.n }',
    peek: 'function peek(self) { return self.n }',
    spoil: 'function spoil(self, by) { self.n += by; throw new Error("spoilt") }',
    poison: 'function poison(self) { return 1 }',
    stall: 'function stall(self) { return 1 }',
    post: `function post(self, id, by, milliseconds) {
  self.n += 1
  mirror.later(self, 'arrive', [id, by], milliseconds)
  return self.n
}`,
    arrive: 'function arrive(self, id, by) { self.got ??= []; self.got.push(id); self.n += by }',
    help: 'function help(self, selector) { self.n += 1; return mirror.send(self, selector, []) }',
    breed:
      'function breed(self, name) { const one = mirror.clone(self); one.n = 1; mirror.bind(name, one); return name }',
  },
  account: {
    give: `function give(self, other, amount) {
  other.balance += amount
  self.balance -= amount
  if (self.balance < 0) throw new Error('poor')
  return [self.balance, other.balance]
}`,
    total: `function total(self, names) {
  let sum = 0
  for (const name of names) sum += mirror.object(name).balance
  return sum
}`,
  },
  list: {
    append: 'function append(self, x) { self.items.push(x); return self.items.length }',
    all: 'function all(self) { return self.items }',
    mix: `function mix(self, steps) {
  const seen = []
  for (const step of steps) {
    const one = mirror.object(step[0])
    if (step.length > 1) one.items.push(step[1])
    else seen.push([...one.items])
  }
  return seen
}`,
  },
}

/** The text of the first objects. Each kind is a parent of those that are of it; `lists` are the names of lists. */
export function bankText(lists: readonly string[] = LISTS): string {
  const lines = ['// object genesis', '// The first object.']
  lines.push('// method doesNotUnderstand:', '// Asks for what is missing.')
  lines.push('function doesNotUnderstand(self, message) { return mirror.learn(self, message) }')
  const kinds = {
    counter: { slots: 'n = 0', names: COUNTERS },
    account: { slots: `balance = ${BALANCE}`, names: ACCOUNTS },
    list: { slots: 'items = []', names: lists },
  }
  for (const [kind, { slots, names }] of Object.entries(kinds)) {
    lines.push(`// object ${kind}`, '// parents genesis')
    for (const [selector, source] of Object.entries(METHODS[kind as keyof typeof METHODS])) {
      lines.push(`// method ${selector}`, '// Says itself.', source)
    }
    for (const name of names)
      lines.push(`// object ${name}`, `// parents ${kind}`, `// data ${slots}`)
  }
  return `${lines.join('\n')}\n`
}

/** One message, or one edit of a slot. */
export type Deed =
  | { kind: 'inc' | 'spoil'; target: string; by: number }
  | { kind: 'peek' | 'poison' | 'stall'; target: string }
  | { kind: 'learn'; target: string; selector: string }
  | { kind: 'help'; target: string; selector: string }
  | { kind: 'breed'; target: string; name: string }
  | { kind: 'post'; target: string; id: number; by: number; milliseconds: number }
  | { kind: 'give'; target: string; to: string; amount: number }
  | { kind: 'total'; target: string }
  | { kind: 'append'; target: string; value: number }
  | { kind: 'mix'; target: string; steps: ([string] | [string, number])[] }
  | { kind: 'edit'; target: string; value: number; expect: number | null | undefined }

/** What the world comes to. */
export interface BankState {
  numbers: Map<string, number>
  lists: Map<string, number[]>
  /** What was posted and has not arrived, by its number, and what has. */
  posted: Map<number, { target: string; by: number }>
  got: Map<string, number[]>
  /** Slots that edits set, with the transaction of the last one. */
  notes: Map<string, { value: number; tid: number }>
}

export function firstState(lists: readonly string[] = LISTS): BankState {
  return {
    numbers: new Map([
      ...COUNTERS.map((name) => [name, 0] as const),
      ...ACCOUNTS.map((name) => [name, BALANCE] as const),
    ]),
    lists: new Map(lists.map((name) => [name, []])),
    posted: new Map(),
    got: new Map(COUNTERS.map((name) => [name, []])),
    notes: new Map(),
  }
}

/** What a deed must come to: an answer, or a fault of this code; `wrote` when it leaves something. */
export type Due = { answer: unknown; wrote: boolean } | { fault: string }

/** Does a deed to the state, as transaction `tid`, and answers what must come of it. A fault leaves the state alone. */
export function act(state: BankState, deed: Deed, tid: number): Due {
  const { numbers, lists, notes } = state
  const add = (name: string, by: number) => {
    const sum = (numbers.get(name) as number) + by
    numbers.set(name, sum)
    return sum
  }
  switch (deed.kind) {
    case 'inc':
      return { answer: add(deed.target, deed.by), wrote: true }
    case 'learn':
      return { answer: add(deed.target, 10), wrote: true }
    case 'help':
      return { answer: add(deed.target, 11), wrote: true }
    case 'post':
      state.posted.set(deed.id, deed)
      return { answer: add(deed.target, 1), wrote: true }
    case 'peek':
      return { answer: numbers.get(deed.target), wrote: false }
    case 'spoil':
      return { fault: 'METHOD_FAILED' }
    case 'poison':
    case 'stall':
      return { answer: 1, wrote: false }
    case 'breed':
      if (numbers.has(deed.name)) return { fault: 'CONFLICT' }
      numbers.set(deed.name, 1)
      return { answer: deed.name, wrote: true }
    case 'give': {
      if ((numbers.get(deed.target) as number) < deed.amount) return { fault: 'METHOD_FAILED' }
      const answer = [add(deed.target, -deed.amount), add(deed.to, deed.amount)]
      return { answer, wrote: true }
    }
    case 'total':
      return { answer: TOTAL, wrote: false }
    case 'append':
      lists.get(deed.target)?.push(deed.value)
      return { answer: lists.get(deed.target)?.length, wrote: true }
    case 'mix':
      return mix(lists, deed.steps)
    case 'edit': {
      const last = notes.get(deed.target)?.tid ?? null
      if (deed.expect !== undefined && deed.expect !== last) return { fault: 'CONFLICT' }
      // What a slot has already is no change.
      if (notes.get(deed.target)?.value === deed.value) return { answer: null, wrote: false }
      notes.set(deed.target, { value: deed.value, tid })
      return { answer: null, wrote: true }
    }
  }
}

/** A posting arrives; false when there is none, or it has arrived before. */
export function arrive(state: BankState, id: number): boolean {
  const posting = state.posted.get(id)
  if (posting === undefined) return false
  const { target, by } = posting
  state.posted.delete(id)
  state.got.get(target)?.push(id)
  state.numbers.set(target, (state.numbers.get(target) as number) + by)
  return true
}

function mix(lists: Map<string, number[]>, steps: readonly ([string] | [string, number])[]): Due {
  const answer: number[][] = []
  let wrote = false
  for (const [name, value] of steps) {
    const list = lists.get(name) as number[]
    if (value === undefined) answer.push([...list])
    else {
      list.push(value)
      wrote = true
    }
  }
  return { answer, wrote }
}

/** Selector and arguments of a deed that is a message; `ref` makes a reference to an object. */
export function messageOf(
  deed: Exclude<Deed, { kind: 'edit' }>,
  ref: (name: string) => unknown,
): { selector: string; args: unknown[] } {
  switch (deed.kind) {
    case 'inc':
    case 'spoil':
      return { selector: deed.kind, args: [deed.by] }
    case 'learn':
      return { selector: deed.selector, args: [] }
    case 'help':
      return { selector: 'help', args: [deed.selector] }
    case 'breed':
      return { selector: 'breed', args: [deed.name] }
    case 'post':
      return { selector: 'post', args: [deed.id, deed.by, deed.milliseconds] }
    case 'give':
      return { selector: 'give', args: [ref(deed.to), deed.amount] }
    case 'total':
      return { selector: 'total', args: [ACCOUNTS] }
    case 'append':
      return { selector: 'append', args: [deed.value] }
    case 'mix':
      return { selector: 'mix', args: [deed.steps] }
    default:
      return { selector: deed.kind, args: [] }
  }
}

/** Equal values of the wire are equal texts. */
export const textOf = (value: unknown) => JSON.stringify(value)

export const answerText = (bytes: Uint8Array) => textOf(decodeValue(bytes))
