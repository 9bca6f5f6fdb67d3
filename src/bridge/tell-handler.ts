// Owns: TellCommand: the messages that a person's words come to, told and sent one after the other, once for each key.
// Leaves: what the words mean to the mind; running messages to the kernel.
// Laws: BR75 a message is told before it is sent, and its answer before the next. BR76 the first that fails ends it, and the
// fault says what was done. BR77 with a key the messages are fixed before the first is sent, and each runs once.
// BR78 a preview, and words that are refused, send nothing.
import { asFault, Fault, type FaultRecord } from '#ground'
import type { Answer, Message } from '#kernel'
import { mindFault, type ToldMessage } from '#mind'
import { fromWire, oidText } from '#objects'
import type { Dispatcher, Handlers } from './dispatch.ts'
import { bridgeFault } from './faults.ts'
import { pack, unpack } from './frame.ts'
import { type FieldsOf, type MessageId, PRINCIPAL } from './protocol.ts'
import type { Session } from './session.ts'

/** Whose keys those of told messages are: no client's are among them. */
const TELLING = `${PRINCIPAL} tells`

/** What telling came to. `tids` has the transaction of each message, null for one that changed nothing. */
interface Told {
  messages: ToldMessage[]
  answers: unknown[]
  tids: (string | null)[]
}

/** One TellCommand under way. */
interface Telling {
  d: Dispatcher
  session: Session
  id: MessageId
  fields: FieldsOf<'TellCommand'>
  signal: AbortSignal
  /** Ends the message that runs now. */
  cancelNow: () => void
}

/** Words with a key that are being told, so that a second sender waits for the first. */
const underWay = new WeakMap<object, Map<string, Promise<Told>>>()

export const TELL_HANDLERS: Pick<Handlers, 'TellCommand'> = {
  TellCommand: (d, session, id, fields) => {
    const { key, preview } = fields
    const all = underWay.get(d) ?? new Map<string, Promise<Told>>()
    underWay.set(d, all)
    session.expect(id)
    const twin = key === undefined || preview === true ? undefined : all.get(key)
    if (twin !== undefined) return answerWith(session, id, twin)
    const ending = new AbortController()
    const telling: Telling = { d, session, id, fields, signal: ending.signal, cancelNow: () => {} }
    session.expectUntil(id, () => {
      ending.abort(bridgeFault('CANCELLED', 'the words were cancelled'))
      telling.cancelNow()
      return true
    })
    const told = tell(telling)
    answerWith(session, id, told)
    if (key === undefined || preview === true) return
    all.set(key, told)
    const over = () => all.delete(key)
    told.then(over, over)
  },
}

function answerWith(session: Session, id: MessageId, promise: Promise<Told>): void {
  promise.then(
    (told) => {
      const tid = told.tids.findLast((one) => one !== null)
      const made = tid === undefined || tid === null ? {} : { tid }
      session.reply(id, { ok: true, result: told, ...made })
    },
    (thrown: unknown) => {
      const fault = asFault(thrown)
      // A mistake of our own must end the process loudly, not leave a client waiting.
      if (fault === undefined) throw thrown
      session.reply(id, { ok: false, fault: fault.toRecord() })
    },
  )
}

async function tell(telling: Telling): Promise<Told> {
  const { session, id, fields, signal } = telling
  const messages = await planned(telling)
  const told: Told = { messages, answers: [], tids: [] }
  if (fields.preview === true) return told
  for (const [index, message] of messages.entries()) {
    session.event(id, { kind: 'message', index, ...message })
    const answer = await answerOf(telling, message, index)
    if (!answer.ok) throw stopped(answer.fault, told)
    const result = unpack(answer.result)
    const tid = answer.tid === null ? null : String(answer.tid)
    told.answers.push(result)
    told.tids.push(tid)
    session.event(id, { kind: 'answer', index, result, tid })
    if (signal.aborted && index < messages.length - 1) {
      throw stopped((signal.reason as Fault).toRecord(), told)
    }
  }
  return told
}

/** The messages: those that were fixed for the key, those that were picked, or what the mind makes of the words. */
async function planned({ d, session, id, fields, signal }: Telling): Promise<ToldMessage[]> {
  const { text, target, key, preview, messages: picked } = fields
  const { head } = d.kernel
  const of = key === undefined ? undefined : { principal: TELLING, key: `plan\n${key}` }
  const kept = of === undefined ? undefined : d.kernel.keptAnswer(of)
  if (kept?.ok === true) return unpack(kept.result) as ToldMessage[]
  const given = target === undefined ? undefined : { name: target, oid: head.resolve(target) }
  const messages =
    picked?.map((one) => {
      const { args = [], intent, ...rest } = one
      const oid = oidText(head.resolve(one.target))
      return { ...rest, oid, args, ...(intent === undefined ? {} : { intent }) }
    }) ??
    (await tellerOf(d).plan(
      { head, examples: (holder, selector) => d.kernel.examples.of(holder, selector) },
      {
        text,
        ...(given === undefined ? {} : { target: given }),
        signal,
        onProgress: (detail) => session.event(id, { kind: 'progress', detail }),
      },
    ))
  if (of !== undefined && preview !== true) await d.kernel.keepAnswer(of, pack(messages))
  return messages
}

function tellerOf({ teller }: Dispatcher): NonNullable<Dispatcher['teller']> {
  if (teller !== undefined) return teller
  throw mindFault(
    'GENERATION_FAILED',
    'this kernel has no model',
    {},
    'Start it with --model NAME.',
  )
}

/** Sends one message and waits for its answer; what happens meanwhile is told. */
function answerOf(telling: Telling, told: ToldMessage, index: number): Promise<Answer> {
  const { d, session, id, fields } = telling
  return new Promise((resolve) => {
    const message = messageOf(telling, told)
    if ('code' in message) return resolve({ ok: false, fault: message })
    if (fields.key !== undefined) {
      message.principal = TELLING
      message.key = `${index}\n${fields.key}`
    }
    const sent = d.kernel.send(message, {
      event: (event) => session.event(id, event),
      answer: resolve,
    })
    telling.cancelNow = () => void sent.cancel()
  })
}

function messageOf({ d, session }: Telling, told: ToldMessage): Message | FaultRecord {
  try {
    const message: Message = {
      principal: PRINCIPAL,
      author: session.author,
      session: session.conversation,
      target: d.kernel.head.resolve(told.oid),
      selector: told.selector,
      args: told.args.map(fromWire),
    }
    return told.intent === undefined ? message : { ...message, intent: told.intent }
  } catch (thrown) {
    const fault = asFault(thrown)
    if (fault === undefined) throw thrown
    return fault.toRecord()
  }
}

/** The fault that ended it, with what was done before. */
const stopped = (fault: FaultRecord, told: Told) =>
  new Fault({ ...fault, data: { ...fault.data, told } })
