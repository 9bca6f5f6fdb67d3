// Owns: what is known of a method before it is drafted: calls that people have answered, and what spoke against the last one.
// Leaves: the text to context.ts and class-context.ts; keeping both to the kernel.
// Laws: MI63 what people have answered, and why the last version or proposal was let go, is shown to the model in both ways of asking.
import { examplesFor, lastFailure } from '#governance'
import type { Example, MethodNeedCall, Workbench } from '#kernel'
import { toWire } from '#objects'
import type { AnsweredContext, KnownContext } from './context.ts'
import { sampleOfValue } from './shape.ts'

/** Answers that are shown: a few say what is meant, and each costs tokens. */
const ANSWERS_MAX = 3

/** What is known of the method that a call needs; nothing when there is nothing. */
export function knownOf(bench: Workbench, call: MethodNeedCall): KnownContext {
  const answered = examplesFor(bench, call)
    .slice(-ANSWERS_MAX)
    .reverse()
    .map((one) => answeredOf(one, call))
  const failure = lastFailure(bench, call.learner, call.selector)
  return {
    ...(answered.length === 0 ? {} : { answered }),
    ...(failure === undefined ? {} : { failure }),
  }
}

function answeredOf(
  { sets, args, expected }: Example,
  { receiver }: MethodNeedCall,
): AnsweredContext {
  const own = (all: readonly { target: number; slot: string; value: unknown }[]) =>
    all
      .filter(({ target }) => target === receiver)
      .map(({ slot, value }) => ({ name: slot, sample: sample(value) }))
  const slots = own(sets)
  const given = args.map(sample)
  if ('fails' in expected) return { slots, args: given, fails: true }
  const reply = sample(expected.reply)
  return { slots, args: given, reply, leaves: own(expected.leaves ?? []) }
}

const sample = (value: unknown): string => sampleOfValue(toWire(value))
