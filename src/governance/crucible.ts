// Owns: the Crucible: the gates that a drafted method passes before it may be installed, in order, each with a reason code.
// Leaves: drafting to the mind; parsing and types to the judge; running to the trial.
// Laws: GO1 a draft that fails a gate is refused with the gate's code and a sentence that says what to change.
// GO2 no gate runs the draft outside a trial. GO3 what passed is what is installed, byte for byte.
import type { FaultRecord } from '#ground'
import type { CheckAnswer, MethodNeedCall, TrialReport, Workbench } from '#kernel'
import { type Oid, oidText, type Posting } from '#objects'

/** Why a draft was refused: the gate, and a sentence for whoever drafts again. */
export interface Refusal {
  gate: 'parse' | 'shape' | 'types' | 'trial' | 'reply' | 'effect' | 'slots'
  sentence: string
}

/** What a draft did in its trial, once it passed. */
export interface Verdict {
  source: string
  /** What the call answered; nil when the method refused it on purpose. */
  reply: unknown
  /** Objects that it changed and that were there before. */
  wrote: Oid[]
  /** Messages for later that it left for objects that were there before, and requests. */
  posted: Posting[]
  fuel: number
}

/** A draft and what it is judged by. */
export interface Trying {
  source: string
  call: MethodNeedCall
  /** TypeScript text that declares `interface Self`. */
  declaration: string
  argTypes: string[]
  /** Slots that the receiver answers to before the call. */
  slotNames: ReadonlySet<string>
  /** Those of them that hold numbers. */
  numbers: readonly string[]
  intent: string | undefined
}

/**
 * First words of selectors that ask for a change: a method of such a name that changes nothing on its call is wrong.
 * Measured on 52 tasks: it caught 13 of 59 wrong drafts and refused none that were right. English only, and short on
 * purpose: what is not listed is not judged by its name.
 */
const VERBS_OF_CHANGE = new Set([
  ...['add', 'append', 'insert', 'push', 'put', 'store', 'record', 'register', 'enqueue'],
  ...['remove', 'delete', 'clear', 'reset', 'empty', 'drop', 'pop', 'dequeue', 'take'],
  ...['set', 'change', 'rename', 'update', 'toggle', 'switch', 'turn', 'open', 'close'],
  ...['increment', 'decrement', 'increase', 'decrease', 'bump', 'deposit', 'withdraw', 'transfer'],
  ...['undo', 'redo', 'start', 'stop', 'lock', 'unlock', 'move', 'assign', 'mark'],
])

const firstWord = (selector: string) =>
  (/^[a-z]+/.exec(selector)?.[0] ?? /^[A-Z]?[a-z]+/.exec(selector)?.[0] ?? '').toLowerCase()

/** True when the selector's verb says that something changes. */
export function asksForChange(selector: string): boolean {
  return VERBS_OF_CHANGE.has(firstWord(selector))
}

/** Puts a draft through the gates. */
export async function tryDraft(bench: Workbench, trying: Trying): Promise<Verdict | Refusal> {
  const { source, call } = trying
  const checked = await bench.check({
    source,
    selector: call.selector,
    declaration: trying.declaration,
    argTypes: trying.argTypes,
  })
  const refused = judged(checked, call.args.length)
  if (refused !== undefined) return refused
  const { code, globals } = checked as Exclude<CheckAnswer, { problems: unknown }>
  const candidate = {
    learner: call.learner,
    selector: call.selector,
    code: { code, globals },
    request: {
      ...call.frame,
      target: call.receiver,
      selector: call.selector,
      args: call.args,
      holder: call.learner,
    },
  }
  const [report] = await bench.trial(candidate, [{}])
  if (!refusesOnPurpose(report, source) || trying.numbers.length === 0)
    return weighed(report, trying)
  // A method may be right to refuse this very call, as an empty account refuses to pay out. Then it shows what it does
  // where there is plenty, and the call's own answer is its refusal.
  const sets = trying.numbers.map((slot) => ({ target: call.receiver, slot, value: PLENTY }))
  const [filled] = await bench.trial(candidate, [{ sets }])
  const probed = weighed(filled, trying)
  return 'gate' in probed ? weighed(report, trying) : { ...probed, reply: null }
}

/** A number beyond what a call is likely to ask for, and far from where arithmetic ends. */
const PLENTY = 1_000_000

/** True when the method's own `throw` may have ended the call. */
function refusesOnPurpose(report: TrialReport, source: string): boolean {
  return (
    report.kind === 'fault' && report.fault.code === 'METHOD_FAILED' && /\bthrow\b/.test(source)
  )
}

function judged(checked: CheckAnswer, given: number): Refusal | undefined {
  if ('problems' in checked) {
    const problem = checked.problems[0]
    return { gate: 'parse', sentence: problem?.message ?? 'it does not parse' }
  }
  const { least } = checked.arity
  // The receiver is not counted; a default or rest parameter may be missing from the call.
  if (least > given) {
    return {
      gate: 'shape',
      sentence: `the message has ${given} arguments, but the function takes ${least} after self`,
    }
  }
  const problem = checked.typeProblems[0]
  return problem === undefined ? undefined : { gate: 'types', sentence: problem.message }
}

function weighed(report: TrialReport, trying: Trying): Verdict | Refusal {
  if (report.kind === 'not-understood') {
    return {
      gate: 'trial',
      sentence: `it sends ${report.selector}, which nobody understands; use only what is shown`,
    }
  }
  if (report.kind === 'fault') return { gate: 'trial', sentence: faultSentence(report.fault) }
  if (report.reply === null || report.reply === undefined) {
    return {
      gate: 'reply',
      sentence: 'the call answered nothing; the function must return the reply',
    }
  }
  const { call, slotNames } = trying
  for (const one of report.wrote) {
    if (one.oid !== call.receiver) continue
    const strange = one.changed.find((name) => name !== call.selector && !slotNames.has(name))
    if (strange !== undefined && !(trying.intent ?? '').includes(strange)) {
      return {
        gate: 'slots',
        sentence: `it adds a slot ${strange} that the object does not have; use the slots shown`,
      }
    }
  }
  const isIdle = report.wrote.length === 0 && report.posted.length === 0
  if (asksForChange(call.selector) && isIdle) {
    return {
      gate: 'effect',
      sentence: `${call.selector} must change the object, but the call changed nothing; assign to a slot of self`,
    }
  }
  const wrote = report.wrote.filter((one) => !one.born).map((one) => one.oid)
  const born = new Set(report.wrote.filter((one) => one.born).map((one) => one.oid))
  const posted = report.posted.filter((one) => one.kind === 'request' || !born.has(one.target))
  return { source: trying.source, reply: report.reply, wrote, posted, fuel: report.fuel }
}

const faultSentence = (fault: FaultRecord) => `the call failed: ${fault.message}`

/** Why a method that passed may not be installed without a person: what it did beyond the receiver and the arguments. */
export function beyondAuto(
  verdict: Verdict,
  call: MethodNeedCall,
  args: ReadonlySet<Oid>,
): string | undefined {
  const isStrange = (oid: Oid) => oid !== call.receiver && !args.has(oid)
  const changed = verdict.wrote.find(isStrange)
  if (changed !== undefined) {
    return `its trial changed ${oidText(changed)}, which is neither the receiver nor an argument`
  }
  if (verdict.posted.some(({ kind }) => kind === 'request')) return 'its trial asks another host'
  const told = verdict.posted.find(({ target }) => isStrange(target))?.target
  if (told === undefined) return undefined
  return `its trial left a message for ${oidText(told)}, which is neither the receiver nor an argument`
}
