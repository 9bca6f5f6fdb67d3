// Owns: the objects in memory, one turn at a time: reading, writing, sending, and what a turn leaves behind.
// Leaves: records to the image, order to the kernel, compiling to whoever hands in `compile` (the sandbox).
// Laws: OB10 a turn that ends in a fault or a need leaves nothing. OB11 a value in a slot belongs to that slot: stored
// elsewhere it is copied. OB12 a change inside a container is noticed without being told. OB13 a container reached
// through a parent is the receiver's as soon as it changes. OB14 an object made in a turn is kept only if something that
// is kept, a name or the reply refers to it.
import { asFault, Fault, type FaultRecord } from '#ground'
import { encodeSlots, encodeValue, type StoredSlot } from './codec.ts'
import { type Delegation, chainOf, findAbove, findHolder, parentsOf } from './delegation.ts'
import { objectFault } from './faults.ts'
import { GENESIS, type Oid, oidText, type Tid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { type Borrowed, ObjectState, type Slot, slotKind, UNKEPT } from './object.ts'
import { type MethodNeed, needKey, Signal } from './signal.ts'
import type { Change, SendRequest, TurnFrame, TurnOutcome, Write } from './turn.ts'
import { checkObjectName, checkSlotName, MethodRef, Ref, toLive, toStored } from './value.ts'

/** A method as the world runs it: the receiver's handle first. */
export type CompiledMethod = (self: unknown, ...args: unknown[]) => unknown

/** What the world asks of its surroundings. Every call answers at once. */
export interface WorldHost {
  /** The payload of an object's record as of now, undefined when there is no such object. */
  fetch(oid: Oid): Uint8Array | undefined
  /** The oid bound to a name. */
  lookup(name: string): Oid | undefined
  /** The function of a method, bound to the runtime and to the object that holds it. */
  method(method: Oid, holder: Oid): CompiledMethod
}

const PRIMITIVE_TRAITS = { true: 'traits/true', false: 'traits/false', nil: 'traits/nil' } as const

export class World implements Delegation {
  epoch = 0
  nextOid: Oid
  nextTid: Tid
  /** Ticks left in this turn; compiled code counts it down through the runtime. */
  readonly fuel = { left: 0 }
  /** The signal that is ending this turn, if any. */
  pending: Signal | undefined
  frame: TurnFrame = { now: 0, seed: 0, fuel: 0 }
  depth = 0
  readonly #host: WorldHost
  readonly #states = new Map<Oid, ObjectState>()
  readonly #handles = new WeakMap<object, ObjectState>()
  readonly #owners = new WeakMap<object, Slot>()
  readonly #touched: ObjectState[] = []
  readonly #names = new Map<string, Oid | null>()
  readonly #traits = new Map<string, ObjectState | undefined>()
  readonly #handler: ProxyHandler<ObjectState>
  #learnerOverride: Oid | undefined
  #firstOid: Oid

  constructor(host: WorldHost, next: { oid: Oid; tid: Tid }) {
    this.#host = host
    this.nextOid = next.oid
    this.nextTid = next.tid
    this.#firstOid = next.oid
    this.#handler = this.#makeHandler()
  }

  // Identity ---------------------------------------------------------------------------------

  /** Objects in memory. */
  get size(): number {
    return this.#states.size
  }

  /** The object of an oid, perhaps a ghost. */
  state(oid: Oid): ObjectState {
    let state = this.#states.get(oid)
    if (state === undefined) {
      state = new ObjectState(oid, false, this.#handler)
      this.#adoptState(state)
    }
    return state
  }

  /** The object behind a handle, undefined for any other value. */
  stateOf(value: unknown): ObjectState | undefined {
    return typeof value === 'object' && value !== null ? this.#handles.get(value) : undefined
  }

  readonly handleOf = (oid: Oid): object => this.state(oid).handle
  readonly oidOf = (value: object): Oid | undefined => this.#handles.get(value)?.oid

  slotsOf(state: ObjectState): Map<string, Slot> {
    if (state.slots !== undefined) return state.slots
    const payload = this.#host.fetch(state.oid)
    if (payload === undefined) {
      throw objectFault('TARGET_UNKNOWN', `there is no object ${oidText(state.oid)}`)
    }
    state.fill(payload, this.handleOf)
    return state.slots as unknown as Map<string, Slot>
  }

  /** Lets go of every object, so that memory stays bounded. Only between turns whose results were taken. */
  clear(): void {
    this.#states.clear()
    this.#names.clear()
    this.#traits.clear()
    this.epoch++
  }

  #adoptState(state: ObjectState): void {
    this.#states.set(state.oid, state)
    this.#handles.set(state.handle, state)
  }

  // Reading ----------------------------------------------------------------------------------

  /** What `name` reads as on an object: through the chain, undefined when nobody has it. A method is bound for this turn. */
  read(state: ObjectState, name: string): unknown {
    const holder = findHolder(this, state, name)
    if (holder === undefined) return undefined
    const slot = this.slotsOf(holder).get(name) as Slot
    if (slot.kind === 'method') {
      return (...args: unknown[]) => this.send(state, name, args)
    }
    const value = slot.value
    if (typeof value !== 'object' || value === null || this.#handles.has(value)) return value
    return holder === state ? this.#handOut(state, slot) : this.#borrow(state, name, slot, holder)
  }

  /** The slot's own container, watched from now to the end of the turn. Parent lists are copied: they change by assignment. */
  #handOut(state: ObjectState, slot: Slot): unknown {
    if (slot.kind === 'parent') return [...(slot.value as unknown[])]
    if (slot.handed === undefined) {
      slot.handed = encodeValue(toStored(slot.value, this.oidOf))
      this.#own(slot.value as object, slot)
      this.#touch(state)
    }
    return slot.value
  }

  /**
   * A parent's container as this receiver sees it: a copy that stays itself within the turn. Only when the parent itself was
   * touched in this turn must the two be compared again.
   */
  #borrow(state: ObjectState, name: string, slot: Slot, holder: ObjectState): unknown {
    if (slot.kind === 'parent') return [...(slot.value as unknown[])]
    const known = state.borrowed?.get(name)
    if (known !== undefined) {
      if (known.origin === slot.value && !holder.touched) return known.copy
      if (this.#changedSince(known)) {
        this.#promote(state, name, known)
        return known.copy
      }
    }
    const stored = toStored(slot.value, this.oidOf)
    const bytes = encodeValue(stored)
    if (known !== undefined && known.origin === slot.value && known.bytes.equals(bytes))
      return known.copy
    const copy = toLive(stored, this.handleOf)
    state.borrowed ??= new Map()
    state.borrowed.set(name, { copy, origin: slot.value, bytes })
    this.#touch(state)
    return copy
  }

  #changedSince(borrowed: Borrowed): boolean {
    return !borrowed.bytes.equals(encodeValue(toStored(borrowed.copy, this.oidOf)))
  }

  #promote(state: ObjectState, name: string, borrowed: Borrowed): void {
    state.borrowed?.delete(name)
    this.write(state, name, borrowed.copy)
  }

  // Writing ----------------------------------------------------------------------------------

  /** Assigns the receiver's own slot, whoever held the value before. */
  write(state: ObjectState, name: string, value: unknown): void {
    checkSlotName(name)
    const slots = this.slotsOf(state)
    const kind = slotKind(name, value)
    if (kind === 'parent') this.#checkParents(name, value)
    else if (kind === 'data') this.#checkStorable(name, value)
    let slot = slots.get(name)
    if (slot !== undefined && slot.kind === kind && slot.value === value) {
      if (typeof value !== 'object' || value === null || this.#owners.get(value) === slot) return
    }
    this.#touch(state)
    state.borrowed?.delete(name)
    if (slot === undefined) {
      slot = { kind, value: undefined, tid: UNKEPT, handed: undefined }
      slots.set(name, slot)
      if (state.isParent) this.epoch++
      // A name that was found above is now found here; nothing else of this object's memory is wrong.
    }
    slot.kind = kind
    slot.tid = UNKEPT
    slot.handed = undefined
    slot.value = kind === 'data' ? this.#adopt(value, slot) : value
    if (kind === 'parent') this.#parentsChanged(state)
  }

  /** Removes an own slot; false when there is none. */
  remove(state: ObjectState, name: string): boolean {
    const slots = this.slotsOf(state)
    const slot = slots.get(name)
    state.borrowed?.delete(name)
    if (slot === undefined) return false
    this.#touch(state)
    slots.delete(name)
    state.removed ??= []
    state.removed.push(name)
    if (slot.kind === 'parent') this.#parentsChanged(state)
    else if (state.isParent) this.epoch++
    state.found = undefined
    return true
  }

  /** A new object whose parent is `parent`; nothing is copied. */
  clone(parent: ObjectState): ObjectState {
    const state = this.#bear()
    this.write(state, 'parent*', parent.handle)
    return state
  }

  /** Binds a name at the image's root. Faults CONFLICT when it is bound to another object. */
  bind(name: unknown, state: ObjectState): void {
    checkObjectName(name)
    const bound = this.lookup(name)
    if (bound === state.oid) return
    if (bound !== undefined) {
      throw objectFault(
        'CONFLICT',
        `the name ${JSON.stringify(name)} is bound to ${oidText(bound)} already`,
        { name, oid: oidText(bound) },
        'Choose another name.',
      )
    }
    this.#names.set(name, state.oid)
    this.#boundNow.push(name)
  }
  readonly #boundNow: string[] = []

  /** The oid bound to a name, as this turn sees it. */
  lookup(name: string): Oid | undefined {
    const known = this.#names.get(name)
    if (known !== undefined) return known ?? undefined
    const oid = this.#host.lookup(name)
    if (oid !== undefined) this.#names.set(name, oid)
    return oid
  }

  #bear(): ObjectState {
    if (this.nextOid - this.#firstOid >= OBJECT_LIMITS.births) {
      this.stop(
        objectFault(
          'LIMIT',
          `one message made more than ${OBJECT_LIMITS.births} objects`,
        ).toRecord(),
      )
    }
    const state = new ObjectState(this.nextOid++, true, this.#handler)
    this.#adoptState(state)
    this.#touch(state)
    return state
  }

  #checkParents(name: string, value: unknown): void {
    const list = Array.isArray(value) ? value : [value]
    if (list.length > OBJECT_LIMITS.delegation || list.some((one) => !this.stateOf(one))) {
      throw objectFault('METHOD_FAILED', `${name} takes an object or a list of objects`)
    }
  }

  #checkStorable(name: string, value: unknown): void {
    const type = typeof value
    if (type === 'function' || type === 'symbol') {
      throw objectFault(
        'METHOD_FAILED',
        `a function cannot be kept in the slot ${name}`,
        undefined,
        'Give the object a method of that name instead.',
      )
    }
    if (type === 'number' && !Number.isFinite(value)) {
      throw objectFault('METHOD_FAILED', `${value} cannot be kept in the slot ${name}`)
    }
  }

  #parentsChanged(state: ObjectState): void {
    state.parents = undefined
    state.found = undefined
    if (state.isParent) this.epoch++
  }

  /** Makes a container this slot's own, copying it, or the parts of it that belong elsewhere. */
  #adopt(value: unknown, slot: Slot): unknown {
    if (typeof value !== 'object' || value === null || this.#handles.has(value)) return value
    const owner = this.#owners.get(value)
    if (owner !== undefined && owner !== slot) {
      const copy = toLive(toStored(value, this.oidOf), this.handleOf) as object
      this.#own(copy, slot)
      return copy
    }
    this.#own(value, slot)
    return value
  }

  #own(container: object, slot: Slot, depth = 0): void {
    if (this.#handles.has(container) || this.#owners.get(container) === slot) return
    if (depth > OBJECT_LIMITS.valueDepth) return
    this.#owners.set(container, slot)
    const parts = Array.isArray(container) ? container : Object.values(container)
    const keys = Array.isArray(container) ? undefined : Object.keys(container)
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i]
      if (typeof part !== 'object' || part === null || this.#handles.has(part)) continue
      const owner = this.#owners.get(part)
      if (owner === undefined || owner === slot) {
        this.#own(part, slot, depth + 1)
        continue
      }
      const copy = toLive(toStored(part, this.oidOf), this.handleOf) as object
      this.#own(copy, slot, depth + 1)
      const at = keys === undefined ? i : (keys[i] as string)
      ;(container as Record<string | number, unknown>)[at] = copy
    }
  }

  /** What may be put into a container that belongs to a slot: a part that belongs elsewhere is copied. */
  partFor(container: object, part: unknown): unknown {
    const slot = this.#owners.get(container)
    return slot === undefined ? part : this.#adopt(part, slot)
  }

  #touch(state: ObjectState): void {
    if (state.touched) return
    state.touched = true
    this.#touched.push(state)
  }

  // Sending ----------------------------------------------------------------------------------

  /** Sends a message to an object. A slot with data answers it; a selector that nobody has is `doesNotUnderstand:`. */
  send(state: ObjectState, selector: string, args: unknown[]): unknown {
    const holder = findHolder(this, state, selector)
    if (holder === undefined) return this.#notUnderstood(state, selector, args)
    return this.#perform(state, holder, selector, args)
  }

  /** Sends from above the running method's holder. */
  resend(self: unknown, holder: Oid, selector: string, args: unknown[]): unknown {
    const state = this.stateOf(self)
    if (state === undefined) throw objectFault('METHOD_FAILED', 'resend needs an object as self')
    const above = findAbove(this, state, this.state(holder), selector)
    if (above === undefined) {
      throw objectFault(
        'NOT_UNDERSTOOD',
        `nobody above ${oidText(holder)} understands ${selector}`,
        { target: oidText(state.oid), selector },
      )
    }
    return this.#perform(state, above, selector, args)
  }

  /** A selector sent to true, false or nil: their traits answer, as objects of the image. */
  sendPrimitive(value: unknown, selector: string, args: unknown[]): unknown {
    const name = value === true ? 'true' : value === false ? 'false' : 'nil'
    const traits = this.#traitsOf(PRIMITIVE_TRAITS[name])
    const holder = traits && findHolder(this, traits, selector)
    if (traits === undefined || holder === undefined) {
      throw new TypeError(`${name} does not understand ${selector}`)
    }
    const slot = this.slotsOf(holder).get(selector) as Slot
    if (slot.kind !== 'method') return slot.value
    return this.#call(slot, holder, value, args)
  }

  #traitsOf(name: string): ObjectState | undefined {
    if (!this.#traits.has(name)) {
      const oid = this.lookup(name)
      this.#traits.set(name, oid === undefined ? undefined : this.state(oid))
    }
    return this.#traits.get(name)
  }

  #perform(state: ObjectState, holder: ObjectState, selector: string, args: unknown[]): unknown {
    const slot = this.slotsOf(holder).get(selector) as Slot
    if (slot.kind === 'method') return this.#call(slot, holder, state.handle, args)
    if (args.length > 0) {
      throw objectFault(
        'METHOD_FAILED',
        `${selector} is data of ${oidText(holder.oid)} and takes no arguments`,
        { target: oidText(state.oid), selector },
        `Send ${selector} without arguments, or assign the slot.`,
      )
    }
    return this.read(state, selector)
  }

  #call(slot: Slot, holder: ObjectState, self: unknown, args: unknown[]): unknown {
    if (++this.depth > OBJECT_LIMITS.sendDepth) {
      this.stop(
        objectFault(
          'LIMIT',
          `messages were sent inside messages more than ${OBJECT_LIMITS.sendDepth} deep`,
          undefined,
          'Replace the recursion by a loop, or send fewer messages inside messages.',
        ).toRecord(),
      )
    }
    const method = this.#host.method((slot.value as MethodRef).oid, holder.oid)
    const result =
      args.length === 0
        ? method(self)
        : args.length === 1
          ? method(self, args[0])
          : method(self, ...args)
    this.depth--
    return result
  }

  #notUnderstood(state: ObjectState, selector: string, args: unknown[]): unknown {
    const holder = findHolder(this, state, 'doesNotUnderstand:')
    if (holder === undefined) {
      throw objectFault('NOT_UNDERSTOOD', `${oidText(state.oid)} does not understand ${selector}`, {
        target: oidText(state.oid),
        selector,
      })
    }
    return this.#perform(state, holder, 'doesNotUnderstand:', [{ selector, args }])
  }

  /** The need for a method: ends the turn, unless its outcome is known to be a fault. */
  learn(state: ObjectState, selector: string, args: unknown[]): never {
    const learner = this.#learnerOf(state)
    const need: MethodNeed = {
      kind: 'method',
      receiver: state.oid,
      learner,
      selector,
      args: args.map((arg) => toStored(arg, this.oidOf)),
    }
    const failure = this.frame.failures?.[needKey(need)]
    if (failure !== undefined) throw new Fault(failure)
    const signal = new Signal({ need })
    this.pending = signal
    throw signal
  }

  #learnerOf(state: ObjectState): Oid {
    if (this.#learnerOverride !== undefined) return this.#learnerOverride
    const first = parentsOf(this, state)[0]
    return first === undefined || first.oid === GENESIS ? state.oid : first.oid
  }

  /** Ends the turn with a fault that guest code cannot catch. */
  stop(fault: FaultRecord): never {
    const signal = new Signal({ fault })
    this.pending = signal
    throw signal
  }

  // Turns ------------------------------------------------------------------------------------

  /** Runs one message to its end. */
  runSend(request: SendRequest): TurnOutcome {
    return this.#turn(request, request.holder, () => {
      const args = request.args.map((arg) => toLive(arg, this.handleOf))
      const state = this.state(request.target)
      this.slotsOf(state)
      return this.send(state, request.selector, args)
    })
  }

  /** Makes one of the kernel's own changes. */
  runChange(change: Change, frame: TurnFrame): TurnOutcome {
    return this.#turn(frame, undefined, () => this.#change(change))
  }

  #change(change: Change): unknown {
    if (change.kind === 'create') {
      const state = this.#bear()
      for (const [i, parent] of change.parents.entries()) {
        this.slotsOf(this.state(parent))
        this.write(state, i === 0 ? 'parent*' : `parent${i + 1}*`, this.handleOf(parent))
      }
      for (const [name, value] of change.slots) {
        this.write(state, name, toLive(value, this.handleOf))
      }
      if (change.name !== undefined) this.bind(change.name, state)
      return state.handle
    }
    const state = this.state(change.target)
    const name = change.kind === 'method' ? change.selector : change.slot
    const slot = this.slotsOf(state).get(name)
    if (change.expect !== undefined && (slot?.tid ?? null) !== change.expect) {
      throw objectFault(
        'CONFLICT',
        `${name} of ${oidText(state.oid)} has changed since it was read`,
        { expected: tidOrNull(change.expect), found: tidOrNull(slot?.tid ?? null) },
      )
    }
    if (change.kind === 'remove') {
      if (!this.remove(state, name)) {
        throw objectFault('FIELD_INVALID', `${oidText(state.oid)} has no slot ${name} of its own`)
      }
    } else if (change.kind === 'method') {
      this.write(state, name, new MethodRef(change.method ?? this.nextOid++))
      // A method may be found through any chain, so every remembered lookup is in doubt.
      this.epoch++
    } else {
      this.write(state, name, toLive(change.value, this.handleOf))
    }
    return null
  }

  #turn(frame: TurnFrame, learner: Oid | undefined, body: () => unknown): TurnOutcome {
    this.frame = frame
    this.fuel.left = frame.fuel
    this.pending = undefined
    this.depth = 0
    this.#learnerOverride = learner
    this.#firstOid = this.nextOid
    const nextTid = this.nextTid
    try {
      const result = body()
      if (this.pending !== undefined) throw this.pending
      const reply = toStored(result, this.oidOf)
      return this.#keep(reply, result)
    } catch (thrown) {
      this.nextTid = nextTid
      this.#drop()
      return this.#ended(thrown)
    } finally {
      this.#touched.length = 0
      this.#boundNow.length = 0
    }
  }

  #ended(thrown: unknown): TurnOutcome {
    const signal = this.pending ?? thrown
    if (signal instanceof Signal) {
      if (signal.need !== undefined) return { kind: 'need', need: signal.need }
      if (signal.fault !== undefined) return { kind: 'fault', fault: signal.fault }
    }
    return { kind: 'fault', fault: faultOfThrown(thrown) }
  }

  /** Settles the turn: what changed, what of the new is referred to, the bytes of each. */
  #keep(reply: unknown, result: unknown): TurnOutcome {
    for (const state of this.#touched) {
      if (state.borrowed === undefined) continue
      for (const [name, borrowed] of [...state.borrowed]) {
        if (this.#changedSince(borrowed)) this.#promote(state, name, borrowed)
      }
      state.borrowed = undefined
    }
    const names = this.#boundNow.map((name) => ({ name, oid: this.#names.get(name) ?? null }))
    const kept = this.#reachable(result)
    const tid = this.nextTid
    const writes: Write[] = []
    for (const state of this.#touched) {
      if (state.born && !kept.has(state)) continue
      const write = this.#settle(state, tid)
      if (write !== undefined) writes.push(write)
    }
    for (const state of this.#touched) {
      if (state.born && !kept.has(state)) this.#states.delete(state.oid)
      state.born = false
      state.touched = false
      state.removed = undefined
    }
    if (writes.length > 0 || names.length > 0) this.nextTid++
    const fuel = this.frame.fuel - this.fuel.left
    return { kind: 'kept', reply, writes, names, fuel }
  }

  #settle(state: ObjectState, tid: Tid): Write | undefined {
    const changed: string[] = state.removed === undefined ? [] : [...state.removed]
    const stored: StoredSlot[] = []
    for (const [name, slot] of this.slotsOf(state)) {
      const value = slot.kind === 'method' ? slot.value : toStored(slot.value, this.oidOf)
      if (slot.handed !== undefined) {
        if (!slot.handed.equals(encodeValue(toStored(slot.value, this.oidOf)))) slot.tid = UNKEPT
        slot.handed = undefined
      }
      if (slot.tid === UNKEPT) {
        slot.tid = tid
        changed.push(name)
      }
      stored.push({ name, tid: slot.tid, value })
    }
    if (changed.length === 0 && !state.born) return undefined
    return { oid: state.oid, born: state.born, payload: encodeSlots(stored), slots: changed }
  }

  /** The objects born in this turn that something kept refers to. */
  #reachable(result: unknown): Set<ObjectState> {
    const kept = new Set<ObjectState>()
    const visitValue = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return
      const state = this.#handles.get(value)
      if (state !== undefined) {
        if (state.born && !kept.has(state)) visitState(state)
        return
      }
      for (const part of Array.isArray(value) ? value : Object.values(value)) visitValue(part)
    }
    const visitState = (state: ObjectState) => {
      kept.add(state)
      for (const slot of this.slotsOf(state).values()) visitValue(slot.value)
    }
    if (!this.#touched.some((state) => state.born)) return kept
    visitValue(result)
    for (const name of this.#boundNow) visitValue(this.handleOf(this.#names.get(name) as Oid))
    for (const state of this.#touched) {
      if (state.born) continue
      for (const slot of this.slotsOf(state).values()) visitValue(slot.value)
    }
    return kept
  }

  /** Forgets everything that the turn did. */
  #drop(): void {
    for (const state of this.#touched) {
      if (state.born) this.#states.delete(state.oid)
      else state.forget()
      state.removed = undefined
    }
    for (const name of this.#boundNow) this.#names.delete(name)
    this.nextOid = this.#firstOid
    this.epoch++
  }

  #makeHandler(): ProxyHandler<ObjectState> {
    const refuse = (what: string) => {
      throw new TypeError(`${what} an object of the world is not possible`)
    }
    return {
      get: (state, name) => (typeof name === 'string' ? this.read(state, name) : undefined),
      set: (state, name, value) => {
        this.write(state, name as string, value)
        return true
      },
      has: (state, name) => typeof name === 'string' && findHolder(this, state, name) !== undefined,
      deleteProperty: (state, name) => {
        this.remove(state, name as string)
        return true
      },
      ownKeys: (state) => [...this.slotsOf(state)].filter(isData).map(([name]) => name),
      getOwnPropertyDescriptor: (state, name) => {
        const slot = this.slotsOf(state).get(name as string)
        if (slot === undefined || slot.kind !== 'data') return undefined
        const value = this.read(state, name as string)
        return { value, writable: true, enumerable: true, configurable: true }
      },
      getPrototypeOf: () => null,
      setPrototypeOf: () => refuse('changing the prototype of'),
      defineProperty: () => refuse('defining a property on'),
      preventExtensions: () => refuse('freezing'),
    }
  }

  /** Slot names of the whole chain, own first, each once. */
  slotNames(state: ObjectState): string[] {
    const names = new Set<string>()
    for (const one of chainOf(this, state))
      for (const name of this.slotsOf(one).keys()) names.add(name)
    return [...names]
  }

  /** True when a message of that name would be answered without learning. */
  understands(state: ObjectState, selector: string): boolean {
    return findHolder(this, state, selector) !== undefined
  }
}

const isData = ([, slot]: [string, Slot]) => slot.kind === 'data'
const tidOrNull = (tid: Tid | null) => (tid === null ? null : String(tid))

/** The fault in what guest code threw, whatever it is; reading it must not run guest code without bounds. */
function faultOfThrown(thrown: unknown): FaultRecord {
  const fault = asFault(thrown)
  if (fault !== undefined) return fault.toRecord()
  let sentence = 'the method threw something that is not an error'
  if (typeof thrown === 'string') sentence = thrown
  else if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) {
    return objectFault('LIMIT', 'functions called functions too deeply').toRecord()
  } else if (thrown instanceof Error) {
    const message = Object.getOwnPropertyDescriptor(thrown, 'message')?.value
    if (typeof message === 'string') sentence = message
  }
  return objectFault('METHOD_FAILED', sentence.slice(0, 2_000)).toRecord()
}
