// Owns: whether a method does what its task asks: the checks that no model and no gate has seen.
// Leaves: making the objects to stage.ts; running the method to the world, confined as ever.
// Laws: RK6 a method is right when every check of its task holds; values are compared, numbers within a tolerance. RK7 a refusal is what the method throws itself: a method
// that calls what is not there, or does not end, refuses nothing.
import { asFault, type FaultRecord } from '#ground'
import type { Answer, Kernel } from '#kernel'
import { decodeValue, MethodRef, type Oid, oidText, toWire } from '#objects'
import { setStage, type Stage, valueOf } from './stage.ts'
import type { MethodCheck, MethodTask } from './task-file.ts'

/** `why` says which check failed, counted from one, and what was there instead. */
export type CheckOutcome = { ok: true } | { ok: false; why: string }

/** How far numbers may be apart when a check does not say. */
const TOLERANCE = 1e-6
/** What the world says of a result that is no number: the method went on where it should have thrown. */
const NO_NUMBER = /^(NaN|-?Infinity) (cannot be kept|is not a value)/
/** Characters of a value in a sentence. */
const SHOWN = 90

/** Puts a source to every check of its task. */
export async function runChecks(
  kernel: Kernel,
  task: MethodTask,
  source: string,
): Promise<CheckOutcome> {
  for (const [i, check] of task.checks.entries()) {
    const why = await failureOf(kernel, task, check, source)
    if (why !== undefined) return { ok: false, why: `check ${i + 1}: ${why}` }
  }
  return { ok: true }
}

async function failureOf(
  kernel: Kernel,
  task: MethodTask,
  check: MethodCheck,
  source: string,
): Promise<string | undefined> {
  const stage = await setStage(kernel, task, false, check)
  const installed = await install(kernel, stage.learner, task.selector, source)
  if (installed !== undefined) return installed
  const names = new Map([...stage.oids].map(([name, oid]) => [oidText(oid), name]))
  let reply: unknown
  let fault: FaultRecord | undefined
  for (const [selector, ...args] of check.calls) {
    const answer = await send(kernel, stage, selector, args)
    if (!answer.ok) {
      fault = answer.fault
      break
    }
    reply = plain(decodeValue(answer.result), names)
  }
  return (
    wrongReply(check, reply, fault) ??
    wrongState(kernel, stage.receiver, check.state, check.tol, names) ??
    wrongObjects(kernel, stage, check, names)
  )
}

/** Puts the source in place ungated; what does not compile says so. */
async function install(
  kernel: Kernel,
  holder: Oid,
  selector: string,
  source: string,
): Promise<string | undefined> {
  const slot = kernel.head.object(holder).slots.find(({ name }) => name === selector)
  const version = slot?.value instanceof MethodRef ? 2 : 1
  const fields = { selector, source, comment: '', author: 'rank', version, holder }
  try {
    await kernel.workbench.install(fields, slot?.tid ?? null)
    return undefined
  } catch (error) {
    const refused = asFault(error)
    if (refused === undefined) throw error
    return refused.message
  }
}

function send(
  kernel: Kernel,
  stage: Stage,
  selector: string,
  args: readonly unknown[],
): Promise<Answer> {
  return new Promise((answer) => {
    const message = {
      principal: 'rank',
      author: 'rank',
      target: stage.receiver,
      selector,
      args: args.map((arg) => valueOf(arg, stage.oids)),
      // What a draft calls and nobody has is a mistake of the draft, and nothing to be learnt.
      policy: 'off',
    } as const
    kernel.send(message, { event: () => undefined, answer })
  })
}

function wrongReply(
  check: MethodCheck,
  reply: unknown,
  fault: FaultRecord | undefined,
): string | undefined {
  if (check.throws === true) {
    if (fault === undefined) return `it did not throw, and answered ${shown(reply)}`
    const isThrown = fault.code === 'METHOD_FAILED' && !NO_NUMBER.test(fault.message)
    return isThrown ? undefined : `it failed with ${fault.message}`
  }
  if (fault !== undefined) return `it failed with ${fault.message}`
  if ('expect' in check && !alike(reply, plain(check.expect, new Map()), check.tol)) {
    return `it answered ${shown(reply)} where ${shown(check.expect)} is right`
  }
  const text = typeof reply === 'string' ? reply : JSON.stringify(reply)
  const missing = check.contains?.find((part) => !text.includes(part))
  return missing === undefined ? undefined : `${shown(missing)} is not in ${shown(reply)}`
}

function wrongObjects(
  kernel: Kernel,
  stage: Stage,
  { objectState = {}, tol }: MethodCheck,
  names: ReadonlyMap<string, string>,
): string | undefined {
  for (const [name, state] of Object.entries(objectState)) {
    const oid = stage.oids.get(name)
    if (oid === undefined) return `there is no ${name}`
    const why = wrongState(kernel, oid, state, tol, names)
    if (why !== undefined) return `${name}: ${why}`
  }
  return undefined
}

function wrongState(
  kernel: Kernel,
  oid: Oid,
  state: Record<string, unknown> = {},
  tol: number | undefined,
  names: ReadonlyMap<string, string>,
): string | undefined {
  const { slots } = kernel.head.object(oid)
  for (const [name, expected] of Object.entries(state)) {
    const slot = slots.find((one) => one.name === name)
    if (slot === undefined) return `the slot ${name} is gone`
    const value = slot.value instanceof MethodRef ? 'a method' : toWire(slot.value)
    const found = plain(value, names)
    if (alike(found, plain(expected, new Map()), tol)) continue
    return `${name} is ${shown(found)} where ${shown(expected)} is right`
  }
  return undefined
}

/** A wire value as JSON would have it: dates as texts, objects by their names in the task. */
function plain(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (value === undefined) return null
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map((part) => plain(part, names))
  const { $date: date, $ref: to } = value as { $date?: string; $ref?: string }
  if (date !== undefined) return new Date(date).toISOString()
  if (to !== undefined) return { $ref: names.get(to) ?? to }
  const entries = Object.entries(value).map(([key, part]) => [key, plain(part, names)])
  return Object.fromEntries(entries)
}

/** Whether two plain values are the same, numbers within the tolerance. */
export function alike(one: unknown, other: unknown, tolerance: number = TOLERANCE): boolean {
  if (typeof one === 'number' && typeof other === 'number') {
    return Math.abs(one - other) <= tolerance
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return one === other
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const mine = Object.entries(one)
  if (mine.length !== Object.keys(other).length) return false
  return mine.every(
    ([key, part]) =>
      Object.hasOwn(other, key) && alike(part, (other as Record<string, unknown>)[key], tolerance),
  )
}

const shown = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN)
