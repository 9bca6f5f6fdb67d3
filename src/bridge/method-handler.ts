// Owns: the operation that gives an object a method.
// Leaves: what a method must pass, and the comparison with the one in place, to governance.
// Laws: BR12 an operation that changes something is one turn of the kernel's sequence; `expect` makes it a compare-and-set.
// BR79 with `replace` what people said is asked first, and with `preview` nothing is changed.
import { giveMethod, putMethod } from '#governance'
import { kernelFault } from '#kernel'
import type { Handlers } from './dispatch.ts'
import { answerLater } from './image-handlers.ts'
import { expectOf } from './when.ts'

export const METHOD_HANDLERS: Pick<Handlers, 'CreateMethodCommand'> = {
  CreateMethodCommand: (d, session, id, fields) => {
    const { replace, comment, preview = false } = fields
    const given = {
      holder: d.kernel.head.resolve(fields.target),
      selector: fields.method_name,
      source: fields.source,
      author: session.author,
      ...expectOf(fields),
    }
    const ending = new AbortController()
    let isTooLate = false
    const before = () => {
      ending.signal.throwIfAborted()
      isTooLate = true
    }
    answerLater(session, id, async () => {
      const isWeighed = replace !== undefined || preview
      const done = isWeighed
        ? await giveMethod(d.kernel, {
            ...given,
            comment,
            before,
            anyway: replace === 'anyway',
            preview,
          })
        : await putMethod(d.kernel.workbench, { ...given, comment: comment ?? '' })
      const made = done.tid === null ? {} : { tid: String(done.tid) }
      session.reply(id, { ok: true, result: { ...done, tid: null, ...made }, ...made })
    })
    // While it is compared it can be called off; what is on its way to the disk cannot.
    session.expectUntil(id, () => {
      if (replace === undefined && !preview) return false
      ending.abort(kernelFault('CANCELLED', 'the method was called off before it was given'))
      return !isTooLate
    })
  },
}
