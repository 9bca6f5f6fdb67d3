// Owns: the verbs that need no kernel: salvage, backup and restore.
// Leaves: the work to the powers, which hold the lock of an image that they change.
// Laws: CL92 `salvage` makes an image that opens and says what was lost: 0 when nothing was, else 8. CL93 what a backup has
// kept a restore brings into an image that is not there yet; a file that is damaged brings nothing.
import type { Command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { cliFault } from './faults.ts'

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

/** `batos salvage INTO` */
export async function salvage(command: Command, [into = '']: string[]): Promise<number> {
  const { powers, folder, terminal } = command
  await requireImage(command)
  const target = powers.files.absolute(into)
  await requireFree(command, target, into)
  const report = await powers.salvageImage(folder, target)
  const { out } = terminal
  command.print({ ...report, into: target }, () => {
    for (const problem of report.damage) out.line(`damaged: ${problem}`)
    for (const { oid, tid, newest } of report.lost) {
      out.line(`lost: ${oid} as of transaction ${tid}${newest ? ', its newest' : ''}`)
    }
    for (const { name, tid } of report.lostNames) {
      out.line(`lost: the name ${JSON.stringify(name)} of transaction ${tid}`)
    }
    for (const { oid, ref } of report.dangling) out.line(`${oid} refers to ${ref}, which is lost`)
    for (const tid of report.undescribed) out.line(`lost: the description of transaction ${tid}`)
    for (const tid of report.cut) out.line(`left out: transaction ${tid}, perhaps never confirmed`)
    for (const table of report.tables) out.line(`the table ${table} may lack values`)
    const counts = `${report.objects} objects, ${report.revisions} records, ${report.transactions} transactions`
    out.line(`Saved into ${into}: ${counts}.`)
  })
  return isWhole(report) ? EXIT.done : EXIT.damaged
}

function isWhole({ lost, lostNames, dangling, undescribed, cut, tables, damage }: Saved): boolean {
  const lists = [lost, lostNames, dangling, undescribed, cut, tables, damage]
  return lists.every((list) => list.length === 0)
}
type Saved = Awaited<ReturnType<Command['powers']['salvageImage']>>

/** `batos backup FILE [--since TID]` */
export async function backup(
  command: Command,
  [file = '']: string[],
  { since }: { since?: number },
): Promise<void> {
  const { powers, folder, terminal } = command
  await requireImage(command)
  const report = await powers.backupImage(folder, powers.files.absolute(file), since ?? 0)
  command.print({ ...report, file }, () => {
    const { transactions, head } = report
    terminal.out.line(`${transactions} transactions up to ${head} are in ${file}.`)
    terminal.err.line(`Go on from here with: ${command.hint(`backup FILE --since ${head}`)}`)
  })
}

/** `batos restore FILE…` */
export async function restore(command: Command, words: string[]): Promise<void> {
  const { powers, folder, terminal } = command
  await requireFree(command, folder, command.options.image)
  const files = words.map((word) => powers.files.absolute(word))
  const report = await powers.restoreImage(folder, files)
  command.print(report, () => {
    const { transactions, head } = report
    terminal.out.line(`${transactions} transactions are back, up to ${head}.`)
  })
}
