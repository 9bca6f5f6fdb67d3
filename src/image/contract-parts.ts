// Owns: what a claim about a store is made of: what the store brings, and short ways to say what is committed.
// Leaves: the claims to the other contract files; running them to store-contract.ts.
// Laws: none of its own.
import type { Oid, Tid } from '#objects'
import type { Group, Revision, Store, TableWrite, Transaction, TransactionInfo } from './store.ts'

/** What a store brings to the suite. */
export interface StoreContract {
  /** Stands before every title. */
  name: string
  /** A new, empty store; the suite closes it. */
  open(): Store | Promise<Store>
  /** Closes a store and opens what it kept. */
  reopen?(store: Store): Promise<Store>
  /** Closes a store, changes one byte of a record behind its back, and opens it again. */
  damage?(store: Store, oid: Oid, tid: Tid): Promise<Store>
  /** Rules that this store cannot keep, with reasons. */
  skip: readonly { rule: string; reason: string }[]
}

/** One claim about every store; the title begins with the rule's id. */
export interface Claim {
  title: string
  check(store: Store, hooks: Required<Pick<StoreContract, 'reopen' | 'damage'>>): Promise<Store>
}

/** A revision whose payload is the bytes of a text. */
export function revision(oid: Oid, tid: Tid, text: string, refs: readonly Oid[] = []): Revision {
  return { oid, tid, kind: 'object', refs, payload: Buffer.from(text) }
}

/** A transaction of these revisions; its time is its tid in seconds. */
export function transaction(
  tid: Tid,
  revisions: readonly Revision[],
  names: Transaction['names'] = [],
): Transaction {
  return { tid, time: tid * 1_000, author: 'contract', note: `the ${tid}th`, revisions, names }
}

/** A group of these transactions. */
export function group(
  transactions: readonly Transaction[],
  tables: readonly TableWrite[] = [],
): Group {
  return { transactions, tables }
}

/** The text of a payload, undefined when there is no revision. */
export function textOf(found: Revision | undefined): string | undefined {
  return found === undefined ? undefined : Buffer.from(found.payload).toString()
}

/** Everything a store answers, as plain data that can be compared. */
export function portrait(store: Store): unknown {
  const plain = (found: Revision) => ({ ...found, payload: Buffer.from(found.payload).toString() })
  const transactions: TransactionInfo[] = store.transactions()
  return {
    head: store.head(),
    transactions,
    replayed: [...store.replay()].map((one) => ({ ...one, revisions: one.revisions.map(plain) })),
    objects: [...store.objects()].map(plain),
    past: transactions.map(({ tid }) => [...store.objects({ at: tid })].map(plain)),
    histories: [...store.objects()].map(({ oid }) => store.revisions(oid).map(plain)),
    names: transactions.map(({ tid }) => store.names({ at: tid })),
    facts: store.scan('facts').map(({ key, value }) => [key, Buffer.from(value).toString()]),
    waiting: store.scan('waiting').length,
    times: transactions.map(({ time }) => store.tidAt(time)),
    report: store.verify(),
  }
}
