// Owns: what a call has before it: the receiver's data, the objects it can reach in one step, the arguments.
// Leaves: making other states of it to probes.ts; what a model is shown of it to the mind.
// Laws: GO10 a scene is the image as of one moment.
import { collectRefs, type Head, type MethodNeedCall } from '#kernel'
import { isMap, MethodRef, type Oid, slotKind, type StoredSlot } from '#objects'

/** A data slot that the receiver, or an object next to it, answers to. `value` is in stored form. */
export interface SceneSlot {
  /** The object that is asked, which need not be the one that holds the slot. */
  of: Oid
  name: string
  value: unknown
}

export interface Scene {
  receiver: Oid
  args: readonly unknown[]
  /** Of the receiver first, in order of its chain, then of the objects that its slots and the arguments refer to. */
  slots: readonly SceneSlot[]
  /** Sources of methods that the receiver answers to already, by selector; without those of genesis. */
  siblings: ReadonlyMap<string, string>
}

/** Slots that the receiver's methods speak of and that it does not have yet: what they will find is what others must leave. */
export function spokenSlots({ siblings, slots, receiver }: Scene): string[] {
  const names = new Set<string>()
  for (const source of siblings.values()) {
    // What is called is a method.
    for (const [, name = ''] of source.matchAll(
      /\b(?:self|this)\.([A-Za-z_$][\w$]*)(?!\s*\(|[\w$])/g,
    ))
      names.add(name)
  }
  for (const { of, name } of slots) if (of === receiver) names.delete(name)
  for (const selector of siblings.keys()) names.delete(selector)
  return [...names]
}

/** Objects of one chain that are looked at. */
const CHAIN_MAX = 16
/** Objects next to the receiver whose data is varied too. */
const PEERS_MAX = 4
/** Data slots in a scene: what more there is hardly matters to one method, and each costs probes. */
const SLOTS_MAX = 40

export function sceneOf(head: Head, call: MethodNeedCall): Scene {
  const slots: SceneSlot[] = []
  const siblings = new Map<string, string>()
  collect(head, call.receiver, slots, siblings)
  const own = slots.slice()
  const peers = new Set<Oid>()
  for (const value of [...own.map((slot) => slot.value), ...call.args]) collectRefs(value, peers)
  peers.delete(call.receiver)
  for (const peer of [...peers].slice(0, PEERS_MAX)) collect(head, peer, slots, undefined)
  return { receiver: call.receiver, args: call.args, slots: slots.slice(0, SLOTS_MAX), siblings }
}

function collect(
  head: Head,
  of: Oid,
  slots: SceneSlot[],
  siblings: Map<string, string> | undefined,
): void {
  const names = new Set<string>()
  const seen = new Set<Oid>()
  const visit = (oid: Oid): void => {
    if (seen.has(oid) || seen.size >= CHAIN_MAX) return
    seen.add(oid)
    const held = head.object(oid).slots
    for (const { name, value } of held) {
      if (names.has(name)) continue
      names.add(name)
      if (value instanceof MethodRef) {
        const method = head.method(value.oid)
        if (method.author !== 'world') siblings?.set(name, method.source)
      } else if (slotKind(name, value) === 'data' && name !== 'comment') {
        slots.push({ of, name, value })
      }
    }
    for (const parent of parentsOf(held)) visit(parent)
  }
  visit(of)
}

function parentsOf(slots: readonly StoredSlot[]): Oid[] {
  const parents = new Set<Oid>()
  for (const { name, value } of slots) {
    if (slotKind(name, value) === 'parent') collectRefs(value, parents)
  }
  return [...parents]
}

/** True for a map in stored form. */
export function isStoredMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isMap(value)
}
