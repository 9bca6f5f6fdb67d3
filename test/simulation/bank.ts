// Owns: the world of a simulation: its objects and methods as text, and the messages that may be sent to them.
// Leaves: what each must come to to bank-state.ts; who sends what to clients.ts.
import { decodeValue } from '#objects'

const COUNTERS = ['counter1', 'counter2', 'counter3']
const ACCOUNTS = ['account1', 'account2', 'account3', 'account4']
const LISTS = ['list1', 'list2', 'list3', 'list4']
/** What each account begins with. */
export const BALANCE = 100
export const TOTAL = ACCOUNTS.length * BALANCE

export const NAMES = { counters: COUNTERS, accounts: ACCOUNTS, lists: LISTS }

/** Selectors that are missing at first, of which the learner has these. */
export const LEARNT = ['learnt1', 'learnt2', 'learnt3', 'learnt4']
/** One that no learner has. */
export const UNLEARNABLE = 'unlearnable'

/** The host that may be asked. */
export const HOST = 'host.test'

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
    callOff: `function callOff(self) { self.n += 1; mirror.cancelLater(self, 'arrive'); return self.n }`,
    nest: 'function nest(self, n) { const one = mirror.clone(self); one.n = n; self.inner = one; return n }',
    lend: `function lend(self, other) {
  const one = self.inner
  if (!one) return null
  other.held = one
  return one.n
}`,
    take: 'function take(self, one) { self.held = one; return 1 }',
    show: 'function show(self) { const one = self.held; return one ? one.n : null }',
    ask: `function ask(self, id) {
  const answer = mirror.fetch({ url: 'http://${HOST}/' + id })
  self.n += 1
  return answer.body
}`,
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

/** One message, or one change of the kernel's own. */
export type Deed =
  | { kind: 'inc' | 'spoil'; target: string; by: number }
  | { kind: 'peek' | 'poison' | 'stall' | 'callOff' | 'show'; target: string }
  | { kind: 'nest'; target: string; n: number }
  | { kind: 'lend'; target: string; to: string }
  /** Gives an object without a name to hold, which may be on its way out of the image. */
  | { kind: 'take'; target: string; oid: number; n: number }
  | { kind: 'ask'; target: string; id: number }
  | { kind: 'learn'; target: string; selector: string }
  | { kind: 'help'; target: string; selector: string }
  /** The number of a new object is another each time, and so is that of a nested one. */
  | { kind: 'breed'; target: string; name: string; id: number }
  | { kind: 'post'; target: string; id: number; by: number; milliseconds: number }
  | { kind: 'give'; target: string; to: string; amount: number }
  | { kind: 'total'; target: string }
  | { kind: 'append'; target: string; value: number }
  | { kind: 'mix'; target: string; steps: ([string] | [string, number])[] }
  | { kind: 'edit'; target: string; value: number; expect: number | null | undefined }
  /** Takes a transaction back. */
  | { kind: 'undo'; target: string; tid: number }
  /** Looks at an object from outside, without a message to it. */
  | { kind: 'view'; target: string }

/** Selector and arguments of a deed that is a message; `ref` makes a reference to an object. */
export function messageOf(
  deed: Exclude<Deed, { kind: 'edit' | 'undo' | 'view' }>,
  ref: (name: string | number) => unknown,
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
    case 'nest':
      return { selector: 'nest', args: [deed.n] }
    case 'lend':
      return { selector: 'lend', args: [ref(deed.to)] }
    case 'take':
      return { selector: 'take', args: [ref(deed.oid)] }
    case 'ask':
      return { selector: 'ask', args: [deed.id] }
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
