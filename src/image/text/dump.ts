// Owns: a whole world as text that people can read and compare.
// Leaves: values to value.ts; reading the text back to load.ts.
// Laws: IM79 equal worlds give the same bytes: objects with names first, by name, the others by oid; slots in their order;
// no times and no numbers of transactions.
//
//   batos-dump 1
//
//   object #1 "genesis"
//     "comment" "The first object."
//     "clone" {"$method":"#2"}
//
//   method #2
//     "source" text
//       | function clone(self) {
//       |   return mirror.clone(self)
//       | }
//
//   name "nobody" #9
import { decodeSlots, encodeSlots, type Oid, oidText, type StoredSlot, type Tid } from '#objects'
import { byBytes } from '../memory/store.ts'
import type { Revision, Store } from '../store.ts'
import { lineOf, type NameOf, refsIn, valueText } from './value.ts'

/** The form written here, and the newest that is read. */
export const DUMP_FORMAT = 1

/** The text of all objects, methods and names as of `at` (default: now), in pieces. What is gone is not in it. */
export function* dump(
  store: Store,
  at: Tid = store.head().tid,
): Generator<string, void, undefined> {
  const names = new Map<Oid, string[]>()
  const inOrder: Oid[] = []
  for (const { name, oid } of allNames(store, at)) {
    const others = names.get(oid)
    if (others !== undefined) others.push(name)
    else {
      names.set(oid, [name])
      inOrder.push(oid)
    }
  }
  const nameOf: NameOf = (oid) => {
    const name = names.get(oid)?.[0]
    return name === undefined || name.startsWith('#') ? oidText(oid) : name
  }
  yield `batos-dump ${DUMP_FORMAT}\n`
  const unborn: string[] = []
  for (const oid of inOrder) {
    const found = store.read(oid, at)
    const bound = names.get(oid) ?? []
    if (found !== undefined && found.kind !== 'gone') yield objectText(found, bound, nameOf)
    else unborn.push(...bound.map((name) => `name ${lineOf(name)} ${oidText(oid)}\n`))
  }
  for (const revision of store.objects({ at })) {
    if (revision.kind !== 'gone' && !names.has(revision.oid)) yield objectText(revision, [], nameOf)
  }
  if (unborn.length > 0) yield `\n${unborn.join('')}`
}

function* allNames(store: Store, at: Tid): Generator<{ name: string; oid: Oid }> {
  for (let after: string | undefined; ; ) {
    const page = store.names({ at, ...(after === undefined ? {} : { after }) })
    yield* page
    after = page.at(-1)?.name
    if (after === undefined) return
  }
}

function objectText(revision: Revision, names: readonly string[], nameOf: NameOf): string {
  const bound = [...names].sort(byBytes).map((name) => ` ${lineOf(name)}`)
  const lines = [`\n${revision.kind} ${oidText(revision.oid)}${bound.join('')}\n`]
  const slots = slotsIn(revision)
  if (slots === undefined) {
    const refs = revision.refs.map(oidText)
    const bytes = Buffer.from(revision.payload).toString('base64')
    lines.push(`  raw ${lineOf(refs)} ${lineOf(bytes)}\n`)
  }
  for (const { name, value } of slots ?? []) {
    if (typeof value === 'string' && isBlock(value)) {
      lines.push(`  ${lineOf(name)} text\n`)
      for (const line of value.split('\n')) lines.push(`    | ${line}\n`)
    } else lines.push(`  ${lineOf(name)} ${valueText(value, nameOf)}\n`)
  }
  return lines.join('')
}

/** A text of several lines that can be written as it is: no half characters, no controls that an editor would change. */
function isBlock(text: string): boolean {
  if (!text.includes('\n') || !text.isWellFormed()) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 0x20 && code !== 0x0a && code !== 0x09) || code === 0x7f) return false
    if (code === 0x85 || code === 0x2028 || code === 0x2029 || code === 0xfeff) return false
  }
  return true
}

/** The slots of a record, undefined when its payload and references are not what slots alone would give. */
function slotsIn(revision: Revision): StoredSlot[] | undefined {
  let slots: StoredSlot[]
  try {
    slots = decodeSlots(revision.payload)
    // Bytes that mean the same but are written otherwise would not come back as they were.
    if (Buffer.compare(encodeSlots(slots), revision.payload) !== 0) return undefined
  } catch {
    // What is no list of slots is written as bytes, so nothing is lost.
    return undefined
  }
  if (slots.some(({ name }) => typeof name !== 'string')) return undefined
  const refs = refsIn(slots.map(({ value }) => value)).sort((one, other) => one - other)
  const kept = [...new Set(revision.refs)].sort((one, other) => one - other)
  return refs.length === kept.length && refs.every((ref, i) => ref === kept[i]) ? slots : undefined
}
