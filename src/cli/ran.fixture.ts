// Owns: one run of the command for tests, against answers as the wire has them.
// Leaves: the powers to powers.fixture.ts.
import { type Handed, handed } from './powers.fixture.ts'
import { run } from './run.ts'

/** What a world answers to each operation. */
export type Answers = Record<string, (fields: Record<string, unknown>) => unknown>

/** One request that a command made. */
export interface Asked {
  op: string
  fields: Record<string, unknown>
}

/** Runs words against a world that answers each operation as given; a fault that is thrown is its answer. */
export async function ran(words: string[], answers: Answers = {}, given: Handed = {}) {
  const asked: Asked[] = []
  const request = async (op: string, fields: Record<string, unknown> = {}) => {
    if (op !== 'HelloCommand') asked.push({ op, fields })
    return answers[op]?.(fields) ?? {}
  }
  const world = () => ({
    request,
    requestWithTid: async (op: string, fields?: Record<string, unknown>) => ({
      result: await request(op, fields),
      tid: '9',
    }),
  })
  const hands = handed({ world, ...given, words })
  const code = await run(hands.powers)
  return { code, out: hands.out(), err: hands.err(), asked, hands }
}
