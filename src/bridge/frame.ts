// Owns: the bytes of the wire: one MessagePack map in, one map out; docs/formats/wire.md has examples.
// Leaves: what an operation does to dispatch.ts; the operations themselves to protocol.ts.
// Laws: BR6 bytes are looked over before they are decoded. BR7 a reply's result is passed on as the bytes that the turn
// made. BR8 a refusal carries the id of what it refuses, when that can be read.
// BR50 a refusal has at most 1 KiB. BR53 no key of a map reaches a prototype.
import { Packr } from 'msgpackr'
import { assert, type Fault, type FaultRecord } from '#ground'
import { type RefusalKind, refusalOf } from '#kernel'
import { BRIDGE_FAULTS, bridgeFault } from './faults.ts'
import {
  type MessageId,
  OPERATIONS,
  type OperationName,
  PROTOCOL_VERSION,
  WIRE_LIMITS,
} from './protocol.ts'

// A map of somebody's may have the key `toJSON`, which is no method of ours.
const packr = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  encodeUndefinedAsNil: true,
  useToJSON: false,
})
// Others write small integers in 64 bits, and every field that takes a number takes those. What is beyond 2^53 comes as
// a big integer. msgpackr has 'auto', and its types do not name it.
const reader = new Packr({
  useRecords: false,
  mapsAsObjects: true,
  int64AsType: 'auto' as 'bigint',
})
// Keeps keys as they are, where the readers above rename `__proto__`.
const keeper = new Packr({ useRecords: false, mapsAsObjects: false })
const SCANNED = {
  depth: WIRE_LIMITS.depth,
  values: WIRE_LIMITS.values,
  extensions: new Set([-1]),
}
/** UTF-16 units of somebody else's text in a sentence of ours. */
const SHOWN = 80
/** Largest answer that refuses a message, bytes: a flood of bad frames must not become a larger one of answers. */
const REFUSAL_BYTES = 1_024
/** Most of it that the remedy may take. */
const REMEDY_BYTES = 320
/** Least of it for the sentence. */
const SENTENCE_BYTES = 256
/** Codes whose faults say what is wrong with a message; those of methods and drafts say more, and are bounded by them. */
const BRIEF = new Set([...Object.keys(BRIDGE_FAULTS), 'NOT_UNDERSTOOD'])
/** Fields of data that a program acts by, each a word or a number of ours. */
const ACTED_BY = new Set(['reason', 'retryAfter', 'ended', 'lost'])
/** Bytes that say how long a text is, beyond the one for an empty text. */
const TEXT_HEAD = 2

/** A request whose fields are those its operation declares. */
export interface Request {
  id: MessageId
  op: OperationName
  fields: Record<string, unknown>
}

/** A frame that is no request: why, and the id if it had one. */
export interface Refused {
  id: MessageId | null
  fault: Fault
}

/** Of which kind a frame is that is refused as no message: `data.reason` of FRAME_INVALID. */
export type FrameReason =
  | RefusalKind
  | 'too-long'
  | 'no-map'
  | 'prototype-key'
  | 'no-id'
  | 'protocol'

/** Bytes of a value as the wire has it. */
export function pack(value: unknown): Buffer {
  return packr.pack(value)
}

/** The value in wire bytes of our own making. */
export function unpack(bytes: Uint8Array): unknown {
  return packr.unpack(bytes)
}

/** A refusal of a frame that is no message. */
const noMessage = (reason: FrameReason, why: string, id: MessageId | null = null): Refused => ({
  id,
  fault: bridgeFault('FRAME_INVALID', why, { reason }),
})

const refuse = (
  code: 'OP_UNKNOWN' | 'FIELD_INVALID',
  why: string,
  id: MessageId,
  data?: Record<string, unknown>,
): Refused => ({ id, fault: bridgeFault(code, why, data) })

/** Reads a client's frame. */
export function readRequest(bytes: Uint8Array): Request | Refused {
  const limit = WIRE_LIMITS.frameBytes
  if (bytes.length > limit) {
    return noMessage('too-long', `a frame has ${bytes.length} bytes; the limit is ${limit}`)
  }
  const problem = refusalOf(bytes, SCANNED)
  if (problem !== undefined) {
    return noMessage(problem.kind, `the frame was refused: ${problem.message}`)
  }
  const map = decode(bytes)
  if (map === undefined) return noMessage('no-map', 'the frame is not a map')
  if (namesPrototype(bytes)) {
    const what = 'a map of the frame has the key __proto__'
    return noMessage('prototype-key', what, readId(map.id) ?? null)
  }
  const id = readId(map.id)
  if (id === undefined) {
    return noMessage('no-id', 'the message has no id: a short string or an integer')
  }
  if (map.v !== PROTOCOL_VERSION) {
    const what = `the message is of protocol ${shown(map.v)}; this kernel speaks ${PROTOCOL_VERSION}`
    return noMessage('protocol', what, id)
  }
  const op = map.op
  if (typeof op !== 'string' || !Object.hasOwn(OPERATIONS, op)) {
    return refuse('OP_UNKNOWN', `there is no operation ${shown(op)}`, id)
  }
  const parsed = checked(op as OperationName, map)
  if (parsed === undefined) {
    return refuse('FIELD_INVALID', `${op}: a field is of no kind it takes`, id)
  }
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const field = issue?.path.join('.') ?? ''
    return refuse('FIELD_INVALID', `${op}: ${field}: ${issue?.message ?? 'invalid'}`, id, { field })
  }
  return { id, op: op as OperationName, fields: parsed.data }
}

/**
 * The check of an operation's fields; undefined when it could not be made. zod compares what calls itself the length of
 * a value, and a map may have that key with anything under it.
 */
function checked(op: OperationName, map: Record<string, unknown>) {
  try {
    return OPERATIONS[op].fields.safeParse(map)
  } catch {
    return undefined
  }
}

/** The map in scanned bytes. What passes the scan and still does not decode is refused like the rest. */
function decode(bytes: Uint8Array): Record<string, unknown> | undefined {
  let value: unknown
  try {
    value = reader.unpack(bytes)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  if (value instanceof Date || value instanceof Uint8Array) return undefined
  return value as Record<string, unknown>
}

const PROTOTYPE = '__proto__'

/** Whether any map in the bytes has the key that would name its prototype; the reader would give it another name unsaid. */
function namesPrototype(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // A text may hold the word, so the keys themselves are only looked at when it is there at all.
  return buffer.includes(PROTOTYPE) && hasKey(keeper.unpack(buffer), PROTOTYPE)
}

function hasKey(value: unknown, key: string): boolean {
  if (Array.isArray(value)) return value.some((part) => hasKey(part, key))
  if (!(value instanceof Map)) return false
  return value.has(key) || [...value.values()].some((part) => hasKey(part, key))
}

/** A value of somebody else in a sentence: short, and whatever it is. */
function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, SHOWN))
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      return value === null || value === undefined ? 'none' : 'that is no number or text'
  }
}

function readId(id: unknown): MessageId | undefined {
  if (typeof id === 'string' && id.length <= 128) return id
  if (typeof id === 'number' && Number.isSafeInteger(id)) return id
  if (typeof id === 'bigint' && id <= Number.MAX_SAFE_INTEGER && id >= 0n) return Number(id)
  return undefined
}

// The parts of an answer that are always the same: `v` and the key of the id, `ok` with the key of the result, `tid`.
const VERSION_ID = Buffer.from([0xa1, 0x76, PROTOCOL_VERSION, 0xa2, 0x69, 0x64])
const OK_RESULT = Buffer.concat([Buffer.from([0xa2, 0x6f, 0x6b, 0xc3]), packr.pack('result')])
const TID = Buffer.from(packr.pack('tid'))
/** Longest text whose length fits its first byte. */
const SHORT_TEXT = 31

/** An answer around the bytes of its result. */
export function okFrame(id: MessageId, result: Uint8Array, tid: string | undefined): Buffer {
  const idBytes = packr.pack(id)
  assert(tid === undefined || tid.length <= SHORT_TEXT, 'a tid is a short text')
  const tidLength = tid === undefined ? 0 : TID.length + 1 + tid.length
  const fixed = 1 + VERSION_ID.length + OK_RESULT.length
  const out = Buffer.allocUnsafe(fixed + idBytes.length + result.length + tidLength)
  out[0] = tid === undefined ? 0x84 : 0x85
  out.set(VERSION_ID, 1)
  let at = 1 + VERSION_ID.length
  out.set(idBytes, at)
  at += idBytes.length
  out.set(OK_RESULT, at)
  at += OK_RESULT.length
  out.set(result, at)
  if (tid === undefined) return out
  at += result.length
  out.set(TID, at)
  at += TID.length
  out[at] = 0xa0 | tid.length
  out.write(tid, at + 1, 'latin1')
  return out
}

/** The answer that refuses a message. What repeats the message is cut, so that it has at most REFUSAL_BYTES. */
export function faultFrame(id: MessageId | null, fault: FaultRecord): Buffer {
  const frameOf = (one: FaultRecord) =>
    packr.pack({ v: PROTOCOL_VERSION, id, ok: false, fault: one })
  const whole = frameOf(fault)
  if (whole.length <= REFUSAL_BYTES || !BRIEF.has(fault.code)) return whole
  const bare = { ...fault, message: '', remedy: cutText(fault.remedy, REMEDY_BYTES) }
  // Data repeats what the client sent; it goes when the sentence would have no room beside it, but for what a program acts by.
  if (frameOf(bare).length > REFUSAL_BYTES - SENTENCE_BYTES) {
    const kept = Object.entries(fault.data ?? {}).filter(([name]) => ACTED_BY.has(name))
    if (kept.length === 0) delete bare.data
    else bare.data = Object.fromEntries(kept)
  }
  const room = REFUSAL_BYTES - frameOf(bare).length - TEXT_HEAD
  return frameOf({ ...bare, message: cutText(fault.message, room) })
}

/** At most so many bytes of a text, in whole characters; what was cut shows. */
function cutText(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const cut = Buffer.from(text).subarray(0, bytes - 3)
  return `${new TextDecoder().decode(cut, { stream: true })}…`
}

export function eventFrame(id: MessageId, event: Record<string, unknown>): Buffer {
  return packr.pack({ v: PROTOCOL_VERSION, id, event })
}
