// Owns: the Prototypal Awakening: the first objects of an image, written from the readable text of world/.
// Leaves: reading the files to whoever hands in their text; everything after the first transaction to the kernel.
// Laws: KN16 an image that has a genesis is left as it is. KN17 the first objects are one transaction.
//
// A world text is TypeScript with directives in line comments: `// object NAME`, `// parents NAME …`,
// `// data NAME = JSON`, `// method SELECTOR`. Comment lines after a directive are its comment; lines after those its source.
// After data they are the rest of its JSON.

import { assert } from '#ground'
import type { Revision, Store, Transaction } from '#image'
import { encodeSlots, GENESIS, MethodRef, type Oid, Ref, type StoredSlot } from '#objects'
import type { Judge } from './judge/index.ts'
import { methodRevision } from './method-record.ts'

interface MethodText {
  selector: string
  comment: string
  source: string
}

interface ObjectText {
  name: string
  comment: string
  parents: string[]
  data: [string, unknown][]
  methods: MethodText[]
}

/** The objects that a world text describes. Throws on a text that is not one: it is our own. */
export function parseWorld(text: string): ObjectText[] {
  const objects: ObjectText[] = []
  let comment: string[] = []
  let source: string[] = []
  let method: MethodText | undefined
  let data: { name: string; json: string } | undefined
  const endData = () => {
    if (data !== undefined) objects.at(-1)?.data.push([data.name, JSON.parse(data.json)])
    data = undefined
  }
  const endMethod = () => {
    if (method === undefined) return
    method.comment = comment.join(' ')
    method.source = source.join('\n').trim()
    objects.at(-1)?.methods.push(method)
    method = undefined
  }
  for (const line of text.split('\n')) {
    const directive = /^\/\/ (object|parents|data|method) (.+)$/.exec(line)
    if (directive === null) {
      if (line.startsWith('// ') && data !== undefined) data.json += ` ${line.slice(3)}`
      else if (line.startsWith('// ') && source.length === 0) comment.push(line.slice(3))
      else if (method !== undefined) source.push(line)
      else if (line === '' && objects.length > 0) endComment(objects, comment)
      continue
    }
    endMethod()
    endData()
    if (directive[1] !== 'object') endComment(objects, comment)
    comment = []
    source = []
    const rest = directive[2] as string
    const object = objects.at(-1)
    if (directive[1] === 'object') {
      objects.push({ name: rest, comment: '', parents: [], data: [], methods: [] })
      continue
    }
    assert(object !== undefined, 'a world text begins with an object')
    if (directive[1] === 'parents') object.parents = rest.split(' ')
    else if (directive[1] === 'method') method = { selector: rest, comment: '', source: '' }
    else {
      const at = rest.indexOf(' = ')
      data = { name: rest.slice(0, at), json: rest.slice(at + 3) }
    }
  }
  endMethod()
  endData()
  return objects
}

function endComment(objects: ObjectText[], comment: string[]): void {
  const object = objects.at(-1)
  if (object !== undefined && object.comment === '') object.comment = comment.join(' ')
}

/**
 * Writes the first objects if the image is empty; true when it did. Genesis is the first object of the first text, and is
 * written again where it is lost.
 */
export async function awaken(
  store: Store,
  judge: Judge,
  texts: readonly string[],
  now: number,
): Promise<boolean> {
  if (store.read(GENESIS) !== undefined) return false
  const objects = texts.flatMap(parseWorld)
  assert(objects[0]?.name === 'genesis', 'the first object of a world is genesis')
  const head = store.head()
  const isNew = head.tid === 0
  // A salvaged image may lack its first object, without which nothing can be asked; the others it lacks as it says.
  const made = isNew ? objects : objects.slice(0, 1)
  const oids = new Map(made.map((object, i) => [object.name, GENESIS + i]))
  const nextOid = Math.max(head.oid + 1, GENESIS + made.length)
  await write(store, judge, {
    made,
    oids,
    nextOid,
    parentOf: (name) => oids.get(name),
    time: now,
    note: isNew ? 'awakening' : 'genesis again',
  })
  return isNew
}

/** Objects of the first awakenings. One that a salvaged image lacks it lacks as its report says. */
const FIRST = new Set(['genesis', 'traits/true', 'traits/false', 'traits/nil'])

/**
 * Gives an image that awoke with fewer objects those that have come since, where their names are free, as one transaction;
 * answers their names.
 */
export async function complete(
  store: Store,
  judge: Judge,
  texts: readonly string[],
  now: number,
): Promise<string[]> {
  const all = texts.flatMap(parseWorld)
  const made = all.filter(({ name }) => !FIRST.has(name) && store.name(name) === undefined)
  if (made.length === 0) return []
  const first = store.head().oid + 1
  const oids = new Map(made.map((object, i) => [object.name, first + i]))
  await write(store, judge, {
    made,
    oids,
    nextOid: first + made.length,
    parentOf: (name) => oids.get(name) ?? store.name(name),
    time: now,
    note: `what has come since the awakening: ${[...oids.keys()].join(', ')}`,
  })
  return [...oids.keys()]
}

/** Objects to write, with their oids; methods get those from `nextOid` on. */
interface Making {
  made: readonly ObjectText[]
  oids: ReadonlyMap<string, Oid>
  nextOid: Oid
  parentOf(name: string): Oid | undefined
  time: number
  note: string
}

async function write(store: Store, judge: Judge, making: Making): Promise<void> {
  const { made, oids, parentOf, time, note } = making
  const tid = store.head().tid + 1
  let next = making.nextOid
  const revisions: Revision[] = []
  for (const object of made) {
    const oid = oids.get(object.name) as Oid
    const slots: StoredSlot[] = []
    if (object.comment !== '') slots.push({ name: 'comment', tid, value: object.comment })
    for (const [i, name] of object.parents.entries()) {
      const parent = parentOf(name)
      assert(parent !== undefined, `${object.name} has an unknown parent ${name}`)
      slots.push({ name: i === 0 ? 'parent*' : `parent${i + 1}*`, tid, value: new Ref(parent) })
    }
    for (const [name, value] of object.data) slots.push({ name, tid, value })
    for (const { selector, source, comment } of object.methods) {
      const compiled = await judge.compile(source)
      assert('code' in compiled, `${object.name} ${selector} does not compile`)
      const method = next++
      slots.push({ name: selector, tid, value: new MethodRef(method) })
      const fields = { selector, source, comment, author: 'world', version: 1, holder: oid }
      revisions.push(methodRevision(method, tid, fields))
    }
    const refs = slots.flatMap(({ value }) =>
      value instanceof Ref || value instanceof MethodRef ? [value.oid] : [],
    )
    revisions.push({ oid, tid, kind: 'object', refs, payload: encodeSlots(slots) })
  }
  const transaction: Transaction = {
    tid,
    time,
    author: 'world',
    note,
    revisions,
    names: [...oids].map(([name, oid]) => ({ name, oid })),
  }
  await store.commit({ transactions: [transaction], tables: [] })
}
