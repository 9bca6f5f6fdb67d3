// Owns: AtomicSwap: putting a method into a slot in one transaction with where it came from, if the slot is as expected.
// Leaves: whether it is good enough to the Crucible or to the person who gives it.
// Laws: GO4 the swap is one turn: before it the old version answers, after it the new one, and nothing in between.
// GO58 a model's method comes with its prompt and what judged it. GO56 neither has anything moved that it was judged with. GO5 a version knows the one it replaced. GO6 a person's method passes parse and capability gates; its type errors are
// warnings.
import type { TableWrite } from '#image'
import type { MethodFields, MethodVerdict, Workbench } from '#kernel'
import { checkSlotName, MethodRef, type Oid, type Relied, type Tid } from '#objects'
import { governanceFault } from './faults.ts'

/** A method to put into a slot. `expect` is the tid of the slot's last change, null if it must be absent. */
export interface Swap {
  holder: Oid
  selector: string
  source: string
  comment: string
  author: string
  expect?: Tid | null
  model?: string
  persona?: string
  /** Hash of the prompt that it answers, and the seed that the model drew it with. */
  prompt?: string
  seed?: number
  examples?: unknown[]
  verdict?: MethodVerdict
  /** What it was judged with: if any of it has moved, it is not installed. */
  relies?: readonly Relied[]
  /** The proposal that it was, and who accepted it. */
  proposal?: string
  accepted?: string
}

/** Table writes that are kept in the commit of a swap. */
type Tables = (tid: Tid) => TableWrite[]

/**
 * Replaces whatever is in the slot. Faults CONFLICT when the slot, or what it relies on, is not as expected, and FIELD_INVALID when
 * it does not say where it came from.
 */
export async function swapMethod(
  bench: Workbench,
  swap: Swap,
  tables?: Tables,
): Promise<{ tid: Tid; version: number; oid: Oid }> {
  checkOrigin(swap)
  const { slot, before, version } = placeOf(bench, swap)
  const { expect, relies, verdict, ...rest } = swap
  const fields: MethodFields = {
    ...rest,
    version,
    ...(verdict === undefined ? {} : { verdict: { ...judgedBy(bench), ...verdict } }),
    ...(before === undefined ? {} : { previous: before.oid }),
  }
  // Without an expectation of the giver's own it is what was just read, so that no version is lost between.
  const seen = slot === undefined ? null : slot.tid
  const { tid, oid } = await bench.install(
    fields,
    expect === undefined ? seen : expect,
    tables,
    relies,
  )
  return { tid, version, oid }
}

/** The slot as it is, the method in it, and the number that the next version has. */
export function placeOf(bench: Workbench, { holder, selector }: Pick<Swap, 'holder' | 'selector'>) {
  const slot = bench.head.object(holder).slots.find(({ name }) => name === selector)
  const before = slot?.value instanceof MethodRef ? bench.head.method(slot.value.oid) : undefined
  // A version that was taken back keeps its number.
  const newest = bench.versions.newest(holder, selector)
  return { slot, before, version: Math.max(before?.version ?? 0, newest) + 1 }
}

function checkOrigin({ selector, author, model, prompt, verdict }: Swap): void {
  const lacks = [
    author === '' && 'who asked for it',
    model !== undefined && prompt === undefined && 'the prompt that it answers',
    model !== undefined && verdict === undefined && 'what it passed',
  ].filter((one) => one !== false)
  if (lacks.length === 0) return
  const sentence = `a version of ${selector} must say where it came from; it lacks ${lacks.join(', ')}`
  throw governanceFault('FIELD_INVALID', sentence, { selector })
}

const judgedBy = ({ judging }: Workbench) => (judging === undefined ? {} : { judge: judging })

/** A person's method: compiled, checked, put in place. Faults METHOD_FAILED when it does not compile. */
export async function putMethod(
  bench: Workbench,
  swap: Swap,
  tables?: Tables,
): Promise<{ tid: Tid; version: number; warnings?: string[] }> {
  const { warnings } = await compiled(bench, swap)
  const { tid, version } = await swapMethod(bench, swap, tables)
  return { tid, version, ...(warnings.length === 0 ? {} : { warnings }) }
}

/** What a person's method must pass: it compiles. Its type errors are warnings. Faults METHOD_FAILED and FIELD_INVALID. */
export async function compiled(
  bench: Workbench,
  { selector, source }: Pick<Swap, 'selector' | 'source'>,
): Promise<{ arity: { least: number; most: number | null }; warnings: string[] }> {
  checkSlotName(selector)
  const checked = await bench.check({
    source,
    selector,
    declaration: 'interface Self { [name: string]: any }',
  })
  if ('problems' in checked) {
    const problem = checked.problems[0]
    throw governanceFault(
      'METHOD_FAILED',
      `the method does not compile: line ${problem?.line}, column ${problem?.column}: ${problem?.message}`,
      { problems: checked.problems },
    )
  }
  const warnings = checked.typeProblems.map(({ line, message }) => `line ${line}: ${message}`)
  return { arity: checked.arity, warnings }
}
