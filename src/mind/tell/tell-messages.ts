// Owns: how a model is asked which messages a person means: the rules, the worked examples, and the objects as it sees them.
// Leaves: which objects there are to surroundings.ts; reading the answer to call-text.ts.
// Laws: TL2 a model that is shown names alone sees nothing that an object says of itself.
import type { ChatMessage } from '../provider.ts'
import { TELL_LIMITS } from './limits.ts'

/** One argument of a message. `type` is how its method declares it. */
export interface TellArgument {
  name: string
  type?: 'number' | 'string' | 'boolean'
  optional: boolean
}

/** A message that an object understands. */
export interface TellMessage {
  selector: string
  args: readonly TellArgument[]
  /** Whether it takes more than those. */
  rest: boolean
  /** What it does, or the value that a slot has now. */
  about?: string | undefined
}

/** An object as a person may mean it. */
export interface TellObject {
  name: string
  /** As the wire writes it. */
  oid: string
  /** What is shown; `understood` has these and more. */
  messages: readonly TellMessage[]
  /** Every message that it understands, by selector. */
  understood: ReadonlyMap<string, TellMessage>
  /** The kinds of its data slots by name, such as number; those that hold methods or parents are `method` and `parent`. */
  slots: ReadonlyMap<string, string>
}

const RULES = [
  'You turn what a person says into messages to live objects.',
  'You are shown the objects, and the messages that each understands with the names of their values.',
  'Answer with one message on a line, in the order in which the person wants them, and nothing else: object.message(values)',
  '- The values are those that the person gave: numbers as numbers, texts in quotes as the person wrote them, objects by their bare names.',
  '- When none of the messages does what the person wants, make up a short name for a new one: object.new_name(values)',
  '- When a value that a message needs is missing, or nothing is asked for: none',
].join('\n')

const JAR = 'jar\n- add(count): puts so many more in\n- empty()\n- count(): now 3'
const EXAMPLES: readonly (readonly [string, string])[] = [
  [`${JAR}\nThe person says: put 3 more in, please`, 'jar.add(3)'],
  [
    `${JAR}\nshelf\n- books(): now ["Emma"]\n- put(title)\nThe person says: take everything out of the jar and put Ulysses on the shelf`,
    'jar.empty()\nshelf.put("Ulysses")',
  ],
  [
    'diary\n- write(day, text)\n- last_entry(): answers the newest text\nThe person says: note for Monday: called Ann',
    'diary.write("Monday", "called Ann")',
  ],
  [
    'diary\n- write(day, text)\n- last_entry()\nThe person says: Write something for Monday.',
    'none',
  ],
  [
    'kate\n- give(count, to)\n- coins(): now 9\nben\n- give(count, to)\n- coins(): now 2\nThe person says: let kate give 4 coins to ben, and how many has ben?',
    'kate.give(4, ben)\nben.coins()',
  ],
  [`${JAR}\nThe person says: paint it blue`, 'jar.paint("blue")'],
  [`${JAR}\nThe person says: What a nice jar, good night!`, 'none'],
]

/** All messages for one answer. With `bare` nothing is shown but names. */
export function tellMessages(
  objects: readonly TellObject[],
  text: string,
  bare = false,
): ChatMessage[] {
  const shown = shownObjects(objects, bare)
  const question = `${shown}\nThe person says: ${text.replace(/\s+/g, ' ').trim()}`
  return [
    { role: 'system', content: RULES },
    ...EXAMPLES.flatMap(([asked, answered]): ChatMessage[] => [
      { role: 'user', content: asked },
      { role: 'assistant', content: answered },
    ]),
    { role: 'user', content: question },
  ]
}

/** What ends an answer. */
export const TELL_STOPS: readonly string[] = ['\n\n', '\nThe person']

function shownObjects(objects: readonly TellObject[], bare: boolean): string {
  const lines: string[] = []
  let room: number = TELL_LIMITS.shown
  for (const { name, messages } of objects) {
    for (const line of [name, ...messages.map((one) => messageLine(one, bare))]) {
      room -= line.length
      if (room < 0) return lines.join('\n')
      lines.push(line)
    }
  }
  return lines.join('\n')
}

function messageLine({ selector, args, rest, about }: TellMessage, bare: boolean): string {
  const names = args.map(({ name, optional }) => (optional ? `${name}?` : name))
  const head = `- ${selector}(${[...names, ...(rest ? ['...'] : [])].join(', ')})`
  return bare || about === undefined || about === '' ? head : `${head}: ${oneLine(about)}`
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length <= TELL_LIMITS.about ? line : `${line.slice(0, TELL_LIMITS.about - 1)}…`
}
