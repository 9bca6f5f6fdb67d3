// Owns: what ends a turn from inside and cannot be caught by guest code: a need, spent fuel, a broken limit.
// Leaves: rethrowing it in `catch` to the rewriter (kernel/judge), which looks at the runtime's `z`.
import type { FaultRecord } from '#ground'
import type { Oid } from './identity.ts'
import type { Inquiry } from './inquiry.ts'
import type { HttpRequest } from './request.ts'

/** A method that no object in the delegation chain has. `args` are stored values; `learner` is who would learn it. */
export interface MethodNeed {
  kind: 'method'
  receiver: Oid
  learner: Oid
  selector: string
  args: unknown[]
}

/** The answer to a request: the `n`-th equal one of the attempt, from 0. */
export interface HttpNeed {
  kind: 'http'
  request: HttpRequest
  n: number
}

/** The answer to a question: the `n`-th equal one of the attempt, from 0. */
export interface InquiryNeed {
  kind: 'inquiry'
  inquiry: Inquiry
  n: number
}

export type Need = MethodNeed | HttpNeed | InquiryNeed

/** Thrown through guest code; `need` or `fault` says why. */
export class Signal extends Error {
  readonly need: Need | undefined
  readonly fault: FaultRecord | undefined

  constructor(why: { need?: Need; fault?: FaultRecord }) {
    super('the turn has ended')
    this.need = why.need
    this.fault = why.fault
  }
}

/** The name under which the outcome of a need is found when the turn runs again. */
export function needKey(
  need: Pick<MethodNeed, 'learner' | 'selector'> | HttpNeed | InquiryNeed,
): string {
  if ('inquiry' in need) return `inquiry ${need.n} ${JSON.stringify(need.inquiry)}`
  if ('request' in need) return `http ${need.n} ${JSON.stringify(need.request)}`
  return `${need.learner}:${need.selector}`
}
