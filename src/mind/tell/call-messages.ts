// Owns: how a model is asked which message of an object does what a person says, and how its answer is read.
// Leaves: which objects and messages there are to the caller; sending to the kernel.
// Laws: RK10 an answer is one call of a message that was offered, or none; any other text is no answer.
import { z } from 'zod'
import type { ChatMessage } from '../provider.ts'

/** A message that an object understands: its name, the names of its arguments, and what it does. */
export interface CallTool {
  message: string
  args: readonly string[]
  about?: string | undefined
}

/** What a person's words come to: a call, or null when no message does it. */
export type ReadCall =
  | { ok: true; call: { message: string; args: unknown[] } | null }
  | { ok: false; problem: string }

const RULES = [
  'You turn what a person says into one message to a live object.',
  'You are shown the messages that it understands, with the names of their arguments.',
  'Answer with one line of JSON and nothing else:',
  '- {"message": "NAME", "args": [...]} with the values that the person gave, in the order of the arguments;',
  '- {"message": null} when none of the messages does what the person wants, when a value is missing, or when nothing is asked for.',
  'Numbers are written as numbers, texts as the person wrote them.',
].join('\n')

const EXAMPLES: readonly (readonly [string, string])[] = [
  [
    'Object: jar\nMessages:\n- add(count): puts so many more in\n- empty()\nThe person says: put 3 more in, please',
    '{"message": "add", "args": [3]}',
  ],
  [
    'Object: jar\nMessages:\n- add(count): puts so many more in\n- empty()\nThe person says: paint it blue',
    '{"message": null}',
  ],
  [
    'Object: diary\nMessages:\n- write(day, text)\n- last_entry(): answers the newest text\nThe person says: note for Monday: called Ann',
    '{"message": "write", "args": ["Monday", "called Ann"]}',
  ],
]

/** All messages for one call. `object` is what people call it. */
export function callMessages(
  tools: readonly CallTool[],
  text: string,
  object: string,
): ChatMessage[] {
  const lines = tools.map(({ message, args, about }) => {
    const head = `- ${message}(${args.join(', ')})`
    return about === undefined || about === '' ? head : `${head}: ${about}`
  })
  const question = [`Object: ${object}`, 'Messages:', ...lines, `The person says: ${text}`]
  return [
    { role: 'system', content: RULES },
    ...EXAMPLES.flatMap(([asked, answered]): ChatMessage[] => [
      { role: 'user', content: asked },
      { role: 'assistant', content: answered },
    ]),
    { role: 'user', content: question.join('\n') },
  ]
}

/** What ends an answer: it is one line. */
export const CALL_STOPS: readonly string[] = ['\n\n']

const answer = z.object({
  message: z.string().nullable(),
  args: z.array(z.json()).optional(),
})

/** Reads the first JSON object in a model's text. */
export function readCall(text: string, tools: readonly CallTool[]): ReadCall {
  const found = firstObject(text)
  if (found === undefined) return { ok: false, problem: 'there is no JSON object in the answer' }
  const read = answer.safeParse(found)
  if (!read.success) return { ok: false, problem: 'the object lacks message and args' }
  const { message, args = [] } = read.data
  if (message === null) return { ok: true, call: null }
  const tool = tools.find((one) => one.message === message)
  if (tool === undefined) return { ok: false, problem: `there is no message ${message}` }
  if (tool.args.length !== args.length) {
    return { ok: false, problem: `${message} takes ${tool.args.length} arguments` }
  }
  return { ok: true, call: { message, args } }
}

/** Longest text that is looked through, UTF-16 units: far beyond any answer that keeps to its tokens. */
const TEXT_MAX = 4_000

function firstObject(text: string): unknown {
  const within = text.slice(0, TEXT_MAX)
  const open = within.indexOf('{')
  if (open < 0) return undefined
  for (let end = within.indexOf('}', open); end >= 0; end = within.indexOf('}', end + 1)) {
    try {
      return JSON.parse(within.slice(open, end + 1))
    } catch {
      // A brace within the object does not end it; the next one may.
    }
  }
  return undefined
}
