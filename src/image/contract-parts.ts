// Owns: what a claim about a store is made of: what the store brings and lacks, and short ways to say what is committed.
// Leaves: the claims to the other contract files; joining them to store-contract.ts and connection-contract.ts.
// Laws: IM101 a claim is left out only where the store says that it lacks what the claim needs, with the reason.
import type { Oid, Tid } from '#objects'
import type { Group, Revision, Store, TableWrite, Transaction, TransactionInfo } from './store.ts'

/**
 * What a claim may need of a store. A store lacks some of it with a reason, and the suites say so; what is not lacked is held
 * to. `write`: it can be written. `refuse`: it cannot be, and says so. `pack`: it can be packed. `reopen`: it outlives its closing.
 * `damage`: its bytes can be changed behind its back. `files`: there is a place for the files of its blobs.
 */
export type Ability = 'write' | 'refuse' | 'pack' | 'reopen' | 'damage' | 'files'

/** What a store brings to the suites: how it is made, and what it is able to do. */
export interface StoreContract {
  /** Stands in every title. */
  name: string
  /** A new, empty store; the suite closes it. */
  open(): Store | Promise<Store>
  /** Closes a store and opens what it kept. Needed unless it lacks `reopen`. */
  reopen?(store: Store): Promise<Store>
  /** Closes a store, changes one byte of a record behind its back, and opens it again. Needed unless it lacks `damage`. */
  damage?(store: Store, oid: Oid, tid: Tid): Promise<Store>
  /** For a store that lacks `write`: the one below it, through which it gets what it shows; the suite closes that too. */
  writer?(store: Store): Store
  /** A new, empty folder or the path of none, for the files of blobs beside a store. One without it lacks `files` by itself. */
  folder?(): string
  /** What it is not able to do, each with a sentence of the reason. One who does not lack `write` lacks `refuse` by itself. */
  lacks: Readonly<Partial<Record<Ability, string>>>
}

/** How a claim gets at a store in other ways than by the store's own calls. */
export interface StoreTools {
  reopen(store: Store): Promise<Store>
  damage(store: Store, oid: Oid, tid: Tid): Promise<Store>
  /** The store itself, where `store` is written through the one below. */
  view: Store
}

/** One claim about every store; the title begins with the rules' ids. */
export interface Claim {
  title: string
  /** What a store must be able to do for it; nothing when it is read alone, whoever wrote. */
  needs?: readonly Ability[]
  /** Answers the store that is to be closed: the one that it got, or what it opened again. */
  check(store: Store, tools: StoreTools): Promise<Store>
}

/** A claim as it is held against one store. */
export interface HeldClaim {
  /** With the store's name behind the ids. */
  title: string
  /** Why it is left out; undefined when it is held. */
  leftOut: string | undefined
  /** Checks it on a new store. Rejects when it does not hold. */
  run(): Promise<void>
}

/** Why a store is not held to a claim with these needs; undefined when it is. Faults on a description that is not whole. */
export function leftOutOf(
  contract: StoreContract,
  needs: readonly Ability[] = [],
): string | undefined {
  const lacks = { ...contract.lacks }
  if (lacks.write === undefined) lacks.refuse ??= 'it can be written'
  if (contract.folder === undefined) lacks.files ??= 'it brings no folder for files'
  for (const tool of ['reopen', 'damage'] as const) {
    if (contract[tool] !== undefined || lacks[tool] !== undefined) continue
    throw new Error(`${contract.name} brings no ${tool} and does not say why it lacks that`)
  }
  if ((lacks.write === undefined) !== (contract.writer === undefined)) {
    throw new Error(`${contract.name} lacks write and brings a writer, or neither`)
  }
  return needs.map((need) => lacks[need]).find((reason) => reason !== undefined)
}

/** A title with a store's name behind its ids. */
export function titleFor(title: string, name: string): string {
  const ids = /^(\[[^\]]+\] )+/.exec(title)?.[0]
  if (ids === undefined) throw new Error(`a claim without a rule: ${title}`)
  return `${ids}${name}: ${title.slice(ids.length)}`
}

/** Registers claims with node:test; what is left out is printed with its reason. */
export function register(claims: Iterable<HeldClaim>): void {
  // Asked for here and not imported: the door of this folder is opened by kernels, which run no tests.
  const { test: hold } = process.getBuiltinModule('node:test')
  for (const { title, leftOut, run } of claims) hold(title, { skip: leftOut ?? false }, run)
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
