// Owns: who sends what when: random deeds, keys sent again, cancels, deadlines, and what was heard of each.
// Leaves: whether it was right to model.ts.
import type { Answer, Kernel, Listener } from '#kernel'
import { Ref } from '#objects'
import { answerText, type Deed, LEARNT, messageOf, NAMES, UNLEARNABLE } from './bank.ts'
import { checkHeard, type Heard, isOutcome, type Operation, violated } from './model.ts'
import type { Disk } from './disk.ts'
import type { Universe } from './universe.ts'

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
  [0.15, 'poison'],
  [0.15, 'stall'],
]

export class Clients {
  readonly operations = new Map<string, Operation>()
  readonly #universe: Universe
  readonly #disk: Disk
  readonly #guard: (check: () => void) => void
  kernel: Kernel | undefined
  isClosing = false
  /** Workers that ended with a turn that might be to blame, over the whole run: some faults have no other reason. */
  deaths = 0
  /** Appended so far: every value once. */
  #values = 0

  /** `guard` runs what checks, and keeps what it finds from the kernel that called. */
  constructor(universe: Universe, disk: Disk, guard: (check: () => void) => void) {
    this.#universe = universe
    this.#disk = disk
    this.#guard = guard
  }

  /** Sends something new, or again what has a key. */
  act(): void {
    if (this.kernel === undefined) return
    const keyed = [...this.operations.values()].filter(({ key }) => key !== undefined)
    if (keyed.length > 0 && this.#universe.chance(0.2)) return this.send(this.#universe.pick(keyed))
    const deed = this.#deed()
    const id = `op${this.operations.size + 1}`
    const operation: Operation = {
      id,
      deed,
      key: deed.kind !== 'edit' && this.#universe.chance(0.4) ? `key ${id}` : undefined,
      low: this.#disk.store.head().tid,
      heard: [],
      open: 0,
      isCancelled: false,
      hasDeadline: deed.kind !== 'edit' && this.#universe.chance(0.1),
    }
    this.operations.set(id, operation)
    this.send(operation)
    // A client that lost its patience sends the same again while the first is under way.
    if (operation.key !== undefined && this.#universe.chance(0.2)) this.send(operation)
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
    const target = kernel.head.name(deed.target)
    if (target === undefined) return violated(`${deed.target} is not bound`)
    this.#universe.say(`${id} ${JSON.stringify(deed)} ${operation.key ?? ''}`)
    operation.open++
    const hear = this.#ear(operation, kernel)
    if (deed.kind === 'edit') {
      const { value, expect } = deed
      const change = { kind: 'set', target, slot: 'note', value } as const
      const by = { author: id, note: 'edit' }
      void kernel.change(expect === undefined ? change : { ...change, expect }, by).then(hear)
      return
    }
    const ref = (name: string) => new Ref(kernel.head.name(name) as number)
    const message = { principal: 'client', author: id, target, ...messageOf(deed, ref) }
    const listener: Listener = { event: () => undefined, answer: hear }
    const sent = kernel.send(
      {
        ...message,
        ...(operation.key === undefined ? {} : { key: operation.key }),
        ...(operation.hasDeadline ? { deadline: this.#universe.between(1, 2_000) } : {}),
      },
      listener,
    )
    if (!this.#universe.chance(0.08)) return
    const cancel = () => {
      if (this.kernel !== kernel) return
      operation.isCancelled = true
      sent.cancel()
    }
    this.#universe.after(this.#universe.between(0, 400), `${id} is cancelled`, cancel)
  }

  #ear(operation: Operation, kernel: Kernel): (answer: Answer) => void {
    let answers = 0
    const failures = this.#disk.failures
    const check = (answer: Answer) => {
      if (++answers > 1) violated(`${operation.id} was answered twice (KN10)`)
      operation.open--
      const heard: Heard = {
        text: answer.ok ? answerText(answer.result) : undefined,
        code: answer.ok ? undefined : answer.fault.code,
        message: answer.ok ? '' : answer.fault.message,
        tid: answer.ok ? answer.tid : null,
        high: this.#disk.store.head().tid,
      }
      this.#universe.say(`${operation.id} hears ${heard.text ?? heard.code} ${heard.tid ?? ''}`)
      this.#checkFault(operation, heard, failures)
      checkHeard(operation, heard, this.#disk.store)
      operation.heard.push(heard)
    }
    return (answer) => {
      if (this.kernel === kernel) this.#guard(() => check(answer))
    }
  }

  /** A fault has a reason, or it is a lie. */
  #checkFault({ id, deed, isCancelled, hasDeadline }: Operation, heard: Heard, failures: number) {
    const { code, message } = heard
    const isLearning = deed.kind === 'learn' || deed.kind === 'help'
    const isDeadly = deed.kind === 'poison' || deed.kind === 'stall'
    const reasons: Record<string, boolean> = {
      BUSY: this.#disk.failures > failures || /no worker starts/.test(message),
      CANCELLED: isCancelled || this.isClosing,
      DEADLINE: hasDeadline,
      CONFLICT: deed.kind === 'edit' || deed.kind === 'breed',
      METHOD_FAILED: /ended its worker/.test(message)
        ? isDeadly || this.deaths >= 2
        : deed.kind === 'give' || deed.kind === 'spoil',
      FUEL: isDeadly || this.deaths >= 2,
      GENERATION_FAILED: isLearning,
      GENERATION_REFUSED: isLearning,
    }
    if (code !== undefined && reasons[code] !== true) {
      violated(`${id} (${JSON.stringify(deed)}) was answered ${code} without reason: ${message}`)
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
      case 'learn':
      case 'help': {
        const selector = universe.chance(0.1) ? UNLEARNABLE : universe.pick(LEARNT)
        return { kind, target: counter, selector }
      }
      case 'breed':
        return { kind, target: counter, name: `child${universe.below(6)}` }
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
