// Owns: one run: a kernel over a disk that crash and start again, with workers, a learner and clients, from one seed.
// Leaves: what happens when to universe.ts, what must hold to model.ts and history.ts.
// Laws: KN90 the same seed is the same run. KN94 when everything is quiet again, nobody waits.
import { asFault } from '#ground'
import { awaken, type Kernel } from '#kernel'
import { bankText, HOST, textOf } from './bank.ts'
import type { BankState } from './bank-state.ts'
import { BEGINNING, bootKernel, simulatedJudge } from './boot.ts'
import { type ClientLies, Clients } from './clients.ts'
import { type CallFailure, Disk, type DiskFaults, type DiskLies, type Left } from './disk.ts'
import { Follower, type FollowerLies } from './followers.ts'
import { checkHistory, type HistoryTransaction } from './history.ts'
import { Host } from './host.ts'
import { checkStore, isOutcome, type Operation } from './model.ts'
import type { Scripted } from './script.ts'
import { simulatedLearner } from './simulated-learner.ts'
import type { WorkerFaults, WorkerLies } from './simulated-worker.ts'
import { type Life, type TimerLies, Universe } from './universe.ts'
import { Violation, violated } from './violation.ts'

/** Mistakes of the kernel's surroundings, in place of mistakes of its own. */
export type Lies = DiskLies & WorkerLies & TimerLies & ClientLies & FollowerLies & KernelLies

export interface KernelLies {
  /** Answers of keys are not found again. */
  forgetsKeys?: boolean
}

/** What a run is made of besides its seed. */
export interface RunOptions {
  /** Deeds that clients do; drawn when left out. */
  deeds?: number
  /** What clients do in place of what is drawn; then nothing goes wrong but what the options say. */
  script?: readonly Scripted[]
  /** The process ends after this event, and the disk keeps so much of what is on its way. */
  crash?: { event: number; left: Left }
  /** How one commit fails, by its number. */
  failing?: { commit: number; how: CallFailure }
  /** One read fails, by its number. */
  failingRead?: number
  /** Mistakes put in on purpose. */
  lies?: Lies
  /** How likely some things go wrong, in place of what is drawn. */
  faults?: Partial<DiskFaults & WorkerFaults>
  /** Keeps every line of the trace. */
  keepsTrace?: boolean
}

/** What came of a run. */
export interface RunReport {
  seed: number
  digest: string
  /** Every line, if the run was to keep them; the last ones otherwise. */
  trace: string[]
  events: number
  deeds: number
  transactions: number
  crashes: number
  deaths: number
  failures: number
  packs: number
  commits: number
  reads: number
  /** What does not hold, and by which rule; undefined when all does. */
  violation: string | undefined
  rule: string | undefined
}

/** Milliseconds within which clients act. */
const BUSY_TIME = 6_000
/** Parts of a run: a kernel that does not come to rest within so many events never does. */
const EVENTS_MAX = 400_000
/** Followers of a run. */
const FOLLOWERS = 2
/** Milliseconds of history that a pack keeps, one of these. */
const KEEPS = [0, 500, 3_000]

/** Some of the faults, each as likely as the seed says: a run with all of them at once finds less. */
function drawFaults(universe: Universe): DiskFaults & WorkerFaults {
  const some = (part: number, most: number) =>
    universe.chance(part) ? universe.between(0, most) : 0
  return {
    refused: some(0.3, 0.2),
    broken: some(0.2, 0.05),
    slowness: universe.pick([2, 50, 500]),
    dies: some(0.4, 0.04),
    hangs: some(0.2, 0.02),
    babbles: some(0.2, 0.02),
    pauses: some(0.4, 0.3),
    forgets: some(0.5, 1),
    stillborn: some(0.2, 0.5),
    latency: universe.pick([0, 1, 30]),
  }
}

/** Nothing goes wrong, and a commit takes a while. */
export const NO_FAULTS: DiskFaults & WorkerFaults = {
  ...{ refused: 0, broken: 0, slowness: 20 },
  ...{ dies: 0, hangs: 0, babbles: 0, pauses: 0, forgets: 0, stillborn: 0, latency: 1 },
}

function calm(faults: DiskFaults & WorkerFaults): void {
  for (const name of Object.keys(faults) as (keyof typeof faults)[]) faults[name] = 0
}

export class Simulation {
  readonly universe: Universe
  readonly disk: Disk
  readonly clients: Clients
  readonly host: Host
  readonly #followers: Follower[] = []
  readonly #options: RunOptions
  readonly #faults: DiskFaults & WorkerFaults
  readonly #seed: number
  #life: Life = { number: 0, alive: false }
  #base = 0
  #crashes = 0
  #packs = 0
  readonly #packing = new Set<Promise<void>>()
  /** What the kernel's clock shows more than the universe's. */
  #offset = 0
  #violation: string | undefined
  #rule: string | undefined

  constructor(seed: number, options: RunOptions = {}) {
    this.#seed = seed
    this.#options = options
    const universe = new Universe(seed)
    this.universe = universe
    if (options.keepsTrace) universe.lines = []
    const faults = options.script === undefined ? drawFaults(universe) : NO_FAULTS
    this.#faults = { ...faults, ...options.faults }
    const { lies } = options
    const guard = (check: () => void) => this.#guard(check)
    this.disk = new Disk(universe, this.#faults, lies)
    this.disk.onBreak = () => this.#reopen()
    this.disk.failing = options.failing
    this.disk.failingRead = options.failingRead
    this.host = new Host(universe, guard)
    this.host.isCalm = options.script !== undefined
    this.clients = new Clients({ universe, disk: this.disk, host: this.host, guard, lies })
    this.clients.isImpatient = options.script === undefined
  }

  async run(): Promise<RunReport> {
    // What nobody takes ends a process, so it is a finding here.
    const found = (error: unknown) => this.#found(error)
    process.on('unhandledRejection', found)
    try {
      await awaken(this.disk.store, simulatedJudge(this.universe), [bankText()], BEGINNING)
      this.#base = this.disk.store.head().tid
      this.#plan()
      await this.#play()
      await this.#rest()
    } catch (error) {
      this.#found(error)
    } finally {
      process.off('unhandledRejection', found)
    }
    return this.#report()
  }

  #report(): RunReport {
    const { universe, disk, clients } = this
    return {
      seed: this.#seed,
      events: universe.events,
      deeds: clients.operations.size,
      transactions: disk.store.head().tid - this.#base,
      crashes: this.#crashes,
      deaths: clients.deaths,
      failures: disk.failures,
      packs: this.#packs,
      commits: disk.commits,
      reads: disk.reads,
      violation: this.#violation,
      rule: this.#rule,
      trace: universe.lines ?? universe.tail,
      digest: universe.digest(),
    }
  }

  // The plan ----------------------------------------------------------------------------------------

  #plan(): void {
    const { universe } = this
    const { script, lies, crash } = this.#options
    const guard = (check: () => void) => this.#guard(check)
    for (let i = 0; i < FOLLOWERS; i++) {
      this.#followers.push(new Follower({ universe, disk: this.disk, guard, lies }))
    }
    this.#start()
    if (script === undefined) this.#draw()
    for (const { at, what, act } of script ?? []) {
      universe.after(at, what, () => this.#guard(() => act(this.clients, () => this.#pack())))
    }
    if (crash === undefined) return
    universe.afterEvent = (event) => {
      if (event !== crash.event || !this.#life.alive) return false
      this.#crash(crash.left)
      return true
    }
  }

  /** What happens as chance will have it. */
  #draw(): void {
    const { universe } = this
    const plan = (at: number, what: string, run: () => void) =>
      universe.after(at, what, () => this.#guard(run))
    const sometime = () => universe.between(0, BUSY_TIME)
    const deeds = this.#options.deeds ?? 40 + universe.below(120)
    let at = 0
    for (let i = 0; i < deeds; i++) {
      // Some come in crowds, so that batches and groups are full.
      if (universe.chance(0.4)) at = sometime()
      plan(at, 'a client acts', () => this.clients.act())
    }
    const end = () => (universe.chance(0.7) ? this.#crash() : this.#close())
    for (let i = universe.below(3); i > 0; i--) plan(sometime(), 'an end comes', end)
    // Most of the time no group is on its way, and an end finds little then.
    const during = new Set(Array.from({ length: universe.below(7) }, () => universe.below(deeds)))
    this.disk.onCommit = (commit, within) => {
      if (!during.has(commit)) return
      universe.after(universe.between(0, within), 'the process ends', () => {
        this.#guard(() => this.#crash())
      })
    }
    for (let i = universe.below(4); i > 0; i--)
      plan(sometime(), 'somebody packs', () => this.#pack())
    for (let i = universe.below(6); i > 0; i--) {
      const follower = universe.pick(this.#followers)
      plan(sometime(), 'a session ends', () => follower.leave())
      plan(sometime(), 'a session begins', () => this.#connect(follower))
    }
  }

  #connect(follower: Follower): void {
    if (this.clients.kernel !== undefined) follower.connect(this.clients.kernel)
  }

  /** Packs the image under the kernel that runs. */
  #pack(): void {
    const { kernel } = this.clients
    const life = this.#life
    if (kernel === undefined) return
    this.#packs++
    const run = kernel.pack(this.universe.pick(KEEPS)).then(
      ({ packedTo, revisionsRemoved }) => {
        this.universe.say(`packed to ${packedTo}: ${revisionsRemoved} revisions removed`)
      },
      (error: unknown) => {
        // One at a time; and what a process that ended began, nobody ends.
        const { code = '' } = asFault(error) ?? {}
        if (!life.alive || code === 'BUSY' || code === 'IMAGE_DAMAGED') return
        this.#found(error)
      },
    )
    this.#packing.add(run)
    void run.then(() => this.#packing.delete(run))
  }

  /** Everything from the plan until nothing happens any more. */
  async #play(): Promise<void> {
    const most = this.universe.events + EVENTS_MAX
    await this.universe.run(() => this.#violation !== undefined || this.universe.events > most)
    await Promise.all(this.#packing)
    if (this.#violation !== undefined) violated(this.#rule ?? '', this.#violation)
    if (this.universe.events > most) violated('KN94', 'it does not come to rest')
  }

  /** Nothing goes wrong any more: whoever waits is answered, and all of it holds, before and after one more crash. */
  async #rest(): Promise<void> {
    calm(this.#faults)
    this.host.isCalm = true
    this.disk.failing = undefined
    this.universe.afterEvent = () => false
    this.disk.onCommit = () => undefined
    if (this.#life.alive) this.#checkAnswered()
    if (!this.#life.alive || this.disk.failures > 0) {
      this.#crash()
      await this.#play()
    }
    for (const follower of this.#followers) this.#connect(follower)
    this.clients.insist()
    await this.#play()
    this.#checkAnswered()
    this.#check()
    this.#checkOutcomes()
    this.#crash()
    await this.#play()
    this.#checkAnswered()
    const { posted } = this.#check()
    const lost = [...posted].find(([, { off }]) => off === undefined)
    // A message from the outbox may end with a death of a worker or of a disk, which nobody hears of.
    const mayBeLost = this.clients.deaths >= 2 || this.disk.failedReads > 0
    if (lost !== undefined && !mayBeLost) {
      violated('KN73', `posting ${lost[0]} never arrived`)
    }
    for (const follower of this.#followers) {
      this.#connect(follower)
      follower.check()
    }
  }

  #checkOutcomes(): void {
    for (const { id, key, heard, isCancelled, hasDeadline } of this.clients.operations.values()) {
      if (key === undefined || heard.some(isOutcome) || isCancelled || hasDeadline) continue
      violated('KN94', `${id} was sent again until all was quiet, and has no outcome`)
    }
  }

  #checkAnswered(): void {
    const [waits] = this.clients.unanswered
    if (waits !== undefined) {
      violated('KN94', `${waits.id} (${textOf(waits.deed)}) was never answered`)
    }
    const status = this.clients.kernel?.status() ?? {}
    for (const count of ['queue', 'pending', 'waiting', 'generating']) {
      if (status[count] !== 0) {
        violated('KN94', `all is quiet, and ${count} is ${status[count]}`)
      }
    }
    const { length } = this.disk.store.scan('waiting')
    if (length > 0 && this.disk.failures === 0) {
      violated('KN94', `${length} messages wait in the store`)
    }
  }

  #check(): BankState {
    const state = checkStore(this.disk, this.clients.operations, this.#base)
    const [anomaly] = checkHistory(historyOf(this.clients.operations.values()))
    if (anomaly !== undefined) violated('KN95', `${anomaly.name}: ${anomaly.sentence}`)
    return state
  }

  // Beginnings and ends -----------------------------------------------------------------------------

  #start(): void {
    const { universe } = this
    const life: Life = { number: this.#life.number + 1, alive: true }
    this.#life = life
    universe.say(`kernel ${life.number} starts`)
    try {
      this.clients.kernel = this.#boot(life)
    } catch (error) {
      if (asFault(error) === undefined) throw error
      universe.say(`kernel ${life.number} does not start`)
      return this.#gone()
    }
    for (const follower of this.#followers) this.#connect(follower)
  }

  #boot(life: Life): Kernel {
    const { universe } = this
    return bootKernel({
      universe,
      disk: this.disk,
      life,
      faults: this.#faults,
      lies: this.#options.lies,
      offset: this.#offset,
      store: this.#store(life),
      learner: simulatedLearner(universe, life, this.#options.script !== undefined),
      fetch: this.host.power(life),
      allowHosts: [HOST],
      onWorkerEnd: ({ reason, detail }) => {
        // When the disk refused a group, no turn was to blame.
        if (reason !== 'unkept') this.clients.deaths++
        universe.say(`a worker ended: ${reason}, ${detail}`)
      },
    })
  }

  #store(life: Life) {
    const store = this.disk.open(life)
    if (!this.#options.lies?.forgetsKeys) return store
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'get') {
          return (table: 'replies', key: string) =>
            table === 'replies' ? undefined : target.get(table, key)
        }
        return Reflect.get(target, name)
      },
    })
  }

  #crash(left?: Left): void {
    this.#crashes++
    this.universe.say(`kernel ${this.#life.number} crashes`)
    this.#gone(left)
  }

  /** Whoever keeps the image finds the disk broken after a while, and starts again. */
  #reopen(): void {
    const life = this.#life
    const crash = () => this.#guard(() => this.#crash())
    this.universe.after(this.universe.between(50, 4_000), 'the disk is repaired', crash, life)
  }

  /** An orderly end, which a crash may overtake. */
  #close(): void {
    const { kernel } = this.clients
    const life = this.#life
    if (kernel === undefined || this.clients.isClosing) return
    this.universe.say(`kernel ${life.number} closes`)
    this.clients.isClosing = true
    void kernel.close().then(() => {
      if (life.alive) this.#guard(() => this.#gone())
    })
  }

  #gone(left?: Left): void {
    this.#life.alive = false
    this.clients.lost()
    for (const follower of this.#followers) follower.leave()
    this.disk.crash(left).catch((error: unknown) => this.#found(error))
    // Clocks differ by what somebody sets them to; less than a key lives.
    this.#offset = this.universe.between(-60_000, 3_600_000)
    const again = () =>
      this.#guard(() => {
        if (this.#life.alive) return
        this.#check()
        this.#start()
      })
    this.universe.after(this.universe.between(1, 300), 'the image is opened again', again)
  }

  #guard(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.#found(error)
    }
  }

  #found(error: unknown): void {
    if (this.#violation !== undefined) return
    if (error instanceof Violation) {
      this.#rule = error.rule
      this.#violation = error.message
      return
    }
    this.#rule = 'an error'
    this.#violation = error instanceof Error ? String(error.stack) : String(error)
  }
}

/** The mixed messages of a run as transactions of a history. */
function historyOf(operations: Iterable<Operation>): HistoryTransaction[] {
  const history: HistoryTransaction[] = []
  for (const { id, deed, heard } of operations) {
    if (deed.kind !== 'mix' && deed.kind !== 'append') continue
    const answer = heard.find(({ code }) => code === undefined)
    const status = answer === undefined ? 'unknown' : 'committed'
    if (deed.kind === 'append') {
      history.push({ id, status, steps: [{ kind: 'append', key: deed.target, value: deed.value }] })
      continue
    }
    const seen = answer === undefined ? [] : (JSON.parse(answer.text as string) as number[][])
    const steps = deed.steps.map(([key, value]) =>
      value === undefined
        ? ({ kind: 'read', key, list: seen.shift() } as const)
        : ({ kind: 'append', key, value } as const),
    )
    history.push({ id, status, steps })
  }
  return history
}

/** Runs one seed to its end. */
export function simulate(seed: number, options: RunOptions = {}): Promise<RunReport> {
  return new Simulation(seed, options).run()
}
