// Owns: merging two changes of one object by a hook that the object names, and two hooks that most objects can use.
// Leaves: when to ask to storage.ts and undo.ts.
// Laws: IM43 a hook gets the old, the committed and the own slots, and its answer is what is kept. IM44 a hook that throws,
// answers something else or takes another number of arguments means conflict, never a partial write.
import {
  checkSlotName,
  decodeSlots,
  encodeSlots,
  encodeValue,
  isMap,
  MethodRef,
  type StoredSlot,
  type Tid,
} from '#objects'
import type { Warn } from './connection-limits.ts'
import { refsOf, storedSlot } from './slot-values.ts'
import type { Revision } from './store.ts'

/** The slot whose text names the hook that merges an object. */
export const MERGE_SLOT = 'mergeBy'

/** Slots by name, in stored form: references are Ref, whether or not what they refer to can be loaded. */
export type Slots = ReadonlyMap<string, unknown>

/** Answers the merged slots, or throws when the changes contradict each other. Declares its three parameters. */
export type MergeHook = (old: Slots, committed: Slots, mine: Slots) => Slots

export type MergeHooks = ReadonlyMap<string, MergeHook>

/** One side of a merge. */
export type Side = Pick<Revision, 'kind' | 'payload'>

/** What a merge came to: the record's content, its changed slots with the tid given. */
export interface Merged {
  refs: number[]
  payload: Uint8Array
}

/** Merges, or answers undefined when there is no hook or the hook does not agree. */
export function mergeSides(
  hooks: MergeHooks,
  warn: Warn,
  sides: { old: Side; committed: Side; mine: Side },
  tid: Tid,
): Merged | undefined {
  const { old, committed, mine } = sides
  if (old.kind === 'gone' || committed.kind !== mine.kind || committed.kind === 'gone') return
  const theirs = decodeSlots(committed.payload)
  const name = theirs.find((slot) => slot.name === MERGE_SLOT)?.value
  const hook = typeof name === 'string' ? hooks.get(name) : undefined
  if (hook === undefined) return
  try {
    if (hook.length !== 3) throw new Error(`the hook takes ${hook.length} arguments, not 3`)
    const merged = hook(slotsOf(old), slotsOf(committed), slotsOf(mine))
    return encodeMerged(merged, theirs, tid)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    warn({ level: 'warning', message: `The merge hook ${name} does not merge: ${reason}.` })
    return
  }
}

function slotsOf(side: Side): Map<string, unknown> {
  return new Map(decodeSlots(side.payload).map(({ name, value }) => [name, value]))
}

function encodeMerged(merged: unknown, committed: readonly StoredSlot[], tid: Tid): Merged {
  if (!(merged instanceof Map)) throw new Error('the hook answers no Map of slots')
  const before = new Map(committed.map((slot) => [slot.name, slot]))
  const refs = new Set<number>()
  const slots: StoredSlot[] = []
  for (const [name, answered] of merged) {
    checkSlotName(name)
    const value = storedSlot(answered, () => undefined)
    refsOf(value, refs)
    const same = before.get(name)
    const isSame = same !== undefined && isEqual(same.value, value)
    slots.push({ name, tid: isSame ? same.tid : tid, value })
  }
  return { refs: [...refs], payload: encodeSlots(slots) }
}

/** Whether two stored values are the same, by their bytes. */
export function isEqual(one: unknown, other: unknown): boolean {
  return Buffer.compare(encodeValue(one), encodeValue(other)) === 0
}

/** Takes of each place what one side changed; what both changed is for `both` to decide, or to refuse by throwing. */
function threeWay(
  old: Slots,
  committed: Slots,
  mine: Slots,
  both: (name: string, values: { old: unknown; committed: unknown; mine: unknown }) => unknown,
): Map<string, unknown> {
  const merged = new Map<string, unknown>()
  for (const name of new Set([...committed.keys(), ...mine.keys()])) {
    const values = { old: old.get(name), committed: committed.get(name), mine: mine.get(name) }
    const presence = [old.has(name), committed.has(name), mine.has(name)]
    const isMine = presence[0] === presence[1] && isEqual(values.old, values.committed)
    const isTheirs = presence[0] === presence[2] && isEqual(values.old, values.mine)
    if (isTheirs) {
      if (committed.has(name)) merged.set(name, values.committed)
    } else if (isMine) {
      if (mine.has(name)) merged.set(name, values.mine)
    } else merged.set(name, both(name, values))
  }
  return merged
}

/** Numbers that both sides changed are summed: each side's change counts once. Other slots must differ. */
export const mergeCounter: MergeHook = (old, committed, mine) =>
  threeWay(old, committed, mine, (name, values) => {
    const { old: from = 0, committed: theirs, mine: ours } = values
    if (typeof from !== 'number' || typeof theirs !== 'number' || typeof ours !== 'number') {
      throw new Error(`both changed ${name}, which is no number`)
    }
    return theirs + ours - from
  })

/** Distinct keys merge, in the slots and in maps that slots hold; the same key changed on both sides is refused. */
export const mergeKeyed: MergeHook = (old, committed, mine) =>
  threeWay(old, committed, mine, (name, values) => {
    const maps = [values.old ?? {}, values.committed, values.mine]
    if (!maps.every(isPlainMap)) throw new Error(`both changed ${name}`)
    const [from, theirs, ours] = maps.map((map) => new Map(Object.entries(map as object)))
    const inner = threeWay(from as Slots, theirs as Slots, ours as Slots, (key) => {
      throw new Error(`both changed ${key} of ${name}`)
    })
    return Object.fromEntries(inner)
  })

function isPlainMap(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && !(value instanceof MethodRef) && isMap(value)
  )
}
