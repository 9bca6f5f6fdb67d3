// Owns: turning an object of the image into what a model is shown of it.
// Leaves: the text to context.ts; reading to the kernel's head.
// Laws: MI40 what is shown is the image as of one moment: slots, methods and objects that slots refer to, one step far.
import type { Head } from '#kernel'
import { MethodRef, type Oid, oidText, Ref, slotKind, type StoredSlot, toWire } from '#objects'
import type { DraftContext, MethodContext, PeerContext, SlotContext } from './context.ts'
import { sampleOfValue, typeOfValue } from './shape.ts'

/** Objects of a chain that are looked at; deeper ones say little about the receiver. */
const CHAIN_MAX = 16
/** Slots that refer to objects and are shown with what those hold. */
const PEERS_MAX = 6

/** Methods that every object has from genesis: shown by name only, because they say nothing about the receiver. */
const GENESIS_SHOWN = new Set(['slotNames'])

interface Described {
  slots: SlotContext[]
  methods: MethodContext[]
  peers: PeerContext[]
  parents: string[]
  names: Set<string>
}

/** The receiver of a message, ready for a prompt, with the names of all slots that it answers to. */
export function describeReceiver(
  head: Head,
  receiver: Oid,
  message: { selector: string; args: unknown[]; intent: string | undefined },
  nameOf: (oid: Oid) => string,
): { context: DraftContext; slotNames: Set<string> } {
  const { slots, methods, peers, parents, names } = describe(head, receiver, nameOf, true)
  const args = message.args.map((arg) => {
    const value = toWire(arg)
    return { type: typeOfValue(value), sample: sampleOfValue(value) }
  })
  const context: DraftContext = {
    object: nameOf(receiver),
    parents,
    slots,
    methods,
    peers,
    selector: message.selector,
    args,
    ...(message.intent === undefined ? {} : { intent: message.intent }),
  }
  return { context, slotNames: names }
}

function describe(
  head: Head,
  oid: Oid,
  nameOf: (oid: Oid) => string,
  withPeers: boolean,
): Described {
  const all: Described = { slots: [], methods: [], peers: [], parents: [], names: new Set() }
  const seen = new Set<Oid>()
  const visit = (one: Oid) => {
    if (seen.has(one) || seen.size >= CHAIN_MAX) return
    seen.add(one)
    const { slots } = head.object(one)
    for (const slot of slots) {
      if (all.names.has(slot.name)) continue
      all.names.add(slot.name)
      describeSlot(head, oid, one, slot, nameOf, withPeers, all)
    }
    for (const parent of refsIn(slots.filter(isParent))) {
      if (one === oid) all.parents.push(nameOf(parent))
      visit(parent)
    }
  }
  visit(oid)
  return all
}

const isParent = ({ name, value }: StoredSlot) => slotKind(name, value) === 'parent'
const refsIn = (slots: readonly StoredSlot[]): Oid[] =>
  slots
    .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Ref => value instanceof Ref)
    .map((ref) => ref.oid)

function describeSlot(
  head: Head,
  receiver: Oid,
  holder: Oid,
  slot: StoredSlot,
  nameOf: (oid: Oid) => string,
  withPeers: boolean,
  all: Described,
): void {
  if (slot.value instanceof MethodRef) {
    const method = head.method(slot.value.oid)
    // What genesis brings is plumbing; what it was taught is as good an example as any.
    if (method.author === 'world') {
      if (GENESIS_SHOWN.has(slot.name)) all.methods.push({ selector: slot.name, source: '' })
      return
    }
    all.methods.push({ selector: slot.name, source: method.source })
    return
  }
  if (isParent(slot) || slot.name === 'comment') return
  const wire = toWire(slot.value)
  all.slots.push({
    name: slot.name,
    type: typeOfValue(wire),
    sample: sampleOfValue(named(wire, nameOf)),
    inherited: holder !== receiver,
  })
  if (!withPeers || all.peers.length >= PEERS_MAX) return
  const list = Array.isArray(slot.value)
  const peer = list ? (slot.value as unknown[])[0] : slot.value
  if (!(peer instanceof Ref)) return
  const described = describe(head, peer.oid, nameOf, false)
  all.peers.push({
    slot: list ? `${slot.name}[]` : slot.name,
    object: nameOf(peer.oid),
    slots: described.slots,
    methods: described.methods,
  })
}

/** A sample with names in place of oids, which say nothing to a model. */
function named(value: unknown, nameOf: (oid: Oid) => string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((part) => named(part, nameOf))
  const ref = (value as { $ref?: unknown }).$ref
  if (typeof ref === 'string') return ref
  return value
}

/** Names for people: the name bound to an object, its parent's when it has none, its oid at last. */
export function namesOf(head: Head): (oid: Oid) => string {
  const names = new Map<Oid, string>()
  const bound = head.store.names({ limit: NAMES_MAX })
  for (const { name, oid } of bound) if (!names.has(oid)) names.set(oid, name)
  return (oid) => {
    const name = names.get(oid)
    if (name !== undefined) return name
    const parent = refsIn(head.object(oid).slots.filter(isParent))[0]
    const above = parent === undefined ? undefined : names.get(parent)
    return above === undefined || above === 'genesis' ? oidText(oid) : above
  }
}

/** Names read for one prompt; in a larger image the rest go by their parents. */
const NAMES_MAX = 10_000
