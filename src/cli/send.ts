// Owns: `batos send`: one message, what happens meanwhile on stderr, the reply alone on stdout.
// Leaves: learning to the kernel; the telling to narrator.ts.
// Laws: CL51 the reply is the only thing on stdout: a string as it is, anything else as text like JSON.
import type { SendOptions } from '#bridge'
import type { Command } from './command.ts'
import { decide, stillParked } from './decide.ts'
import { chosenModel, providerOf } from './models.ts'
import { Narrator } from './narrator.ts'
import type { WorldOptions } from './powers.ts'
import { outline, readArgument } from './value-text.ts'

/** Milliseconds for which a busy kernel is asked again: less than a person thinks that nothing happens. */
const BUSY_PATIENCE = 5_000

interface SendWords {
  intent?: string
  holder?: string
  policy?: 'review' | 'off'
  deadline?: number
  key?: string
  model?: string
  quiet?: boolean
  ofVersion?: number
}

/** Proposals for which the message was parked, in order: one message may meet several. */
export class Parked {
  readonly #come: { proposal: string; why: string }[] = []
  #wake: (() => void) | undefined

  put(proposal: string, why: string): void {
    this.#come.push({ proposal, why })
    this.#wake?.()
  }

  async next(): Promise<{ proposal: string; why: string }> {
    if (this.#come.length === 0) await new Promise<void>((wake) => (this.#wake = wake))
    return this.#come.shift() as { proposal: string; why: string }
  }
}

/** `batos send TARGET SELECTOR [ARG…]` */
export async function send(
  command: Command,
  [target = '', selector = '', ...rest]: string[],
  options: SendWords,
): Promise<void> {
  const args = rest.map(readArgument)
  const { model: _, quiet, ofVersion, ...given } = options
  const fields = { ...given, ...(ofVersion === undefined ? {} : { version: ofVersion }) }
  const narrator = new Narrator(command.terminal.err, { target, selector, queued: true })
  const how: SendOptions = { ...fields, signal: command.signal, patience: BUSY_PATIENCE }
  const parked = new Parked()
  how.onEvent = (event) => {
    if (quiet !== true) narrator.tell(event)
    if (event.kind === 'parked') parked.put(String(event.proposal), String(event.reason))
  }
  const answer = await command.withKernel(
    async ({ client }) => {
      const message = { target, selector, args, ...fields }
      const answered = client.requestWithTid('SendCommand', message, how)
      // Whoever leaves a parked message to others closes the connection under it.
      answered.catch(() => undefined)
      for (;;) {
        const got = await Promise.race([answered, parked.next()])
        if ('result' in got) return got
        if (await decide(command, client, got.proposal)) continue
        // A deadline says how long the sender waits for somebody else.
        if (options.deadline !== undefined) continue
        throw stillParked(command, got.proposal, got.why, options.key)
      }
    },
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
export async function worldFor(
  command: Command,
  options: Pick<SendWords, 'policy' | 'model'>,
): Promise<WorldOptions> {
  if (options.policy === 'off') return { policy: 'off' }
  const model = await chosenModel(command, options.model)
  // Fetching a gigabyte is a surprise for a script, and what a person at a terminal can watch and stop.
  const { err } = command.terminal
  return { provider: providerOf(command, model, err.isTerminal, err), policy: 'auto' }
}
