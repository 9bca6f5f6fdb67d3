// Owns: what `send` does with a message that waits for a person: it asks the smallest question where there is one to ask, else
// says how to go on.
// Leaves: the decision to the kernel.
// Laws: CL102 a message that is parked stays parked whatever its sender does, unless the sender cancels it. CL116 a draft against
// which a veto stands is asked about twice.
import { asFault } from '#ground'
import type { Command } from './command.ts'
import { cliFault } from './faults.ts'
import type { Asker } from './powers.ts'
import { acceptedText, answeredText, callText, type Shown } from './proposal.ts'
import { plain } from './terminal.ts'
import { readArgument } from './value-text.ts'

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
  const choices = [...options.map(({ text }, i) => `[${i + 1}] ${text}`), ...OTHERS].join('  ')
  const question = plain(`${callText(shown)}: ${choices}  [n] neither, leave it parked `)
  for (;;) {
    const said = (await ask(question, command.signal))?.trim()
    const picked = said?.toLowerCase()
    if (said === undefined || picked === undefined || picked === 'n') return false
    const own = ownAnswer(said)
    if (own !== undefined) {
      return decided(command, async () => {
        const done = await client.request('AnswerProposalCommand', { proposal: id, ...own })
        return answeredText(done as Parameters<typeof answeredText>[0])
      })
    }
    const option = /^\d$/.test(picked) ? options[Number(picked) - 1] : undefined
    if (option === undefined) continue
    const { draft } = option
    const vetoes = shown.vetoes?.[draft] ?? []
    if (vetoes.length > 0 && !(await isMeant(command, vetoes))) continue
    const isDone = await decided(command, async () => {
      const fields = { proposal: id, draft, ...(vetoes.length > 0 ? { despiteVeto: true } : {}) }
      const done = await client.request('AcceptProposalCommand', fields)
      return acceptedText(done as Parameters<typeof acceptedText>[0])
    })
    if (isDone) return true
  }
}

/** What can be said beside picking a draft. */
const OTHERS = ['[=VALUE] it should answer VALUE', '[f] it must refuse', '[d] draw anew']

/** What a person says is right, in the fields of the wire; a mere `d` asks for other drafts. */
function ownAnswer(said: string): Record<string, unknown> | undefined {
  if (said.startsWith('=') && said.length > 1) return { value: readArgument(said.slice(1).trim()) }
  if (said.toLowerCase() === 'f') return { fails: true }
  return said.toLowerCase() === 'd' ? {} : undefined
}

/** Makes a decision and says what it did; false when the proposal still waits for one. */
async function decided(command: Command, deciding: () => Promise<string>): Promise<boolean> {
  const { err } = command.terminal
  try {
    err.line(await deciding())
  } catch (error) {
    const fault = asFault(error)
    if (fault?.code !== 'CONFLICT') throw error
    err.line(plain(fault.message))
    // Else somebody was faster: the message has gone on by their decision.
    if (fault.data?.relied !== undefined) return false
  }
  return true
}

/** Asks once more where a reviewer has shown a call on which the draft is wrong. */
async function isMeant(command: Command, vetoes: readonly string[]): Promise<boolean> {
  const { err } = command.terminal
  for (const one of vetoes) err.line(plain(`A veto stands: ${one}.`))
  const answer = await command.powers.ask?.('Install it despite that? [y/N] ', command.signal)
  return answer?.trim().toLowerCase() === 'y'
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
