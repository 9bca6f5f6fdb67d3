// Owns: which transaction a text means, and what is no transaction.
// Leaves: finding the transaction of a time to the kernel's head.
import type { Head } from '#kernel'
import { parseTid, type Tid } from '#objects'
import { bridgeFault } from './faults.ts'

/** The transaction that a text names: a tid, or a time. Faults TARGET_UNKNOWN. */
export function tidOrTime(head: Head, text: string): Tid {
  const tid = parseTid(text)
  const isKnown = tid === undefined ? !Number.isNaN(Date.parse(text)) : tid <= head.tid
  if (isKnown) return head.at(text)
  const what = tid === undefined ? 'is no transaction and no time' : 'has not been yet'
  throw bridgeFault(
    'TARGET_UNKNOWN',
    `${tid === undefined ? JSON.stringify(text) : `transaction ${tid}`} ${what}`,
    { at: text, newest: String(head.tid) },
    '`batos log` lists the transactions; a time is written as 2026-01-31T09:05:00Z.',
  )
}

/** A tid as a field has it. Faults FIELD_INVALID, naming the field. */
export function tidIn(text: string, field: string): Tid {
  const tid = parseTid(text)
  if (tid !== undefined) return tid
  throw bridgeFault('FIELD_INVALID', `${field} takes the number of a transaction`, { field })
}

/** What a change says of the slot that it is based on, as the kernel takes it. Faults FIELD_INVALID. */
export function expectOf({ expect }: { expect?: string | null | undefined }): {
  expect?: Tid | null
} {
  if (expect === undefined) return {}
  if (expect === null) return { expect: null }
  const tid = parseTid(expect)
  if (tid === undefined) throw bridgeFault('FIELD_INVALID', 'expect takes a tid or null')
  return { expect: tid }
}
