// Owns: a method that a person gives, where another may be in place: what people said that it does not keep to, and what it does
// otherwise than that one.
// Leaves: the comparison to replacing.ts; putting it into its slot to atomic-swap.ts.
// Laws: GO68 a person's replacement that does not give an answer which a person gave is refused, unless the person overrules it; the
// version then says what was overruled, and stays. GO69 what it does otherwise than the version in place, and what costs more than
// twice as much, is told and refuses nothing. GO73 a preview comes to what giving would, and changes nothing.
import { Fault } from '#ground'
import type { TableWrite } from '#image'
import { collectRefs, type Kernel, type MethodNeedCall, type VersionRow } from '#kernel'
import { fromWire, MethodRef, OBJECT_LIMITS, type Oid, oidText, type Tid } from '#objects'
import { compiled, placeOf, swapMethod } from './atomic-swap.ts'
import { canonical } from './behaviour.ts'
import { Case, type CaseGiven, type Observed } from './crucible.ts'
import { textOf } from './examples.ts'
import { governanceFault } from './faults.ts'
import { Replacement, type Weighed } from './replacing.ts'

/** A method that a person gives. */
export interface Given {
  holder: Oid
  selector: string
  source: string
  /** What it does, for people; without it the one of the version in place stays. */
  comment?: string | undefined
  /** Who gives it. */
  author: string
  /** The tid of the slot's last change, null if it must be absent. */
  expect?: Tid | null
  /** The person has read what speaks against it, or will have it whatever that is. */
  anyway: boolean
  /** Say what would come of it, and change nothing. */
  preview: boolean
  /** Called once it has been compared and is to be put in place; what it throws keeps it out. */
  before?: () => void
}

/** What came of it, or would come of it: then there is no `tid`. */
export interface GivenAnswer {
  tid: Tid | null
  version: number
  /** Calls on which it was compared with the version in place. */
  compared: number
  /** What a person may want to know: problems of types, other answers, more steps. */
  warnings?: string[]
  /** What people said that it does not keep to. */
  overruled?: string[]
}

/** Sentences of what was overruled that a version's record has. */
const OVERRULED_MAX = 4
/** Calls whose arguments are tried: each is varied in some ninety ways, twice. */
const CALLS_MAX = 3
/** Arguments that are made up for one call; a method that takes more is compared on what people have answered alone. */
const ARGS_MAX = 6
/** Arguments where nothing is known of any call, one kind after the other until the version in place answers. */
const MADE_UP: readonly (readonly unknown[])[] = [
  [7, 3, 12, 2, 5, 1],
  ['fig', 'pear', 'plum', 'kiwi', 'lime', 'date'],
  [[3, 1, 2], [4, 9], [5], [6, 8], [2], [7]],
]

/**
 * Puts a person's method into its slot, unless people said otherwise. Faults METHOD_FAILED when it does not compile, CONFLICT when
 * the slot is not as expected, POLICY with `data.unlike` when it does not keep to what people said, QUARANTINED.
 */
export async function giveMethod(kernel: Kernel, given: Given): Promise<GivenAnswer> {
  const { workbench, quarantine, versions } = kernel
  const { holder, selector, source, author, anyway, preview } = given
  const { arity, warnings } = await compiled(workbench, given)
  const barred = quarantine.faultOf(source)
  if (barred !== undefined) throw new Fault(barred)
  const { slot, before, version } = placeOf(workbench, given)
  const expect = slot === undefined ? null : slot.tid
  if (given.expect !== undefined && given.expect !== expect) throw moved(given, expect)
  const found = await weigh(kernel, given, arity.most ?? arity.least)
  const unlike = [...dataIn(given, slot?.value), ...found.unlike]
  if (unlike.length > 0 && !anyway) throw refused(given, unlike)
  const more = {
    version,
    compared: found.compared,
    ...alsoIf('warnings', [...warnings, ...found.warnings]),
    ...alsoIf('overruled', unlike),
  }
  given.before?.()
  if (preview) return { tid: null, ...more }
  const verdict = { probes: found.compared, ...alsoIf('overruled', brief(unlike)) }
  const comment = given.comment ?? before?.comment ?? ''
  const swap = { holder, selector, source, comment, author, expect, verdict }
  const tables = (tid: Tid) => {
    const row = versions.live().find((one) => isOf(one, given, version))
    if (unlike.length === 0 || row === undefined) return []
    return [staying(kernel, row, { by: author, unlike, tid })]
  }
  const done = await swapMethod(workbench, swap, tables)
  return { ...more, tid: done.tid, version: done.version }
}

const isOf = (row: VersionRow, { holder, selector }: Given, version: number) =>
  row.holder === holder && row.selector === selector && row.version === version

const alsoIf = <Name extends string>(name: Name, sentences: string[]) =>
  (sentences.length === 0 ? {} : { [name]: sentences }) as { [N in Name]?: string[] }

function moved({ selector, holder }: Given, found: Tid | null): Fault {
  const now = found === null ? 'it is not there' : `it was changed last in ${found}`
  return governanceFault(
    'CONFLICT',
    `${selector} of ${oidText(holder)} is not as it was expected: ${now}`,
    { found: found === null ? null : String(found) },
    'Look at what is there with `batos source`, and give the method again on top of it.',
  )
}

/** What a method would take the place of that is none. */
function dataIn({ selector }: Given, value: unknown): string[] {
  if (value === undefined || value instanceof MethodRef) return []
  return [`${selector} holds ${textOf(value)}, which the method would take the place of`]
}

function refused({ selector, holder }: Given, unlike: string[]): Fault {
  const more = unlike.length === 1 ? '' : ` (and ${unlike.length - 1} more)`
  return governanceFault(
    'POLICY',
    `the method is not given: ${unlike[0]}${more}`,
    { target: oidText(holder), selector, unlike },
    "Correct the source; or overrule it: `batos method --anyway`, or `replace: 'anyway'`.",
  )
}

/** The write with which a version that was given against what people said stays, as it does when they say so later. */
function staying(
  { versions, options }: Kernel,
  row: VersionRow,
  { by, unlike, tid }: { by: string; unlike: string[]; tid: Tid },
): TableWrite {
  const reason = `given although ${brief(unlike).join('; ')}`
  return versions.deciding(row, 'durable', options.now(), { by, reason, tid })
}

/** As many sentences as a record has room for. */
function brief(sentences: readonly string[]): string[] {
  const more = sentences.length - OVERRULED_MAX
  const first = sentences.slice(0, OVERRULED_MAX)
  return more <= 0 ? first : [...first, `${more} more`]
}

interface Found {
  unlike: string[]
  compared: number
  warnings: string[]
}

/** What people said that a source does not keep to, and what it does otherwise than the version in place. */
async function weigh(kernel: Kernel, given: Given, arity: number): Promise<Found> {
  const { workbench } = kernel
  const calls = callsOf(kernel, given)
  const isMethod = placeOf(workbench, given).before !== undefined
  const asked = calls.length > 0 || !isMethod ? calls : madeUp(kernel, given, arity)
  const found: Found = { unlike: [], compared: 0, warnings: [] }
  const unlike = new Set<string>()
  for (const call of asked) {
    const one = caseOf(call)
    const weighed = isMethod
      ? await new Replacement(workbench, one).weigh(given.source)
      : await new Case(workbench, one).observe(given.source)
    if (weighed === undefined) continue
    for (const { sentence } of weighed.unlike) unlike.add(sentence)
    // What nobody has ever called so says nothing where the version in place breaks on it.
    if (calls.length === 0 && 'fits' in weighed && !weighed.fits) continue
    if ('compared' in weighed) found.compared += weighed.compared
    found.warnings.push(...warningsOf(weighed))
    if (calls.length === 0) break
  }
  return { ...found, warnings: [...new Set(found.warnings)], unlike: [...unlike] }
}

function warningsOf(weighed: Pick<Observed, 'broken'> & Partial<Weighed>): string[] {
  const { broken, compared, differ, otherwise, dear } = weighed
  return [
    ...(broken === undefined ? [] : [broken.sentence]),
    ...(otherwise === undefined
      ? []
      : [`${differ} of ${compared} calls come to something else: ${otherwise}`]),
    ...(dear === undefined ? [] : [dear]),
  ]
}

/** Calls of this method that are known: those that people have answered, and the one that it was learnt for. */
function callsOf(kernel: Kernel, { holder, selector }: Given): MethodNeedCall[] {
  const { head, workbench } = kernel
  const calls = new Map<string, MethodNeedCall>()
  const add = (receiver: Oid, args: unknown[]) => {
    if (calls.size >= CALLS_MAX || !head.has(receiver)) return
    if (![...collectRefs(args, new Set())].every((oid) => head.has(oid))) return
    calls.set(canonical(args), callTo(kernel, { receiver, holder, selector }, args))
  }
  for (const { receiver, args } of workbench.examples(holder, selector)) add(receiver, args)
  const summary = kernel.cases
    .list()
    .find((one) => one.selector === selector && one.holder === oidText(holder))
  if (calls.size === 0 && summary !== undefined) {
    const { args, receiver } = kernel.cases.get(summary.id)
    const read = argsIn(args)
    if (read !== undefined) add(head.resolve(receiver), read)
  }
  return [...calls.values()]
}

/** The arguments that a case keeps as text; undefined where the text was cut. */
function argsIn(text: string): unknown[] | undefined {
  try {
    const read: unknown = JSON.parse(text)
    return Array.isArray(read) ? read.map(fromWire) : undefined
  } catch (thrown) {
    // A long text is kept as its beginning alone.
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

function madeUp(kernel: Kernel, { holder, selector }: Given, arity: number): MethodNeedCall[] {
  if (arity > ARGS_MAX) return []
  const kinds = arity === 0 ? MADE_UP.slice(0, 1) : MADE_UP
  const at = { receiver: holder, holder, selector }
  return kinds.map((args) => callTo(kernel, at, args.slice(0, arity)))
}

const callTo = (
  { options }: Kernel,
  { receiver, holder, selector }: { receiver: Oid; holder: Oid; selector: string },
  args: unknown[],
): MethodNeedCall => ({
  kind: 'method',
  ...{ receiver, learner: holder, selector, args },
  frame: { now: options.now(), seed: 1, fuel: OBJECT_LIMITS.fuel },
})

const caseOf = (call: MethodNeedCall): CaseGiven => ({
  call,
  declaration: 'interface Self { [name: string]: any }',
  argTypes: call.args.map(() => 'any'),
  intent: undefined,
})
