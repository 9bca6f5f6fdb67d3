// Owns: what `send` does with a message that waits for a person: it asks the smallest question where there is one to ask, else
// says how to go on.
// Leaves: the decision to the kernel.
// Laws: CL102 a message that is parked stays parked whatever its sender does, unless the sender cancels it.
import { asFault, type Fault } from '#ground'
import type { Command } from './command.ts'
import { cliFault } from './faults.ts'
import type { Asker } from './powers.ts'
import { acceptedText, callText, type Shown } from './proposal.ts'
import { plain } from './terminal.ts'

/** Asks the person at the terminal about a proposal, and accepts what was picked; false when nothing was. */
export async function decide(command: Command, client: Asker, id: string): Promise<boolean> {
  const { ask } = command.powers
  if (ask === undefined) return false
  const { err } = command.terminal
  const shown = (await client.request('GetProposalCommand', { proposal: id })) as Shown
  const options = optionsOf(shown)
  if (shown.question === undefined) {
    for (const line of (shown.drafts[0]?.source ?? '').trimEnd().split('\n')) {
      err.line(`    ${plain(line)}`)
    }
  }
  const choices = options.map(({ text }, i) => `[${i + 1}] ${text}`).join('  ')
  const question = plain(`${callText(shown)}: ${choices}  [n] neither, leave it parked `)
  for (;;) {
    const picked = (await ask(question, command.signal))?.trim().toLowerCase()
    if (picked === undefined || picked === 'n') return false
    const option = /^\d$/.test(picked) ? options[Number(picked) - 1] : undefined
    if (option === undefined) continue
    try {
      const fields = { proposal: id, draft: option.draft }
      const done = await client.request('AcceptProposalCommand', fields)
      err.line(acceptedText(done as Parameters<typeof acceptedText>[0]))
    } catch (error) {
      // Somebody else was faster: the message has gone on by their decision.
      if (asFault(error)?.code !== 'CONFLICT') throw error
      err.line(plain((error as Fault).message))
    }
    return true
  }
}

function optionsOf({ question, drafts }: Shown): { draft: number; text: string }[] {
  if (question !== undefined) return question.options
  return drafts.slice(0, 1).map((_, draft) => ({ draft, text: 'install it' }))
}

/** The end of a command whose message stays parked. */
export function stillParked(command: Command, id: string, why: string, key: string | undefined) {
  const later =
    key === undefined
      ? 'The message runs when it is accepted; nobody is told its reply.'
      : `The message runs when it is accepted; send it again with --key ${key} for its reply.`
  return cliFault(
    'POLICY',
    `parked as proposal ${id}: ${why}`,
    { proposal: id },
    `Go on with \`${command.hint(`proposal show ${id}`)}\`. ${later}`,
  )
}
