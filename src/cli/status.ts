// Owns: the verbs about the image as a whole: what runs on it, and whether it is sound.
// Leaves: counting to the kernel, reading records to the store.
// Laws: CL43 every hint of `status` is a command that can be typed. CL44 `verify` ends with 8 and one line for each
// damaged place; it changes nothing and awakens nothing.
import { asFault } from '#ground'
import type { Command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { cliFault } from './faults.ts'
import type { VerifyAnswer } from './powers.ts'
import { findKernel, whenFree } from './reach.ts'
import { bytesText } from './size.ts'
import { plain } from './terminal.ts'
import { inline } from './value-text.ts'
import { spanWords } from './when.ts'

/** `batos status` */
export async function status(command: Command): Promise<void> {
  await command.withKernel(async ({ client, kernel }) => {
    const answer = (await client.request('GetStatusCommand')) as Record<string, unknown>
    const names = (await client.request('ListObjectsCommand', { limit: 1_000 })) as {
      objects: unknown[]
      next?: string
    }
    const about =
      kernel === undefined
        ? null
        : { pid: kernel.pid, endpoint: kernel.endpoint, page: kernel.page }
    const { out } = command.terminal
    command.print({ ...answer, kernel: about }, () => {
      const row = (name: string, text: unknown) => out.line(`${name.padEnd(14)}${String(text)}`)
      row('image', command.folder)
      if (kernel === undefined) row('kernel', 'none runs; this command opened the image for itself')
      else {
        row('kernel', `process ${kernel.pid}, ${kernel.endpoint}`)
        row('page', kernel.page ?? 'none')
        row('uptime', `${inline(answer.uptime)} s`)
        row('model', inline(answer.model).replaceAll('"', ''))
        row('policy', answer.policy)
        if (answer.policy !== 'off') row('budget', budgetText(answer.budgets))
        row('in motion', `${answer.pending} messages, ${answer.waiting} waiting for a method`)
        row('so far', `${answer.messages} messages, ${answer.installed} methods learnt`)
      }
      for (const text of packingRows(answer.packing)) row(...text)
      row('transactions', answer.tid)
      row('named objects', `${names.objects.length}${names.next === undefined ? '' : ' and more'}`)
      out.line()
      out.line('Next:')
      if (kernel === undefined) out.line(`  ${command.hint('up')}`)
      out.line(`  ${command.hint('ls')}`)
      out.line(`  ${command.hint('log --limit 5')}`)
    })
  })
}

/** How many generations have begun of late, and how many may. */
function budgetText(budgets: unknown): string {
  const { minute, remembered } = budgets as {
    minute: { used: number; limit: number; window: number }
    remembered: number
  }
  const { used, limit, window } = minute
  const of = `${used} of ${limit} methods begun within ${window / 1000} s`
  return remembered === 0 ? of : `${of}; ${remembered} not tried again for a while`
}

/** What the kernel does about old history, and what it last did. */
function packingRows(packing: unknown): [string, string][] {
  if (typeof packing !== 'object' || packing === null) return []
  const { keep, above, bytes, last, problem } = packing as Packing
  const rows: [string, string][] = [
    ['image takes', `${bytesText(bytes)}; above ${bytesText(above)} it packs itself`],
    ['history', `${spanWords(keep)} stay then`],
  ]
  if (last !== undefined) {
    const { time, revisionsRemoved, packedTo } = last
    const at = `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`
    rows.push(['packed', `${at}, to transaction ${packedTo}: ${revisionsRemoved} records removed`])
  }
  if (problem !== undefined) rows.push(['not packed', plain(problem)])
  return rows
}

/** The status of packing, as the kernel answers it. */
interface Packing {
  keep: number
  above: number
  bytes: number
  last?: { time: Date; packedTo: string; revisionsRemoved: number }
  problem?: string
}

/** `batos verify` */
export async function verify(command: Command): Promise<number> {
  const answer = await verified(command)
  const { out } = command.terminal
  command.print(answer, () => {
    const { objects, revisions, transactions, damage } = answer
    for (const { problem, oid, tid, place } of damage) {
      const called = oid === null ? '' : calledBy(oid, place)
      const where = [called, tid === null ? '' : `at ${tid}`].filter((one) => one !== '')
      out.line(plain(`${where.join(' ') || 'the image'}: ${problem}`))
    }
    const hit = hitBy(damage)
    if (hit.length > 0) out.line(`Objects hit: ${hit.join(', ')}.`)
    const count = `${objects} objects, ${revisions} records, ${transactions} transactions`
    if (damage.length === 0) out.line(`Sound: ${count}.`)
    else {
      out.line(`${damage.length} damaged ${damage.length === 1 ? 'place' : 'places'} in ${count}.`)
      const err = command.terminal.err
      err.line(`Save what can be read with: ${command.hint('salvage ./saved_image')}`)
    }
  })
  return answer.damage.length === 0 ? EXIT.done : EXIT.damaged
}

/** Objects that are named of those hit; the others are counted. */
const HIT = 20

/** The objects that damage has hit, each once, as people call them. */
function hitBy(damage: VerifyAnswer['damage']): string[] {
  const hit = new Map<string, string>()
  for (const { oid, place } of damage) if (oid !== null) hit.set(oid, calledBy(oid, place))
  const called = [...hit.values()].map(plain)
  return called.length <= HIT ? called : [...called.slice(0, HIT), `${called.length - HIT} more`]
}

/** An object as people call it, with its oid. */
export const calledBy = (oid: string, place: string | null | undefined) =>
  place === null || place === undefined ? oid : `${place} (${oid})`

async function verified(command: Command): Promise<VerifyAnswer> {
  const { powers, folder, signal } = command
  if ((await powers.files.lookAt(`${folder}/data`)) === undefined) {
    throw cliFault(
      'TARGET_UNKNOWN',
      `there is no image in ${command.options.image}`,
      { image: command.options.image },
      '`batos awaken` makes one; --image names another folder.',
    )
  }
  const notes = command.terminal.err
  return await whenFree(powers, { notes, signal }, async () => {
    const running = await findKernel(powers, folder)
    if (running === undefined) return await verifyClosed(command)
    try {
      return (await running.client.request('VerifyCommand', {}, { signal })) as VerifyAnswer
    } finally {
      await running.close()
    }
  })
}

/** A store that cannot even be opened is one damaged place. */
async function verifyClosed(command: Command): Promise<VerifyAnswer> {
  try {
    return await command.powers.verifyImage(command.folder)
  } catch (error) {
    const fault = asFault(error)
    if (fault?.code !== 'IMAGE_DAMAGED') throw error
    const damage = [{ problem: fault.message, oid: null, tid: null, place: null }]
    return { objects: 0, revisions: 0, transactions: 0, damage }
  }
}
