// Owns: one run: a kernel over a disk that crash and start again, with workers, a learner and clients, from one seed.
// Leaves: what happens when to universe.ts, what must hold to model.ts and history.ts.
// Laws: KN90 the same seed is the same run. KN94 when everything is quiet again, nobody waits.
import { awaken, type Learner } from '#kernel'
import { type BankState, bankText, LEARNT, learntSource, textOf } from './bank.ts'
import { BEGINNING, bootKernel, compile, nothingDrafted, pause, simulatedJudge } from './boot.ts'
import { Clients } from './clients.ts'
import { Disk, type DiskFaults, type DiskLies } from './disk.ts'
import { checkHistory, type HistoryTransaction } from './history.ts'
import { checkStore, isOutcome, type Operation, violated } from './model.ts'
import type { WorkerFaults, WorkerLies } from './simulated-worker.ts'
import { type Life, Universe } from './universe.ts'

/** What a run is made of besides its seed. */
export interface RunOptions {
  /** Deeds that clients do. */
  deeds?: number
  /** Mistakes put in on purpose. */
  lies?: DiskLies & WorkerLies & KernelLies
}

/** Mistakes of the kernel's surroundings, in place of mistakes of its own. */
export interface KernelLies {
  /** Answers of keys are not found again. */
  forgetsKeys?: boolean
}

/** What came of a run. */
export interface RunReport {
  seed: number
  digest: string
  events: number
  deeds: number
  transactions: number
  crashes: number
  deaths: number
  failures: number
  /** What does not hold, undefined when all does. */
  violation: string | undefined
  tail: string[]
}

/** Milliseconds within which clients act. */
const BUSY_TIME = 6_000
/** Parts of a run: a kernel that does not come to rest within so many events never does. */
const EVENTS_MAX = 400_000

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

function calm(faults: DiskFaults & WorkerFaults): void {
  for (const name of Object.keys(faults) as (keyof typeof faults)[]) faults[name] = 0
}

export class Simulation {
  readonly universe: Universe
  readonly disk: Disk
  readonly clients: Clients
  readonly #options: RunOptions
  readonly #faults: DiskFaults & WorkerFaults
  readonly #seed: number
  #life: Life = { number: 0, alive: false }
  #base = 0
  #crashes = 0
  /** What the kernel's clock shows more than the universe's. */
  #offset = 0
  #violation: string | undefined

  constructor(seed: number, options: RunOptions = {}) {
    this.#seed = seed
    this.#options = options
    this.universe = new Universe(seed)
    this.#faults = drawFaults(this.universe)
    this.disk = new Disk(this.universe, this.#faults, options.lies)
    this.disk.onBreak = () => this.#reopen()
    this.clients = new Clients(this.universe, this.disk, (check) => this.#guard(check))
  }

  async run(): Promise<RunReport> {
    const deeds = this.#options.deeds ?? 40 + this.universe.below(120)
    try {
      await awaken(this.disk.store, simulatedJudge(this.universe), [bankText()], BEGINNING)
      this.#base = this.disk.store.head().tid
      this.#plan(deeds)
      await this.#play()
      await this.#rest()
    } catch (error) {
      this.#violation ??= error instanceof Error ? error.message : String(error)
    }
    return {
      seed: this.#seed,
      events: this.universe.events,
      deeds: this.clients.operations.size,
      transactions: this.disk.store.head().tid - this.#base,
      crashes: this.#crashes,
      deaths: this.clients.deaths,
      failures: this.disk.failures,
      violation: this.#violation,
      tail: this.universe.tail,
      digest: this.universe.digest(),
    }
  }

  // The plan ----------------------------------------------------------------------------------------

  #plan(deeds: number): void {
    const { universe } = this
    this.#start()
    const act = () => this.#guard(() => this.clients.act())
    let at = 0
    for (let i = 0; i < deeds; i++) {
      // Some come in crowds, so that batches and groups are full.
      if (universe.chance(0.4)) at = universe.between(0, BUSY_TIME)
      universe.after(at, 'a client acts', act)
    }
    const ends = universe.below(5)
    for (let i = 0; i < ends; i++) {
      const end = universe.chance(0.7) ? () => this.#crash() : () => this.#close()
      universe.after(universe.between(0, BUSY_TIME), 'an end comes', () => this.#guard(end))
    }
  }

  /** Everything from the plan until nothing happens any more. */
  async #play(): Promise<void> {
    const most = this.universe.events + EVENTS_MAX
    await this.universe.run(() => this.#violation !== undefined || this.universe.events > most)
    if (this.#violation !== undefined) violated(this.#violation)
    if (this.universe.events > most) violated('it does not come to rest')
  }

  /** Nothing goes wrong any more: whoever waits is answered, and all of it holds, before and after one more crash. */
  async #rest(): Promise<void> {
    calm(this.#faults)
    if (this.#life.alive) this.#checkAnswered()
    if (!this.#life.alive || this.disk.failures > 0) {
      this.#crash()
      await this.#play()
    }
    this.clients.insist()
    await this.#play()
    this.#checkAnswered()
    this.#check()
    for (const operation of this.clients.operations.values()) {
      if (operation.key === undefined || operation.heard.some(isOutcome)) continue
      if (operation.isCancelled || operation.hasDeadline) continue
      violated(`${operation.id} was sent again until all was quiet, and has no outcome`)
    }
    this.#crash()
    await this.#play()
    this.#checkAnswered()
    const [lost] = this.#check().posted.keys()
    // A message from the outbox may be charged with the death of a worker, which nobody hears of.
    if (lost !== undefined && this.clients.deaths < 2) violated(`${lost} never arrived (KN73)`)
  }

  #checkAnswered(): void {
    const [waits] = this.clients.unanswered
    if (waits !== undefined)
      violated(`${waits.id} (${textOf(waits.deed)}) was never answered (KN94)`)
    const status = this.clients.kernel?.status() ?? {}
    for (const count of ['queue', 'pending', 'waiting', 'generating']) {
      if (status[count] !== 0) violated(`all is quiet, and ${count} is ${status[count]} (KN94)`)
    }
    const { length } = this.disk.store.scan('waiting')
    if (length > 0 && this.disk.failures === 0) violated(`${length} messages wait in the store`)
  }

  #check(): BankState {
    const state = checkStore(this.disk, this.clients.operations, this.#base)
    const [anomaly] = checkHistory(historyOf(this.clients.operations.values()))
    if (anomaly !== undefined) violated(`${anomaly.name}: ${anomaly.sentence}`)
    return state
  }

  // Beginnings and ends -----------------------------------------------------------------------------

  #start(): void {
    const { universe } = this
    const life: Life = { number: this.#life.number + 1, alive: true }
    this.#life = life
    universe.say(`kernel ${life.number} starts`)
    this.clients.kernel = bootKernel({
      universe,
      disk: this.disk,
      life,
      faults: this.#faults,
      lies: this.#options.lies,
      offset: this.#offset,
      store: this.#store(life),
      learner: this.#learner(life),
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

  #crash(): void {
    this.#crashes++
    this.universe.say(`kernel ${this.#life.number} crashes`)
    this.#gone()
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

  #gone(): void {
    this.#life.alive = false
    this.clients.lost()
    this.disk.crash()
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
      this.#violation ??= error instanceof Error ? (error.stack ?? error.message) : String(error)
    }
  }

  // Its surroundings --------------------------------------------------------------------------------

  #learner(life: Life): Learner {
    const { universe } = this
    const fault = (code: string) => ({ kind: 'fault' as const, fault: nothingDrafted(code) })
    return {
      name: 'scripted',
      learn: async ({ need, signal, frame }, bench) => {
        if (need.kind !== 'method') return fault('GENERATION_REFUSED')
        await pause(universe, life, universe.pick([1, 300, 3_000]), `a draft of ${need.selector}`)
        const { selector, learner: holder } = need
        if (!LEARNT.includes(selector)) return fault('GENERATION_REFUSED')
        if (universe.chance(0.1)) return fault('GENERATION_FAILED')
        if (signal.aborted && universe.chance(0.5)) return fault('GENERATION_FAILED')
        const source = learntSource(selector)
        const code = compile(source)
        if (!('code' in code)) throw new Error('a draft does not compile')
        if (universe.chance(0.5)) {
          const request = { ...frame, target: need.receiver, selector, args: need.args }
          const candidate = { learner: holder, selector, code, request }
          const [report] = await bench.trial(candidate, [{}])
          universe.say(`a trial of ${selector}: ${report.kind}`)
          if (report.kind === 'fault') return fault('GENERATION_FAILED')
        }
        const fields = { selector, source, comment: '', author: 'learner', version: 1, holder }
        try {
          await bench.install(fields, null)
        } catch (error) {
          // Somebody was faster, and the method is there; or the image could not be written.
          const { code } = error as { code: string }
          return code === 'CONFLICT' ? { kind: 'installed' } : fault('GENERATION_FAILED')
        }
        return { kind: 'installed' }
      },
    }
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
