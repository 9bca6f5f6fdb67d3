// Owns: what a group must be before any store takes it.
// Leaves: keeping it to the stores; choosing the next tid to the kernel.
// Laws: IM1 a group is checked whole before a byte of it is written. IM3 tids strictly increase.
// IM8 times never fall. IM12 what is over a limit is refused whole.
import { assert } from '#ground'
import { type Oid, oidText, type Tid } from '#objects'
import { imageFault } from './faults.ts'
import { IMAGE_LIMITS } from './limits.ts'
import type { Group, Revision, TableName, TransactionInfo } from './store.ts'

/** The kernel's tables with the byte that stands for each in a key. A number is never used again. */
export const TABLES: Readonly<Record<TableName, number>> = {
  replies: 1,
  waiting: 2,
  code: 3,
  refused: 4,
  facts: 5,
  outbox: 6,
  proposals: 7,
  examples: 8,
  policies: 9,
  versions: 12,
  quarantine: 11,
  cases: 10,
}

/** Where a store stands: its newest transaction, that one's time, and the largest oid. */
export interface Head {
  tid: Tid
  time: number
  oid: Oid
}

/** What a checked group comes to: where the store stands after it, its size, and its descriptions. */
export interface CheckedGroup {
  head: Head
  /** Bytes of payloads and table values. */
  bytes: number
  infos: TransactionInfo[]
}

/** Checks a group that is to follow `head`. Faults CONFLICT and LIMIT; then nothing is kept. */
export function checkGroup(group: Group, head: Head): CheckedGroup {
  let { tid, time, oid } = head
  if (group.largestOid !== undefined) {
    assert(isOid(group.largestOid), 'the largest oid is a safe integer above zero')
    oid = Math.max(oid, group.largestOid)
  }
  let bytes = 0
  let count = 0
  const infos: TransactionInfo[] = []
  for (const transaction of group.transactions) {
    if (!Number.isSafeInteger(transaction.tid) || transaction.tid <= tid) {
      throw imageFault(
        'CONFLICT',
        `Transaction ${transaction.tid} cannot follow transaction ${tid}: numbers strictly increase.`,
        { tid: transaction.tid, head: tid },
      )
    }
    assert(Number.isFinite(transaction.time), 'the time of a transaction is a number')
    tid = transaction.tid
    // A clock that was set back must not make the past unreadable by time.
    time = Math.max(time, transaction.time)
    within(transaction.author.length, IMAGE_LIMITS.authorLength, 'author of', tid, 'characters')
    within(transaction.note.length, IMAGE_LIMITS.noteLength, 'note of', tid, 'characters')
    for (const revision of transaction.revisions) {
      checkRevision(revision, tid)
      if (revision.oid > oid) oid = revision.oid
      bytes += revision.payload.length + 8 * revision.refs.length
    }
    const oids = transaction.revisions.map((revision) => revision.oid)
    if (oids.length > 1 && new Set(oids).size !== oids.length) {
      throw imageFault('CONFLICT', `Transaction ${tid} changes an object twice.`, { tid })
    }
    count += oids.length
    for (const binding of transaction.names) {
      checkName(binding.name)
      assert(binding.oid === null || isOid(binding.oid), 'a name is bound to an oid or to null')
    }
    const names = transaction.names.map((binding) => binding.name)
    infos.push({ tid, time, author: transaction.author, note: transaction.note, oids, names })
  }
  for (const write of group.tables) {
    assert(Object.hasOwn(TABLES, write.table), 'a table is one of the kernel’s')
    checkTableKey(write.key)
    if (write.value === null) continue
    if (write.value.length > IMAGE_LIMITS.tableValueBytes) {
      throw imageFault(
        'LIMIT',
        `A value for table ${write.table} has ${write.value.length} bytes; the limit is ${IMAGE_LIMITS.tableValueBytes}.`,
      )
    }
    bytes += write.value.length
  }
  if (bytes > IMAGE_LIMITS.groupBytes || count > IMAGE_LIMITS.groupRevisions) {
    throw imageFault(
      'LIMIT',
      `A group of ${count} revisions and ${bytes} bytes is over the limit of ${IMAGE_LIMITS.groupRevisions} revisions and ${IMAGE_LIMITS.groupBytes} bytes.`,
      { count, bytes },
      'Commit it in several groups.',
    )
  }
  return { head: { tid, time, oid }, bytes, infos }
}

function checkTableKey(key: string): void {
  if (key.isWellFormed() && Buffer.byteLength(key) <= IMAGE_LIMITS.tableKeyBytes) return
  throw imageFault(
    'LIMIT',
    `A table key takes up to ${IMAGE_LIMITS.tableKeyBytes} bytes of whole characters.`,
    undefined,
    'Choose a shorter key.',
  )
}

/** Whether a text can be a name at all; what cannot is bound to nothing. */
export function isName(name: string): boolean {
  // NUL ends a name in its key, and half of a character would be stored as another name.
  if (name.length === 0 || name.includes('\0') || !name.isWellFormed()) return false
  return Buffer.byteLength(name) <= IMAGE_LIMITS.nameBytes
}

function checkName(name: string): void {
  if (isName(name)) return
  throw imageFault(
    'LIMIT',
    `A name takes 1 to ${IMAGE_LIMITS.nameBytes} bytes of whole characters and no NUL.`,
    undefined,
    'Choose another name.',
  )
}

function checkRevision(revision: Revision, tid: Tid): void {
  assert(revision.tid === tid, 'a revision carries the tid of its transaction')
  assert(isOid(revision.oid), 'an oid is a safe integer above zero')
  const size = revision.payload.length
  if (size > IMAGE_LIMITS.payloadBytes) {
    throw imageFault(
      'LIMIT',
      `Object ${oidText(revision.oid)} takes ${size} bytes; the limit is ${IMAGE_LIMITS.payloadBytes}.`,
      { oid: revision.oid, bytes: size },
    )
  }
  const refs = revision.refs
  if (refs.length > IMAGE_LIMITS.refs) {
    throw imageFault(
      'LIMIT',
      `Object ${oidText(revision.oid)} refers to ${refs.length} objects; the limit is ${IMAGE_LIMITS.refs}.`,
      { oid: revision.oid, refs: refs.length },
    )
  }
  for (let i = 0; i < refs.length; i++) {
    assert(isOid(refs[i] as Oid), 'a reference is a safe integer above zero')
  }
}

function within(size: number, limit: number, what: string, tid: Tid, unit: string): void {
  if (size <= limit) return
  throw imageFault(
    'LIMIT',
    `The ${what} transaction ${tid} has ${size} ${unit}; the limit is ${limit}.`,
    undefined,
    'Say it in fewer words.',
  )
}

function isOid(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
