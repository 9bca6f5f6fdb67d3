// Owns: the image worker as a child that lives in this process: the real world and turns, behind the pipe's protocol.
// Leaves: what runs in it to the world; when it is late, hangs or dies to the seed.
// Laws: KN22 KN23 as the real one keeps them; there is no lockdown, because the programs here are ours.
import { Readable, Writable } from 'node:stream'
import { Fault, type FaultRecord, FrameReader, frame } from '#ground'
import { type ChildLike, type TurnGiven, Turns } from '#kernel'
import {
  type CompiledMethod,
  decodeValue,
  encodeValue,
  makeGlobals,
  makeRuntime,
  objectFault,
  World,
} from '#objects'
import type { Life, Universe } from './universe.ts'

/** How likely a worker does each, for every turn; latency is of the pipe, in milliseconds at most. */
export interface WorkerFaults {
  dies: number
  hangs: number
  babbles: number
  /** Pauses before the turn. */
  pauses: number
  /** Lets go of all objects after a batch. */
  forgets: number
  /** Ends before it is ready. */
  stillborn: number
  latency: number
}

/** Mistakes of a worker, to be found out. */
export interface WorkerLies {
  /** Forgets at once what it wrote when a turn fails. */
  forgetful?: boolean
}

type Factory = (...parts: unknown[]) => CompiledMethod

/** Evaluated once for all workers: a method's code is a function of its runtime. */
const factories = new Map<string, Factory>()

/** A pipe that hands on what it was given, in order, when the universe says so. */
class Way {
  readonly #universe: Universe
  readonly #life: Life
  readonly #latency: number
  readonly #arrive: (chunk: Buffer) => void
  readonly #chunks: Buffer[] = []

  constructor(universe: Universe, life: Life, latency: number, arrive: (chunk: Buffer) => void) {
    this.#universe = universe
    this.#life = life
    this.#latency = latency
    this.#arrive = arrive
  }

  push(chunk: Buffer): void {
    const cut = this.#universe.chance(0.1) ? this.#universe.below(chunk.length) : 0
    if (cut > 0) this.#put(chunk.subarray(0, cut))
    this.#put(chunk.subarray(cut))
  }

  #put(chunk: Buffer): void {
    this.#chunks.push(chunk)
    const delay = this.#universe.between(0, this.#latency)
    const next = () => this.#arrive(this.#chunks.shift() as Buffer)
    this.#universe.after(delay, `${chunk.length} bytes`, next, this.#life)
  }
}

export class SimulatedWorker implements ChildLike {
  readonly pid = undefined
  readonly stdin: Writable
  readonly stdout = new Readable({ read: () => undefined })
  readonly stderr = new Readable({ read: () => undefined })
  readonly #universe: Universe
  readonly #faults: WorkerFaults
  readonly #lies: WorkerLies
  /** Ends with the process of the kernel, or before. */
  readonly #life: Life
  readonly #out: Way
  readonly #reader = new FrameReader()
  readonly #work: unknown[][] = []
  readonly #world: World
  readonly #turns: Turns
  readonly #methods = new Map<string, CompiledMethod>()
  readonly #make: (code: string, globals: string[], holder: number) => CompiledMethod
  readonly #parent: Life
  #batch: { turns: TurnGiven[]; results: unknown[] } | undefined
  /** What the turn at hand asked for and was answered: it runs again from its beginning with every answer. */
  #answers = new Map<string, unknown>()
  #question: unknown[] | undefined
  #isAsking = false
  #hasStarted = false
  #isHung = false
  #onExit: (code: number | null, signal: string | null) => void = () => undefined

  constructor(universe: Universe, parent: Life, faults: WorkerFaults, lies: WorkerLies = {}) {
    this.#universe = universe
    this.#faults = faults
    this.#lies = lies
    this.#parent = parent
    let isAlive = true
    const life: Life = {
      number: parent.number,
      get alive() {
        return parent.alive && isAlive
      },
      set alive(value) {
        isAlive = value
      },
    }
    this.#life = life
    const to = new Way(universe, life, faults.latency, (chunk) => this.#hear(chunk))
    // What a process wrote before it died still arrives.
    this.#out = new Way(universe, parent, faults.latency, (chunk) => this.stdout.push(chunk))
    this.stdin = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (life.alive) to.push(chunk)
        done()
      },
    })
    this.#world = new World(
      {
        fetch: (oid) => this.#written(oid) ?? (this.#ask(['fetch', oid]) as Uint8Array | undefined),
        lookup: (name) => this.#ask(['lookup', name]) as number | undefined,
        method: (oid, holder) => this.#method(oid, holder),
      },
      { oid: 0, tid: 0 },
    )
    this.#turns = new Turns(this.#world)
    this.#make = this.#maker()
    universe.after(universe.between(0, 40), 'a worker starts', () => this.#start(), life)
  }

  kill(): void {
    this.#end(null, 'SIGKILL')
  }

  onExit(callback: (code: number | null, signal: string | null) => void): void {
    this.#onExit = callback
  }

  // Its end -----------------------------------------------------------------------------------------

  #end(code: number | null, signal: string | null): void {
    if (!this.#life.alive) return
    this.#life.alive = false
    const exit = () => this.#onExit(code, signal)
    this.#universe.after(this.#universe.between(0, 5), 'a worker is gone', exit, this.#parent)
  }

  #start(): void {
    if (this.#universe.chance(this.#faults.stillborn)) return this.#end(1, null)
    this.#hasStarted = true
    // Its first word is never behind the news of its end: the engine reads a pipe before it hears of a child.
    this.stdout.push(frame(encodeValue(['ready'])))
    this.#go()
  }

  // Its pipes ---------------------------------------------------------------------------------------

  #send(message: unknown[]): void {
    this.#out.push(frame(encodeValue(message)))
  }

  #hear(chunk: Buffer): void {
    for (const bytes of this.#reader.push(Buffer.from(chunk))) {
      const message = decodeValue(bytes) as unknown[]
      if (message[0] === 'answer') this.#answered(message[1])
      else this.#work.push(message)
    }
    this.#go()
  }

  #answered(answer: unknown): void {
    this.#answers.set(String(this.#question), answer)
    this.#isAsking = false
  }

  /** The answer to a question, which ends the turn when it is not there yet: the turn runs again once it is. */
  #ask(question: unknown[]): unknown {
    const key = String(question)
    if (!this.#answers.has(key)) {
      this.#question = question
      this.#world.stop(objectFault('METHOD_FAILED', 'the answer is not there yet').toRecord())
    }
    const answer = this.#answers.get(key)
    if (answer === null || answer instanceof Uint8Array || typeof answer === 'number') {
      return answer ?? undefined
    }
    if ('fault' in (answer as object)) throw new Fault((answer as { fault: FaultRecord }).fault)
    return answer
  }

  #written(oid: number): Uint8Array | undefined {
    return this.#lies.forgetful ? undefined : this.#turns.payload(oid)
  }

  #method(oid: number, holder: number): CompiledMethod {
    const key = `${oid}:${holder}`
    let method = this.#methods.get(key)
    if (method === undefined) {
      const { code, globals } = this.#ask(['method', oid]) as { code: string; globals: string[] }
      method = this.#make(code, globals, holder)
      this.#methods.set(key, method)
    }
    return method
  }

  #maker(): (code: string, names: string[], holder: number) => CompiledMethod {
    const runtime = makeRuntime(this.#world)
    const globals = makeGlobals(
      this.#world,
      Object.freeze,
      globalThis as unknown as Record<string, unknown>,
    )
    return (code, names, holder) => {
      let factory = factories.get(code)
      if (factory === undefined) {
        factory = new Function(`return ${code}`)() as Factory
        factories.set(code, factory)
      }
      return factory(runtime, holder, ...names.map((name) => globals[name]))
    }
  }

  // Its work ----------------------------------------------------------------------------------------

  #go(): void {
    while (this.#hasStarted && this.#life.alive && !this.#isHung && !this.#isAsking) {
      if (this.#batch !== undefined) {
        if (!this.#turn(this.#batch)) return
        continue
      }
      const work = this.#work.shift()
      if (work === undefined) return
      if (work[0] === 'next') {
        this.#world.clear()
        this.#world.nextOid = work[1] as number
        this.#world.nextTid = work[2] as number
      } else {
        if (work.length > 2) this.#turns.give(work[2] as number, work[3] as unknown[])
        this.#batch = { turns: work[1] as TurnGiven[], results: [] }
      }
    }
  }

  /** Does the next turn of the batch; false when something came between. */
  #turn(batch: { turns: TurnGiven[]; results: unknown[] }): boolean {
    const turn = batch.turns[batch.results.length]
    if (turn === undefined) return this.#report(batch.results)
    if (this.#answers.size === 0 && this.#strikes(turn)) return false
    this.#question = undefined
    const [n, kind, request] = turn
    // A copy, because the world knows a turn that begins by its request.
    const result = this.#turns.run([n, kind, { ...(request as object) } as never])
    if (this.#question !== undefined) {
      this.#isAsking = true
      this.#send(this.#question)
      return false
    }
    this.#answers = new Map()
    batch.results.push(result)
    return true
  }

  #report(results: unknown[]): boolean {
    this.#batch = undefined
    this.#send(['done', results])
    this.#turns.reported()
    if (this.#universe.chance(this.#faults.forgets)) this.#world.clear()
    return true
  }

  /** What fate has for a turn; true when the turn is not to run now. */
  #strikes([, , request]: TurnGiven): boolean {
    const { selector } = request as { selector?: string }
    const faults = this.#faults
    if (selector === 'poison' || this.#universe.chance(faults.dies)) {
      this.#universe.say('a worker dies')
      // Perhaps in the midst of a word.
      if (this.#universe.chance(0.3))
        this.#out.push(frame(encodeValue(['done', [1, 2]])).subarray(0, 5))
      this.#end(139, 'SIGSEGV')
      return true
    }
    if (selector === 'stall' || this.#universe.chance(faults.hangs)) {
      this.#universe.say('a worker hangs')
      this.#isHung = true
      return true
    }
    if (this.#universe.chance(faults.babbles)) {
      this.#universe.say('a worker babbles')
      this.#out.push(Buffer.alloc(8, 0xff))
      this.#isHung = true
      return true
    }
    if (!this.#universe.chance(faults.pauses)) return false
    this.#isHung = true
    const goOn = () => {
      this.#isHung = false
      this.#go()
    }
    this.#universe.after(this.#universe.between(0, 800), 'a worker goes on', goOn, this.#life)
    return true
  }
}
