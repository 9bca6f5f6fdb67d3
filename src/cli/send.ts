// Owns: `batos send`: one message, what happens meanwhile on stderr, the reply alone on stdout.
// Leaves: learning to the kernel; the telling to narrator.ts.
// Laws: CL51 the reply is the only thing on stdout: a string as it is, anything else as text like JSON.
import type { SendOptions } from '#bridge'
import type { Command } from './command.ts'
import { chosenModel, providerOf } from './models.ts'
import { Narrator } from './narrator.ts'
import type { WorldOptions } from './powers.ts'
import { outline, readArgument } from './value-text.ts'

interface SendWords {
  intent?: string
  holder?: string
  policy?: 'review' | 'off'
  deadline?: number
  key?: string
  model?: string
  quiet?: boolean
}

/** `batos send TARGET SELECTOR [ARG…]` */
export async function send(
  command: Command,
  [target = '', selector = '', ...rest]: string[],
  options: SendWords,
): Promise<void> {
  const args = rest.map(readArgument)
  const { model: _, quiet, ...fields } = options
  const narrator = new Narrator(command.terminal.err, { target, selector, queued: true })
  const how: SendOptions = { ...fields, signal: command.signal }
  if (quiet !== true) how.onEvent = (event) => narrator.tell(event)
  const answer = await command.withKernel(
    ({ client }) =>
      client.requestWithTid('SendCommand', { target, selector, args, ...fields }, how),
    () => worldFor(command, options),
  )
  const { out } = command.terminal
  const document = {
    ok: true,
    result: answer.result,
    ...(answer.tid === undefined ? {} : { tid: answer.tid }),
  }
  command.print(document, () => {
    const { result } = answer
    out.line(typeof result === 'string' ? out.foreign(result) : outline(result, out.columns))
  })
}

/** With what this command becomes a kernel, should none run: a model that is opened only if a method is missing. */
async function worldFor(command: Command, options: SendWords): Promise<WorldOptions> {
  if (options.policy === 'off') return { policy: 'off' }
  const model = await chosenModel(command, options.model)
  // Fetching a gigabyte is a surprise for a script, and what a person at a terminal can watch and stop.
  const { err } = command.terminal
  return { provider: providerOf(command, model, err.isTerminal, err), policy: 'auto' }
}
