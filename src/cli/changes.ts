// Owns: the verbs about what has changed: two states beside each other, and transactions taken back.
// Leaves: comparing and restoring to the kernel; showing differences to diff-text.ts.
// Laws: CL87 `diff` shows every slot that differs with what it was and is, and counts what it shows. CL88 `undo` prints the
// transaction that it became; what cannot be undone ends with the fault's code and has changed nothing.
import { asFault } from '#ground'
import type { Command } from './command.ts'
import { type Diff, printDiff } from './diff-text.ts'
import { cliFault } from './faults.ts'
import { plain } from './terminal.ts'
import { whenOf } from './when.ts'

/** `batos diff [FROM] [TO] [--object TARGET]` */
export async function diff(
  command: Command,
  words: string[],
  { object }: { object?: string },
): Promise<void> {
  const [from, to] = words.map((word) => whenOf(word, command.powers.now()))
  const found = (await command.ask('DiffCommand', {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(object === undefined ? {} : { target: object }),
  })) as Diff
  command.print(found, () => {
    printDiff(command.terminal.out, found)
    if (from === undefined) {
      command.terminal.err.line(`From transaction ${found.from} to ${found.to}.`)
    }
  })
}

/** As UndoCommand answers it. */
interface Undone {
  tid: string | null
  /** `12`, or `12..15`. */
  undoes: string
  /** What a preview would do. */
  plan?: Diff
}

/** `batos undo TID[..TID] [--dry-run]` */
export async function undo(
  command: Command,
  [words = '']: string[],
  { dryRun }: { dryRun?: boolean },
): Promise<void> {
  const span = spanIn(words)
  const fields = dryRun === true ? { ...span, preview: true } : span
  const done = await listing(command, () => command.ask('UndoCommand', fields) as Promise<Undone>)
  command.print(done, () => {
    const { out, err } = command.terminal
    const { tid, plan } = done
    const [first, last] = done.undoes.split('..')
    const what = last === undefined ? `Transaction ${first}` : `Transactions ${first} to ${last}`
    if (plan !== undefined) {
      printDiff(out, plan)
      err.line(`Nothing was changed. Do it with: ${command.hint(`undo ${done.undoes}`)}`)
      return
    }
    if (tid === null) return out.line(`${what} left nothing to take back.`)
    out.line(`${what} ${last === undefined ? 'is' : 'are'} undone by transaction ${tid}.`)
    err.line(`Do it again with: ${command.hint(`undo ${tid}`)}`)
  })
}

/** The first and the last transaction of `12` or `12..15`. */
function spanIn(text: string): { tid: string; to?: string } {
  const parts = /^(\d{1,15})(?:\.\.(\d{1,15}))?$/.exec(text)
  if (parts === null) {
    throw cliFault(
      'FIELD_INVALID',
      `${JSON.stringify(text)} is no transaction and no range of them`,
      { tid: text },
      'Name one as 12, or several in a row as 12..15; `batos log` lists them.',
    )
  }
  const [, tid = '', to] = parts
  return to === undefined ? { tid } : { tid, to }
}

interface Conflict {
  oid: string | null
  slot: string | null
  name: string | null
  tid: string | null
  author: string | null
}

/** Lists what stands in the way of an undo before it fails, when it is more than the sentence of the fault has. */
async function listing<T>(command: Command, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const conflicts = asFault(error)?.data?.conflicts
    const list = Array.isArray(conflicts) ? (conflicts as Conflict[]) : []
    for (const { oid, slot, name, tid, author } of list.length > 1 ? list : []) {
      const what = name === null ? `${slot} of ${oid}` : `the name ${JSON.stringify(name)}`
      const by = tid === null ? '' : `, by ${tid}${author === null ? '' : ` of ${author}`}`
      command.terminal.err.line(plain(`changed later: ${what}${by}`))
    }
    throw error
  }
}
