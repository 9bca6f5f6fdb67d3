// Owns: transactions and their managers: who takes part, hooks, savepoints, the order of the two phases.
// Leaves: what taking part means to each Resource; connections are the usual ones.
// Laws: IM60 managers are independent. IM61 begin aborts what is pending. IM62 a failed transaction takes nothing but abort.
// IM63 a savepoint can be gone back to again and again, and those after it cannot. IM64 hooks run in order, once.
// IM65 a doomed transaction is not committed. IM66 in explicit mode nothing happens outside begin and end.
//
//   active --commit--> committing --all finished--> committed
//     |  \                 |refused
//     |   +--savepoint-->failed --abort--> aborted
//     +--abort--> aborted
import { asFault } from '#ground'
import type { Tid } from '#objects'
import { CONNECTION_LIMITS, type Warn } from './connection-limits.ts'
import { imageFault } from './faults.ts'
import type { CommitInfo } from './storage.ts'

/** Who takes part in a transaction. */
export interface Resource {
  /** Resources commit in the order of this text, everywhere the same, so that two transactions cannot wait in a ring. */
  readonly sortKey: string
  /** Makes ready what is to be committed; the transaction is still active, and others may join. */
  prepare(): void
  begin(tx: CommitInfo): Promise<void>
  commit(tx: CommitInfo): void
  vote(tx: CommitInfo): void
  finish(tx: CommitInfo): Promise<Tid | undefined>
  /** Ends a commit that did not succeed; changes stay in memory until `abort`. */
  abortCommit(tx: CommitInfo): void
  abort(tx: CommitInfo): void
  /** Takes back all that it did so far. The transaction goes on, and still relies on what it has read. */
  takeBack(): void
  savepoint(): { rollback(): void }
}

/** Who must hear of the borders of transactions, taking part or not. */
export interface Boundary {
  /** Changes that were not noticed yet are noticed now. */
  beforeCompletion(): void
  /** A savepoint was made: what it holds need not stay in memory. */
  afterSavepoint(): void
  /** A transaction ended or, in explicit mode, begins: the snapshot moves. */
  newTransaction(): void
}

export type TransactionStatus = 'active' | 'committing' | 'failed' | 'committed' | 'aborted'

export class Savepoint {
  readonly #rollback: (self: Savepoint) => void

  constructor(rollback: (self: Savepoint) => void) {
    this.#rollback = rollback
  }

  /** Brings back what was when the savepoint was made. Faults TRANSACTION_STATE when it was rolled over. */
  rollback(): void {
    this.#rollback(this)
  }
}

interface KeptSavepoint {
  savepoint: Savepoint
  parts: Map<Resource, { rollback(): void }>
}

export class Transaction implements CommitInfo {
  author = ''
  note = ''
  extension: Record<string, unknown> = {}
  #status: TransactionStatus = 'active'
  #isDoomed = false
  #isEnding = false
  readonly #manager: TransactionManager
  readonly #resources: Resource[] = []
  readonly #before: (() => void | Promise<void>)[] = []
  readonly #after: ((isCommitted: boolean) => void | Promise<void>)[] = []
  #savepoints: KeptSavepoint[] = []

  constructor(manager: TransactionManager) {
    this.#manager = manager
  }

  get status(): TransactionStatus {
    return this.#status
  }

  get isDoomed(): boolean {
    return this.#isDoomed
  }

  /** True when somebody takes part. */
  get isJoined(): boolean {
    return this.#resources.length > 0
  }

  /** Faults TRANSACTION_STATE unless objects may be changed now. */
  checkActive(): void {
    if (this.#status === 'active') return
    throw imageFault(
      'TRANSACTION_STATE',
      this.#status === 'failed' ? 'The transaction has failed.' : `It is ${this.#status}.`,
      { status: this.#status },
    )
  }

  /** Takes part; joining again does nothing. */
  join(resource: Resource): void {
    this.checkActive()
    if (!this.#resources.includes(resource)) this.#resources.push(resource)
  }

  /** Work may go on, and commit is refused. */
  doom(): void {
    this.checkActive()
    this.#isDoomed = true
  }

  /** Runs in a commit, before anything is written; what it throws stops the commit. It may add others. */
  addBeforeCommit(hook: () => void | Promise<void>): void {
    this.checkActive()
    this.#before.push(hook)
  }

  /** Runs when a commit has succeeded or failed; what it throws is told as a warning. */
  addAfterCommit(hook: (isCommitted: boolean) => void | Promise<void>): void {
    this.checkActive()
    this.#after.push(hook)
  }

  savepoint(): Savepoint {
    this.checkActive()
    try {
      this.#manager.beforeCompletion()
      const parts = new Map<Resource, { rollback(): void }>()
      for (const resource of this.#resources) parts.set(resource, resource.savepoint())
      const savepoint = new Savepoint((self) => this.#rollback(self))
      this.#savepoints.push({ savepoint, parts })
      this.#manager.afterSavepoint()
      return savepoint
    } catch (error) {
      this.#status = 'failed'
      throw error
    }
  }

  /** Commits all or nothing. Answers the tid, undefined when nothing was written. Faults CONFLICT and others. */
  async commit(): Promise<Tid | undefined> {
    this.checkActive()
    if (this.#isDoomed) {
      throw imageFault('TRANSACTION_STATE', 'The transaction is doomed: it can only be aborted.', {
        doomed: true,
      })
    }
    if (this.#isEnding) throw imageFault('TRANSACTION_STATE', 'The transaction is being committed.')
    this.#isEnding = true
    let tid: Tid | undefined
    const begun: Resource[] = []
    try {
      await this.#runBefore()
      // A hook may have waited, and somebody aborted meanwhile.
      this.checkActive()
      this.#manager.beforeCompletion()
      for (let at = 0; at < this.#resources.length; at++) this.#resources[at]?.prepare()
      this.#status = 'committing'
      tid = await this.#twoPhases(begun)
    } catch (error) {
      for (const resource of begun) resource.abortCommit(this)
      if (this.#status !== 'aborted') this.#status = 'failed'
      await this.#runAfter(false)
      throw error
    }
    this.#status = 'committed'
    this.#manager.ended(this)
    await this.#runAfter(true)
    return tid
  }

  /** Takes everything back. A commit that is under way cannot be aborted. */
  abort(): void {
    if (this.#status === 'aborted') return
    if (this.#status === 'committing' || this.#status === 'committed') this.checkActive()
    this.#manager.beforeCompletion()
    this.#status = 'aborted'
    for (const resource of this.#resources) resource.abort(this)
    this.#manager.ended(this)
  }

  /** Aborts what is not committed; for `using`. */
  [Symbol.dispose](): void {
    if (this.#status === 'active' || this.#status === 'failed') this.abort()
  }

  async #runBefore(): Promise<void> {
    for (let at = 0; at < this.#before.length; at++) {
      if (at >= CONNECTION_LIMITS.hooks) {
        throw imageFault('LIMIT', `More than ${CONNECTION_LIMITS.hooks} hooks before one commit.`)
      }
      await this.#before[at]?.()
    }
    this.#before.length = 0
  }

  async #runAfter(isCommitted: boolean): Promise<void> {
    for (const hook of this.#after.splice(0)) {
      try {
        await hook(isCommitted)
      } catch (error) {
        const reason = asFault(error)?.message ?? String(error)
        this.#manager.warn({ level: 'warning', message: `A hook after commit threw: ${reason}` })
      }
    }
  }

  async #twoPhases(begun: Resource[]): Promise<Tid | undefined> {
    const resources = this.#resources.toSorted((one, other) =>
      one.sortKey < other.sortKey ? -1 : 1,
    )
    for (const resource of resources) {
      begun.push(resource)
      await resource.begin(this)
    }
    for (const resource of resources) resource.commit(this)
    for (const resource of resources) resource.vote(this)
    let tid: Tid | undefined
    for (const resource of resources) tid = (await resource.finish(this)) ?? tid
    return tid
  }

  #rollback(savepoint: Savepoint): void {
    this.checkActive()
    const at = this.#savepoints.findIndex((kept) => kept.savepoint === savepoint)
    const kept = this.#savepoints[at]
    if (kept === undefined) {
      throw imageFault('TRANSACTION_STATE', 'The savepoint was rolled over by an earlier one.')
    }
    this.#manager.beforeCompletion()
    this.#savepoints.length = at + 1
    try {
      for (const resource of this.#resources) {
        const part = kept.parts.get(resource)
        // Who joined later had nothing when the savepoint was made.
        if (part === undefined) resource.takeBack()
        else part.rollback()
      }
    } catch (error) {
      this.#status = 'failed'
      throw error
    }
  }
}

export interface ManagerOptions {
  /** In explicit mode a transaction is begun before anything else is done. */
  explicit?: boolean
  warn?: Warn
}

/** One line of transactions. Managers know nothing of each other. */
export class TransactionManager {
  readonly isExplicit: boolean
  readonly warn: Warn
  readonly #boundaries = new Set<Boundary>()
  #current: Transaction | undefined

  constructor(options: ManagerOptions = {}) {
    this.isExplicit = options.explicit ?? false
    this.warn = options.warn ?? (() => {})
  }

  /** Begins a transaction; what is pending is aborted, in explicit mode it faults TRANSACTION_STATE. */
  begin(): Transaction {
    if (this.#current !== undefined) {
      if (this.isExplicit) {
        throw imageFault('TRANSACTION_STATE', 'A transaction is under way already.')
      }
    }
    // What is only noticed now belongs to what begin gives up.
    this.beforeCompletion()
    this.#current?.abort()
    this.#current = new Transaction(this)
    for (const boundary of this.#boundaries) boundary.newTransaction()
    return this.#current
  }

  /** The transaction under way; outside of explicit mode there always is one. */
  get(): Transaction {
    if (this.#current === undefined) {
      if (this.isExplicit) {
        throw imageFault('TRANSACTION_STATE', 'No transaction was begun.', undefined, 'Begin one.')
      }
      this.#current = new Transaction(this)
    }
    return this.#current
  }

  /** The transaction under way, undefined when nothing has happened yet. */
  get current(): Transaction | undefined {
    return this.#current
  }

  async commit(): Promise<Tid | undefined> {
    return await this.get().commit()
  }

  abort(): void {
    this.get().abort()
  }

  doom(): void {
    this.get().doom()
  }

  savepoint(): Savepoint {
    return this.get().savepoint()
  }

  /** Hears of borders until the function that this answers is called. */
  watch(boundary: Boundary): () => void {
    this.#boundaries.add(boundary)
    return () => this.#boundaries.delete(boundary)
  }

  /** For the transaction: everybody notices now what was changed. */
  beforeCompletion(): void {
    for (const boundary of this.#boundaries) boundary.beforeCompletion()
  }

  /** For the transaction: everybody may forget what a savepoint holds. */
  afterSavepoint(): void {
    for (const boundary of this.#boundaries) boundary.afterSavepoint()
  }

  /** For the transaction: it has ended. */
  ended(transaction: Transaction): void {
    if (this.#current !== transaction) return
    this.#current = undefined
    if (this.isExplicit) return
    for (const boundary of this.#boundaries) boundary.newTransaction()
  }
}

/** How `transact` may be bounded. */
export interface TransactOptions {
  attempts?: number
}

/**
 * Runs `work` in a new transaction and commits, again after a fault that a new transaction may not meet. Any other
 * error, and the fault of the last attempt, is thrown; nothing of a failed attempt remains.
 */
export async function transact<Result>(
  manager: TransactionManager,
  work: (transaction: Transaction) => Result | Promise<Result>,
  { attempts = CONNECTION_LIMITS.attempts }: TransactOptions = {},
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    const transaction = manager.begin()
    try {
      const result = await work(transaction)
      await transaction.commit()
      return result
    } catch (error) {
      transaction[Symbol.dispose]()
      if (asFault(error)?.retry !== 'transaction' || attempt >= attempts) throw error
    }
  }
}
