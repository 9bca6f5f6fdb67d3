// Owns: the operations on the image as a whole: differences, undo, packs, dumps and loads.
// Leaves: what each does to the kernel and governance; every other operation to dispatch.ts.
// Laws: BR69 a long operation tells its progress under its id, and holds up nobody else.

import { planUndo, spanText, undoPlanned } from '#governance'
import { asFault } from '#ground'
import { type Dumping, dumpPages, type Head, loadDump, placesIn } from '#kernel'
import { type Oid, oidText, type Tid } from '#objects'
import { diff, newestChange, restored } from './diff.ts'
import type { Handlers, Verified } from './dispatch.ts'
import { bridgeFault } from './faults.ts'
import type { MessageId } from './protocol.ts'
import type { Session } from './session.ts'
import { tidIn, tidOrTime } from './when.ts'

/** Milliseconds of history that a pack keeps unless told otherwise: a week, in which a mistake is noticed. */
const KEEP = 7 * 24 * 3_600_000

/** Characters of a dump that one session may bring: what one group of the image holds. */
const LOAD_MAX = 64 * 1024 * 1024

/** Parts of a dump that have come, and the dump that goes out, of each session. */
const loading = new WeakMap<Session, { parts: string[]; length: number }>()
const dumping = new WeakMap<Session, Dumping>()

type ImageOperation =
  | 'DiffCommand'
  | 'UndoCommand'
  | 'PackCommand'
  | 'DumpCommand'
  | 'LoadCommand'
  | 'VerifyCommand'

export const IMAGE_HANDLERS: Pick<Handlers, ImageOperation> = {
  DiffCommand: (d, session, id, fields) => {
    const { head } = d.kernel
    const to = fields.to === undefined ? undefined : tidOrTime(head, fields.to)
    const from = fields.from === undefined ? undefined : tidOrTime(head, fields.from)
    const target =
      fields.target === undefined ? undefined : targetIn(head, fields.target, [to, from])
    // Without a beginning it is what the newest change changed.
    const end = to ?? (from === undefined ? newestChange(head, target) : head.store.head().tid)
    const begin = from ?? Math.max(end - 1, 0)
    answerLater(session, id, async () => {
      const result = await diff(head, { from: begin, to: end, target })
      session.reply(id, { ok: true, result })
    })
  },
  UndoCommand: (d, session, id, fields) => {
    const from = tidIn(fields.tid, 'tid')
    const span = { from, to: fields.to === undefined ? from : tidIn(fields.to, 'to') }
    answerLater(session, id, async () => {
      const plan = await planUndo(d.kernel, span)
      const undoes = spanText(plan.span)
      if (fields.preview === true) {
        const result = { tid: null, undoes, plan: restored(d.kernel.head, plan) }
        return session.reply(id, { ok: true, result })
      }
      const done = await undoPlanned(d.kernel, plan, session.author)
      if (!done.ok) return session.reply(id, { ok: false, fault: done.fault })
      const made = done.tid === null ? {} : { tid: String(done.tid) }
      session.reply(id, { ok: true, result: { tid: null, ...made, undoes }, ...made })
    })
  },
  VerifyCommand: (d, session, id) => {
    answerLater(session, id, async () => {
      const report = (await d.verify?.()) ?? verifyHere(d.kernel.head)
      const damage = report.damage.map(({ problem, oid, tid, place }) => ({
        problem,
        oid: oid === undefined ? null : oidText(oid),
        tid: tid === undefined ? null : String(tid),
        place: place ?? null,
      }))
      session.reply(id, { ok: true, result: { ...report, damage } })
    })
  },
  PackCommand: (d, session, id, { keep = KEEP }) => {
    answerLater(session, id, async () => {
      const report = await d.kernel.pack(keep, (progress) => {
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
    const asked = at === undefined ? newest : Math.min(tidOrTime(head, at), newest)
    const tid = cursor === undefined ? asked : tidIn(cursor[1] as string, 'next')
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

/** What the kernel's own store says, with what people call the objects. Of a damaged file nothing is read in this process. */
function verifyHere(head: Head): Verified {
  const report = head.store.verify()
  const hit = report.damage.map(({ oid }) => oid).filter((oid) => oid !== undefined)
  const places = placesIn(head, hit)
  const damage = report.damage.map((one) => {
    const place = one.oid === undefined ? undefined : places[oidText(one.oid)]
    return place === undefined ? one : { ...one, place }
  })
  return { ...report, damage }
}

/** The object that a target names now, or as of one of these transactions: what is gone can be compared too. */
function targetIn(head: Head, target: string, at: readonly (Tid | undefined)[]): Oid {
  for (const tid of at) {
    if (tid === undefined || tid === 0) continue
    try {
      return head.resolve(target, tid)
    } catch (error) {
      if (asFault(error)?.code !== 'TARGET_UNKNOWN') throw error
    }
  }
  return head.resolve(target)
}

/** Does something that takes a while; the fault that ends it is the answer. */
export function answerLater(session: Session, id: MessageId, work: () => Promise<void>): void {
  session.expect(id)
  work().catch((thrown: unknown) => {
    const fault = asFault(thrown)
    // A mistake of our own must end the process loudly, not leave a client waiting.
    if (fault === undefined) throw thrown
    session.reply(id, { ok: false, fault: fault.toRecord() })
  })
}
