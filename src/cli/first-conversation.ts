// Owns: the First Conversation: a new world is asked to display itself, does not understand, and learns it.
// Leaves: learning to the kernel and the mind; the telling to narrator.ts.
// Laws: CL80 on a new image the whole of it is told as it happens; on one that knows the message, that it remembers and
// how long the answer took. CL81 a conversation that fails is told with its remedy, and the world stays up.
import { asFault } from '#ground'
import type { Command } from './command.ts'
import { Narrator } from './narrator.ts'
import type { World } from './powers.ts'
import { spanText } from './progress.ts'
import { plain, type Stream } from './terminal.ts'
import { outline } from './value-text.ts'

/** The first message: the one that genesis is not born with. */
export const FIRST_SELECTOR = 'display_yourself'

/** What is needed to hold it: where it is told, and with what methods are written, if anything. */
export interface Conversation {
  command: Command
  world: World
  /** Where it is told. */
  stream: Stream
  /** Name of the model, undefined when nothing is generated. */
  model: string | undefined
}

/** Holds the conversation, or meets an old acquaintance. Never throws a fault: it tells it. */
export async function converse(conversation: Conversation): Promise<void> {
  const { command, world, stream, model } = conversation
  const knows = await world.send('genesis', 'respondsTo:', [FIRST_SELECTOR], { policy: 'off' })
  if (knows === true) return await remember(conversation)
  if (model === undefined) {
    stream.line('Genesis has not learnt to display itself, and without a model it cannot.')
    return
  }
  stream.line(stream.style('bold', 'The First Conversation'))
  stream.line()
  stream.line(`You say to genesis: ${FIRST_SELECTOR}`)
  const narrator = new Narrator(stream, { target: 'genesis', selector: FIRST_SELECTOR })
  const started = command.powers.clock()
  const left = new AbortController()
  try {
    const reply = await world.send('genesis', FIRST_SELECTOR, [], {
      onEvent: (event) => {
        narrator.tell(event)
        if (event.kind === 'parked') left.abort(event.proposal)
      },
      signal: AbortSignal.any([command.signal, left.signal]),
    })
    answered(stream, reply)
    const took = spanText((command.powers.clock() - started) / 1_000)
    stream.line(`It took ${took} to learn. From now on genesis knows it, also after a restart.`)
  } catch (error) {
    if (!left.signal.aborted) return failed(conversation, error)
    stream.line(
      `See it with ${command.hint(`proposal show ${left.signal.reason}`)}, and accept it.`,
    )
  }
}

async function remember({ command, world, stream }: Conversation): Promise<void> {
  const started = command.powers.clock()
  try {
    const options = { policy: 'off' as const, signal: command.signal }
    const reply = await world.send('genesis', FIRST_SELECTOR, [], options)
    const took = command.powers.clock() - started
    stream.line(`You say to genesis: ${FIRST_SELECTOR}`)
    answered(stream, reply)
    stream.line(`Genesis remembers: it answered in ${took.toFixed(1)} ms, and no model was asked.`)
  } catch (error) {
    failed({ command, world, stream, model: undefined }, error)
  }
}

function answered(stream: Stream, reply: unknown): void {
  stream.line('Genesis answers:')
  stream.line()
  for (const line of replyLines(reply, stream.columns - 4)) stream.line(`    ${line}`)
  stream.line()
}

/** A reply as lines: texts and lists of texts as they are, all else like JSON. */
function replyLines(reply: unknown, columns: number): string[] {
  const texts = Array.isArray(reply) && reply.every((one) => typeof one === 'string')
  const text =
    typeof reply === 'string' ? reply : texts ? reply.join('\n') : outline(reply, columns)
  return text.trimEnd().split('\n').map(plain)
}

function failed({ command, stream }: Conversation, error: unknown): void {
  if (command.signal.aborted) throw error
  const fault = asFault(error)
  if (fault === undefined) throw error
  stream.line(`Genesis could not learn it this time. ${fault.code}: ${plain(fault.message)}`)
  stream.line(`  ${plain(fault.remedy)}`)
}
