// Owns: objects as the wire shows them, and what changed in them one transaction after another.
// Leaves: reading to the kernel's head; pages of history to history.ts.
// Laws: BR13 what is shown of an object is one state: all of it as of the same transaction.
import type { Head, MethodView } from '#kernel'
import {
  MethodRef,
  type Oid,
  oidText,
  Ref,
  slotKind,
  type StoredSlot,
  type Tid,
  toWire,
} from '#objects'
import type { FullState, SlotState } from './protocol.ts'

/** Objects that a full state visits at most: what a lookup does, see OBJECT_LIMITS.delegation. */
const CHAIN_MAX = 256

/** How a version of a method stands: on probation, durable, in quarantine. */
export type Standing = (method: MethodView) => string

/** Everything that an object answers to: its own slots, then its parents' in order of lookup, the first of a name wins. */
export function fullState(head: Head, target: string, at?: Tid, standing?: Standing): FullState {
  const oid = head.resolve(target, at)
  const first = head.object(oid, at)
  const seen = new Set<Oid>()
  const names = new Set<string>()
  const slots: SlotState[] = []
  const visit = (one: Oid) => {
    if (seen.has(one) || seen.size >= CHAIN_MAX) return
    seen.add(one)
    const object = one === oid ? first : head.object(one, at)
    for (const slot of object.slots) {
      if (names.has(slot.name)) continue
      names.add(slot.name)
      slots.push(slotState(head, one, slot, at, standing))
    }
    for (const parent of parentsIn(object.slots)) visit(parent)
  }
  visit(oid)
  return {
    oid: oidText(oid),
    name: target.startsWith('#') ? nameOf(head, oid, at) : target,
    tid: String(at ?? head.tid),
    chain: [...seen].map(oidText),
    slots,
  }
}

/** The oids in parent slots, in order. */
export function parentsIn(slots: readonly StoredSlot[]): Oid[] {
  return slots
    .filter(({ name, value }) => slotKind(name, value) === 'parent')
    .flatMap(({ value }) => (Array.isArray(value) ? value : [value]))
    .filter((value): value is Ref => value instanceof Ref)
    .map((ref) => ref.oid)
}

function slotState(
  head: Head,
  holder: Oid,
  slot: StoredSlot,
  at: Tid | undefined,
  standing: Standing | undefined,
): SlotState {
  const base = { name: slot.name, holder: oidText(holder), tid: String(slot.tid) }
  if (slot.value instanceof MethodRef) {
    const method = head.method(slot.value.oid, at)
    const { source, comment, author, model, version, persona, verdict } = method
    return {
      ...{ ...base, kind: 'method', source, comment, author, model, version },
      ...(standing === undefined ? {} : { state: standing(method) }),
      ...(persona === undefined ? {} : { persona }),
      ...(verdict?.votes === undefined ? {} : { votes: verdict.votes }),
      ...(verdict?.of === undefined ? {} : { of: verdict.of }),
    }
  }
  const kind = slotKind(slot.name, slot.value) === 'parent' ? 'parent' : 'data'
  return { ...base, kind, value: toWire(slot.value) }
}

/** The first name bound to an oid. Names are few beside objects, and this is asked only for oids that people typed. */
function nameOf(head: Head, oid: Oid, at?: Tid): string | null {
  let after: string | undefined
  for (;;) {
    const page = head.store.names({
      limit: 1_000,
      ...(after === undefined ? {} : { after }),
      ...(at === undefined ? {} : { at }),
    })
    const found = page.find((one) => one.oid === oid)
    if (found !== undefined) return found.name
    after = page.at(-1)?.name
    if (page.length < 1_000) return null
  }
}
