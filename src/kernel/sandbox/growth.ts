// Owns: what natives make of little: their size is looked at before they make it, however they are called.
// Leaves: what becomes of one that is too large to whoever sets the check; what grows by other ways to the heap's limit.
// Laws: KN132 a native that can make something far larger than what it is given is held to a limit by every way to call it:
// by name, by `call`, as a callback, as somebody's `toJSON`.

/** What a native would make, in UTF-16 units or elements, of a receiver and arguments that are what they will be used as. */
type Measure = (receiver: never, args: unknown[]) => number

interface Guarded {
  name: string
  /** Makes plain what the native would make plain, so that what is measured is what is used. */
  settle(args: unknown[]): void
  measure: Measure
}

const asNumber = (args: unknown[], at: number) => {
  if (at in args) args[at] = Number(args[at])
}
const asText = (args: unknown[], at: number) => {
  if (args[at] !== undefined) args[at] = String(args[at])
}
const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0)
const textLength = (value: unknown): number => (typeof value === 'string' ? value.length : 0)

const TEXTS: Guarded[] = [
  {
    name: 'repeat',
    settle: (args) => asNumber(args, 0),
    measure: (text: string, [times]) => text.length * count(times),
  },
  ...['padStart', 'padEnd'].map((name) => ({
    name,
    settle: (args: unknown[]) => {
      asNumber(args, 0)
      asText(args, 1)
    },
    measure: (text: string, [length]: unknown[]) => Math.max(text.length, count(length)),
  })),
  {
    name: 'concat',
    settle: (args) => {
      for (let i = 0; i < args.length; i++) args[i] = String(args[i])
    },
    measure: (text: string, args) =>
      args.reduce<number>((sum, one) => sum + textLength(one), text.length),
  },
  ...['replaceAll', 'replace'].map((name) => ({
    name,
    settle: (args: unknown[]) => {
      if (typeof args[1] !== 'function') args[1] = String(args[1])
    },
    // How often an expression is met is not known before: what that makes is left to the limit of the heap.
    measure: (text: string, [pattern, by]: unknown[]) =>
      typeof pattern !== 'string' || typeof by !== 'string'
        ? 0
        : text.length + (name === 'replace' ? 1 : occurrences(text, pattern)) * written(by, text),
  })),
]

/** How often a text holds another, which is how often it would be replaced. */
function occurrences(text: string, pattern: string): number {
  if (pattern.length === 0) return text.length + 1
  let found = 0
  for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + pattern.length)) {
    found++
  }
  return found
}

/** What is written for one match, at most: each `$` may stand for nearly the whole text. */
function written(by: string, text: string): number {
  return by.length + (by.split('$').length - 1) * text.length
}

const LISTS: Guarded[] = [
  {
    name: 'join',
    settle: (args) => asText(args, 0),
    measure: (list: ArrayLike<unknown>, [by]) =>
      list.length * Math.max(1, by === undefined ? 1 : textLength(by)),
  },
  { name: 'fill', settle: () => undefined, measure: (list: ArrayLike<unknown>) => list.length },
  { name: 'flat', settle: () => undefined, measure: (list: ArrayLike<unknown>) => list.length },
  {
    name: 'concat',
    settle: () => undefined,
    measure: (list: ArrayLike<unknown>, args) =>
      args.reduce<number>((sum, one) => sum + (Array.isArray(one) ? one.length : 1), list.length),
  },
]

/** Units that one call may make; `told` is called beyond, and must throw. */
export interface Growth {
  limit: number
  told: (name: string, size: number) => never
}

/** Guards the natives of this realm. Before anything is frozen, and before anything of ours keeps one of them. */
export function guardGrowth(growth: Growth): void {
  for (const one of TEXTS) {
    replace(String.prototype, one, growth, (receiver) =>
      receiver === null || receiver === undefined ? receiver : String(receiver),
    )
  }
  for (const one of LISTS) replace(Array.prototype, one, growth, (receiver) => receiver)
  const from: Guarded = {
    name: 'from',
    settle: () => undefined,
    measure: (_: unknown, [source]) => lengthOf(source),
  }
  replace(Array, from, growth, (receiver) => receiver)
}

/** The length that something list-like says it has. */
function lengthOf(source: unknown): number {
  if (typeof source !== 'object' || source === null) return textLength(source)
  return count((source as { length?: unknown }).length)
}

function replace(
  holder: object,
  { name, settle, measure }: Guarded,
  growth: Growth,
  receive: (receiver: unknown) => unknown,
): void {
  const found = Object.getOwnPropertyDescriptor(holder, name) as PropertyDescriptor
  const native = found.value as (...args: unknown[]) => unknown
  // A method of a literal, since natives are no constructors either.
  const guarded = {
    [name](this: unknown, ...args: unknown[]): unknown {
      const receiver = receive(this)
      if (receiver !== null && receiver !== undefined) {
        settle(args)
        const size = measure(receiver as never, args)
        if (size > growth.limit) growth.told(name, size)
      }
      return Reflect.apply(native, receiver, args)
    },
  }[name] as object
  Object.defineProperty(guarded, 'length', { value: native.length, configurable: true })
  Object.defineProperty(holder, name, { ...found, value: guarded })
}
