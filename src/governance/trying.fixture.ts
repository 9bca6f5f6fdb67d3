// Owns: putting a draft through the gates of a test world, as a learner does.
// Leaves: the world to world.fixture.ts; what must come of it to the tests.
import type { Oid } from '#objects'
import { Case, type CaseGiven, type Vote } from './crucible.ts'
import type { Refusal } from './refusal.ts'
import type { TestWorld } from './world.fixture.ts'

/** What is not said is as of a call without arguments. */
export interface Call {
  selector: string
  args?: unknown[]
  intent?: string
  /** TypeScript of the slots; anything goes when left out. */
  declaration?: string
  receiver?: Oid
}

/** The case of a call that `it` does not understand. */
export function givenFor(t: TestWorld, one: Call): CaseGiven {
  const { selector, args = [], intent, receiver = t.oid('it') } = one
  const frame = { now: 1_000, seed: 1, fuel: 1_000_000 }
  return {
    call: { kind: 'method', receiver, learner: receiver, selector, args, frame },
    declaration: one.declaration ?? 'interface Self { [name: string]: any }',
    argTypes: args.map((arg) => typeof arg),
    intent,
  }
}

export const caseFor = (t: TestWorld, one: Call) => new Case(t.kernel.workbench, givenFor(t, one))

/** The gate that refuses a draft; `undefined` when it passed. */
export async function gateOf(t: TestWorld, one: Call, source: string): Promise<string | undefined> {
  const outcome: Refusal | Vote = await caseFor(t, one).consider(source)
  return 'gate' in outcome ? outcome.gate : undefined
}
