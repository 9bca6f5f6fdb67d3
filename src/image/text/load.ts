// Owns: transactions out of the text of a dump.
// Leaves: writing the text to dump.ts; committing to whoever loads.
// Laws: IM80 into an empty store a dump comes back as it was, oids and all; into another one its objects get new oids, and
// the first object stays the one that is there.
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
import { fromJson, refsIn } from './value.ts'

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
}

interface Line {
  number: number
  text: string
}

interface Block {
  kind: Exclude<RecordKind, 'gone'>
  oid: Oid
  names: string[]
  raw: { refs: Oid[]; payload: Uint8Array } | undefined
  slots: { name: string; line: number; json: unknown }[]
}

/**
 * The transactions that bring a dump into a store. Numbers follow the head that is given. Into an empty store all oids
 * are kept. Faults FIELD_INVALID with the number of a line that cannot be read, and makes nothing then.
 */
export function load(text: string, request: LoadRequest): Transaction[] {
  const { blocks, bindings } = parse(text)
  const isEmpty = request.head.oid === 0
  const oids = new Map<Oid, Oid>()
  let next = request.head.oid + 1
  for (const { oid } of blocks) {
    if (oids.has(oid)) throw malformed(0, `${oidText(oid)} stands there twice`)
    oids.set(oid, isEmpty || oid === GENESIS ? oid : next++)
  }
  const names = new Map<string, Oid>(bindings)
  for (const block of blocks) for (const name of block.names) names.set(name, block.oid)
  const place = (oid: Oid, line: number): Oid => {
    const placed = oids.get(oid) ?? (isEmpty ? oid : undefined)
    if (placed === undefined) throw malformed(line, `${oidText(oid)} is not in the dump`)
    return placed
  }
  const oidOf = (line: number) => (reference: string) => {
    const oid = parseOid(reference) ?? names.get(reference)
    if (oid === undefined) throw malformed(line, `nothing is named ${JSON.stringify(reference)}`)
    return place(oid, line)
  }
  const transactions = new Transactions(request)
  for (const block of blocks) {
    if (!isEmpty && block.oid === GENESIS) continue
    transactions.add(place(block.oid, 0), block, oidOf, (oid) => place(oid, 0))
  }
  const bound: Transaction['names'][number][] = []
  for (const [name, oid] of names) {
    if (isEmpty || oid !== GENESIS) bound.push({ name, oid: place(oid, 0) })
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
    oidOf: (line: number) => (reference: string) => Oid,
    place: (oid: Oid) => Oid,
  ): void {
    if (this.#revisions.length >= REVISIONS || this.#bytes >= BYTES) this.#cut([])
    const { kind, raw } = block
    const tid = this.#tid
    let payload = raw?.payload
    let refs = raw?.refs.map(place) ?? []
    if (payload === undefined) {
      const slots: StoredSlot[] = block.slots.map(({ name, line, json }) => {
        return { name, tid, value: readValue(json, line, oidOf(line)) }
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

function readValue(json: unknown, line: number, oidOf: (reference: string) => Oid): unknown {
  try {
    return fromJson(json, oidOf)
  } catch (error) {
    throw malformed(line, (error as Error).message)
  }
}

function parse(text: string): { blocks: Block[]; bindings: [string, Oid][] } {
  const lines = text.split('\n').map((line, index) => ({ number: index + 1, text: line }))
  const format = /^batos-dump (\d+)$/.exec(lines[0]?.text ?? '')?.[1]
  if (format === undefined) throw malformed(1, 'a dump begins with “batos-dump” and a number')
  if (Number(format) > DUMP_FORMAT) {
    throw malformed(1, `the dump has form ${format}; this program reads up to ${DUMP_FORMAT}`)
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
      blocks.push({ kind, oid: oidIn(head[2] as string, line), names, raw: undefined, slots: [] })
    } else if (name !== null) {
      bindings.push([json(name[1] as string, line) as string, oidIn(name[2] as string, line)])
    } else at = addSlot(blocks.at(-1), lines, at)
  }
  return { blocks, bindings }
}

/** Reads a slot, with the lines of its block of text, and answers the index of its last line. */
function addSlot(block: Block | undefined, lines: readonly Line[], at: number): number {
  const line = lines[at] as Line
  const raw = /^ {2}raw (\[[^\]]*\]) ("[^"]*")$/.exec(line.text)
  if (block !== undefined && raw !== null) {
    const refs = (json(raw[1] as string, line) as string[]).map((ref) => oidIn(ref, line))
    block.raw = { refs, payload: Buffer.from(json(raw[2] as string, line) as string, 'base64') }
    return at
  }
  const slot = /^ {2}("(?:[^"\\]|\\.)*") (.*)$/.exec(line.text)
  if (block === undefined || slot === null) throw malformed(line.number, 'no such line is known')
  const name = json(slot[1] as string, line) as string
  if (slot[2] !== 'text') {
    block.slots.push({ name, line: line.number, json: json(slot[2] as string, line) })
    return at
  }
  const texts: string[] = []
  let last = at
  for (; lines[last + 1]?.text.startsWith('    | ') === true; last++) {
    texts.push((lines[last + 1] as Line).text.slice(6))
  }
  block.slots.push({ name, line: line.number, json: texts.join('\n') })
  return last
}

function namesIn(text: string, line: Line): string[] {
  const found = text.match(/"(?:[^"\\]|\\.)*"/g) ?? []
  if (` ${found.join(' ')}` !== text) throw malformed(line.number, 'names are texts in quotes')
  return found.map((name) => json(name, line) as string)
}

function oidIn(text: string, line: Line): Oid {
  const oid = parseOid(text)
  if (oid === undefined) throw malformed(line.number, `${text} is no oid`)
  return oid
}

function json(text: string, line: Line): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed(line.number, `${text.slice(0, 60)} is not JSON`)
  }
}

function malformed(line: number, problem: string): Error {
  const where = line === 0 ? 'The dump' : `Line ${line} of the dump`
  return imageFault('FIELD_INVALID', `${where} cannot be read: ${problem}.`, { line })
}
