// Owns: objects for tests of plain words, without an image.

import { isMentioned } from './spoken.ts'
import type { Told } from './sureness.ts'
import { COMMON } from './surroundings.ts'
import type { TellMessage, TellObject } from './tell-messages.ts'

const numbers = (...names: string[]) =>
  names.map((name) => ({ name, type: 'number' as const, optional: false }))

function objectOf(name: string, oid: string, own: readonly TellMessage[]): TellObject {
  const messages = [...own, ...COMMON]
  const understood = new Map(messages.map((one) => [one.selector, one]))
  const kinds = messages.map(({ selector }) => [selector, 'method'] as const)
  const slots = new Map<string, string>([...kinds, ['balance', 'number']])
  return { name, oid, messages, understood, slots }
}

function account(name: string, oid: string, balance: number): TellObject {
  return objectOf(name, oid, [
    { selector: 'balance', args: [], rest: false, about: `now ${balance}` },
    { selector: 'deposit', args: numbers('amount'), rest: false, about: 'adds to the balance' },
    {
      selector: 'transfer',
      args: [...numbers('amount'), { name: 'to', optional: false }],
      rest: false,
    },
    { selector: 'close', args: [], rest: false, about: 'SECRET COMMENT' },
  ])
}

export const ALICE = account('alice', '#2', 55)
export const BOB = account('accounts/bob', '#3', 12)
export const LEDGER = objectOf('ledger', '#4', [
  { selector: 'note', args: [{ name: 'text', optional: false }], rest: false },
])

/** What a person said among these objects. */
export function told(
  text: string,
  target?: TellObject,
  all: readonly TellObject[] = [ALICE, BOB, LEDGER],
): Told {
  const mentioned = all.filter((one) => one !== target && isMentioned(one.name, text))
  const near = [...(target === undefined ? [] : [target]), ...mentioned]
  return { text, target, mentioned, objects: near.length > 0 ? near : all }
}
