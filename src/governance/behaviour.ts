// Owns: what a draft did on every probe, as one text that is equal for drafts that behave alike; and where two differ.
// Leaves: making probes to probes.ts; what agreement is worth to ballot.ts.
// Laws: GO13 two drafts behave alike when on every probe both answer the same and leave the same, or both refuse, or one
// of them crashes.
import type { FaultRecord } from '#ground'
import type { Probe, TrialReport } from '#kernel'
import { type Oid, Ref } from '#objects'
import { isStoredMap, type Scene, spokenSlots } from './scene.ts'

/** What a draft did: one text for each probe. */
export type Behaviour = readonly string[]

export function behaviourOf(
  reports: readonly TrialReport[],
  probes: readonly Probe[],
  scene: Scene,
): Behaviour {
  // What an object without data calls its first slots is a matter of taste.
  const isFree = isBare(scene) && spokenSlots(scene).length === 0
  return reports.map((report, i) => textOf(report, probes[i] ?? {}, scene, isFree))
}

/** The probes on which two drafts differ. A crash differs from nothing: the draft has no opinion there. */
export function differencesOf(one: Behaviour, other: Behaviour): number[] {
  return one.flatMap((text, i) => {
    const theirs = other[i]
    return text === theirs || text === CRASHED || theirs === CRASHED ? [] : [i]
  })
}

/** Probes on which a draft crashed. */
export const crashesOf = (one: Behaviour) => one.filter((text) => text === CRASHED).length

function textOf(report: TrialReport, probe: Probe, scene: Scene, isFree: boolean): string {
  if (report.kind === 'not-understood') return `? ${report.selector}`
  // How a refusal is worded is a matter of taste; that it refuses is not.
  if (report.kind === 'fault') {
    if (NO_NUMBER.test(report.fault.message)) return 'NaN'
    return isCrash(report.fault) ? CRASHED : '!'
  }
  const changes = changesOf(report, probe, scene).map(({ oid, name, before, after }) => {
    const value = after === GONE ? 'gone' : canonical(after)
    const called = isFree && oid === scene.receiver && before === GONE ? '' : name
    return `#${oid} ${called}:${value}`
  })
  return [canonical(report.reply), ...changes.sort(), ...report.posted.map(canonical)].join(' ')
}

/** True when the receiver has no data yet, so that a method gives it its first slots. */
export const isBare = ({ slots, receiver }: Scene) => !slots.some(({ of }) => of === receiver)

/** What a draft did that broke where another answers: nothing was said, neither right nor wrong. */
export const CRASHED = '!!'

/** Messages of errors that no method throws on purpose: those of the engine for values of another kind than expected. */
const ENGINE_ERRORS =
  /^(Cannot (read|set|convert|destructure|use)|Reduce of empty|Invalid (array length|count|time value|date)|.{0,120}(is not (a function|iterable|defined|an object|a constructor)|is undefined|nobody understands))/

export const isCrash = ({ code, message }: FaultRecord) =>
  code === 'METHOD_FAILED' && ENGINE_ERRORS.test(message)

/** A reply or a slot that is no number any more: not what another refuses on purpose. */
const NO_NUMBER = /\bNaN\b|not (?:a )?finite|infinit/i

/** Stands for the value of a slot that is not there. */
export const GONE: unique symbol = Symbol('gone')

/** A slot that a call left with another value than it had. */
export interface SlotChange {
  oid: Oid
  name: string
  before: unknown
  after: unknown
}

/** What a call changed. A slot that was written with the value that it had has not changed. */
export function changesOf(
  report: Extract<TrialReport, { kind: 'kept' }>,
  probe: Probe,
  scene: Scene,
): SlotChange[] {
  const found: SlotChange[] = []
  for (const { oid, born, slots, changed } of report.wrote) {
    const names = born ? slots.map(({ name }) => name) : changed
    for (const name of names) {
      const before = born ? GONE : valueBefore(oid, name, probe, scene)
      const slot = slots.find((one) => one.name === name)
      const after = slot === undefined ? GONE : slot.value
      if (before !== GONE && after !== GONE && canonical(before) === canonical(after)) continue
      found.push({ oid, name, before, after })
    }
  }
  return found
}

/** What an object answered to a slot's name before the call, as far as the scene knows. */
export function valueBefore(oid: Oid, name: string, probe: Probe, scene: Scene): unknown {
  const set = probe.sets?.find((one) => one.target === oid && one.slot === name)
  if (set !== undefined) return set.value
  const slot = scene.slots.find((one) => one.of === oid && one.name === name)
  return slot === undefined ? GONE : slot.value
}

/** Digits in which two numbers must agree: beyond them lies the order of additions. */
const DIGITS = 12

/** A text that is equal for equal values, whatever the order of a map's keys. */
export function canonical(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(DIGITS)) + 0)
  if (typeof value === 'bigint') return `${value}n`
  if (value === undefined || value === null) return 'null'
  if (typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof Ref) return `#${value.oid}`
  if (value instanceof Date) return `@${value.getTime()}`
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isStoredMap(value)) return canonical({ ...value })
  const entries = Object.entries(value).map(([key, part]) => `${key}:${canonical(part)}`)
  return `{${entries.sort().join(',')}}`
}
