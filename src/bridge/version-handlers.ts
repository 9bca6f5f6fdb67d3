// Owns: the operations on versions of methods: which there are, putting one back, keeping one, releasing one.
// Leaves: what each does to governance.
// Laws: BR12 an operation that changes something is one turn of the kernel's sequence.
import {
  holderOf,
  keepVersion,
  type Listed,
  releaseVersion,
  swapBack,
  versionsOf,
} from '#governance'
import type { VersionRow } from '#kernel'
import { oidText } from '#objects'
import type { Dispatcher, Handlers } from './dispatch.ts'
import { answerLater } from './image-handlers.ts'
import type { MessageId } from './protocol.ts'
import type { Session } from './session.ts'

type VersionOperation =
  | 'ListVersionsCommand'
  | 'SwapBackCommand'
  | 'KeepVersionCommand'
  | 'ReleaseVersionCommand'

export const VERSION_HANDLERS: Pick<Handlers, VersionOperation> = {
  ListVersionsCommand: (d, session, id, { target, selector }) => {
    const holder = holderOf(d.kernel, d.kernel.head.resolve(target), selector)
    const versions = versionsOf(d.kernel, holder, selector).map(shown)
    answerLater(session, id, async () => {
      // What was read of the newest state may still come to nothing.
      await d.kernel.durable()
      session.reply(id, { ok: true, result: { holder: oidText(holder), selector, versions } })
    })
  },
  SwapBackCommand: (d, session, id, { target, selector, to }) => {
    decide(d, session, id, swapBack, { target, selector, version: to })
  },
  KeepVersionCommand: (d, session, id, { target, selector }) => {
    decide(d, session, id, keepVersion, { target, selector })
  },
  ReleaseVersionCommand: (d, session, id, { target, selector, version }) => {
    decide(d, session, id, releaseVersion, { target, selector, version })
  },
}

type Decision = typeof releaseVersion

function decide(
  { kernel }: Dispatcher,
  session: Session,
  id: MessageId,
  how: Decision,
  fields: { target: string; selector: string; version?: number | undefined },
): void {
  const { target, selector, version } = fields
  answerLater(session, id, async () => {
    const done = await how(kernel, {
      target: kernel.head.resolve(target),
      selector,
      by: session.author,
      ...(version === undefined ? {} : { version }),
    })
    const made = done.tid === null ? {} : { tid: String(done.tid) }
    const result = { tid: null, ...made, version: done.version, holder: oidText(done.holder) }
    session.reply(id, { ok: true, result, ...made })
  })
}

function shown({ version, current, state, method, row, quarantined }: Listed) {
  return {
    ...{ version, current, state },
    ...(method === undefined ? {} : recordOf(method)),
    ...(row === undefined ? {} : servedBy(row)),
    ...(quarantined === undefined ? {} : { quarantined }),
  }
}

/** What its record says. */
function recordOf(method: NonNullable<Listed['method']>) {
  const { oid, tid, source, comment, author, model, persona, prompt, seed, accepted, verdict } =
    method
  return {
    ...{ method: oidText(oid), tid: String(tid), source, comment, author, model },
    ...(persona === undefined ? {} : { persona }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(seed === undefined ? {} : { seed }),
    ...(accepted === undefined ? {} : { accepted }),
    ...(verdict === undefined ? {} : { verdict }),
  }
}

function servedBy({
  since,
  calls,
  faults,
  fuel,
  sessions,
  shadows,
  evidence,
  decided,
}: VersionRow) {
  const { by, time, reason, tid } = decided ?? {}
  return {
    ...{ since: new Date(since), calls, faults, fuel, sessions: sessions.length },
    ...{ shadows, evidence },
    ...(decided === undefined
      ? {}
      : {
          decided: {
            ...{ by, reason, time: new Date(time ?? 0) },
            ...(tid === undefined ? {} : { tid: String(tid) }),
          },
        }),
  }
}
