// Owns: who sends what when: random deeds, keys sent again, cancels, deadlines, undos, and what was heard of each.
// Leaves: whether it was right to model.ts.
import { asFault } from '#ground'
import type { Answer, Kernel, Listener } from '#kernel'
import { decodeSlots, encodeSlots, type Oid, Ref } from '#objects'
import { answerText, type Deed, LEARNT, messageOf, NAMES, UNLEARNABLE } from './bank.ts'
import type { Disk } from './disk.ts'
import type { Host } from './host.ts'
import { checkHeard, type Heard, isOutcome, isUnread, type Operation } from './model.ts'
import { undo, view } from './session.ts'
import type { Universe } from './universe.ts'
import { violated } from './violation.ts'

/** How likely each kind of deed is, in parts. */
const KINDS: readonly (readonly [number, Deed['kind']])[] = [
  [8, 'inc'],
  [5, 'peek'],
  [2, 'spoil'],
  [4, 'learn'],
  [2, 'help'],
  [2, 'breed'],
  [4, 'post'],
  [8, 'give'],
  [3, 'total'],
  [5, 'append'],
  [6, 'mix'],
  [4, 'edit'],
  [3, 'nest'],
  [2, 'lend'],
  [1.5, 'take'],
  [2, 'show'],
  [1, 'callOff'],
  [2, 'ask'],
  [2, 'undo'],
  [3, 'view'],
  [0.15, 'poison'],
  [0.15, 'stall'],
]

/** Mistakes on the way between a client and the kernel, to be found out. */
export interface ClientLies {
  /** Some messages with a key are delivered once more, without it. */
  runsTwice?: boolean
}

/** How likely such a message is delivered once more. */
const TWICE = 0.2

type Outside = Extract<Deed, { kind: 'edit' | 'undo' | 'view' }>

/** What surrounds clients. `guard` runs what checks, and keeps what it finds from the kernel that called. */
export interface ClientParts {
  universe: Universe
  disk: Disk
  host: Host
  guard: (check: () => void) => void
  lies?: ClientLies | undefined
}

export class Clients {
  readonly operations = new Map<string, Operation>()
  readonly #universe: Universe
  readonly #disk: Disk
  readonly #host: Host
  readonly #guard: (check: () => void) => void
  readonly #lies: ClientLies
  kernel: Kernel | undefined
  isClosing = false
  /** Workers that ended with a turn that might be to blame, over the whole run: some faults have no other reason. */
  deaths = 0
  /** Whether clients cancel what they sent. */
  isImpatient = true
  /** Appended so far: every value once. */
  #values = 0

  /** Objects without a name that were there once, with their numbers. */
  readonly #nested: { oid: Oid; n: number }[] = []

  constructor({ universe, disk, host, guard, lies }: ClientParts) {
    this.#universe = universe
    this.#disk = disk
    this.#host = host
    this.#guard = guard
    this.#lies = lies ?? {}
  }

  /** Sends something new, or again what has a key. */
  act(): void {
    if (this.kernel === undefined) return
    const keyed = [...this.operations.values()].filter(({ key }) => key !== undefined)
    if (keyed.length > 0 && this.#universe.chance(0.2)) return this.send(this.#universe.pick(keyed))
    const deed = this.#deed()
    const isMessage = deed.kind !== 'edit' && deed.kind !== 'undo' && deed.kind !== 'view'
    const operation = this.begin(deed, {
      hasKey: isMessage && this.#universe.chance(0.4),
      hasDeadline: isMessage && this.#universe.chance(0.1),
    })
    // A client that lost its patience sends the same again while the first is under way.
    if (operation.key !== undefined && this.#universe.chance(0.2)) this.send(operation)
  }

  /** Sends a deed for the first time. */
  begin(deed: Deed, { hasKey, hasDeadline }: { hasKey: boolean; hasDeadline: boolean }): Operation {
    const id = `op${this.operations.size + 1}`
    const operation: Operation = {
      id,
      deed,
      key: hasKey ? `key ${id}` : undefined,
      low: this.#disk.store.head().tid,
      heard: [],
      open: 0,
      failures: this.#disk.failures,
      isCancelled: false,
      hasDeadline,
    }
    this.operations.set(id, operation)
    this.send(operation)
    return operation
  }

  /** Sends all that has a key and no outcome yet. */
  insist(): void {
    for (const operation of this.operations.values()) {
      if (operation.key !== undefined && !operation.heard.some(isOutcome)) this.send(operation)
    }
  }

  /** The kernel is gone: nobody is answered any more. */
  lost(): void {
    this.kernel = undefined
    this.isClosing = false
    for (const operation of this.operations.values()) operation.open = 0
  }

  /** Operations that the kernel owes an answer. */
  get unanswered(): Operation[] {
    return [...this.operations.values()].filter(({ open }) => open > 0)
  }

  send(operation: Operation): void {
    const { kernel } = this
    if (kernel === undefined) return
    const { id, deed } = operation
    this.#universe.say(`${id} ${JSON.stringify(deed)} ${operation.key ?? ''}`)
    operation.open++
    const hear = this.#ear(operation, kernel)
    if (deed.kind === 'edit' || deed.kind === 'undo' || deed.kind === 'view') {
      void this.#outside(kernel, deed, id).then(hear)
      return
    }
    const sent = this.#message(kernel, operation, hear)
    if (sent === undefined) return
    if (!this.isImpatient || !this.#universe.chance(0.08)) return
    const cancel = () => {
      if (this.kernel !== kernel) return
      operation.isCancelled = true
      sent.cancel()
    }
    this.#universe.after(this.#universe.between(0, 400), `${id} is cancelled`, cancel)
  }

  #oidOf(name: string): Oid {
    const oid = this.kernel?.head.name(name)
    return oid ?? violated('KN91', `${name} is not bound`)
  }

  /** Sends a message; undefined when the kernel refused it by throwing, as it does when the disk cannot be read. */
  #message(kernel: Kernel, { deed, key, id, hasDeadline }: Operation, hear: (a: Answer) => void) {
    try {
      const ref = (name: string | number) => {
        return new Ref(typeof name === 'number' ? name : this.#oidOf(name))
      }
      const target = this.#oidOf(deed.target)
      const what = messageOf(deed as Exclude<Deed, Outside>, ref)
      const message = { principal: 'client', author: id, target, ...what }
      const listener: Listener = { event: () => undefined, answer: hear }
      const deadline = hasDeadline ? { deadline: this.#universe.between(1, 2_000) } : {}
      const sent = kernel.send(
        { ...message, ...(key === undefined ? {} : { key }), ...deadline },
        listener,
      )
      if (this.#lies.runsTwice && key !== undefined && this.#universe.chance(TWICE)) {
        kernel.send(message, { event: () => undefined, answer: () => undefined })
      }
      return sent
    } catch (thrown) {
      const fault = asFault(thrown)
      if (fault === undefined) throw thrown
      hear({ ok: false, fault: fault.toRecord() })
      return undefined
    }
  }

  /** What is no message to an object. */
  #outside(kernel: Kernel, deed: Outside, author: string): Promise<Answer> {
    if (deed.kind === 'undo') return undo(kernel, deed.tid, author)
    if (deed.kind === 'view') return view(kernel, deed.target, author)
    const { value, expect } = deed
    const change = { kind: 'set', target: this.#oidOf(deed.target), slot: 'note', value } as const
    return kernel.change(expect === undefined ? change : { ...change, expect }, {
      author,
      note: 'edit',
    })
  }

  #ear(operation: Operation, kernel: Kernel): (answer: Answer) => void {
    let answers = 0
    const check = (answer: Answer) => {
      if (++answers > 1) violated('KN10', `${operation.id} was answered twice`)
      operation.open--
      const heard: Heard = {
        text: answer.ok ? answerText(answer.result) : undefined,
        code: answer.ok ? undefined : answer.fault.code,
        message: answer.ok ? '' : answer.fault.message,
        tid: answer.ok ? answer.tid : null,
        high: this.#disk.store.head().tid,
        packedTo: this.#disk.store.packedTo(),
      }
      this.#universe.say(`${operation.id} hears ${heard.text ?? heard.code} ${heard.tid ?? ''}`)
      this.#checkFault(operation, heard)
      checkHeard(operation, heard, this.#disk.store)
      operation.heard.push(heard)
      if (operation.deed.kind === 'ask' && isOutcome(heard)) this.#host.over(operation.deed.id)
    }
    return (answer) => {
      if (this.kernel === kernel) this.#guard(() => check(answer))
    }
  }

  /** A fault has a reason, or it is a lie. */
  #checkFault(operation: Operation, heard: Heard) {
    const { id, deed, isCancelled, hasDeadline, failures } = operation
    const { code, message, packedTo } = heard
    const isLearning = deed.kind === 'learn' || deed.kind === 'help'
    const isDeadly = deed.kind === 'poison' || deed.kind === 'stall'
    const isPacked = deed.kind === 'undo' && deed.tid <= packedTo
    const hostFailed = deed.kind === 'ask' && this.#host.hasFailed(deed.id)
    const reasons: Record<string, boolean> = {
      BUSY: this.#disk.failures > failures || /no worker starts/.test(message),
      CANCELLED: isCancelled || this.isClosing,
      DEADLINE: hasDeadline,
      CONFLICT: deed.kind === 'edit' || deed.kind === 'breed' || deed.kind === 'undo',
      METHOD_FAILED: /ended its worker/.test(message)
        ? isDeadly || this.deaths >= 2
        : deed.kind === 'give' || deed.kind === 'spoil' || hostFailed,
      FUEL: isDeadly || this.deaths >= 2,
      GENERATION_FAILED: isLearning,
      GENERATION_REFUSED: isLearning,
      TARGET_UNKNOWN: isPacked || (deed.kind === 'take' && packedTo > 0),
      FIELD_INVALID: isPacked,
    }
    if (isUnread(heard) && this.#disk.failures > failures) return
    if (code !== undefined && reasons[code] !== true) {
      const what = `${id} (${JSON.stringify(deed)}) was answered ${code} without reason`
      violated('KN94', `${what}: ${message}`)
    }
  }

  #deed(): Deed {
    const { counters, accounts, lists } = NAMES
    const universe = this.#universe
    const counter = universe.pick(counters)
    const kind = this.#kind()
    switch (kind) {
      case 'inc':
      case 'spoil':
        return { kind, target: counter, by: 1 + universe.below(9) }
      case 'nest':
        return { kind, target: counter, n: ++this.#values }
      case 'lend':
        return { kind, target: counter, to: universe.pick(counters) }
      case 'take':
        return this.#take(counter)
      case 'ask':
        return { kind, target: counter, id: ++this.#values }
      case 'undo':
        return this.#undo(counter)
      case 'learn':
      case 'help': {
        const selector = universe.chance(0.1) ? UNLEARNABLE : universe.pick(LEARNT)
        return { kind, target: counter, selector }
      }
      case 'breed':
        return { kind, target: counter, name: `child${universe.below(6)}`, id: ++this.#values }
      case 'give': {
        const to = universe.pick(accounts)
        const from = universe.pick(accounts.filter((name) => name !== to))
        return { kind, target: from, to, amount: 1 + universe.below(60) }
      }
      case 'post': {
        const milliseconds = universe.chance(0.5) ? 0 : universe.below(3_000)
        return { kind, target: counter, id: ++this.#values, by: universe.below(9), milliseconds }
      }
      case 'total':
        return { kind, target: universe.pick(accounts) }
      case 'append':
        return { kind, target: universe.pick(lists), value: ++this.#values }
      case 'mix':
        return { kind, target: universe.pick(lists), steps: this.#steps(lists) }
      case 'edit':
        return { kind, target: counter, value: universe.below(100), expect: this.#expect(counter) }
      default:
        return { kind, target: counter }
    }
  }

  /** Gives a counter an object to hold that is, or was, nested in it: what was durable when somebody looked. */
  #take(target: string): Deed {
    const { store } = this.#disk
    const slotsOf = (oid: Oid) => decodeSlots(store.read(oid)?.payload ?? encodeSlots([]))
    const slot = (oid: Oid, wanted: string) =>
      slotsOf(oid).find(({ name }) => name === wanted)?.value
    const inner = slot(this.#oidOf(target), 'inner')
    const n = inner instanceof Ref ? slot(inner.oid, 'n') : undefined
    if (inner instanceof Ref && typeof n === 'number') this.#nested.push({ oid: inner.oid, n })
    if (this.#nested.length === 0) return { kind: 'nest', target, n: ++this.#values }
    return { kind: 'take', target, ...this.#universe.pick(this.#nested) }
  }

  /** Takes back something that a client was told of; the newest, more often than not. */
  #undo(target: string): Deed {
    // What reads lists tells their order by what was appended, which must stay.
    const tids = [...this.operations.values()].flatMap(({ deed, heard }) =>
      deed.kind === 'append' || deed.kind === 'mix' ? [] : (heard[0]?.tid ?? []),
    )
    if (tids.length === 0) return { kind: 'peek', target }
    const recent = this.#universe.chance(0.7) ? tids.slice(-5) : tids
    return { kind: 'undo', target, tid: this.#universe.pick(recent) }
  }

  #kind(): Deed['kind'] {
    let left = this.#universe.random() * KINDS.reduce((sum, [parts]) => sum + parts, 0)
    for (const [parts, kind] of KINDS) {
      left -= parts
      if (left < 0) return kind
    }
    return 'inc'
  }

  #steps(lists: readonly string[]): ([string] | [string, number])[] {
    return Array.from({ length: 1 + this.#universe.below(4) }, () => {
      const name = this.#universe.pick(lists)
      return this.#universe.chance(0.5) ? [name] : [name, ++this.#values]
    })
  }

  /** What an edit expects: anything, what the slot is as of now, or nothing. */
  #expect(counter: string): number | null | undefined {
    if (this.#universe.chance(0.3)) return undefined
    const head = this.kernel?.head
    const oid = head?.name(counter)
    if (head === undefined || oid === undefined || this.#universe.chance(0.2)) return null
    return head.object(oid).slots.find(({ name }) => name === 'note')?.tid ?? null
  }
}
