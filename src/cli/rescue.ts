// Owns: the verbs that need no kernel: salvage, backup and restore.
// Leaves: the work to the powers, which hold the lock of an image that they change.
// Laws: CL92 `salvage` makes an image that opens and says what was lost: 0 when nothing was, else 8. CL93 what a backup has
// kept a restore brings into an image that is not there yet; a file that is damaged brings nothing.
import { type Command, quoted } from './command.ts'
import { counted } from './diff-text.ts'
import { EXIT } from './exit-codes.ts'
import { cliFault } from './faults.ts'
import { Tally } from './progress.ts'
import { calledBy } from './status.ts'
import { plain, type Stream } from './terminal.ts'

async function requireImage(command: Command): Promise<void> {
  if ((await command.powers.files.lookAt(`${command.folder}/data`)) !== undefined) return
  throw cliFault(
    'TARGET_UNKNOWN',
    `there is no image in ${command.options.image}`,
    { image: command.options.image },
    '--image names another folder.',
  )
}

async function requireFree(command: Command, folder: string, name: string): Promise<void> {
  if ((await command.powers.files.lookAt(`${folder}/data`)) === undefined) return
  const what = `there is an image in ${name} already`
  throw cliFault('CONFLICT', what, { image: name }, 'Name a folder that has none.')
}

/** The report of a salvage, beside the image that it made. */
const REPORT = 'salvage.json'

/** `batos salvage INTO` */
export async function salvage(command: Command, [into = '']: string[]): Promise<number> {
  const { powers, folder, terminal } = command
  await requireImage(command)
  const target = powers.files.absolute(into)
  await requireFree(command, target, into)
  const report = await powers.salvageImage(folder, target)
  const result = { ...report, into: target }
  await powers.files.writePrivate(`${target}/${REPORT}`, `${JSON.stringify(result, null, 2)}\n`)
  command.print(result, () => {
    printReport(terminal.out, report)
    const counts = [
      counted(report.objects, 'object'),
      counted(report.revisions, 'record'),
      counted(report.transactions, 'transaction'),
    ]
    terminal.out.line(`Saved into ${into}: ${counts.join(', ')}.`)
    terminal.err.line(`The whole report is in ${into}/${REPORT}.`)
    if (!isWhole(report)) {
      terminal.err.line(`Look at it with: npx batos verify --image ${quoted(into)}`)
    }
  })
  return isWhole(report) ? EXIT.done : EXIT.damaged
}

function isWhole({ lost, lostNames, dangling, undescribed, cut, tables, damage }: Saved): boolean {
  const lists = [lost, lostNames, dangling, undescribed, cut, tables, damage]
  return lists.every((list) => list.length === 0)
}
type Saved = Awaited<ReturnType<Command['powers']['salvageImage']>>

/** The report by what it means to the person: what is gone, what is older than it was, what only the past lacks. */
function printReport(out: Stream, report: Saved): void {
  const { lost, lostNames, dangling, undescribed, cut, tables, damage } = report
  const part = (title: string, lines: readonly string[]): void => {
    if (lines.length === 0) return
    out.line(`${title}:`)
    for (const line of lines.slice(0, LINES)) out.line(plain(`  ${line}`))
    if (lines.length > LINES) out.line(`  and ${lines.length - LINES} more, in ${REPORT}`)
  }
  const at = ({ oid, tid, place }: Saved['lost'][number]) =>
    `${calledBy(oid, place)} as of transaction ${tid}`
  part('Damaged', damage)
  part(
    'Lost, so that an older state stands there, or none',
    lost.filter(({ newest }) => newest).map(at),
  )
  part(
    'References to what is lost',
    dangling.map(({ oid, ref, place }) => `${calledBy(oid, place)} refers to ${ref}`),
  )
  part(
    'Names lost',
    lostNames.map(({ name, tid }) => `${JSON.stringify(name)}, of transaction ${tid}`),
  )
  part(
    'Left out, since it may never have been confirmed',
    cut.map((tid) => `transaction ${tid}`),
  )
  part('Lost of the past alone', lost.filter(({ newest }) => !newest).map(at))
  part(
    'Lost descriptions: time, author and note are made up',
    undescribed.map((tid) => `transaction ${tid}`),
  )
  part('Tables of the kernel that may lack values', tables)
  const gone = [lost, dangling, lostNames, cut, undescribed, tables]
  if (gone.every((list) => list.length === 0)) out.line('Nothing that was confirmed is lost.')
}

/** Lines of each part of a report that are printed; the file has all. */
const LINES = 50

/** `batos backup FILE [--since TID | --after FILE]` */
export async function backup(
  command: Command,
  [file = '']: string[],
  { since, after }: { since?: number; after?: string },
): Promise<void> {
  const { powers, folder, terminal, signal } = command
  await requireImage(command)
  const path = powers.files.absolute(file)
  await requireNew(command, path, file)
  if (since !== undefined && after !== undefined) {
    throw cliFault('FIELD_INVALID', '--since and --after say the same; give one of them')
  }
  if (after !== undefined) await requireFile(command, after)
  if ((await powers.files.lookAt(`${path}.part`)) !== undefined) {
    terminal.err.line(`${file} was begun before; going on with it if it can be.`)
  }
  const tally = new Tally(terminal.err, 'Backing up', 'transactions')
  const report = await powers.backupImage(folder, path, {
    ...(since === undefined ? {} : { since }),
    ...(after === undefined ? {} : { after: powers.files.absolute(after) }),
    progress: (done, total) => tally.show(done, total),
    signal,
  })
  command.print({ ...report, file }, () => {
    const { transactions, head } = report
    const to = transactions === 0 ? `nothing is new up to ${head}` : `up to ${head}`
    terminal.out.line(`${counted(transactions, 'transaction')} in ${file}, ${to}.`)
    terminal.err.line(`Go on from it with: ${command.hint(`backup FILE --after ${quoted(file)}`)}`)
  })
}

/** `batos restore FILE…` */
export async function restore(command: Command, words: string[]): Promise<void> {
  const { powers, folder, terminal, signal } = command
  await requireFree(command, folder, command.options.image)
  for (const word of words) await requireFile(command, word)
  const files = words.map((word) => powers.files.absolute(word))
  const tally = new Tally(terminal.err, 'Restoring', 'transactions')
  const report = await powers.restoreImage(folder, files, {
    progress: (done, total) => tally.show(done, total),
    signal,
  })
  command.print(report, () => {
    const { transactions, head } = report
    const what = transactions === 1 ? 'transaction is' : 'transactions are'
    terminal.out.line(`${transactions} ${what} back, up to ${head}.`)
    terminal.err.line(`See that it is sound with: ${command.hint('verify')}`)
  })
}

async function requireFile(command: Command, file: string): Promise<void> {
  const { files } = command.powers
  if ((await files.lookAt(files.absolute(file))) !== undefined) return
  throw cliFault('TARGET_UNKNOWN', `there is no file ${file}`, { file }, 'Name a backup.')
}

/** A backup is never written over another: it may be the only one. */
async function requireNew(command: Command, path: string, file: string): Promise<void> {
  if ((await command.powers.files.lookAt(path)) === undefined) return
  throw cliFault(
    'CONFLICT',
    `there is a file ${file} already`,
    { file },
    `Name another one; \`batos backup FILE --after ${quoted(file)}\` writes what is new since it.`,
  )
}
