// Owns: the four kinds of task files: their shapes, and what is said of one that has another.
// Leaves: doing the tasks to the files of this folder, one for each kind.
// Laws: RK1 a task file that is not as it should be is refused with the file, the line, the field and what is wrong with it.
import { z } from 'zod'
import { mindFault } from '../faults.ts'
import { lineOfMistake, lineOfPath } from './json-line.ts'
import { RANK_LIMITS } from './limits.ts'

const { parts, textLength } = RANK_LIMITS
const name = z.string().min(1).max(256)
const text = z.string().max(textLength)
const sentence = z.string().min(1).max(textLength)
const version = z.literal(1)
const slots = z.record(name, z.json())
const sources = z.record(name, sentence)

const check = z.strictObject({
  /** Messages to the receiver, one after the other; what follows is asked of the last one's reply. */
  calls: z
    .array(z.tuple([name]).rest(z.json()))
    .min(1)
    .max(parts),
  expect: z.json().optional(),
  /** Texts that the reply must hold. */
  contains: z.array(text).max(parts).optional(),
  throws: z.boolean().optional(),
  /** How far numbers may be from those that are expected; a millionth when left out. */
  tol: z.number().min(0).optional(),
  /** Slots as they must be afterwards, those named alone. */
  state: slots.optional(),
  objectState: z.record(name, slots).optional(),
  /** What the receiver has instead of the task's slots. */
  slots: slots.optional(),
  objectMethods: z.record(name, sources).optional(),
})

const methodTask = z.strictObject({
  id: name,
  category: name,
  object: name,
  /** Names of the parents; one that is among `objects` has the slots and methods that stand there. */
  parents: z.array(name).max(parts).optional(),
  /** TypeScript of the slots, for readers; nobody is shown it. */
  types: text.optional(),
  slots,
  methods: sources.optional(),
  objects: z
    .record(name, z.strictObject({ object: name.optional(), slots, methods: sources.optional() }))
    .optional(),
  selector: name,
  args: z.array(z.json()).max(parts),
  intent: z.string().max(4_096).optional(),
  /** A method that is right, and some that are wrong: they test the checks, and no model sees them. */
  ref: sentence.optional(),
  mutants: z.array(sentence).max(parts).optional(),
  checks: z.array(check).min(1).max(parts),
})

const call = z.strictObject({ message: name, args: z.array(z.json()).max(parts) })

const callTask = z.strictObject({
  id: name,
  category: name,
  object: name,
  tools: z
    .array(
      z.strictObject({
        message: name,
        args: z.array(name).max(parts),
        about: text.optional(),
      }),
    )
    .min(1)
    .max(parts),
  text: sentence,
  /** The call that is right, null when none of the messages does what is wanted. */
  expect: call.nullable(),
  /** Calls that are right too. */
  also: z.array(call).max(parts).optional(),
})

const flowTask = z.strictObject({
  id: name,
  category: name,
  situation: sentence,
  expect: name,
  also: z.array(name).max(parts).optional(),
})

const personaTask = z.strictObject({
  id: name,
  category: name,
  persona: z.enum(['robin', 'brick']),
  text: sentence,
  /** What ROBIN said before, for BRICK to build on. */
  robin: sentence.optional(),
  rules: z.strictObject({
    /** Fewest and most words. */
    words: z.tuple([z.int().min(0), z.int().min(1)]),
    /** Of each list one must occur, as the beginning of a word, whatever its case. */
    mentions: z.array(z.array(sentence).min(1).max(parts)).max(parts).optional(),
    /** None of these may occur. */
    avoids: z.array(sentence).max(parts).optional(),
    /** It speaks of itself as I. */
    firstPerson: z.boolean().optional(),
    /** It speaks to the person as you. */
    you: z.boolean().optional(),
    /** No more question marks and exclamation marks than this. */
    questions: z.int().min(0).optional(),
    exclamations: z.int().min(0).optional(),
  }),
})

const tasksOf = <T extends z.ZodType>(task: T) => z.array(task).min(1).max(RANK_LIMITS.tasks)

const FILES = {
  'missing-methods': z
    .strictObject({
      version,
      kind: z.literal('missing-methods').default('missing-methods'),
      contract: text.optional(),
      tasks: tasksOf(methodTask),
    })
    .superRefine(({ tasks }, context) => {
      for (const [i, task] of tasks.entries()) {
        const { objects = {}, checks } = task
        refuseStrangers(task.slots, objects, ['tasks', i, 'slots'], context)
        refuseStrangers(task.args, objects, ['tasks', i, 'args'], context)
        refuseStrangers(checks, objects, ['tasks', i, 'checks'], context)
      }
    }),
  'function-calling': z.strictObject({
    version,
    kind: z.literal('function-calling'),
    tasks: tasksOf(callTask),
  }),
  'control-flow': z
    .strictObject({
      version,
      kind: z.literal('control-flow'),
      directives: z
        .array(z.strictObject({ name, about: sentence }))
        .min(2)
        .max(parts),
      tasks: tasksOf(flowTask),
    })
    .superRefine(({ directives, tasks }, context) => {
      const known = new Set(directives.map((one) => one.name))
      for (const [i, { expect }] of tasks.entries()) {
        if (known.has(expect)) continue
        const message = `${expect} is none of the directives`
        context.addIssue({ code: 'custom', message, path: ['tasks', i, 'expect'] })
      }
    }),
  persona: z.strictObject({ version, kind: z.literal('persona'), tasks: tasksOf(personaTask) }),
} as const

export type TaskKind = keyof typeof FILES
export type MethodTask = z.infer<typeof methodTask>
export type MethodCheck = z.infer<typeof check>
export type CallTask = z.infer<typeof callTask>
export type FlowTask = z.infer<typeof flowTask>
export type PersonaTask = z.infer<typeof personaTask>
export type Directive = { name: string; about: string }

/** All tasks that a model is asked to do. */
export interface Suite {
  code: MethodTask[]
  calls: CallTask[]
  /** Each with the directives of its file. */
  flow: (FlowTask & { directives: Directive[] })[]
  persona: PersonaTask[]
}

export const emptySuite = (): Suite => ({ code: [], calls: [], flow: [], persona: [] })

/** Reads a task file and adds its tasks. Faults FIELD_INVALID with file, line and field. */
export function addTaskFile(suite: Suite, file: string, content: string): void {
  if (content.length > RANK_LIMITS.fileLength) {
    throw invalid(file, `it has more than ${RANK_LIMITS.fileLength} characters`)
  }
  const document = parseJson(file, content)
  const kind = kindOf(document)
  if (!Object.hasOwn(FILES, kind)) {
    const known = Object.keys(FILES).join(', ')
    throw invalid(file, `kind is one of ${known}`, content, ['kind'])
  }
  const read = FILES[kind as TaskKind].safeParse(document)
  if (!read.success) {
    const [issue] = read.error.issues
    throw invalid(file, issue?.message ?? 'it is no task file', content, issue?.path)
  }
  const { data } = read
  if (data.kind === 'missing-methods') suite.code.push(...data.tasks)
  else if (data.kind === 'function-calling') suite.calls.push(...data.tasks)
  else if (data.kind === 'persona') suite.persona.push(...data.tasks)
  else {
    const { directives } = data
    suite.flow.push(...data.tasks.map((task) => ({ ...task, directives })))
  }
}

/** A file without a kind has tasks of missing methods, as such files had before there were others. */
function kindOf(document: unknown): string {
  const kind = (document as { kind?: unknown } | null)?.kind
  return kind === undefined ? 'missing-methods' : String(kind)
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content)
  } catch (error) {
    const line = lineOfMistake(content)
    const what = `${file}:${line}: it is not JSON: ${(error as Error).message}`
    throw mindFault('FIELD_INVALID', what, { file, line })
  }
}

function invalid(file: string, what: string, content?: string, path: PropertyKey[] = []): Error {
  if (content === undefined) return mindFault('FIELD_INVALID', `${file}: ${what}`, { file })
  const line = lineOfPath(content, path)
  const field = path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${String(step)}`),
    '',
  )
  const where = field === '' ? '' : `${field.slice(1)}: `
  const data = { file, line, field: field.slice(1) }
  return mindFault('FIELD_INVALID', `${file}:${line}: ${where}${what}`, data)
}

/** Looks for references to objects that the task does not have. */
function refuseStrangers(
  value: unknown,
  objects: object,
  path: PropertyKey[],
  context: { addIssue(issue: { code: 'custom'; message: string; path: PropertyKey[] }): void },
): void {
  if (typeof value !== 'object' || value === null) return
  const { $ref: to, $date: date } = value as { $ref?: unknown; $date?: unknown }
  if (to !== undefined && !(typeof to === 'string' && Object.hasOwn(objects, to))) {
    const message = `there is no object ${JSON.stringify(to)} in this task`
    context.addIssue({ code: 'custom', message, path })
  }
  if (date !== undefined && Number.isNaN(Date.parse(String(date)))) {
    context.addIssue({ code: 'custom', message: `${JSON.stringify(date)} is no date`, path })
  }
  const steps: [PropertyKey, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value)
  for (const [step, part] of steps) refuseStrangers(part, objects, [...path, step], context)
}
