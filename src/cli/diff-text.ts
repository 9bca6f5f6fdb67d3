// Owns: a diff as people read it: objects by name, slots with what they were and are, methods and long values line by line.
// Leaves: what differs to the kernel; lines to line-diff.ts.
// Laws: CL87 every slot that differs is shown with what it was and is, and the counts are those of what is shown.
import { type DiffLine, lineDiff } from './line-diff.ts'
import { plain, type Stream } from './terminal.ts'
import { type Called, inline, outline } from './value-text.ts'

interface State {
  kind: string
  value?: unknown
  version?: number
  source?: string
}

interface SlotDifference {
  name: string
  change: 'added' | 'removed' | 'changed'
  before?: State
  after?: State
}

/** As DiffCommand answers it, and UndoCommand with a preview. */
export interface Diff {
  from: string
  to: string
  counts: { added: number; removed: number; changed: number; slots: number; names: number }
  objects: { oid: string; change: SlotDifference['change']; slots: SlotDifference[] }[]
  names: { name: string; before: string | null; after: string | null }[]
  places: Record<string, string>
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const

/** Columns of a value that is laid out in lines, where the stream does not say. */
const COLUMNS = 80

/** Prints a diff, and its counts. */
export function printDiff(out: Stream, { objects, names, counts, places }: Diff): void {
  const place = (oid: string) => (Object.hasOwn(places, oid) ? places[oid] : undefined)
  const called: Called = (oid) => plain(place(oid) ?? oid)
  for (const { oid, change, slots } of objects) {
    const known = place(oid)
    out.line(`${SIGNS[change]} ${known === undefined ? oid : `${plain(known)} (${oid})`}`)
    for (const slot of slots) printSlot(out, slot, called)
  }
  for (const { name, before, after } of names) {
    out.line(`  name ${plain(name)}  ${before ?? 'nothing'} → ${after ?? 'nothing'}`)
  }
  const { added, removed, changed } = counts
  const slots = counted(counts.slots, 'slot')
  const bindings = counted(counts.names, 'name')
  out.line(
    `${counted(added, 'object')} added, ${removed} removed, ${changed} changed; ${slots}, ${bindings}`,
  )
}

/** A number with its noun: `1 slot`, `2 slots`. */
export const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

function printSlot(out: Stream, { name, change, before, after }: SlotDifference, called: Called) {
  const head = `  ${SIGNS[change]} ${plain(name)}  `
  const states = [before, after].filter((one) => one !== undefined)
  const line = states.map((state) => stateText(state, called)).join(' → ')
  if (states.some(({ kind }) => kind === 'method')) {
    out.line(`${head}${line}`)
    return printLines(out, lineDiff(before?.source ?? '', after?.source ?? ''))
  }
  if (!isLong(states) && head.length + line.length <= Math.min(out.edge, LONGEST)) {
    return out.line(`${head}${line}`)
  }
  out.line(head.trimEnd())
  const columns = Math.min(out.columns, COLUMNS) - INDENT.length - 1
  const [was, is] = [before, after].map((state) => laidOut(state, columns, called))
  printLines(out, lineDiff(was ?? '', is ?? ''))
}

/** Columns of a line with both states; what is longer is shown in lines, so that the difference is found. */
const LONGEST = 120
const INDENT = '    '

/** Whether one of the states is a text of several lines. */
const isLong = (states: readonly State[]) =>
  states.some(({ value }) => typeof value === 'string' && value.includes('\n'))

function laidOut(state: State | undefined, columns: number, called: Called): string {
  if (state === undefined) return ''
  if (state.kind === 'method') return state.source ?? ''
  if (typeof state.value === 'string' && state.value.includes('\n')) return state.value
  return outline(state.value, columns, '', called)
}

const stateText = ({ kind, value, version }: State, called: Called) =>
  kind === 'method' ? `method v${version}` : inline(value, called)

function printLines(out: Stream, lines: readonly DiffLine[]): void {
  const isWhole = lines.every(({ sign }, at) => (at === 0 ? sign === '@' : '+-'.includes(sign)))
  for (const { sign, text } of lines) {
    // Where everything is new, or gone, the place of it says nothing.
    if (sign === '@' && isWhole) continue
    const line = sign === '@' ? text : `${sign} ${text}`.trimEnd()
    out.line(`${INDENT}${out.style(STYLES[sign], plain(line))}`)
  }
}

const STYLES = { ' ': 'dim', '-': 'red', '+': 'green', '@': 'cyan' } as const
