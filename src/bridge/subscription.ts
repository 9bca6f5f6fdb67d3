// Owns: what subscriptions are told: the past page by page, then each change when it is durable.
// Leaves: what a transaction changed to state.ts; who is told of what to session.ts.
// Laws: BR17 a subscription answers where it begins, then tells every change after that once, those of the past first. BR73
// the past is told in pages, between which everybody else has their turn, no faster than the peer reads; it ends with its
// subscription, and holds one transaction's description in memory.
import { asFault, type FaultRecord } from '#ground'
import { type Kernel, kernelFault } from '#kernel'
import { type Oid, oidText, parseTid, type Tid } from '#objects'
import { bridgeFault } from './faults.ts'
import { slotsChanged } from './history.ts'
import type { FieldsOf, MessageId } from './protocol.ts'
import type { Session } from './session.ts'

/** What one page looks at, in transactions and changed objects: about a millisecond. */
const PAGE = 64

/** Milliseconds before peers that have much to read are looked at again. */
const PAUSE = 20

/** A subscription that is being told of the past. */
interface Replay {
  session: Session
  id: MessageId
  target: Oid | undefined
  /** All that happened up to this transaction is told. */
  told: Tid
  /** Objects of the next transaction, and how many of them were looked at; undefined before it was read. */
  oids: readonly Oid[] | undefined
  next: number
  isStopped: boolean
}

/** All subscriptions to one kernel that are being told of the past. */
class Replays {
  readonly #kernel: Kernel
  #waiting: Replay[] = []
  #isScheduled = false

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Tells the first page at once and the others later. */
  begin(replay: Replay): void {
    replay.session.following.set(replay.id, () => {
      replay.isStopped = true
      this.#drop(replay)
    })
    this.#waiting.push(replay)
    this.#page(replay)
    this.#schedule()
  }

  #drop(replay: Replay): void {
    this.#waiting = this.#waiting.filter((one) => one !== replay)
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return
    this.#isScheduled = true
    const turn = () => {
      this.#isScheduled = false
      this.#turn()
    }
    // One page of one subscription at a time, however many there are; nobody waits for a peer that does not read.
    if (this.#waiting.some(({ session }) => !session.isBehind)) setImmediate(turn)
    else setTimeout(turn, PAUSE).unref()
  }

  #turn(): void {
    const replay = this.#waiting.find(({ session }) => !session.isBehind)
    if (replay !== undefined) {
      this.#drop(replay)
      this.#waiting.push(replay)
      this.#page(replay)
    }
    this.#schedule()
  }

  #page(replay: Replay): void {
    try {
      for (let looked = 0; looked < PAGE; looked++) {
        if (this.#isOver(replay)) return
        this.#step(replay)
      }
    } catch (thrown) {
      const fault = asFault(thrown)
      if (fault === undefined) throw thrown
      this.#end(replay, fault.toRecord())
    }
  }

  /** Whether it has ended, or has caught up and is told of what happens from now on. */
  #isOver(replay: Replay): boolean {
    if (replay.isStopped) return true
    const { session, id, target, told } = replay
    const { store } = this.#kernel.head
    if (told < store.head().tid) return false
    this.#drop(replay)
    // A group that is durable but not yet told would come twice, so what follows begins after what was read here.
    const stop = this.#kernel.follow((one) => {
      if (one.tid > told && (target === undefined || one.oid === target)) tell(session, id, one)
    })
    const stopVersions = followVersions(this.#kernel, replay)
    const stopProposals = followProposals(this.#kernel, replay)
    session.following.set(id, () => {
      stop()
      stopVersions()
      stopProposals()
    })
    return true
  }

  /** Looks at the next transaction, or at one of its objects. */
  #step(replay: Replay): void {
    const { head } = this.#kernel
    const tid = replay.told + 1
    if (tid <= head.store.packedTo()) {
      const { what, oldest } = packedAway(replay.told, head.store.packedTo())
      throw kernelFault('CONFLICT', what, { oldest })
    }
    const { target } = replay
    if (replay.oids === undefined) {
      const oids = head.store.transaction(tid)?.oids ?? []
      replay.oids = target === undefined ? oids : oids.filter((oid) => oid === target)
      replay.next = 0
    }
    const oid = replay.oids[replay.next++]
    const slots = oid === undefined ? undefined : slotsChanged(head, oid, tid)
    if (replay.next >= replay.oids.length) {
      replay.told = tid
      replay.oids = undefined
    }
    if (oid !== undefined && slots !== undefined) {
      tell(replay.session, replay.id, { tid, oid, slots })
    }
  }

  /** What is left of the past cannot be told: the subscription ends, and says why. */
  #end(replay: Replay, { code, message, data }: FaultRecord): void {
    const { session, id } = replay
    this.#drop(replay)
    session.following.delete(id)
    session.event(id, {
      kind: 'ended',
      code,
      reason: message,
      ...(data === undefined ? {} : { data }),
    })
  }
}

const replaysOf = new WeakMap<Kernel, Replays>()

/** Follows from a transaction on: what has happened since, then what happens, nothing missed and nothing twice. */
export function subscribe(
  kernel: Kernel,
  session: Session,
  id: MessageId,
  fields: FieldsOf<'SubscribeCommand'>,
): void {
  const { head } = kernel
  const target = fields.target === undefined ? undefined : head.resolve(fields.target)
  const from = fields.from === undefined ? head.store.head().tid : parseTid(fields.from)
  if (from === undefined || from > head.tid) {
    throw bridgeFault('FIELD_INVALID', 'from takes a tid that has been')
  }
  const oldest = head.store.packedTo()
  if (from < oldest) {
    const { what, ...data } = packedAway(from, oldest)
    const remedy = 'Read the objects anew, and follow from `data.oldest` or later.'
    throw bridgeFault('FIELD_INVALID', what, data, remedy)
  }
  session.reply(id, { ok: true, result: { tid: String(from) } })
  let replays = replaysOf.get(kernel)
  if (replays === undefined) {
    replays = new Replays(kernel)
    replaysOf.set(kernel, replays)
  }
  replays.begin({ session, id, target, told: from, oids: undefined, next: 0, isStopped: false })
}

const packedAway = (from: Tid, oldest: Tid) => ({
  what: `what happened after ${from} is packed away in part; what is kept begins at ${oldest}`,
  oldest: String(oldest),
})

function tell(session: Session, id: MessageId, one: { tid: Tid; oid: Oid; slots: string[] }): void {
  const { tid, oid, slots } = one
  session.event(id, { kind: 'change', tid: String(tid), oid: oidText(oid), slots })
}

/** Tells what happens to versions of methods from now on; answers how to stop. */
function followVersions(kernel: Kernel, { session, id, target }: Replay): () => void {
  return kernel.versions.follow(({ kind, row, tid, reason, to }) => {
    const { holder, selector, version } = row
    if (target !== undefined && holder !== target) return
    session.event(id, {
      ...{ kind, holder: oidText(holder), selector, version, reason },
      ...(tid === null ? {} : { tid: String(tid) }),
      ...(to === undefined ? {} : { to }),
    })
  })
}

/** Tells what happens to methods that wait for a person from now on; answers how to stop. */
function followProposals(kernel: Kernel, { session, id, target }: Replay): () => void {
  return kernel.proposals.follow(({ id: proposal, holder, selector, status }) => {
    if (target !== undefined && holder !== target) return
    session.event(id, { kind: 'proposal', proposal, holder: oidText(holder), selector, status })
  })
}
