// Owns: what each operation does, in terms of the kernel.
// Leaves: shapes to protocol.ts, connections to session.ts, views of objects to state.ts.
// Laws: BR12 an operation that changes something is one turn of the kernel's sequence.

import { versionOf } from '#governance'
import type { Fault } from '#ground'
import type { Answer, Kernel, Message } from '#kernel'
import type { Teller } from '#mind'
import { type Change, checkObjectName, fromWire, type Oid, oidText, type Tid } from '#objects'
import { bridgeFault } from './faults.ts'
import { type Request, unpack } from './frame.ts'
import { historyPage } from './history.ts'
import { IMAGE_HANDLERS } from './image-handlers.ts'
import { METHOD_HANDLERS } from './method-handler.ts'
import { PERSONA_HANDLERS } from './persona-handlers.ts'
import { PROPOSAL_HANDLERS } from './proposal-handlers.ts'
import {
  describeOperations,
  type FieldsOf,
  type MessageId,
  type OperationName,
  PRINCIPAL,
  PROTOCOL_VERSION,
  WIRE_LIMITS,
} from './protocol.ts'
import { schemaHash } from './schema.ts'
import type { Session } from './session.ts'
import { fullState, type Standing } from './state.ts'
import { subscribe } from './subscription.ts'
import { TELL_HANDLERS } from './tell-handler.ts'
import { VERSION_HANDLERS } from './version-handlers.ts'
import { expectOf, tidIn, tidOrTime } from './when.ts'

/** What operations work with. */
/** What a store says of itself when it is verified. */
export type Verified = ReturnType<Kernel['head']['store']['verify']>

export interface Dispatcher {
  kernel: Kernel
  /** `batos 0.1.0`. */
  server: string
  /** The image's id, made when it awoke. */
  image: string
  /** What turns words into messages; without it TellCommand is refused. */
  teller?: Pick<Teller, 'plan'>
  /** Verifies the image beside the kernel; without it the kernel's own store is asked, which holds up everything else. */
  verify?(): Promise<Verified>
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

/** Answers what was read of the newest state once that is durable: before, it and its numbers may come to nothing. */
function answerDurably(d: Dispatcher, session: Session, id: MessageId, result: unknown): void {
  session.expect(id)
  d.kernel.durable().then(
    () => answer(session, id, result),
    (fault: Fault) => session.reply(id, { ok: false, fault: fault.toRecord() }),
  )
}

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

function change(d: Dispatcher, session: Session, what: Change, note: string): Promise<Answer> {
  return d.kernel.change(what, { author: session.author, note })
}

function messageOf(d: Dispatcher, session: Session, fields: FieldsOf<'SendCommand'>): Message {
  const head = d.kernel.head
  const { selector, key, deadline, intent, policy, holder, version } = fields
  const args = fields.args ?? []
  const message: Message = {
    principal: PRINCIPAL,
    author: session.author,
    session: session.conversation,
    target: head.resolve(fields.target),
    selector,
    args: Array.isArray(args) ? args.map(fromWire) : [fromWire(args)],
  }
  if (intent !== undefined) message.intent = intent
  if (holder !== undefined) message.holder = head.resolve(holder)
  if (policy !== undefined) message.policy = policy
  if (deadline !== undefined) message.deadline = deadline
  if (key !== undefined) message.key = key
  if (version !== undefined) {
    const { method } = versionOf(d.kernel, message.target, selector, version)
    message.version = { method: method.oid, holder: method.holder }
  }
  return message
}

const HANDLERS: Handlers = {
  HelloCommand: (d, session, id, fields) => {
    if (fields.client !== undefined) session.author = fields.client
    if (fields.session !== undefined) session.conversation = fields.session
    else if (fields.resume === true) {
      throw bridgeFault('FIELD_INVALID', 'resume goes with the name of a session')
    }
    const resumed = fields.resume === true ? { resumed: session.resume() } : {}
    answer(session, id, {
      server: d.server,
      protocol: PROTOCOL_VERSION,
      session: fields.session ?? null,
      image: d.image,
      schema: schemaHash(),
      limits: WIRE_LIMITS,
      ...resumed,
    })
  },
  PingCommand: (_, session, id) => answer(session, id, {}),
  DescribeCommand: (_, session, id) => answer(session, id, describeOperations()),
  CancelCommand: (_, session, id, { of }) => {
    answer(session, id, { cancelled: session.cancel(of) || session.unfollow(of) })
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
    const at = fields.at === undefined ? undefined : tidOrTime(d.kernel.head, fields.at)
    answerDurably(
      d,
      session,
      id,
      fullState(d.kernel.head, fields.target ?? 'genesis', at, standing(d, at)),
    )
  },
  ListObjectsCommand: (d, session, id, fields) => {
    const limit = fields.limit ?? WIRE_LIMITS.page
    const { prefix, after } = fields
    const at = fields.at === undefined ? {} : { at: tidOrTime(d.kernel.head, fields.at) }
    const found = d.kernel.head.store.names({
      limit: limit + 1,
      ...at,
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
  GetHistoryCommand: (d, session, id, fields) => {
    const { head } = d.kernel
    const { slot, author, limit = 20 } = fields
    const at = fields.at === undefined ? undefined : tidOrTime(head, fields.at)
    const target = fields.target === undefined ? undefined : head.resolve(fields.target, at)
    const given = fields.before === undefined ? undefined : tidIn(fields.before, 'before')
    const before = at === undefined ? given : Math.min(at + 1, given ?? at + 1)
    const since = fields.since === undefined ? undefined : tidOrTime(head, fields.since)
    answer(session, id, historyPage(head, { target, slot, author, since, before, limit }))
  },
  SubscribeCommand: (d, session, id, fields) => subscribe(d.kernel, session, id, fields),
  UnsubscribeCommand: (_, session, id, { of }) => {
    session.unfollow(of)
    answer(session, id, {})
  },
  GetStatusCommand: (d, session, id) => {
    answer(session, id, { server: d.server, image: d.image, ...d.kernel.status(), ...d.status() })
  },
  ...METHOD_HANDLERS,
  ...IMAGE_HANDLERS,
  ...PROPOSAL_HANDLERS,
  ...VERSION_HANDLERS,
  ...TELL_HANDLERS,
  ...PERSONA_HANDLERS,
}

/** How the versions in the slots stand, which is known of now alone. */
function standing({ kernel }: Dispatcher, at: Tid | undefined): Standing | undefined {
  if (at !== undefined) return undefined
  return ({ holder, selector, version, source }) => {
    if (kernel.quarantine.of(source) !== undefined) return 'quarantined'
    return kernel.versions.find(holder, selector, version)?.state ?? 'durable'
  }
}

/** The oid in the answer to a creation, whose bytes hold `{"$ref": oid}`. */
function createdOid(bytes: Uint8Array): unknown {
  return { oid: (unpack(bytes) as { $ref: string }).$ref }
}
