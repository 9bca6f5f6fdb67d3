// Owns: tests by a persona that has not seen a draft: what it is shown, reading them in its words, and asking for them where a
// person has to decide.
// Leaves: running them to governance; drafting to the learner that is handed in.
// Laws: MI60 the tester is shown the object, the call and the intent, and no draft. MI61 it is asked only for a proposal that goes to a
// person, and what it says refuses nothing; when it cannot be asked, the proposal goes without.
import { runUnseen, type UnseenTest } from '#governance'
import {
  type Adviser,
  type CaseGiven,
  type Learner,
  type LearnOutcome,
  type LearnTask,
  type Proposed,
  type ProposedTests,
  personaOf,
  type Workbench,
} from '#kernel'
import { isMap } from '#objects'
import type { DraftContext } from '../context.ts'
import { describeReceiver, namesOf } from '../receiver.ts'

/** Who writes the tests: the voice that looks for what is wrong. */
const TESTER = 'brick'
/** Tests that are taken: each is one call of every draft, and more of them are seldom right. */
const TESTS_MAX = 3

const ASKED = [
  `Nobody has shown you the method. Write up to ${TESTS_MAX} calls with what each must answer, one a line, of this form, with values as JSON:`,
  'TEST {"slots": {"count": 2}, "args": [3], "expected": 5}',
  'where slots are those of the object that differ from now, and may be left out; or {"args": [-1], "fails": true} where it must refuse.',
].join('\n')

/** What the tester is asked about a message that nobody understands yet. */
export function testText({ object, slots, selector, args, intent }: DraftContext): string {
  return [
    'Test a method that you cannot see.',
    `The object ${object} has: ${slots.map(({ name, sample }) => `${name} = ${sample}`).join('; ')}`,
    `It is to understand: ${selector}(${args.map(({ sample }) => sample).join(', ')})`,
    ...(intent === undefined ? [] : [`Intent: ${intent}`]),
    ASKED,
  ].join('\n')
}

/** The tests in its words; lines that are none are left out. */
export function testsIn(text: string): UnseenTest[] {
  const lines = [...text.matchAll(/\bTEST\b:?[ \t]*(\{.*\})/g)]
  return lines.flatMap(([, line = '']) => testIn(line) ?? []).slice(0, TESTS_MAX)
}

function testIn(line: string): UnseenTest | undefined {
  let given: unknown
  try {
    given = JSON.parse(line)
  } catch {
    // Words that are no call test nothing.
    return undefined
  }
  if (typeof given !== 'object' || given === null || !isMap(given)) return undefined
  const { slots = {}, args, expected, fails } = given
  if (!Array.isArray(args) || typeof slots !== 'object' || slots === null || !isMap(slots)) {
    return undefined
  }
  if (fails === true) return { slots, args, fails }
  return expected === undefined ? undefined : { slots, args, expected }
}

/** A learner whose proposals come with tests of their drafts. */
export class TestingLearner implements Learner {
  readonly #inner: Learner
  readonly #adviser: Adviser

  constructor(inner: Learner, adviser: Adviser) {
    this.#inner = inner
    this.#adviser = adviser
  }

  get name(): string {
    return this.#inner.name
  }

  async learn(task: LearnTask, bench: Workbench): Promise<LearnOutcome> {
    let given: CaseGiven | undefined
    let tests: ProposedTests | undefined
    // The case is kept once it has its tests.
    const keepCase = async (one: CaseGiven) => {
      given = one
      return ''
    }
    try {
      const outcome = await this.#inner.learn(task, { ...bench, keepCase })
      if (outcome.kind !== 'parked') return outcome
      tests = await this.#test(task, bench, outcome.proposal)
      if (tests === undefined) return outcome
      return { ...outcome, proposal: { ...outcome.proposal, tests } }
    } finally {
      if (given !== undefined) {
        await bench.keepCase(tests === undefined ? given : { ...given, tests })
      }
    }
  }

  async #test(
    { need, intent, frame, signal, emit }: LearnTask,
    bench: Workbench,
    { drafts }: Proposed,
  ): Promise<ProposedTests | undefined> {
    const { head } = bench
    const tester = head.name(TESTER)
    if (tester === undefined) return undefined
    try {
      const { selector, args, receiver } = need
      const { context } = describeReceiver(
        head,
        receiver,
        { selector, args, intent },
        namesOf(head),
      )
      const persona = personaOf(head, tester, TESTER)
      const text = testText(context)
      const asked = { of: 'persona', ...persona, text, purpose: 'review' } as const
      const spoken = await this.#adviser.speak({ ...asked, heard: [] }, emit, signal)
      const call = { ...need, frame }
      const sources = drafts.map(({ source }) => source)
      const ran = await runUnseen(bench, call, sources, testsIn(spoken.text))
      return { persona: spoken.persona, model: spoken.model, ran }
    } catch (error) {
      signal.throwIfAborted()
      const why = error instanceof Error ? error.message : String(error)
      emit({ kind: 'progress', detail: `no tests were written: ${why}` })
      return undefined
    }
  }
}
