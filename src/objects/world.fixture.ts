// Owns: a world over records in memory, with methods given as functions, for the tests of this folder.
// Leaves: compiling guest code to the kernel; here a method is written with the runtime's operations by hand.
import assert from 'node:assert/strict'
import { decodeSlots, decodeValue, encodeSlots, type StoredSlot } from './codec.ts'
import { GENESIS, type Oid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { makeGlobals } from './mirror.ts'
import { makeRuntime, type Runtime } from './runtime.ts'
import type { Change, NeedOutcome, TurnOutcome, Write } from './turn.ts'
import { MethodRef, Ref, toStored } from './value.ts'
import { type CompiledMethod, World } from './world.ts'

/** What a method of a test is made of: the runtime, the holder, the globals. */
export interface Kit {
  rt: Runtime
  h: Oid
  // biome-ignore lint: guest code has no types for its globals
  g: Record<string, any>
}

// biome-ignore lint: guest code has no types
export type Guest = (self: any, ...args: any[]) => unknown
type Factory = (kit: Kit) => Guest

export class TestWorld {
  readonly records = new Map<Oid, Uint8Array>()
  readonly names = new Map<string, Oid>()
  readonly factories = new Map<Oid, Factory>()
  fetched = 0
  fuel: number = OBJECT_LIMITS.fuel
  outcomes: Record<string, NeedOutcome> = {}
  /** Method records are numbered from above, so that they stay out of the way of objects. */
  #method = 1_000_000
  #oid = 100
  #tid = 1
  world: World
  #rt: Runtime
  #globals: Kit['g']
  #compiled = new Map<string, CompiledMethod>()

  constructor() {
    this.records.set(GENESIS, encodeSlots([]))
    ;[this.world, this.#rt, this.#globals] = this.#makeWorld()
    this.define(GENESIS, {
      'doesNotUnderstand:':
        ({ g }) =>
        (self, message) =>
          g.mirror.learn(self, message),
      clone:
        ({ g }) =>
        (self) =>
          g.mirror.clone(self),
    })
  }

  #makeWorld(): [World, Runtime, Kit['g']] {
    const world = new World(
      {
        fetch: (oid) => {
          this.fetched++
          return this.records.get(oid)
        },
        lookup: (name) => this.names.get(name),
        method: (oid, holder) => {
          const key = `${oid}:${holder}`
          let method = this.#compiled.get(key)
          if (method === undefined) {
            const factory = this.factories.get(oid) as Factory
            method = factory({ rt: this.#rt, h: holder, g: this.#globals })
            this.#compiled.set(key, method)
          }
          return method
        },
      },
      { oid: this.#oid, tid: this.#tid },
    )
    const source = globalThis as unknown as Record<string, unknown>
    return [world, makeRuntime(world), makeGlobals(world, (value) => value, source)]
  }

  /** A new record with data and parents; answers its oid. */
  object(data: Record<string, unknown> = {}, parents: Oid[] = [GENESIS]): Oid {
    const oid = this.#oid++
    const slots: StoredSlot[] = parents.map((parent, i) => ({
      name: i === 0 ? 'parent*' : `parent${i + 1}*`,
      tid: 0,
      value: new Ref(parent),
    }))
    for (const [name, value] of Object.entries(data)) slots.push({ name, tid: 0, value })
    this.records.set(oid, encodeSlots(slots))
    this.world.nextOid = this.#oid
    return oid
  }

  /** Gives a record methods, and the world a new beginning. */
  define(oid: Oid, methods: Record<string, Factory>): void {
    const slots = decodeSlots(this.records.get(oid) as Uint8Array)
    for (const [name, factory] of Object.entries(methods)) {
      const method = this.#method++
      this.factories.set(method, factory)
      slots.push({ name, tid: 0, value: new MethodRef(method) })
    }
    this.records.set(oid, encodeSlots(slots))
    this.world.clear()
  }

  /** Runs a message and keeps what it leaves. */
  outcome(target: Oid, selector: string, ...args: unknown[]): TurnOutcome {
    const { fuel, outcomes } = this
    const request = { now: 1_000, seed: 7, fuel, outcomes, target, selector, args }
    return this.keep(this.world.runSend(request))
  }

  /** The answer of a message, as the wire has it; a fault is thrown as its record. */
  send(target: Oid, selector: string, ...args: unknown[]): unknown {
    return answerOf(this.outcome(target, selector, ...args))
  }

  /** Runs a function as a method of the object, which is gone afterwards. */
  run(target: Oid, factory: Factory, ...args: unknown[]): unknown {
    return answerOf(this.attempt(target, factory, ...args))
  }

  attempt(target: Oid, factory: Factory, ...args: unknown[]): TurnOutcome {
    const method = this.#method++
    this.factories.set(method, factory)
    const before = this.world.nextTid
    const state = this.world.state(target)
    const slot = {
      kind: 'method' as const,
      value: new MethodRef(method),
      tid: 0,
      handed: undefined,
    }
    const slots = this.world.slotsOf(state)
    slots.set('test', slot)
    state.found = undefined
    this.world.epoch++
    const request = { now: 1_000, seed: 7, fuel: this.fuel, target, selector: 'test', args }
    const outcome = this.world.runSend({ ...request, outcomes: this.outcomes })
    // The method was never in a record, so a record that has it is written again without it.
    state.slots?.delete('test')
    this.world.epoch++
    if (outcome.kind === 'kept') {
      assert.ok(this.world.nextTid >= before)
      for (const write of outcome.writes) {
        const kept = decodeSlots(write.payload).filter(({ name }) => name !== 'test')
        write.payload = encodeSlots(kept)
      }
    }
    return this.keep(outcome)
  }

  change(change: Change): TurnOutcome {
    return this.keep(this.world.runChange(change, { now: 1_000, seed: 7, fuel: this.fuel }))
  }

  keep(outcome: TurnOutcome): TurnOutcome {
    if (outcome.kind === 'kept') {
      for (const { oid, payload } of outcome.writes) this.records.set(oid, payload)
      for (const { name, oid } of outcome.names) this.names.set(name, oid as Oid)
      this.#oid = Math.max(this.#oid, this.world.nextOid)
      this.#tid = this.world.nextTid
    }
    return outcome
  }

  /** A world that begins again from the records. */
  restart(): void {
    this.#compiled.clear()
    ;[this.world, this.#rt, this.#globals] = this.#makeWorld()
  }

  /** The own slots of a record, by name, references as oids in text. */
  stored(oid: Oid): Record<string, unknown> {
    const slots = decodeSlots(this.records.get(oid) as Uint8Array)
    return Object.fromEntries(slots.map(({ name, value }) => [name, plain(value)]))
  }

  /** Asserts that every object in memory is what its record says. */
  assertAgrees(): void {
    for (const [oid, payload] of this.records) {
      const state = this.world.state(oid)
      if (state.slots === undefined) continue
      const slots = [...state.slots].map(([name, { tid, value, kind }]) => ({
        name,
        tid,
        value: kind === 'method' ? value : toStored(value, this.world.oidOf),
      }))
      const kept = decodeSlots(payload).map((slot) => ({ ...slot, value: plain(slot.value) }))
      assert.deepEqual(slots, kept, `the record of ${oid}`)
    }
  }
}

/** A stored value whose bytes are a plain array of bytes, not a view of the decoder's buffer. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? new Uint8Array(value) : value
}

/** The answer of a turn; throws the record of its fault, or the need. */
export function answerOf(outcome: TurnOutcome): unknown {
  if (outcome.kind === 'kept') return decodeValue(outcome.reply)
  throw outcome.kind === 'fault' ? outcome.fault : outcome.need
}

/** The names of what a turn changed, by oid. */
export function changesOf(outcome: TurnOutcome): Record<Oid, string[]> {
  assert.equal(outcome.kind, 'kept')
  const writes: Write[] = outcome.kind === 'kept' ? outcome.writes : []
  return Object.fromEntries(writes.map(({ oid, slots }) => [oid, slots]))
}
