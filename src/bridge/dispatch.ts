// Owns: what each operation does, in terms of the kernel.
// Leaves: shapes to protocol.ts, connections to session.ts, views of objects to state.ts.
// Laws: BR12 an operation that changes something is one turn of the kernel's sequence.
import type { FaultRecord } from '#ground'
import { putMethod } from '#governance'
import type { Answer, Kernel, Message } from '#kernel'
import { type Change, checkObjectName, fromWire, type Oid, oidText, parseTid } from '#objects'
import { bridgeFault } from './faults.ts'
import { type Request, unpack } from './frame.ts'
import { IMAGE_HANDLERS } from './image-handlers.ts'
import {
  describeOperations,
  type FieldsOf,
  type MessageId,
  type OperationName,
  PROTOCOL_VERSION,
  WIRE_LIMITS,
} from './protocol.ts'
import type { Session } from './session.ts'
import { changesSince, fullState, history } from './state.ts'

/** What operations work with. */
export interface Dispatcher {
  kernel: Kernel
  /** `batos 0.1.0`. */
  server: string
  /** The image's id, made when it awoke. */
  image: string
  /** More for GetStatusCommand. */
  status(): Record<string, unknown>
}

export type Handlers = {
  [Op in OperationName]: (
    d: Dispatcher,
    session: Session,
    id: MessageId,
    fields: FieldsOf<Op>,
  ) => void
}

/** Everybody who may use the kernel is one principal: its owner. */
const PRINCIPAL = 'owner'

/** Does a request; its answer reaches the session. Throws a Fault that is its answer. */
export function dispatch(d: Dispatcher, session: Session, request: Request): void {
  const handler = HANDLERS[request.op] as (
    d: Dispatcher,
    session: Session,
    id: MessageId,
    fields: Record<string, unknown>,
  ) => void
  handler(d, session, request.id, request.fields)
}

const answer = (session: Session, id: MessageId, result: unknown) =>
  session.reply(id, { ok: true, result })

function settle(
  session: Session,
  id: MessageId,
  promise: Promise<Answer>,
  result: (a: Answer & { ok: true }) => unknown,
): void {
  session.expect(id)
  promise.then((done) => {
    if (!done.ok) session.reply(id, { ok: false, fault: done.fault })
    else session.reply(id, { ok: true, result: result(done), ...tidOf(done) })
  })
}

const tidOf = (done: Answer & { ok: true }) => (done.tid === null ? {} : { tid: String(done.tid) })
const tidResult = (done: Answer & { ok: true }) => ({
  tid: done.tid === null ? null : String(done.tid),
})

const expectOf = (fields: { expect?: string | null | undefined }) => {
  if (fields.expect === undefined) return {}
  if (fields.expect === null) return { expect: null }
  const tid = parseTid(fields.expect)
  if (tid === undefined) throw bridgeFault('FIELD_INVALID', 'expect takes a tid or null')
  return { expect: tid }
}

function change(d: Dispatcher, session: Session, what: Change, note: string): Promise<Answer> {
  return d.kernel.change(what, { author: session.author, note })
}

function messageOf(d: Dispatcher, session: Session, fields: FieldsOf<'SendCommand'>): Message {
  const head = d.kernel.head
  const { selector, key, deadline, intent, policy, holder } = fields
  const args = fields.args ?? []
  const message: Message = {
    principal: PRINCIPAL,
    author: session.author,
    target: head.resolve(fields.target),
    selector,
    args: Array.isArray(args) ? args.map(fromWire) : [fromWire(args)],
  }
  if (intent !== undefined) message.intent = intent
  if (holder !== undefined) message.holder = head.resolve(holder)
  if (policy !== undefined) message.policy = policy
  if (deadline !== undefined) message.deadline = deadline
  if (key !== undefined) message.key = key
  return message
}

const HANDLERS: Handlers = {
  HelloCommand: (d, session, id, fields) => {
    if (fields.client !== undefined) session.author = fields.client
    answer(session, id, {
      server: d.server,
      protocol: PROTOCOL_VERSION,
      session: fields.session ?? null,
      image: d.image,
      schema: null,
      limits: WIRE_LIMITS,
    })
  },
  PingCommand: (_, session, id) => answer(session, id, {}),
  DescribeCommand: (_, session, id) => answer(session, id, describeOperations()),
  CancelCommand: (_, session, id, { of }) => {
    answer(session, id, { cancelled: session.cancel(of) })
  },
  SendCommand: (d, session, id, fields) => {
    session.expect(id)
    const sent = d.kernel.send(messageOf(d, session, fields), {
      event: (event) => session.event(id, event),
      answer: (got) => {
        if (!got.ok) session.reply(id, { ok: false, fault: got.fault })
        else session.reply(id, { ok: true, bytes: got.result, ...tidOf(got) })
      },
    })
    session.expectUntil(id, sent.cancel)
  },
  GetFullStateCommand: (d, session, id, fields) => {
    const at = fields.at === undefined ? undefined : d.kernel.head.at(fields.at)
    answer(session, id, fullState(d.kernel.head, fields.target ?? 'genesis', at))
  },
  ListObjectsCommand: (d, session, id, fields) => {
    const limit = fields.limit ?? WIRE_LIMITS.page
    const { prefix, after } = fields
    const found = d.kernel.head.store.names({
      limit: limit + 1,
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    })
    const objects = found.slice(0, limit).map(({ name, oid }) => ({ name, oid: oidText(oid) }))
    const next = found.length > limit ? { next: objects.at(-1)?.name } : {}
    answer(session, id, { objects, ...next })
  },
  CreateObjectCommand: (d, session, id, fields) => {
    if (fields.name !== undefined) checkObjectName(fields.name)
    const parents = (fields.parents ?? ['genesis']).map((one) => d.kernel.head.resolve(one))
    const slots = Object.entries(fields.slots ?? {}).map(
      ([name, value]) => [name, fromWire(value)] as [string, unknown],
    )
    const what: Change = {
      kind: 'create',
      parents,
      slots,
      ...(fields.name === undefined ? {} : { name: fields.name }),
    }
    session.expect(id)
    change(d, session, what, `create ${fields.name ?? ''}`.trim()).then((done) => {
      if (!done.ok) session.reply(id, { ok: false, fault: done.fault })
      else session.reply(id, { ok: true, result: createdOid(done.result), ...tidOf(done) })
    })
  },
  SetSlotCommand: (d, session, id, fields) => {
    const what: Change = {
      kind: 'set',
      target: d.kernel.head.resolve(fields.target),
      slot: fields.slot,
      value: fromWire(fields.value ?? null),
      ...expectOf(fields),
    }
    settle(session, id, change(d, session, what, `set ${fields.slot}`), tidResult)
  },
  RemoveSlotCommand: (d, session, id, fields) => {
    const what: Change = {
      kind: 'remove',
      target: d.kernel.head.resolve(fields.target),
      slot: fields.slot,
      ...expectOf(fields),
    }
    settle(session, id, change(d, session, what, `remove ${fields.slot}`), tidResult)
  },
  CreateMethodCommand: (d, session, id, fields) => {
    session.expect(id)
    const holder = d.kernel.head.resolve(fields.target)
    putMethod(d.kernel.workbench, {
      holder,
      selector: fields.method_name,
      source: fields.source,
      comment: fields.comment ?? '',
      author: session.author,
      ...expectOf(fields),
    }).then(
      (done) =>
        session.reply(id, {
          ok: true,
          result: { ...done, tid: String(done.tid) },
          tid: String(done.tid),
        }),
      (fault: { toRecord(): FaultRecord }) =>
        session.reply(id, { ok: false, fault: fault.toRecord() }),
    )
  },
  GetHistoryCommand: (d, session, id, fields) => {
    const before = fields.before === undefined ? undefined : parseTid(fields.before)
    const target = fields.target === undefined ? undefined : d.kernel.head.resolve(fields.target)
    const limit = fields.limit ?? 20
    answer(session, id, {
      entries: history(d.kernel.head, { target, slot: fields.slot, limit, before }),
    })
  },
  SubscribeCommand: (d, session, id, fields) => subscribe(d, session, id, fields),
  UnsubscribeCommand: (_, session, id, { of }) => {
    const stop = session.following.get(of)
    session.following.delete(of)
    stop?.()
    answer(session, id, {})
  },
  GetStatusCommand: (d, session, id) => {
    answer(session, id, { server: d.server, image: d.image, ...d.kernel.status(), ...d.status() })
  },
  VerifyCommand: (d, session, id) => {
    const report = d.kernel.head.store.verify()
    const damage = report.damage.map((one) => ({
      problem: one.problem,
      oid: one.oid === undefined ? null : oidText(one.oid),
      tid: one.tid === undefined ? null : String(one.tid),
    }))
    answer(session, id, { ...report, damage })
  },
  ...IMAGE_HANDLERS,
}

/** The oid in the answer to a creation, whose bytes hold `{"$ref": oid}`. */
function createdOid(bytes: Uint8Array): unknown {
  return { oid: (unpack(bytes) as { $ref: string }).$ref }
}

/** Follows from a transaction on: what has happened since, then what happens, nothing missed and nothing twice. */
function subscribe(
  d: Dispatcher,
  session: Session,
  id: MessageId,
  fields: FieldsOf<'SubscribeCommand'>,
): void {
  const head = d.kernel.head
  const target: Oid | undefined =
    fields.target === undefined ? undefined : head.resolve(fields.target)
  const durable = head.store.head().tid
  const from = fields.from === undefined ? durable : parseTid(fields.from)
  if (from === undefined || from > head.tid) {
    throw bridgeFault('FIELD_INVALID', 'from takes a tid that has been')
  }
  const oldest = head.store.packedTo()
  if (from < oldest) {
    throw bridgeFault(
      'FIELD_INVALID',
      `what happened after ${from} is packed away in part; what is kept begins at ${oldest}`,
      { oldest: String(oldest) },
      'Read the objects anew, and follow from `data.oldest` or later.',
    )
  }
  const tell = (one: { tid: number; oid: Oid; slots: string[] }) => {
    if (target === undefined || one.oid === target) {
      const event = {
        kind: 'change',
        tid: String(one.tid),
        oid: oidText(one.oid),
        slots: one.slots,
      }
      session.event(id, event)
    }
  }
  // A group that is durable but not yet told would come twice, so what follows begins after what was read here.
  const stop = d.kernel.follow((one) => {
    if (one.tid > durable) tell(one)
  })
  session.following.set(id, stop)
  session.reply(id, { ok: true, result: { tid: String(from) } })
  for (const one of changesSince(head, from, durable)) tell(one)
}
