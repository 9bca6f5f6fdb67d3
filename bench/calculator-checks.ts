// Owns: whether a calculator that was learnt message by message is right: a fixed sequence of messages, and what they come to.
// Leaves: sending to the caller; which messages it was taught with to calculator-run.ts.
// Laws: RK16 the methods of a calculator are right when they are so together, on one state.

/** The messages that an empty calculator is to understand. */
export const SELECTORS = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'memory',
  'history',
  'undo',
] as const

export type Selector = (typeof SELECTORS)[number]

/** Answers of a calculator: a reply, or the code of the fault. */
export type Reply = { value: unknown } | { fault: string }

/** A calculator that can be asked; nothing is generated for it any more. */
export interface Asked {
  send(selector: Selector, args: unknown[]): Promise<Reply>
  /** Its data slots as they are now, as text by name. */
  slots(): Promise<ReadonlyMap<string, string>>
}

/** What is wrong with each method, nothing for one that is right; and why they do not fit together. */
export interface Checked {
  wrong: Partial<Record<Selector, string>>
  /** Undefined when the four operations and `memory` have one state. */
  drift: string | undefined
  /** The slots that each operation changed. */
  touched: Partial<Record<Selector, string[]>>
}

interface Operation {
  selector: Selector
  by: number
  sign: string
  of: (value: number) => number
}

/** In this order: what begins at any number stays one that is not a small whole one by chance. */
const OPERATIONS: readonly Operation[] = [
  { selector: 'add', by: 23.5, sign: '+', of: (value) => value + 23.5 },
  { selector: 'subtract', by: 4, sign: '-', of: (value) => value - 4 },
  { selector: 'multiply', by: 6, sign: '*', of: (value) => value * 6 },
  { selector: 'divide', by: 8, sign: '/', of: (value) => value / 8 },
]

/** How far numbers may be apart, as a part of the greater. */
const TOLERANCE = 1e-9

/** One calculator under examination: what is known of it so far. */
class Examination {
  readonly #asked: Asked
  readonly #has: ReadonlySet<Selector>
  readonly checked: Checked = { wrong: {}, drift: undefined, touched: {} }

  constructor(asked: Asked, has: ReadonlySet<Selector>) {
    this.#asked = asked
    this.#has = has
  }

  has(selector: Selector): boolean {
    return this.#has.has(selector)
  }

  send(selector: Selector, args: unknown[] = []): Promise<Reply> {
    return this.#asked.send(selector, args)
  }

  slots(): Promise<ReadonlyMap<string, string>> {
    return this.#asked.slots()
  }

  /** The first thing that is wrong with a method is the one that is told. */
  fail(selector: Selector, why: string): void {
    this.checked.wrong[selector] ??= why
  }

  drift(why: string): void {
    this.checked.drift ??= why
  }

  /** What it holds; undefined when that cannot be asked. */
  async memory(): Promise<number | undefined> {
    if (!this.has('memory')) return undefined
    const reply = await this.send('memory')
    if (typeof valueOf(reply) === 'number') return valueOf(reply) as number
    this.fail('memory', `it answers ${shown(reply)}, not a number`)
    return undefined
  }

  /** What was done, as a list; undefined when that cannot be asked. */
  async history(): Promise<unknown[] | undefined> {
    if (!this.has('history')) return undefined
    const reply = await this.send('history')
    if (Array.isArray(valueOf(reply))) return valueOf(reply) as unknown[]
    this.fail('history', `it answers ${shown(reply)}, not a list`)
    return undefined
  }
}

/** Puts a calculator that understands some of the messages to the fixed sequence. */
export async function check(asked: Asked, has: ReadonlySet<Selector>): Promise<Checked> {
  const one = new Examination(asked, has)
  let value = await one.memory()
  for (const operation of OPERATIONS) {
    if (has.has(operation.selector)) value = await operate(one, operation, value)
  }
  lookAtSlots(one)
  if (has.has('divide')) await divideByZero(one)
  if (has.has('undo')) await undo(one)
  return one.checked
}

/** One operation: its answer, what is held then, and what of it the history has. Answers what is held. */
async function operate(
  one: Examination,
  operation: Operation,
  before: number | undefined,
): Promise<number | undefined> {
  const { selector, by, of } = operation
  const past = await one.history()
  const slots = await one.slots()
  const reply = await one.send(selector, [by])
  one.checked.touched[selector] = changedIn(slots, await one.slots())
  const answer = valueOf(reply)
  if (typeof answer !== 'number') {
    one.fail(selector, `it answers ${shown(reply)}, not the new value`)
    return one.memory()
  }
  if (before !== undefined && !isNear(answer, of(before))) {
    one.fail(selector, `from ${before} by ${by} it answers ${answer}, not ${of(before)}`)
  }
  const held = await one.memory()
  if (held !== undefined && !isNear(held, answer)) {
    one.drift(`after ${selector} answered ${answer}, memory answers ${held}`)
  }
  if (past !== undefined) lookAtHistory(one, operation, past, await one.history())
  return held ?? answer
}

function lookAtHistory(
  one: Examination,
  { selector, by, sign }: Operation,
  before: unknown[],
  after: unknown[] | undefined,
): void {
  if (after === undefined) return
  if (after.length !== before.length + 1) {
    const grown = after.length - before.length
    return one.fail('history', `${selector} leaves ${grown} entries in it, not one`)
  }
  const known = new Set(before.map((entry) => JSON.stringify(entry)))
  const added = JSON.stringify(after.find((entry) => !known.has(JSON.stringify(entry))) ?? '')
  if (![selector, sign, String(by)].some((part) => added.includes(part))) {
    one.fail('history', `the entry of ${selector} is ${added.slice(0, 60)}, which does not tell it`)
  }
}

/** The operations have one slot in common, or they do not have one state. */
function lookAtSlots(one: Examination): void {
  const touched = Object.entries(one.checked.touched)
  if (touched.length < 2) return
  const [[, first]] = touched as [[string, string[]]]
  if (first.some((slot) => touched.every(([, slots]) => slots.includes(slot)))) return
  const each = touched.map(([name, slots]) => `${name}: ${slots.join(' ') || 'none'}`)
  one.drift(`no slot is common to the operations (${each.join('; ')})`)
}

/** It refuses, or answers something that is no number; and what is held stays. */
async function divideByZero(one: Examination): Promise<void> {
  const before = await one.memory()
  const reply = await one.send('divide', [0])
  if (typeof valueOf(reply) === 'number') {
    one.fail('divide', `by zero it answers ${shown(reply)}`)
  }
  const after = await one.memory()
  if (after !== before) one.fail('divide', `by zero it leaves ${after} where ${before} was`)
}

/** The last operation is taken back, and then the one before it. */
async function undo(one: Examination): Promise<void> {
  const known = OPERATIONS.filter(({ selector }) => one.has(selector)).slice(0, 2)
  if (known.length === 0 || !one.has('memory')) {
    return one.fail('undo', 'there is nothing that shows what it takes back')
  }
  const held = [await one.memory()]
  for (const { selector, by } of known) {
    await one.send(selector, [by])
    held.push(await one.memory())
  }
  held.pop()
  for (const wanted of held.reverse()) {
    const reply = await one.send('undo')
    if ('fault' in reply) return one.fail('undo', `it fails: ${reply.fault}`)
    const now = await one.memory()
    if (now === undefined || wanted === undefined || !isNear(now, wanted)) {
      return one.fail('undo', `it leaves ${now} where ${wanted} was`)
    }
  }
}

function changedIn(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>) {
  return [...after].flatMap(([name, text]) => (before.get(name) === text ? [] : [name]))
}

const valueOf = (reply: Reply) => ('value' in reply ? reply.value : undefined)

const shown = (reply: Reply) =>
  'fault' in reply ? reply.fault : (JSON.stringify(reply.value) ?? 'nothing').slice(0, 60)

const isNear = (one: number, other: number) =>
  Math.abs(one - other) <= TOLERANCE * Math.max(1, Math.abs(one), Math.abs(other))
