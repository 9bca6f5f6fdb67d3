// Owns: the objects in memory, one turn at a time: reading, writing, sending, and what a turn leaves behind.
// Leaves: records to the image, order to the kernel, compiling to whoever hands in `compile` (the sandbox).
// Laws: OB10 a turn that ends in a fault or a need leaves nothing. OB12 a change inside a container is noticed without
// being told. OB13 a container reached through a parent is the receiver's as soon as it changes. OB14 an object made in a
// turn is kept only if something that is kept, a name or the reply refers to it. OB34 after a turn the memory holds what
// was written and nothing else.
import { Fault, type FaultRecord } from '#ground'
import { makeChange } from './change.ts'
import { encodeSlots, encodeValue, type StoredSlot } from './codec.ts'
import { chainOf, type Delegation, findAbove, findHolder, parentsOf } from './delegation.ts'
import { checkCount, checkSize, notUnderstood, objectFault, sealFault } from './faults.ts'
import { makeHandler } from './handle.ts'
import { GENESIS, type Oid, oidText, type Tid } from './identity.ts'
import { OBJECT_LIMITS } from './limits.ts'
import { Needs } from './needs.ts'
import { type Borrowed, freshSlot, ObjectState, type Slot, slotKind, UNKEPT } from './object.ts'
import { Ownership } from './ownership.ts'
import { Postings } from './posting.ts'
import { bornIn } from './reach.ts'
import { type MethodNeed, type Need, needKey, Signal } from './signal.ts'
import { faultOfThrown } from './thrown.ts'
import type { Change, NeedOutcome, SendRequest, TurnFrame, TurnOutcome, Write } from './turn.ts'
import {
  checkObjectName,
  checkSlotName,
  checkStorable,
  isSelector,
  MethodRef,
  toLive,
  toStored,
  toWire,
} from './value.ts'

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
  readonly needs = new Needs()
  readonly postings = new Postings()
  readonly #host: WorldHost
  readonly #states = new Map<Oid, ObjectState>()
  readonly #handles = new WeakMap<object, ObjectState>()
  readonly #owners: Ownership
  readonly #touched: ObjectState[] = []
  /** Names as this memory knows them; null for one that was unbound. */
  readonly #names = new Map<string, Oid | null>()
  readonly #boundNow: string[] = []
  readonly #handler: ProxyHandler<ObjectState>
  #learnerOverride: Oid | undefined
  #firstOid: Oid
  /** The oid of the method that this turn installs, 0 for none. */
  #installed: Oid = 0
  #questions = 0
  /** True while a turn is being settled: then nothing may change any more. */
  #settling = false

  constructor(host: WorldHost, next: { oid: Oid; tid: Tid }) {
    this.#host = host
    this.nextOid = next.oid
    this.nextTid = next.tid
    this.#firstOid = next.oid
    this.#handler = makeHandler(this)
    this.#owners = new Ownership(
      (value) => this.#handles.has(value),
      (value) => toLive(this.stored(value), this.handleOf) as object,
    )
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
    if (typeof value !== 'object' || value === null) return undefined
    // Mostly it is `self` again.
    if (value === this.#last?.handle) return this.#last
    const state = this.#handles.get(value)
    if (state !== undefined) this.#last = state
    return state
  }
  #last: ObjectState | undefined

  readonly handleOf = (oid: Oid): object => this.state(oid).handle
  readonly oidOf = (value: object): Oid | undefined => this.#handles.get(value)?.oid

  /** The object of an oid, undefined when there is none. */
  find(oid: Oid): ObjectState | undefined {
    const known = this.#states.get(oid)
    if (known?.slots !== undefined) return known
    this.#ask()
    const payload = this.#host.fetch(oid)
    if (payload === undefined) return undefined
    const state = this.state(oid)
    state.fill(payload, this.handleOf)
    return state
  }

  slotsOf(state: ObjectState): Map<string, Slot> {
    if (state.slots !== undefined) return state.slots
    const slots = this.find(state.oid)?.slots
    if (slots === undefined) {
      throw objectFault('TARGET_UNKNOWN', `there is no object ${oidText(state.oid)}`)
    }
    return slots
  }

  #ask(): void {
    if (++this.#questions <= OBJECT_LIMITS.questions) return
    const many = `one message asked for more than ${OBJECT_LIMITS.questions} objects and names`
    this.stop(objectFault('LIMIT', many).toRecord())
  }

  /** The stored form of a live value. Faults for what cannot be kept. */
  stored(value: unknown): unknown {
    return toStored(value, this.oidOf)
  }

  /** Lets go of every object, so that memory stays bounded. Only between turns whose results were taken. */
  clear(): void {
    this.#states.clear()
    this.#names.clear()
    this.epoch++
  }

  #adoptState(state: ObjectState): void {
    this.#states.set(state.oid, state)
    this.#handles.set(state.handle, state)
  }

  // Reading ----------------------------------------------------------------------------------

  /** What `name` reads as on an object: through the chain, undefined when nobody has it. A method is bound for this turn. */
  read(state: ObjectState, name: string): unknown {
    const own = this.slotsOf(state).get(name)
    const holder = own === undefined ? findHolder(this, state, name) : state
    if (holder === undefined) return undefined
    const slot = own ?? (this.slotsOf(holder).get(name) as Slot)
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
      this.#touch(state)
      this.#owners.own(slot.value as object, slot)
      slot.handed = encodeValue(this.stored(slot.value))
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
      if (this.#promoted(state, name, known)) return known.copy
    }
    const stored = this.stored(slot.value)
    const bytes = encodeValue(stored)
    if (known !== undefined && known.origin === slot.value && known.bytes.equals(bytes)) {
      return known.copy
    }
    const copy = toLive(stored, this.handleOf)
    this.#touch(state)
    state.borrowed ??= new Map()
    state.borrowed.set(name, { copy, origin: slot.value, bytes })
    return copy
  }

  /** Makes a borrowed container the receiver's own if it was changed; true when it was. */
  #promoted(state: ObjectState, name: string, borrowed: Borrowed): boolean {
    if (borrowed.bytes.equals(encodeValue(this.stored(borrowed.copy)))) return false
    this.write(state, name, borrowed.copy)
    return true
  }

  #promoteChanged(state: ObjectState): void {
    for (const [name, borrowed] of state.borrowed ?? []) this.#promoted(state, name, borrowed)
  }

  /** Names of the object's own data. */
  dataNames(state: ObjectState): string[] {
    this.#promoteChanged(state)
    return [...this.slotsOf(state)].filter(([, { kind }]) => kind === 'data').map(([name]) => name)
  }

  /** True for a name of the object's own data. */
  hasData(state: ObjectState, name: string): boolean {
    return this.slotsOf(state).get(name)?.kind === 'data'
  }

  // Writing ----------------------------------------------------------------------------------

  /** Assigns the receiver's own slot, whoever held the value before. */
  write(state: ObjectState, name: string, given: unknown): void {
    const slots = this.slotsOf(state)
    const known = slots.get(name)
    // The name of a slot that is there was looked at when the slot was made.
    if (known === undefined) checkSlotName(name)
    const kind = slotKind(name, given)
    // A list of parents changes by assignment only, so the slot keeps one that nobody else has.
    const value = kind === 'parent' && Array.isArray(given) ? [...given] : given
    if (kind === 'parent') this.#checkParents(name, value)
    else if (kind === 'data') checkStorable(name, value)
    if (known?.kind === kind && known.value === value && this.#isKept(value, known)) return
    this.#touch(state)
    state.borrowed?.delete(name)
    const slot = known ?? freshSlot(kind)
    const own = kind === 'data' ? this.#owners.adopt(value, slot) : value
    // From here on nothing can fail, so a slot is assigned or it is not.
    const wasParent = known?.kind === 'parent'
    slot.kind = kind
    slot.value = own
    slot.tid = UNKEPT
    slot.handed = undefined
    slot.run = undefined
    if (known === undefined) {
      slots.set(name, slot)
      // A name that was found above is found here now; only those who look through this object must look again.
      if (state.isParent) this.epoch++
    }
    if (kind === 'parent' || wasParent) this.#parentsChanged(state)
  }

  /** True when assigning the value that a slot has already changes nothing. */
  #isKept(value: unknown, slot: Slot): boolean {
    if (typeof value !== 'object' || value === null || this.#handles.has(value)) return true
    return this.#owners.ownerOf(value) === slot
  }

  /** Removes an own slot; false when there is none. */
  remove(state: ObjectState, name: string): boolean {
    const slots = this.slotsOf(state)
    const slot = slots.get(name)
    state.borrowed?.delete(name)
    if (slot === undefined) return false
    this.#touch(state)
    state.removed ??= []
    state.removed.push(name)
    slots.delete(name)
    if (slot.kind === 'parent') this.#parentsChanged(state)
    else if (state.isParent) this.epoch++
    state.found = undefined
    return true
  }

  /** A new object whose parent is `parent`; nothing is copied. */
  clone(parent: ObjectState): ObjectState {
    const state = this.bear()
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
    this.checkOpen()
    this.#boundNow.push(name)
    this.#names.set(name, state.oid)
  }

  /** Binds a name to whatever it was bound to, or to nothing; the kernel's own changes alone may. */
  rebind(name: string, oid: Oid | null): void {
    this.checkOpen()
    this.#boundNow.push(name)
    this.#names.set(name, oid)
  }

  /** The oid bound to a name, as this turn sees it. */
  lookup(name: string): Oid | undefined {
    const known = this.#names.get(name)
    if (known !== undefined) return known ?? undefined
    this.#ask()
    const oid = this.#host.lookup(name)
    if (oid !== undefined) this.#names.set(name, oid)
    return oid
  }

  /** A new object without slots. */
  bear(): ObjectState {
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

  #parentsChanged(state: ObjectState): void {
    state.parents = undefined
    state.found = undefined
    if (state.isParent) this.epoch++
  }

  /** What may be put into a container that belongs to a slot: a part that belongs elsewhere is copied. */
  partFor(container: object, part: unknown): unknown {
    return this.#owners.partFor(container, part)
  }

  #touch(state: ObjectState): void {
    this.checkOpen()
    if (state.touched) return
    this.#touched.push(state)
    state.touched = true
  }

  /** Faults METHOD_FAILED while the turn is being settled: then nothing may change any more. */
  checkOpen(): void {
    if (!this.#settling) return
    throw objectFault('METHOD_FAILED', 'nothing can change while a message is being kept')
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
    const oid = this.lookup(PRIMITIVE_TRAITS[name])
    const holder = oid === undefined ? undefined : findHolder(this, this.state(oid), selector)
    if (holder === undefined) {
      throw new TypeError(`${name} does not understand ${selector}`)
    }
    const slot = this.slotsOf(holder).get(selector) as Slot
    if (slot.kind !== 'method') return slot.value
    return this.#call(slot, holder, value, args)
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
    try {
      slot.run ??= this.#host.method((slot.value as MethodRef).oid, holder.oid)
      const method = slot.run
      if (args.length === 0) return method(self)
      return args.length === 1 ? method(self, args[0]) : method(self, ...args)
    } finally {
      this.depth--
    }
  }

  #notUnderstood(state: ObjectState, selector: string, args: unknown[]): unknown {
    const holder = findHolder(this, state, 'doesNotUnderstand:')
    if (holder === undefined) throw notUnderstood(state.oid, selector)
    return this.#perform(state, holder, 'doesNotUnderstand:', [{ selector, args }])
  }

  /** The need for a method: ends the turn, unless its outcome is known to be a fault. */
  learn(state: ObjectState, selector: string, args: unknown[]): never {
    const chain = chainOf(this, state)
    if (!isSelector(selector) || chain.every(({ oid }) => oid !== GENESIS)) {
      throw notUnderstood(state.oid, selector)
    }
    const need: MethodNeed = {
      kind: 'method',
      receiver: state.oid,
      learner: this.#learnerOf(state, chain),
      selector,
      args: this.stored(args) as unknown[],
    }
    const outcome = this.outcomeOf(need)
    // What was met by a method has none: the method would have been found.
    if ('fault' in outcome) throw sealFault(new Fault(outcome.fault))
    throw notUnderstood(state.oid, selector)
  }

  /** How a need ended in an attempt before; ends this one when nothing is known of it. */
  outcomeOf(need: Need): NeedOutcome {
    const known = this.needs.outcome(needKey(need), this.frame)
    if (known !== undefined) return known
    const signal = new Signal({ need })
    this.pending = signal
    throw signal
  }

  /** Whom the sender named, if the receiver would find a method there; else the first parent or the receiver. */
  #learnerOf(state: ObjectState, chain: readonly ObjectState[]): Oid {
    const named = this.#learnerOverride
    if (named !== undefined && chain.some(({ oid }) => oid === named)) return named
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
      const old = request.version
      if (old === undefined) return this.send(state, request.selector, args)
      return this.#host.method(old.method, old.holder)(state.handle, ...args)
    })
  }

  /** Makes one of the kernel's own changes. */
  runChange(change: Change, frame: TurnFrame): TurnOutcome {
    return this.#turn(frame, undefined, () => {
      const { answer, installed } = makeChange(this, change)
      this.#installed = installed
      return answer
    })
  }

  #turn(frame: TurnFrame, learner: Oid | undefined, body: () => unknown): TurnOutcome {
    this.frame = frame
    this.fuel.left = frame.fuel
    this.pending = undefined
    this.depth = 0
    this.#questions = 0
    this.#installed = 0
    this.needs.begin()
    this.postings.begin(frame.postings ?? OBJECT_LIMITS.postings)
    this.#learnerOverride = learner
    this.#firstOid = this.nextOid
    try {
      const result = body()
      if (this.pending !== undefined) throw this.pending
      return this.#keep(result)
    } catch (thrown) {
      this.#drop()
      return this.#ended(thrown)
    } finally {
      this.#settling = false
      this.#touched.length = 0
      this.#boundNow.length = 0
    }
  }

  #ended(thrown: unknown): TurnOutcome {
    const signal = this.pending ?? thrown
    if (signal instanceof Signal) {
      if (signal.need !== undefined) {
        return { kind: 'need', need: signal.need, stale: this.needs.stale(this.frame) }
      }
      if (signal.fault !== undefined) return { kind: 'fault', fault: signal.fault }
    }
    return { kind: 'fault', fault: faultOfThrown(thrown) }
  }

  /** Settles the turn: what changed, what of the new is referred to, the bytes of each. */
  #keep(result: unknown): TurnOutcome {
    for (const state of this.#touched) {
      this.#promoteChanged(state)
      state.borrowed = undefined
    }
    this.#settling = true
    const reply = encodeValue(toWire(this.stored(result)))
    checkSize('a reply', reply.length, OBJECT_LIMITS.replyBytes)
    const names = this.#boundNow.map((name) => ({ name, oid: this.#names.get(name) ?? null }))
    const kept = this.#kept(result)
    const writes: Write[] = []
    let size = 0
    for (const state of this.#touched) {
      if (state.born && !kept.has(state)) continue
      const write = this.#settle(state, this.nextTid)
      if (write === undefined) continue
      size += write.payload.length
      checkSize('what one message writes', size, OBJECT_LIMITS.turnBytes)
      writes.push(write)
      checkCount('objects that one message changes', writes.length, OBJECT_LIMITS.turnWrites)
    }
    this.#close(kept)
    if (writes.length > 0 || names.length > 0) this.nextTid++
    const fuel = this.frame.fuel - this.fuel.left
    return { kind: 'kept', reply, writes, names, fuel, postings: this.postings.list }
  }

  /** Ends the states of the turn. Numbers of objects that are not kept are free again, so both ends count alike. */
  #close(kept: ReadonlySet<ObjectState>): void {
    let last = Math.max(this.#firstOid - 1, this.#installed)
    for (const state of this.#touched) {
      if (state.born && !kept.has(state)) this.#states.delete(state.oid)
      else if (state.born) last = Math.max(last, state.oid)
      state.born = false
      state.touched = false
      state.removed = undefined
    }
    this.nextOid = last + 1
  }

  /**
   * The record of an object if it changed. The containers that guest code had in its hands are replaced by what is
   * stored, so nothing lives on in memory that the record does not have: frozen lists, parts shared by two slots.
   */
  #settle(state: ObjectState, tid: Tid): Write | undefined {
    const changed = new Set(state.removed)
    const handed = new Map<Slot, unknown>()
    for (const [name, slot] of this.slotsOf(state)) {
      if (slot.handed !== undefined) {
        const value = this.stored(slot.value)
        handed.set(slot, value)
        if (!slot.handed.equals(encodeValue(value))) slot.tid = UNKEPT
        slot.handed = undefined
      }
      if (slot.tid === UNKEPT) changed.add(name)
    }
    let write: Write | undefined
    if (changed.size > 0 || state.born) {
      const stored: StoredSlot[] = []
      for (const [name, slot] of this.slotsOf(state)) {
        const value =
          slot.kind === 'method' ? slot.value : (handed.get(slot) ?? this.stored(slot.value))
        if (slot.tid === UNKEPT) {
          slot.tid = tid
          if (slot.kind !== 'method') handed.set(slot, value)
        }
        stored.push({ name, tid: slot.tid, value })
      }
      write = {
        oid: state.oid,
        born: state.born,
        payload: encodeSlots(stored),
        slots: [...changed],
      }
    }
    for (const [slot, value] of handed) slot.value = toLive(value, this.handleOf)
    return write
  }

  /** The objects born in this turn that something kept refers to. */
  #kept(result: unknown): Set<ObjectState> {
    if (!this.#touched.some((state) => state.born)) return new Set()
    const roots: unknown[] = [result]
    for (const { oid } of this.postings.roots()) roots.push(this.handleOf(oid))
    for (const name of this.#boundNow) {
      const oid = this.#names.get(name)
      if (oid != null) roots.push(this.handleOf(oid))
    }
    for (const state of this.#touched) {
      if (state.born) continue
      for (const slot of this.slotsOf(state).values()) roots.push(slot.value)
    }
    return bornIn(roots, (value) => this.#handles.get(value))
  }

  /** Forgets everything that the turn did. */
  #drop(): void {
    for (const state of this.#touched) {
      if (state.born) this.#states.delete(state.oid)
      else state.forget()
    }
    for (const name of this.#boundNow) this.#names.delete(name)
    this.nextOid = this.#firstOid
    this.epoch++
  }

  /** Slot names of the whole chain, own first, each once. */
  slotNames(state: ObjectState): string[] {
    this.#promoteChanged(state)
    const names = new Set<string>()
    for (const one of chainOf(this, state)) {
      for (const name of this.slotsOf(one).keys()) names.add(name)
    }
    return [...names]
  }

  /** True when a message of that name would be answered without learning. */
  understands(state: ObjectState, selector: string): boolean {
    return findHolder(this, state, selector) !== undefined
  }
}
