// Owns: transactions out of the text of a dump.
// Leaves: writing the text to dump.ts; committing to whoever loads.
// Laws: IM80 into an empty store a dump comes back as it was, oids and all; into another one its objects get new oids, and
// the first object stays the one that is there.
import { asFault } from '#ground'
import {
  encodeSlots,
  GENESIS,
  type Oid,
  oidText,
  parseOid,
  type StoredSlot,
  type Tid,
} from '#objects'
import { imageFault } from '../faults.ts'
import type { RecordKind, Revision, Transaction } from '../store.ts'
import { DUMP_FORMAT } from './dump.ts'
import { jsonMistakeAt } from './json-place.ts'
import { fromJson, lineOf, refsIn } from './value.ts'

/** Revisions and bytes of one of the transactions that a load makes: far below what a group may hold. */
const REVISIONS = 4_096
const BYTES = 8 * 1024 * 1024

/** Where the objects go, and who brings them. */
export interface LoadRequest {
  /** The head of the store that they go into; `{ tid: 0, oid: 0 }` when it is empty. */
  head: { tid: Tid; oid: Oid }
  /** Milliseconds since 1970. */
  time: number
  author: string
  note?: string
  /** Whether each reference must lead to something in the dump, also when it goes into an empty store. */
  closed?: boolean
}

interface Line {
  number: number
  text: string
}

/** Where something stands in the dump, both from 1 on; line 0 is the dump as a whole. */
interface Place {
  line: number
  column: number
}

interface Block {
  kind: Exclude<RecordKind, 'gone'>
  oid: Oid
  line: number
  names: string[]
  raw: { refs: Oid[]; payload: Uint8Array } | undefined
  /** Names of the slots so far. */
  known: Set<string>
  slots: { name: string; line: number; text: string; json: unknown }[]
}

/**
 * The transactions that bring a dump into a store. Numbers follow the head that is given. Into an empty store all oids
 * are kept. Faults FIELD_INVALID with the line and the column of what cannot be read, and makes nothing then.
 */
export function load(text: string, request: LoadRequest): Transaction[] {
  const { blocks, bindings } = parse(text)
  const isEmpty = request.head.oid === 0
  const oids = new Map<Oid, Oid>()
  let next = request.head.oid + 1
  for (const { oid, line } of blocks) {
    if (oids.has(oid)) throw malformed({ line, column: 8 }, `${oidText(oid)} stands there twice`)
    oids.set(oid, isEmpty || oid === GENESIS ? oid : next++)
  }
  const names = new Map<string, Oid>(bindings)
  for (const block of blocks) for (const name of block.names) names.set(name, block.oid)
  const place = (oid: Oid, at: Place): Oid => {
    const placed = oids.get(oid) ?? (isEmpty && request.closed !== true ? oid : undefined)
    if (placed === undefined) throw malformed(at, `${oidText(oid)} is not in the dump`)
    return placed
  }
  const oidOf = (line: number, text: string) => (reference: string) => {
    const at = { line, column: text.indexOf(lineOf(reference)) + 1 }
    const oid = parseOid(reference) ?? names.get(reference)
    if (oid === undefined) throw malformed(at, `nothing is named ${JSON.stringify(reference)}`)
    return place(oid, at)
  }
  const transactions = new Transactions(request)
  for (const block of blocks) {
    if (!isEmpty && block.oid === GENESIS) continue
    transactions.add(place(block.oid, NOWHERE), block, oidOf, (oid) =>
      place(oid, { line: block.line, column: 1 }),
    )
  }
  const bound: Transaction['names'][number][] = []
  for (const [name, oid] of names) {
    if (isEmpty || oid !== GENESIS) bound.push({ name, oid: place(oid, NOWHERE) })
  }
  return transactions.end(bound)
}

/** Fills transactions up to a size, one after another. */
class Transactions {
  readonly #request: LoadRequest
  readonly #done: Transaction[] = []
  #revisions: Revision[] = []
  #bytes = 0
  #tid: Tid

  constructor(request: LoadRequest) {
    this.#request = request
    this.#tid = request.head.tid + 1
  }

  add(
    oid: Oid,
    block: Block,
    oidOf: (line: number, text: string) => (reference: string) => Oid,
    place: (oid: Oid) => Oid,
  ): void {
    if (this.#revisions.length >= REVISIONS || this.#bytes >= BYTES) this.#cut([])
    const { kind, raw } = block
    const tid = this.#tid
    let payload = raw?.payload
    let refs = raw?.refs.map(place) ?? []
    if (payload === undefined) {
      const slots: StoredSlot[] = block.slots.map(({ name, line, text, json }) => {
        return { name, tid, value: readValue(json, { line, text }, oidOf(line, text)) }
      })
      payload = encodeSlots(slots)
      refs = refsIn(slots.map(({ value }) => value))
    }
    this.#bytes += payload.length
    this.#revisions.push({ oid, tid, kind, refs, payload })
  }

  end(names: Transaction['names']): Transaction[] {
    if (this.#revisions.length > 0 || names.length > 0) this.#cut(names)
    return this.#done
  }

  #cut(names: Transaction['names']): void {
    const { time, author, note = 'load' } = this.#request
    this.#done.push({ tid: this.#tid, time, author, note, revisions: this.#revisions, names })
    this.#revisions = []
    this.#bytes = 0
    this.#tid++
  }
}

function readValue(
  json: unknown,
  { line, text }: { line: number; text: string },
  oidOf: (reference: string) => Oid,
): unknown {
  try {
    return fromJson(json, oidOf)
  } catch (error) {
    // What a reference faults knows its own column.
    if (asFault(error) !== undefined) throw error
    throw malformed({ line, column: valueColumn(text) }, (error as Error).message)
  }
}

/** Where a slot's value begins. */
const valueColumn = (text: string) => (SLOT.exec(text)?.[1]?.length ?? 0) + 1

function parse(text: string): { blocks: Block[]; bindings: [string, Oid][] } {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, text: line }))
  const format = /^batos-dump (\d+)$/.exec(lines[0]?.text ?? '')?.[1]
  if (format === undefined) throw malformed(START, 'a dump begins with “batos-dump” and a number')
  if (Number(format) > DUMP_FORMAT) {
    throw malformed(
      { line: 1, column: 12 },
      `the dump has form ${format}; this program reads up to ${DUMP_FORMAT}`,
    )
  }
  const blocks: Block[] = []
  const bindings: [string, Oid][] = []
  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] as Line
    if (line.text === '') continue
    const head = /^(object|method) (#[0-9a-z]+)((?: ".*")?)$/.exec(line.text)
    const name = /^name (".*") (#[0-9a-z]+)$/.exec(line.text)
    if (head !== null) {
      const kind = head[1] as Block['kind']
      const names = head[3] === '' ? [] : namesIn(head[3] as string, line)
      blocks.push({
        kind,
        oid: oidIn(head[2] as string, line),
        line: line.number,
        names,
        raw: undefined,
        known: new Set(),
        slots: [],
      })
    } else if (name !== null) {
      bindings.push([json(name[1] as string, line) as string, oidIn(name[2] as string, line)])
    } else at = addSlot(blocks.at(-1), lines, at)
  }
  return { blocks, bindings }
}

/** A slot's line: all before its value, its name, its value. */
const SLOT = /^( {2}("(?:[^"\\]|\\.)*") )(.*)$/

/** Reads a slot, with the lines of its block of text, and answers the index of its last line. */
function addSlot(block: Block | undefined, lines: readonly Line[], at: number): number {
  const line = lines[at] as Line
  const raw = /^ {2}raw (\[[^\]]*\]) ("[^"]*")$/.exec(line.text)
  if (block !== undefined && raw !== null) {
    const refs = (json(raw[1] as string, line) as string[]).map((ref) => oidIn(ref, line))
    block.raw = { refs, payload: Buffer.from(json(raw[2] as string, line) as string, 'base64') }
    return at
  }
  const slot = SLOT.exec(line.text)
  if (block === undefined) {
    throw malformed({ line: line.number, column: 1 }, 'no object or method begins before it')
  }
  if (slot === null) throw malformed(...unknownLine(line))
  const [, before = '', quoted = '', text = ''] = slot
  const name = json(quoted, line) as string
  if (block.known.has(name)) {
    const twice = `the slot ${quoted} stands in ${oidText(block.oid)} twice`
    throw malformed({ line: line.number, column: 3 }, twice)
  }
  block.known.add(name)
  if (text !== 'text') {
    const value = json(text, line, before.length)
    block.slots.push({ name, line: line.number, text: line.text, json: value })
    return at
  }
  const texts: string[] = []
  let last = at
  for (; lines[last + 1]?.text.startsWith('    | ') === true; last++) {
    texts.push((lines[last + 1] as Line).text.slice(6))
  }
  block.slots.push({ name, line: line.number, text: line.text, json: texts.join('\n') })
  return last
}

/** What is wrong with a line that is none of those which a dump has. */
function unknownLine({ number, text }: Line): [Place, string] {
  const indent = /^ */.exec(text)?.[0].length ?? 0
  const at = { line: number, column: indent + 1 }
  if (text.startsWith('    |')) return [at, 'a line of text stands under no slot']
  if (indent === 0) return [at, 'a line begins with object, method or name, or is a slot']
  if (indent !== 2) return [at, 'a slot stands two spaces in']
  if (text[2] !== '"') return [at, 'the name of a slot stands in quotes']
  return [at, 'a slot is a name in quotes, a space, and a value or the word text']
}

function namesIn(text: string, line: Line): string[] {
  const found = text.match(/"(?:[^"\\]|\\.)*"/g) ?? []
  if (` ${found.join(' ')}` !== text)
    throw malformed(
      { line: line.number, column: line.text.indexOf('"') + 1 },
      'names are texts in quotes',
    )
  return found.map((name) => json(name, line) as string)
}

function oidIn(text: string, line: Line): Oid {
  const oid = parseOid(text)
  if (oid !== undefined) return oid
  throw malformed({ line: line.number, column: line.text.indexOf(text) + 1 }, `${text} is no oid`)
}

/** The value of a JSON text that begins `skipped` characters into its line. */
function json(text: string, line: Line, skipped: number = line.text.indexOf(text)): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const at = jsonMistakeAt(text)
    const found = at >= text.length ? 'it ends too early' : `there is ${lineOf(excerpt(text, at))}`
    throw malformed({ line: line.number, column: skipped + at + 1 }, `it is not JSON: ${found}`)
  }
}

/** Characters of a line that a fault repeats. */
const EXCERPT = 24

const excerpt = (text: string, at: number) =>
  text.length - at > EXCERPT ? `${text.slice(at, at + EXCERPT)}…` : text.slice(at)

const NOWHERE: Place = { line: 0, column: 0 }
const START: Place = { line: 1, column: 1 }

function malformed({ line, column }: Place, problem: string): Error {
  const where = line === 0 ? 'The dump' : `Line ${line} of the dump, column ${column},`
  return imageFault(
    'FIELD_INVALID',
    `${where} cannot be read: ${problem}.`,
    { line, column },
    'Correct that place and load it again; nothing has changed.',
  )
}
