// Owns: the one error that crosses borders: a code, a sentence, a remedy, and whether trying again can help.
// Leaves: the codes themselves to each folder's faults.ts; their pages to docs/faults/.
// Laws: identity is the code, never instanceof, because faults are stored and cross processes.

/** Whether the same request may succeed later: never, in a new transaction, or after a while. */
export type Retry = 'never' | 'transaction' | 'later'

/** A fault as it travels: plain data, safe to store and to send. */
export interface FaultRecord {
  code: string
  message: string
  remedy: string
  retry: Retry
  data?: Record<string, unknown>
}

/** What a folder says once about each of its codes. */
export interface FaultRule {
  retry: Retry
  remedy: string
  /** Milliseconds to wait before trying again: `data.retryAfter` of every fault of the code that says no other number. */
  retryAfter?: number
}

export class Fault extends Error {
  readonly code: string
  readonly remedy: string
  readonly retry: Retry
  readonly data: Record<string, unknown> | undefined

  constructor(record: FaultRecord) {
    super(record.message)
    this.name = 'Fault'
    this.code = record.code
    this.remedy = record.remedy
    this.retry = record.retry
    this.data = record.data
  }

  /** The plain record of this fault: what is stored and what goes on the wire. */
  toRecord(): FaultRecord {
    const record: FaultRecord = {
      code: this.code,
      message: this.message,
      remedy: this.remedy,
      retry: this.retry,
    }
    if (this.data !== undefined) record.data = this.data
    return record
  }
}

/** The fault in an unknown thrown value, or undefined when it is some other error. */
export function asFault(thrown: unknown): Fault | undefined {
  if (thrown instanceof Fault) return thrown
  return undefined
}

/**
 * Makes a folder's fault maker from its table of codes.
 * `make(code, sentence, data?)` answers a Fault with the table's remedy and retry;
 * `data.remedy`, when given, replaces the table's remedy for this one fault.
 */
export function faultsOf<Code extends string>(
  table: Record<Code, FaultRule>,
): (code: Code, message: string, data?: Record<string, unknown>, remedy?: string) => Fault {
  return (code, message, data, remedy) => {
    const rule = table[code]
    const record: FaultRecord = {
      code,
      message,
      remedy: remedy ?? rule.remedy,
      retry: rule.retry,
    }
    const { retryAfter } = rule
    if (retryAfter !== undefined) record.data = { retryAfter, ...data }
    else if (data !== undefined) record.data = data
    return new Fault(record)
  }
}
