// Owns: the operations on the image as a whole: differences, undo, packs, dumps and loads.
// Leaves: what each does to the kernel and governance; every other operation to dispatch.ts.
// Laws: BR69 a long operation tells its progress under its id, and holds up nobody else.
import { asFault } from '#ground'
import { undoTransaction } from '#governance'
import { type Dumping, dumpPages, loadDump, packImage } from '#kernel'
import { parseTid, type Tid } from '#objects'
import { diff } from './diff.ts'
import type { Handlers } from './dispatch.ts'
import { bridgeFault } from './faults.ts'
import type { MessageId } from './protocol.ts'
import type { Session } from './session.ts'

/** Milliseconds of history that a pack keeps unless told otherwise: a week, in which a mistake is noticed. */
const KEEP = 7 * 24 * 3_600_000

/** Characters of a dump that one session may bring: what one group of the image holds. */
const LOAD_MAX = 64 * 1024 * 1024

/** Parts of a dump that have come, and the dump that goes out, of each session. */
const loading = new WeakMap<Session, { parts: string[]; length: number }>()
const dumping = new WeakMap<Session, Dumping>()

type ImageOperation = 'DiffCommand' | 'UndoCommand' | 'PackCommand' | 'DumpCommand' | 'LoadCommand'

export const IMAGE_HANDLERS: Pick<Handlers, ImageOperation> = {
  DiffCommand: (d, session, id, { from, to }) => {
    const { head } = d.kernel
    session.reply(id, { ok: true, result: diff(head, head.at(from), head.at(to)) })
  },
  UndoCommand: (d, session, id, fields) => {
    const tid = tidIn(fields.tid)
    answerLater(session, id, async () => {
      const done = await undoTransaction(d.kernel, tid, session.author)
      if (!done.ok) return session.reply(id, { ok: false, fault: done.fault })
      const made = done.tid === null ? null : String(done.tid)
      session.reply(id, {
        ok: true,
        result: { tid: made },
        ...(made === null ? {} : { tid: made }),
      })
    })
  },
  PackCommand: (d, session, id, { keep = KEEP }) => {
    answerLater(session, id, async () => {
      const now = d.kernel.options.now()
      const report = await packImage(d.kernel.head, { keep, now }, (progress) => {
        const { phase, objects, removed } = progress
        const what = phase === 'mark' ? 'looking' : 'removing'
        const detail = `${what}: ${objects} objects, ${removed} records removed`
        session.event(id, { kind: 'progress', detail })
      })
      const { packedTo, missing: _, ...counts } = report
      session.reply(id, { ok: true, result: { packedTo: String(packedTo), ...counts } })
    })
  },
  DumpCommand: (d, session, id, { at, next }) => {
    const { head } = d.kernel
    const cursor = next === undefined ? undefined : /^(\d{1,16}):(\d{1,16})$/.exec(next)
    if (cursor === null) throw bridgeFault('FIELD_INVALID', 'next takes what a page of a dump gave')
    // What is dumped must be durable, so that it is the same when it is asked for again.
    const newest = head.store.head().tid
    const asked = at === undefined ? newest : Math.min(head.at(at), newest)
    const tid = cursor === undefined ? asked : tidIn(cursor[1] as string)
    const given = Number(cursor?.[2] ?? 0)
    const { text, goesOn } = dumpPages(head, { tid, given }, dumping.get(session))
    if (goesOn === undefined) dumping.delete(session)
    else dumping.set(session, goesOn)
    const more = goesOn === undefined ? {} : { next: `${tid}:${goesOn.given}` }
    session.reply(id, { ok: true, result: { tid: String(tid), text, ...more } })
  },
  LoadCommand: (d, session, id, { text, more }) => {
    const so = loading.get(session) ?? { parts: [], length: 0 }
    so.parts.push(text)
    so.length += text.length
    loading.delete(session)
    if (so.length > LOAD_MAX) {
      throw bridgeFault('LIMIT', `a dump has at most ${LOAD_MAX} characters`, { limit: LOAD_MAX })
    }
    if (more === true) {
      loading.set(session, so)
      return session.reply(id, { ok: true, result: { received: so.length } })
    }
    answerLater(session, id, async () => {
      const result = await loadDump(d.kernel, so.parts.join(''), session.author)
      session.reply(id, { ok: true, result, tid: result.tid })
    })
  },
}

function tidIn(text: string): Tid {
  const tid = parseTid(text)
  if (tid === undefined) throw bridgeFault('FIELD_INVALID', 'tid takes the number of a transaction')
  return tid
}

/** Does something that takes a while; the fault that ends it is the answer. */
function answerLater(session: Session, id: MessageId, work: () => Promise<void>): void {
  session.expect(id)
  work().catch((thrown: unknown) => {
    const fault = asFault(thrown)
    // A mistake of our own must end the process loudly, not leave a client waiting.
    if (fault === undefined) throw thrown
    session.reply(id, { ok: false, fault: fault.toRecord() })
  })
}
