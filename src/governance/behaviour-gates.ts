// Owns: the gates that look at what a draft did in its trial, on the call at hand and on every probe.
// Leaves: what several drafts agree on to ballot.ts; the source to source-gates.ts.
// Laws: GO1 a refusal names its gate and says what to change. GO18 what a gate asks for holds on every probe that the draft
// answered, or it is not asked for.
import type { Probe, TrialReport } from '#kernel'
import type { Oid } from '#objects'
import { canonical, changesOf, GONE, isBare, type SlotChange, valueBefore } from './behaviour.ts'
import type { Refusal } from './refusal.ts'
import { refuseRelations } from './relations.ts'
import { isStoredMap, type Scene, spokenSlots } from './scene.ts'
import { asksForChange, asksForOrder, asksForWhole, type Wishes } from './words.ts'

/** A draft's trial: reports and probes stand in the same order; the first is the call as it came. */
export interface Trial {
  selector: string
  source: string
  intent: string | undefined
  wishes: Wishes
  scene: Scene
  probes: readonly Probe[]
  reports: readonly TrialReport[]
}

type Kept = Extract<TrialReport, { kind: 'kept' }>
interface Answered {
  report: Kept
  probe: Probe
  changes: SlotChange[]
}

/** The report that speaks for the call: its own, or that of the first probe that a method which refuses it answers. */
export function showing(trial: Trial): Kept | Refusal {
  const [first] = trial.reports as [TrialReport]
  if (first.kind === 'kept') return first
  if (first.kind === 'not-understood') {
    return {
      gate: 'trial',
      sentence: `it sends ${first.selector}, which nobody understands; use only what is shown`,
    }
  }
  const kept = trial.reports.find((report) => report.kind === 'kept')
  // A method may be right to refuse this very call, as an empty account refuses to pay out.
  const onPurpose = first.fault.code === 'METHOD_FAILED' && /\bthrow\b/.test(trial.source)
  if (onPurpose && kept !== undefined) return kept
  return { gate: 'trial', sentence: `the call failed: ${first.fault.message}${absent(trial)}` }
}

/** What a fault that comes of a slot which is not there does not say, and a model does not guess: where values begin. */
function absent({ source, scene, reports }: Trial): string {
  const [first] = reports
  if (first?.kind !== 'fault' || !/\b(?:NaN|nil|undefined|null)\b/.test(first.fault.message))
    return ''
  const there = new Set(scene.slots.map(({ name }) => name))
  const read = [...source.matchAll(/\b(?:self|this)\.([A-Za-z_$][\w$]*)(?!\w|\s*\()/g)]
  const name = read.map(([, one = '']) => one).find((one) => !there.has(one))
  if (name === undefined) return ''
  return `; ${name} is not there before the first call: begin with self.${name} ??= 0, or ??= [] for a list`
}

/** The first gate that a draft's behaviour fails. */
export function refuseBehaviour(trial: Trial): Refusal | undefined {
  const shown = showing(trial)
  if ('gate' in shown) return shown
  const answered = trial.reports.flatMap((report, i): Answered[] => {
    const probe = trial.probes[i] as Probe
    if (report.kind !== 'kept') return []
    return [{ report, probe, changes: changesOf(report, probe, trial.scene) }]
  })
  return (
    unanswered(shown) ??
    strangeSlot(answered, trial) ??
    idle(answered, trial) ??
    reordered(answered, trial) ??
    ownContainer(answered, trial) ??
    wished(answered, trial) ??
    refuseRelations(trial) ??
    costly(trial) ??
    swollen(answered, trial)
  )
}

function unanswered({ reply }: Kept): Refusal | undefined {
  if (reply !== null && reply !== undefined) return undefined
  return {
    gate: 'reply',
    sentence: 'the call answered nothing; the function must return the reply',
  }
}

function strangeSlot(answered: readonly Answered[], trial: Trial): Refusal | undefined {
  const { scene, intent = '' } = trial
  const shown = scene.slots.filter(({ of }) => of === scene.receiver).map(({ name }) => name)
  const spoken = spokenSlots(scene)
  const known = new Set([...shown, ...spoken])
  const isKnown = (name: string) => known.size === 0 || known.has(name) || intent.includes(name)
  for (const { report } of answered) {
    const own = report.wrote.find(({ oid }) => oid === trial.scene.receiver)
    if (own?.changed.includes(trial.selector)) {
      return {
        gate: 'slots',
        sentence: `it writes to self.${trial.selector}, where the method itself stands; use another slot`,
      }
    }
    const strange = own?.changed.find((name) => !isKnown(name))
    if (strange === undefined) continue
    const use = shown.length > 0 ? 'the slots shown' : `self.${spoken[0]}, as the other methods do`
    return {
      gate: 'slots',
      sentence: `it adds a slot ${strange} that the object does not have; use ${use}`,
    }
  }
  return undefined
}

function idle(answered: readonly Answered[], trial: Trial): Refusal | undefined {
  const { selector, intent, scene } = trial
  // What has no data has nothing that could be undone, taken or cleared.
  if (isBare(scene) || !asksForChange(selector, intent)) return undefined
  const isBusy = ({ report, changes }: Answered) => changes.length > 0 || report.posted.length > 0
  if (answered.some(isBusy)) return undefined
  return {
    gate: 'effect',
    sentence: `${selector} must change the object, but the call changed nothing; assign to a slot of self`,
  }
}

/**
 * Sorting what is only looked at is the commonest thing that drafts do besides. A list that comes out turned round, as a
 * queue's next does, is left to the vote.
 */
function reordered(
  answered: readonly Answered[],
  { selector, intent }: Trial,
): Refusal | undefined {
  if (asksForOrder(selector, intent)) return undefined
  for (const { changes } of answered) {
    const mixed = changes.find(({ before, after }) => isMixed(before, after))
    if (mixed === undefined) continue
    return {
      gate: 'effect',
      sentence: `it leaves self.${mixed.name} in another order, which nobody asked for; sort a copy, [...self.${mixed.name}]`,
    }
  }
  return undefined
}

/** True when the second is the first in another order, and not only turned round. */
function isMixed(before: unknown, after: unknown): boolean {
  if (!Array.isArray(before) || !Array.isArray(after) || before.length !== after.length)
    return false
  const was = before.map(canonical)
  const is = after.map(canonical)
  if ([...was].sort().join() !== [...is].sort().join()) return false
  return !was.some((_, turn) => is.every((one, i) => one === was[(i + turn) % was.length]))
}

/** Words of a name, without a plural's s. */
const wordsIn = (name: string) =>
  (
    name
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/[a-z]+/g) ?? []
  ).map((word) => (word.length > 3 ? word.replace(/s$/, '') : word))

/** A whole list or map of the object is seldom what was asked for: the part, the count or the new value is. */
function ownContainer(answered: readonly Answered[], trial: Trial): Refusal | undefined {
  const asked = new Set(wordsIn(`${trial.selector} ${trial.intent ?? ''}`))
  const containers = trial.scene.slots.filter(
    ({ of, name, value }) =>
      of === trial.scene.receiver &&
      (Array.isArray(value) || isStoredMap(value)) &&
      !asksForWhole(trial.selector) &&
      !(wordsIn(name).every((word) => asked.has(word)) && !asksForChange(trial.selector)),
  )
  for (const { name } of containers) {
    const told = answered.filter(({ report }) => !isEmpty(report.reply))
    const isOwn = ({ report, probe, changes }: Answered) => {
      const after = valueAfter(trial.scene.receiver, name, probe, changes, trial.scene)
      return canonical(report.reply) === canonical(after)
    }
    if (told.length > 1 && told.every(isOwn)) {
      return {
        gate: 'alias',
        sentence: `it answers the whole of self.${name}; answer what was asked for, such as the new value or the count`,
      }
    }
  }
  return undefined
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}

function valueAfter(
  oid: Oid,
  name: string,
  probe: Probe,
  changes: readonly SlotChange[],
  scene: Scene,
): unknown {
  const change = changes.find((one) => one.oid === oid && one.name === name)
  const value = change === undefined ? valueBefore(oid, name, probe, scene) : change.after
  return value === GONE ? undefined : value
}

function wished(answered: readonly Answered[], trial: Trial): Refusal | undefined {
  const { wishes } = trial
  const replies = answered.map(({ report }) => report.reply)
  const refuse = (sentence: string): Refusal => ({ gate: 'intent', sentence })
  if (wishes.answersSlot !== undefined) {
    const name = wishes.answersSlot
    const isIt = ({ report, probe, changes }: Answered) =>
      canonical(report.reply) ===
      canonical(valueAfter(trial.scene.receiver, name, probe, changes, trial.scene))
    if (!answered.every(isIt)) return refuse(`it must answer self.${name} as it is at the end`)
  }
  if (wishes.reply !== undefined && !replies.every((reply) => typeof reply === wishes.reply)) {
    return refuse(`it must answer a ${wishes.reply}`)
  }
  const kept = answered.flatMap(({ changes }) =>
    changes.filter(
      ({ oid, name }) =>
        oid === trial.scene.receiver && (wishes.keeps === 'all' || wishes.keeps.includes(name)),
    ),
  )[0]
  if (kept !== undefined) return refuse(`it changes self.${kept.name}, which must stay as it is`)
  const beyond = answered.flatMap((one) => beyondBounds(one, trial))[0]
  if (beyond !== undefined) return refuse(beyond)
  const unseen = wishes.quoted.find((text) => text !== wishes.example && !isSeen(text, trial))
  if (unseen !== undefined) {
    return refuse(`the intent says ${JSON.stringify(unseen)}, but the method does not have it`)
  }
  if (
    wishes.decimals !== undefined &&
    replies.some((one) => hasDigits(one, wishes.decimals ?? 0))
  ) {
    return refuse(`the answer must be rounded to ${wishes.decimals} decimals`)
  }
  if (wishes.sorted && replies.every(Array.isArray) && !replies.every(isSorted)) {
    return refuse('the answer must be sorted')
  }
  if (wishes.unique && replies.some((one) => Array.isArray(one) && hasDoubles(one))) {
    return refuse('the answer must have no duplicates')
  }
  return undefined
}

/** What a call left beyond a bound that held before it, as a sentence. */
function beyondBounds({ probe, changes }: Answered, { wishes, scene }: Trial): string[] {
  const bound = (of: number | string | undefined): number | undefined => {
    const value = typeof of === 'string' ? valueBefore(scene.receiver, of, probe, scene) : of
    return typeof value === 'number' ? value : undefined
  }
  const [least, most] = [bound(wishes.least), bound(wishes.most)]
  return changes.flatMap(({ oid, name, before, after }) => {
    if (oid !== scene.receiver || typeof before !== 'number' || typeof after !== 'number') return []
    if (least !== undefined && before >= least && after < least) {
      return [`it leaves self.${name} at ${after}, below ${wishes.least}`]
    }
    if (most !== undefined && name !== wishes.most && before <= most && after > most) {
      return [`it leaves self.${name} at ${after}, above ${wishes.most}`]
    }
    return []
  })
}

/** A text is there when the source or a reply has it, or when it is a slot or an argument's value that the method reads. */
function isSeen(text: string, { source, reports, scene }: Trial): boolean {
  if (source.includes(text) || source.includes(JSON.stringify(text).slice(1, -1))) return true
  if (scene.slots.some(({ name, value }) => name === text || canonical(value).includes(text))) {
    return true
  }
  if (scene.args.some((arg) => canonical(arg).includes(text))) return true
  if (reports.some((one) => one.kind === 'kept' && canonical(one.reply).includes(text))) return true
  // A form such as "key = value" is there when what stands between its words is.
  const [first = '', ...between] = text.split(/[\w\s]+/).filter((part) => part !== '')
  return FORM.test(text) && between.length === 0 && source.includes(first)
}

const FORM = /^[a-z]+\s*[^\w\s]{1,2}\s*[a-z]+$/i

const hasDigits = (value: unknown, most: number) =>
  typeof value === 'number' && Math.abs(value - Number(value.toFixed(most))) > 1e-9

/** In one of the two orders; what is neither numbers nor texts has an order that cannot be seen. */
function isSorted(list: unknown): boolean {
  const values = list as unknown[]
  if (!values.every((one) => typeof one === 'number')) return true
  const up = values.every((one, i) => i === 0 || one >= (values[i - 1] as number))
  return up || values.every((one, i) => i === 0 || one <= (values[i - 1] as number))
}

const hasDoubles = (list: readonly unknown[]) => new Set(list.map(canonical)).size < list.length

/** Ticks that one probe may take: a hundredth of what a message may. */
const FUEL_MAX = 100_000
/** Ticks after which a probe is ended: enough to tell what is slow from what has no end. */
export const TRIAL_FUEL = 10 * FUEL_MAX

function costly({ reports }: Trial): Refusal | undefined {
  const kept = reports.filter((one): one is Kept => one.kind === 'kept')
  const most = Math.max(0, ...kept.map(({ fuel }) => fuel))
  if (most > FUEL_MAX) {
    return {
      gate: 'resources',
      sentence: `a call took ${most} steps, more than ${FUEL_MAX}; do it with fewer loops`,
    }
  }
  if (reports.some((one) => one.kind === 'fault' && one.fault.code === 'FUEL')) {
    return {
      gate: 'resources',
      sentence: 'with other values the call does not end; give loops an end',
    }
  }
  return undefined
}

/** Characters by which one call may make what is kept larger, or its reply larger than what there was. */
const GROWTH_MAX = 256 * 1024

function swollen(answered: readonly Answered[], { scene }: Trial): Refusal | undefined {
  const sizeOf = (value: unknown) => (value === GONE ? 0 : canonical(value).length)
  const there = scene.slots.reduce((sum, { value }) => sum + sizeOf(value), 0)
  for (const { report, changes } of answered) {
    const kept = changes.reduce((sum, { before, after }) => sum + sizeOf(after) - sizeOf(before), 0)
    const grown = Math.max(kept, sizeOf(report.reply) - there)
    if (grown <= GROWTH_MAX) continue
    return {
      gate: 'resources',
      sentence: `one call leaves or answers ${grown} characters more than there were, more than ${GROWTH_MAX}; keep less`,
    }
  }
  return undefined
}
