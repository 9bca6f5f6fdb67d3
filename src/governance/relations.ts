// Owns: the gates that hold a draft's answers against one another: what the words ask for must not hang on what they leave out.
// Leaves: making the calls to probes.ts; what one call shows by itself to behaviour-gates.ts.
// Laws: GO39 an answer that is to be in an order is in it whatever the order of the list it is made from, and words are counted
// whatever lies between them.
import type { Probe, TrialReport } from '#kernel'
import { canonical } from './behaviour.ts'
import type { Refusal } from './refusal.ts'
import type { Scene } from './scene.ts'
import { asksForWords, type Wishes } from './words.ts'

/** What is needed of a trial. */
interface Related {
  selector: string
  intent: string | undefined
  wishes: Wishes
  scene: Scene
  probes: readonly Probe[]
  reports: readonly TrialReport[]
}

/** The first relation between answers that a draft does not keep to. */
export function refuseRelations(trial: Related): Refusal | undefined {
  return unordered(trial) ?? spaced(trial)
}

/** A list that was only turned round must give the same list, and not the same turned round too. */
function unordered({ wishes, scene, probes, reports }: Related): Refusal | undefined {
  if (!wishes.sorted) return undefined
  const plain = replyOf(reports[0])
  if (!Array.isArray(plain) || plain.length < 2) return undefined
  const told = plain.map(canonical)
  const turned = told.toReversed().join()
  if (told.join() === turned) return undefined
  for (const [i, probe] of probes.entries()) {
    const one = onlyChange(probe, scene)
    if (one === undefined || !isReversed(one.before, one.after)) continue
    const reply = replyOf(reports[i])
    if (!Array.isArray(reply) || reply.map(canonical).join() !== turned) continue
    return {
      gate: 'intent',
      sentence: `the answer must be in the order that was asked for, but it follows the order of ${one.name}; sort it`,
    }
  }
  return undefined
}

/** More spaces between words make no more words. */
function spaced({ selector, intent, scene, probes, reports }: Related): Refusal | undefined {
  if (!asksForWords(selector, intent)) return undefined
  const plain = replyOf(reports[0])
  for (const [i, probe] of probes.entries()) {
    const one = onlyChange(probe, scene)
    if (one === undefined || !isSpacedOut(one.before, one.after)) continue
    const reply = replyOf(reports[i])
    if (typeof plain !== 'number' || typeof reply !== 'number' || reply === plain) continue
    return {
      gate: 'intent',
      sentence: `with more spaces between the words of ${one.name} it answers ${reply} instead of ${plain}; split at /\\s+/ and leave out what is empty`,
    }
  }
  return undefined
}

const replyOf = (report: TrialReport | undefined): unknown =>
  report?.kind === 'kept' ? report.reply : undefined

/** The one slot of the receiver, or the one argument, in which a probe differs from the call as it came. */
function onlyChange({ sets = [], args, earlier }: Probe, scene: Scene) {
  if (earlier !== undefined) return undefined
  const given = (args ?? scene.args).flatMap((after, i) =>
    canonical(after) === canonical(scene.args[i])
      ? []
      : [{ name: 'the argument', before: scene.args[i], after }],
  )
  const set = sets.map(({ target, slot, value }) => ({
    name: `self.${slot}`,
    before: scene.slots.find(({ of, name }) => of === target && name === slot)?.value,
    after: value,
  }))
  const changes = [...given, ...set]
  return changes.length === 1 ? changes[0] : undefined
}

function isReversed(before: unknown, after: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(after)) return false
  return canonical([...before].reverse()) === canonical(after)
}

function isSpacedOut(before: unknown, after: unknown): boolean {
  if (typeof before !== 'string' || typeof after !== 'string' || before === after) return false
  const plain = (text: string) => text.trim().replace(/ +/g, ' ')
  return before.includes(' ') && plain(before) === plain(after)
}
