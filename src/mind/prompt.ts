// Owns: what a model is told before it writes a method: the rules, the worked examples, and how a repair is asked for.
// Leaves: the receiver's description to context.ts; reading the answer to draft.ts.
// Laws: MI29 the beginning of every prompt is the same, byte for byte, so that it is evaluated once.
import { createHash } from 'node:crypto'
import { describeClass } from './class-context.ts'
import { type DraftContext, describeContext, showsUnknown } from './context.ts'
import type { ChatMessage } from './provider.ts'

const RULES = [
  'You write the one method that a live object lacks: it received a message that it does not understand.',
  'Rules:',
  '- Write exactly one TypeScript function: function NAME(self, ...args). NAME is the message name.',
  '- self is the object. Slots exist only as self.slot, methods only as self.method(). Never write this, never a bare slot name.',
  '- When the message or its intent says that the object changes (set, add, remove, move, turn, record), assign self.slot and then return the new value.',
  '- When something is only asked for, change nothing: copy before sorting, [...self.list].sort(...).',
  '- Do every part of the intent, in its order. Check first: throw new Error("...") before anything is changed.',
  '- Without an intent do the plain thing that the name says, and nothing more.',
  '- Values shown are samples. The code must work for any values of their types: empty lists and texts, zero.',
  '- self.slotNames() answers the names of all slots and methods.',
  '- display_yourself without an intent answers lines of text: the name of the object, then slot: value for every slot.',
  '- Always return something. Plain JavaScript built-ins only: no imports, no console, no async. Answer with one ```ts block and nothing else.',
]

/** A worked example: a question as context.ts writes it, and the code that is right. */
interface Example {
  question: readonly string[]
  code: readonly string[]
}

const EXAMPLES: readonly Example[] = [
  {
    question: [
      'Object: Jar',
      'Slots type: { count: number; max: number; state: "open" | "full" }',
      'Slots now: { count: 3, max: 10, state: "open" }',
      'Message: add(5)',
      'Intent: Put n more in, set state to full when count reaches max, and answer the state. Throw if it would be more than max.',
    ],
    code: [
      'function add(self, n) {',
      '  if (self.count + n > self.max) throw new Error("Jar is full");',
      '  self.count += n;',
      '  if (self.count === self.max) self.state = "full";',
      '  return self.state;',
      '}',
    ],
  },
  {
    question: [
      'Object: Team (parent Group)',
      'Slots type: { members: { name: string; points: number }[] }',
      'Slots now: { members: [{ name: "Al", points: 4 }, { name: "Di", points: 9 }] }',
      'Methods of self:',
      'function size(self) { return self.members.length; }',
      'Message: mean_points()',
    ],
    code: [
      'function mean_points(self) {',
      '  if (self.size() === 0) return 0;',
      '  let sum = 0;',
      '  for (const m of self.members) sum += m.points;',
      '  return sum / self.size();',
      '}',
    ],
  },
  {
    question: [
      'Object: Shelf',
      'Slots type: { text: string; label: string }',
      'Slots now: { text: "Emma\\nUlysses", label: "A" }',
      'Message: listing("; ")',
      'Intent: The label, a colon, and the lines of text in alphabetical order joined by the separator.',
    ],
    code: [
      'function listing(self, separator) {',
      '  const names = self.text.split("\\n").filter(line => line.trim() !== "").sort();',
      '  return `${self.label}: ${names.join(separator)}`;',
      '}',
    ],
  },
  {
    question: [
      'Object: washer',
      'Slots type: { phase: "idle" | "wash" | "spin"; runs: number; done: boolean }',
      'Slots now: { phase: "spin", runs: 4, done: false }',
      'Message: step()',
      'Intent: Go from idle to wash, from wash to spin, from spin to idle; back at idle count one more run and turn done on, else off. Answer the phase.',
    ],
    code: [
      'function step(self) {',
      '  const after = { idle: "wash", wash: "spin", spin: "idle" };',
      '  self.phase = after[self.phase];',
      '  self.done = self.phase === "idle";',
      '  if (self.done) self.runs += 1;',
      '  return self.phase;',
      '}',
    ],
  },
  {
    question: [
      'Object: tank',
      'Slots type: { litres: number; log: any[] }',
      'Slots now: { litres: 0, log: [] }',
      'Message: fill(20)',
    ],
    code: [
      'function fill(self, amount) {',
      '  self.litres += amount;',
      '  return self.litres;',
      '}',
    ],
  },
  {
    question: [
      'Object: basket',
      'Slots type: { things: any[] }',
      'Slots now: { things: [] }',
      'Message: put("cup")',
    ],
    code: [
      'function put(self, thing) {',
      '  self.things.push(thing);',
      '  return self.things.length;',
      '}',
    ],
  },
  {
    question: [
      'Object: lamp',
      'Slots type: { watts: number; tags: string[] }',
      'Slots now: { watts: 40, tags: ["old", "red"] }',
      'Message: display_yourself()',
    ],
    code: [
      'function display_yourself(self) {',
      '  return [',
      '    "lamp",',
      '    `watts: ${self.watts}`,',
      '    `tags: ${self.tags.join(", ")}`,',
      '  ].join("\\n");',
      '}',
    ],
  },
  {
    question: [
      'Object: meter',
      'Slots type: { volts: number }',
      'Slots now: { volts: 0 }',
      'Message: display_yourself()',
    ],
    code: [
      'function display_yourself(self) {',
      '  return [',
      '    "meter",',
      '    `volts: ${self.volts}`,',
      '  ].join("\\n");',
      '}',
    ],
  },
]

/** Shown only where it fits: among the others it made the model guard slots whose types it knew. */
const EXAMPLE_WITHOUT_SLOTS: Example = {
  question: [
    'Object: world',
    'Slots: whatever self.slotNames() answers',
    'Message: display_yourself()',
  ],
  code: [
    'function display_yourself(self) {',
    '  const own = Object.keys(self).map(name => `${name}: ${typeof self[name] === "object" ? "..." : self[name]}`);',
    '  const known = self.slotNames().filter(name => typeof self[name] === "function");',
    '  return [...own, `answers: ${known.join(", ")}`].join("\\n");',
    '}',
  ],
}

/**
 * Shown only to objects without data: what they learn first makes their first slots, a number and a list. They are made before
 * anything else: a small model that reads `self.day ?? 0` once forgets it the second time.
 */
const EXAMPLES_BARE: readonly Example[] = [
  {
    question: ['Object: purse', 'Slots: none', 'Message: put(3)'],
    code: [
      'function put(self, n) {',
      '  self.value ??= 0;',
      '  self.value += n;',
      '  return self.value;',
      '}',
    ],
  },
  {
    question: [
      'Object: diary',
      'Slots: none',
      'Message: note("rain")',
      'Intent: Push { text, day: the day } to notes, which is [] at first; count day, 0 at first, one up; answer day.',
    ],
    code: [
      'function note(self, text) {',
      '  self.day ??= 0;',
      '  self.notes ??= [];',
      '  self.notes.push({ text, day: self.day });',
      '  self.day += 1;',
      '  return self.day;',
      '}',
    ],
  },
]
const CLASS_EXAMPLES_BARE: readonly Example[] = [
  {
    question: [
      'class Purse {',
      '  /**',
      '   * Called as: put(3)',
      '   * @returns what is asked for, else the new value',
      '   */',
      '  put(',
      '}',
    ],
    code: [
      'put(n: number): number {',
      '  this.value ??= 0;',
      '  this.value += n;',
      '  return this.value;',
      '}',
    ],
  },
  {
    question: [
      'class Diary {',
      '  /**',
      '   * Push { text, day: the day } to notes, which is [] at first; count day, 0 at first, one up; answer day.',
      '   * Called as: note("rain")',
      '   * @returns what is asked for, else the new value',
      '   */',
      '  note(',
      '}',
    ],
    code: [
      'note(text: string): number {',
      '  this.day ??= 0;',
      '  this.notes ??= [];',
      '  this.notes.push({ text, day: this.day });',
      '  this.day += 1;',
      '  return this.day;',
      '}',
    ],
  },
]

const FIXED: readonly ChatMessage[] = [
  { role: 'system', content: RULES.join('\n') },
  ...EXAMPLES.flatMap(messagesOf),
]

function messagesOf({ question, code }: Example): ChatMessage[] {
  return [
    { role: 'user', content: question.join('\n') },
    { role: 'assistant', content: `\`\`\`ts\n${code.join('\n')}\n\`\`\`` },
  ]
}

/**
 * Another way to ask for the same method. What a model gets wrong depends on how it is asked, what it gets right does not:
 * drafts from two ways that behave alike say more than as many from one.
 */
const CLASS_RULES = [
  'You are shown a class and the comment of a method that it lacks. You write that method, complete.',
  'The values of fields are samples: the method must work for any values of their types.',
  'Do what the comment says and nothing more; without a comment do what the name says. Use only the fields and methods shown.',
  'Answer with one ```ts block that holds only the method.',
]

const CLASS_EXAMPLES: readonly Example[] = [
  {
    question: [
      'class Jar {',
      '  count: number = 3',
      '  max: number = 10',
      '  /**',
      '   * Put n more in and answer how many there are then. Throw if it would be more than max.',
      '   * Called as: add(5)',
      '   * @returns what is asked for, else the new value',
      '   */',
      '  add(',
      '}',
    ],
    code: [
      'add(n: number): number {',
      '  if (this.count + n > this.max) throw new Error("Jar is full");',
      '  this.count += n;',
      '  return this.count;',
      '}',
    ],
  },
  {
    question: [
      'class Team {',
      '  members: { name: string; points: number }[] = [{ name: "Al", points: 4 }, { name: "Di", points: 9 }]',
      '  /**',
      '   * Called as: best_name()',
      '   * @returns what is asked for, else the new value',
      '   */',
      '  best_name(',
      '}',
    ],
    code: [
      'best_name(): string {',
      '  const ranked = [...this.members].sort((a, b) => b.points - a.points);',
      '  return ranked.length === 0 ? "" : ranked[0].name;',
      '}',
    ],
  },
  {
    question: [
      'class Radio {',
      '  playing: boolean = true',
      '  stations: any[] = []',
      '  /**',
      '   * Called as: add_station("Jazz")',
      '   * @returns what is asked for, else the new value',
      '   */',
      '  add_station(',
      '}',
    ],
    code: [
      'add_station(station: any): number {',
      '  this.stations.push(station);',
      '  return this.stations.length;',
      '}',
    ],
  },
  {
    question: [
      'class Door {',
      '  open: boolean = true',
      '  label: string = "front"',
      '  /**',
      '   * The label in capitals, with "(open)" behind it when the door is open.',
      '   * Called as: sign()',
      '   * @returns what is asked for, else the new value',
      '   */',
      '  sign(',
      '}',
    ],
    code: [
      'sign(): string {',
      '  const label = this.label.toUpperCase();',
      '  return this.open ? `${label} (open)` : label;',
      '}',
    ],
  },
]

const CLASS_FIXED: readonly ChatMessage[] = [
  { role: 'system', content: CLASS_RULES.join('\n') },
  ...CLASS_EXAMPLES.flatMap(messagesOf),
]

/** What ends an answer: the closing fence. An opening one has its language behind it. */
export const DRAFT_STOPS: readonly string[] = ['\n```\n']

/** The beginning of every prompt for a method; what a provider is warmed with. */
export function fixedMessages(): ChatMessage[] {
  return FIXED.map((message) => ({ ...message }))
}

/** All beginnings that prompts have, the longest first: a provider warmed with each has every one at hand. */
export function warmUps(): ChatMessage[][] {
  return [
    [...CLASS_FIXED],
    [...fixedMessages(), ...messagesOf(EXAMPLE_WITHOUT_SLOTS)],
    fixedMessages(),
  ]
}

/** SHA-256 of the messages that a draft answers, in hexadecimal: what a method's record names as its prompt. */
export function promptHash(messages: readonly ChatMessage[]): string {
  const sent = messages.map(({ role, content }) => [role, content])
  return createHash('sha256').update(JSON.stringify(sent)).digest('hex')
}

const isBare = ({ slots }: DraftContext) => slots.length === 0

/** All messages for a first draft. `budget` is in tokens and bounds the part about the receiver. */
export function draftMessages(context: DraftContext, budget?: number): ChatMessage[] {
  const bare = isBare(context) ? EXAMPLES_BARE.flatMap(messagesOf) : []
  const extra = showsUnknown(context) ? messagesOf(EXAMPLE_WITHOUT_SLOTS) : bare
  return [...fixedMessages(), ...extra, { role: 'user', content: describeContext(context, budget) }]
}

/** All messages for a draft that is asked for as the method of a class. `budget` is in tokens. */
export function classMessages(context: DraftContext, budget?: number): ChatMessage[] {
  return [
    ...CLASS_FIXED.map((message) => ({ ...message })),
    ...(isBare(context) ? CLASS_EXAMPLES_BARE.flatMap(messagesOf) : []),
    { role: 'user', content: describeClass(context, budget) },
  ]
}

/**
 * All messages for another draft after one with a problem. `previous` ends with the model's answer. The name is said again: without
 * it a small model repairs one of the worked examples.
 */
export function repairMessages(
  previous: readonly ChatMessage[],
  problem: string,
  name: string,
): ChatMessage[] {
  const sentence = problem.replace(/\s+/g, ' ').trim().slice(0, 600)
  return [
    ...previous,
    {
      role: 'user',
      content: `That method is wrong: ${sentence}\nWrite the whole of ${name} again, corrected. Answer with one \`\`\`ts block.`,
    },
  ]
}
