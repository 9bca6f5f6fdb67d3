// Owns: reading one result of a worker: its kind, its reply, the fault or the need in it, the names that it binds.
// Leaves: the objects that it writes to verify-write.ts; ending a worker whose report is refused to sequence.ts.
// Laws: KN27 a fault, a need and a name are rebuilt from their checked parts; a worker binds only names that are free, to
// objects that are there. KN77 so is what it posts, for objects that are there.
import type { FaultRecord } from '#ground'
import {
  checkObjectName,
  isMap,
  isSelector,
  encodeValue,
  type HttpNeed,
  type HttpRequest,
  type InquiryNeed,
  isRepeatable,
  MethodRef,
  type Need,
  OBJECT_LIMITS,
  type Oid,
  type Posting,
  type RestoredName,
  readInquiry,
  readRequest,
  toStored,
} from '#objects'
import type { Head } from './head.ts'
import { KERNEL_LIMITS } from './limits.ts'
import { collectRefs } from './message.ts'
import { scan } from './scan.ts'
import type { Called } from './versions.ts'
import { type ReportedWrite, refuse } from './verify-write.ts'

/** One result as the kernel believes it. The writes are still to be verified. */
export type Report =
  | {
      kind: 'kept'
      reply: Uint8Array
      writes: ReportedWrite[]
      names: { name: string; oid: Oid | null }[]
      fuel: number
      postings: readonly Posting[]
      /** What was counted of methods on probation. */
      called?: Called[]
    }
  | { kind: 'fault'; fault: FaultRecord; called?: Called[] }
  | { kind: 'need'; need: Need; stale: string[] }

/** What a reply may be: a map with `$` keys is a map, a list and a pair on the wire, and a reference is a map. */
const REPLY_LIMITS = {
  depth: OBJECT_LIMITS.valueDepth * 3 + 2,
  values: OBJECT_LIMITS.valueNodes * 4 + 4,
  extensions: new Set([-1]),
}
/** UTF-16 units of a fault's sentence and of its remedy. */
const SENTENCE_LENGTH = 4_000
/** Values in a fault's data, and UTF-16 units of each text there: a refused source fits. */
const DATA_VALUES = 1_000
const DATA_LENGTH = 65_536

/** Reads the result of a turn, `[n, kind, …]`. Throws Unbelievable. */
export function readReport(result: readonly unknown[]): Report {
  const kind = result[1]
  if (kind === 'fault') {
    const fault = readFault(result[2])
    return result.length === 3 ? { kind, fault } : { kind, fault, called: readCalled(result[3]) }
  }
  if (kind === 'need') return { kind, need: readNeed(result[2]), stale: readStale(result[3]) }
  if (kind !== 'kept') return refuse('an outcome of no known kind')
  const kept = {
    kind,
    reply: readReply(result[2]),
    writes: readWrites(result[3]),
    names: readNames(result[4]),
    fuel: typeof result[5] === 'number' ? result[5] : refuse('fuel that is no number'),
    postings: result.length === 6 ? NOTHING_POSTED : readPostings(result[6]),
  } as const
  return result.length < 8 ? kept : { ...kept, called: readCalled(result[7]) }
}

/** What a worker counted; of what is not on probation nothing is believed later. */
function readCalled(value: unknown): Called[] {
  if (!Array.isArray(value) || value.length > CALLED_MAX) return refuse('counted calls')
  return value.map((one) => {
    if (!Array.isArray(one) || !one.every((n) => Number.isSafeInteger(n) && n >= 0)) {
      return refuse('a counted call')
    }
    const [method, calls = 0, faults = 0, fuel = 0] = one as number[]
    if (faults > calls || calls > CALLS_MAX) return refuse('a counted call')
    return { method: readOid(method), calls, faults, fuel }
  })
}

/** Methods on probation that one turn may run and tell of, and calls of each. */
const CALLED_MAX = 64
const CALLS_MAX = OBJECT_LIMITS.fuel

/** Checks a reply's bytes: a wire value within the limits. */
function readReply(bytes: unknown): Uint8Array {
  if (!(bytes instanceof Uint8Array)) return refuse('a reply is not bytes')
  if (bytes.length > OBJECT_LIMITS.replyBytes) return refuse('a reply is too large')
  const problem = scan(bytes, REPLY_LIMITS)
  return problem === undefined ? bytes : refuse(`a reply was refused: ${problem}`)
}

function readWrites(value: unknown): ReportedWrite[] {
  if (!Array.isArray(value) || value.length > OBJECT_LIMITS.turnWrites) return refuse('writes')
  let size = 0
  // One write is never twice the same.
  const seen = value.length > 1 ? new Set<Oid>() : undefined
  return value.map((write) => {
    if (!Array.isArray(write)) return refuse('a write is not a list')
    const oid = write[0]
    const born = write[1]
    const payload = write[2]
    if (!Number.isSafeInteger(oid) || oid < 1 || typeof born !== 'boolean') return refuse('an oid')
    if (seen?.has(oid)) return refuse('an object written twice')
    seen?.add(oid)
    if (!(payload instanceof Uint8Array)) return refuse('a record is not bytes')
    size += payload.length
    if (size > OBJECT_LIMITS.turnBytes) return refuse('records that are too large together')
    return { oid, born, payload }
  })
}

function readNames(value: unknown): { name: string; oid: Oid | null }[] {
  if (!Array.isArray(value) || value.length > OBJECT_LIMITS.births) return refuse('names')
  if (value.length === 0) return []
  const seen = new Set<string>()
  return value.map((binding) => {
    if (!Array.isArray(binding)) return refuse('a binding is not a list')
    const [name, oid] = binding
    if (!isObjectName(name) || seen.has(name)) return refuse('a name')
    seen.add(name)
    return { name, oid: oid === null ? null : readOid(oid) }
  })
}

function isObjectName(name: unknown): name is string {
  try {
    checkObjectName(name)
    return true
  } catch {
    return false
  }
}

/**
 * Checks that the names are free and their objects there, or that they are those that the turn restores. `born` are the
 * objects of the same turn.
 */
export function verifyNames(
  names: readonly { name: string; oid: Oid | null }[],
  born: ReadonlySet<Oid>,
  head: Head,
  restored: readonly RestoredName[] | undefined,
): void {
  if (restored !== undefined && restored.length !== names.length) refuse('other names than asked')
  for (const { name, oid } of names) {
    const asked = restored?.find((one) => one.name === name)
    if (asked !== undefined) {
      if (asked.oid !== oid || (head.name(name) ?? null) !== asked.expect) refuse('another binding')
      if (oid !== null && !head.has(oid)) refuse('a name for nothing')
      continue
    }
    if (oid === null) return refuse('a name unbound')
    if (head.name(name) !== undefined) refuse('a name that is bound')
    if (!born.has(oid) && !head.has(oid)) refuse('a name for nothing')
  }
}

const readOid = (value: unknown): Oid =>
  Number.isSafeInteger(value) && (value as Oid) > 0 ? (value as Oid) : refuse('an oid')

const readText = (value: unknown, length: number): string =>
  typeof value === 'string' ? value.slice(0, length) : refuse('a text')

function readNeed(value: unknown): Need {
  if (typeof value !== 'object' || value === null) return refuse('a need')
  const { kind, receiver, learner, selector, args } = value as Record<string, unknown>
  if (kind === 'http') return readHttpNeed(value as Record<string, unknown>)
  if (kind === 'inquiry') return readInquiryNeed(value as Record<string, unknown>)
  if (!isSelector(selector)) return refuse('a selector')
  if (!Array.isArray(args)) return refuse('arguments of a need')
  if (holdsMethod(args)) return refuse('a method among arguments')
  return { kind: 'method', receiver: readOid(receiver), learner: readOid(learner), selector, args }
}

function readHttpNeed({ request, n }: Record<string, unknown>): HttpNeed {
  if (!Number.isSafeInteger(n) || (n as number) < 0) return refuse('the number of a need')
  const need: HttpNeed = { kind: 'http', request: readRequested(request), n: n as number }
  return isRepeatable(need.request) ? need : refuse('a need of what may not be repeated')
}

function readInquiryNeed({ inquiry, n }: Record<string, unknown>): InquiryNeed {
  if (!Number.isSafeInteger(n) || (n as number) < 0) return refuse('the number of a need')
  try {
    const read = readInquiry(toStored(inquiry, () => undefined))
    return { kind: 'inquiry', inquiry: read, n: n as number }
  } catch {
    return refuse('a question')
  }
}

/** Rebuilds a request from what was looked at alone. */
function readRequested(value: unknown): HttpRequest {
  try {
    return readRequest(toStored(value, () => undefined))
  } catch {
    return refuse('a request')
  }
}

/** Outcomes that the message does not have are none, so any few texts will do. */
function readStale(value: unknown): string[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > KERNEL_LIMITS.needs) return refuse('outcomes')
  return value.map((key) => (typeof key === 'string' ? key : refuse('the name of an outcome')))
}

/** Most turns post nothing. */
const NOTHING_POSTED: readonly Posting[] = []

function readPostings(value: unknown): Posting[] {
  // As many as may leave, and as many called off.
  if (!Array.isArray(value) || value.length > OBJECT_LIMITS.postings * 2) return refuse('postings')
  let size = 0
  return value.map((one) => {
    const posting = readPosting(one)
    if (posting.kind === 'cancel') return posting
    const { length } = encodeValue(posting.kind === 'send' ? posting.args : posting.request)
    size += length
    if (length > OBJECT_LIMITS.postingBytes || size > OBJECT_LIMITS.turnBytes) {
      return refuse('postings that are too large')
    }
    return posting
  })
}

function readPosting(value: unknown): Posting {
  if (typeof value !== 'object' || value === null || !isMap(value)) return refuse('a posting')
  const { kind, target, selector, args, request, after } = value
  if (!isSelector(selector)) return refuse('a selector')
  const to = { target: readOid(target), selector }
  if (kind === 'cancel') return { kind, ...to }
  const isTime = Number.isSafeInteger(after) && (after as number) >= 0
  if (!isTime || (after as number) > OBJECT_LIMITS.postingDelay)
    return refuse('the time of a posting')
  if (kind === 'request') {
    return { kind, ...to, request: readRequested(request), after: after as number }
  }
  if (kind !== 'send' || !Array.isArray(args) || args.length > OBJECT_LIMITS.postingArgs) {
    return refuse('a posting of no known kind')
  }
  return { kind, ...to, args: readValues(args), after: after as number }
}

/** Rebuilds values, so that nothing is among them that no slot could hold. */
function readValues(values: unknown[]): unknown[] {
  try {
    return toStored(values, () => undefined) as unknown[]
  } catch {
    return refuse('a value')
  }
}

/** Checks that all objects that postings name are there. `born` are the objects of the same turn. */
export function verifyPostings(
  postings: readonly Posting[],
  born: ReadonlySet<Oid>,
  head: Head,
): void {
  const oids = new Set<Oid>()
  for (const posting of postings) {
    oids.add(posting.target)
    if (posting.kind === 'send') collectRefs(posting.args, oids)
  }
  for (const oid of oids) if (!born.has(oid) && !head.has(oid)) refuse('a posting for nothing')
}

function holdsMethod(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof MethodRef) return true
  if (Array.isArray(value)) return value.some(holdsMethod)
  return isMap(value) && Object.values(value).some(holdsMethod)
}

const RETRIES = ['never', 'transaction', 'later'] as const

/** A fault record with nothing in it that was not looked at. Throws Unbelievable. */
export function readFault(value: unknown): FaultRecord {
  if (typeof value !== 'object' || value === null) return refuse('a fault')
  const { code, message, remedy, retry, data } = value as Record<string, unknown>
  if (typeof code !== 'string' || !/^[A-Z][A-Z_]{1,39}$/.test(code)) return refuse('a code')
  const fault: FaultRecord = {
    code,
    message: readText(message, SENTENCE_LENGTH),
    remedy: readText(remedy, SENTENCE_LENGTH),
    retry: RETRIES.find((one) => one === retry) ?? refuse('a retry'),
  }
  if (data === undefined) return fault
  if (typeof data !== 'object' || data === null || !isMap(data)) return refuse('data of a fault')
  const left = { values: DATA_VALUES }
  return { ...fault, data: readData(data, left, 0) as Record<string, unknown> }
}

function readData(value: unknown, left: { values: number }, depth: number): unknown {
  if (--left.values < 0 || depth > 8) return refuse('data of a fault that is too large')
  if (typeof value === 'string') return value.slice(0, DATA_LENGTH)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value)) return value.map((part) => readData(part, left, depth + 1))
  if (typeof value !== 'object' || !isMap(value)) return refuse('data of a fault')
  const map: Record<string, unknown> = {}
  for (const [key, part] of Object.entries(value)) map[key] = readData(part, left, depth + 1)
  return map
}
