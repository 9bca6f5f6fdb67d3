// Owns: the verbs about what has changed: two states beside each other, and a transaction taken back.
// Leaves: comparing and restoring to the kernel.
// Laws: CL87 `diff` shows every slot that differs with what it was and is, and counts what it shows. CL88 `undo` prints the
// transaction that it became; what cannot be undone ends with the fault's code and has changed nothing.
import type { Command } from './command.ts'
import { plain, type Stream } from './terminal.ts'
import { clip, inline } from './value-text.ts'

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

/** As DiffCommand answers it. */
interface Diff {
  from: string
  to: string
  counts: { added: number; removed: number; changed: number; slots: number; names: number }
  objects: { oid: string; change: SlotDifference['change']; slots: SlotDifference[] }[]
  names: { name: string; before: string | null; after: string | null }[]
}

const SIGNS = { added: '+', removed: '-', changed: '~' } as const

/** `batos diff TID TID` */
export async function diff(command: Command, [from = '', to = '']: string[]): Promise<void> {
  const found = (await command.ask('DiffCommand', { from, to })) as Diff
  const { out } = command.terminal
  command.print(found, () => {
    for (const { oid, change, slots } of found.objects) {
      out.line(`${SIGNS[change]} ${oid}`)
      for (const slot of slots) printSlot(out, slot)
    }
    for (const { name, before, after } of found.names) {
      out.line(`  name ${plain(name)}  ${before ?? 'nothing'} → ${after ?? 'nothing'}`)
    }
    const { added, removed, changed, slots, names } = found.counts
    out.line(
      `${added} objects added, ${removed} removed, ${changed} changed; ${slots} slots, ${names} names`,
    )
  })
}

function printSlot(out: Stream, { name, change, before, after }: SlotDifference): void {
  const head = `  ${SIGNS[change]} ${plain(name)}  `
  const states = [before, after].filter((one) => one !== undefined).map(stateText)
  out.line(`${head}${clip(states.join(' → '), Math.max(20, out.edge - head.length))}`)
}

const stateText = ({ kind, value, version }: State) =>
  kind === 'method' ? `method v${version}` : inline(value)

/** `batos undo TID` */
export async function undo(command: Command, [tid = '']: string[]): Promise<void> {
  const done = (await command.ask('UndoCommand', { tid })) as { tid: string | null }
  command.print(done, () => {
    const { out } = command.terminal
    if (done.tid === null) return out.line(`Transaction ${tid} left nothing to take back.`)
    out.line(`Transaction ${tid} is undone by transaction ${done.tid}.`)
    command.terminal.err.line(`Do it again with: ${command.hint(`undo ${done.tid}`)}`)
  })
}
