// Owns: a part of the graph as bytes, and its coming in again under new identities.
// Leaves: loading and adding to the connection.
// Laws: IM59 an import makes new objects, shares parents and methods with the image, and leaves nothing when it is aborted.
import { decodeValue, encodeValue, MethodRef, type Oid, oidText, Ref, toStored } from '#objects'
import { CONNECTION_LIMITS } from './connection-limits.ts'
import { imageFault } from './faults.ts'
import { insides, Persistent } from './persistent.ts'
import { liveSlot, storedSlot, WeakRefTo } from './slot-values.ts'

/** What a subgraph is read from and written to. */
interface Graph {
  get(oid: Oid): Persistent
  find(oid: Oid): Persistent | undefined
  add(object: Persistent): Oid
}

/** The bytes begin with this list's first element; the second is the version. */
const FORMAT = ['batos subgraph', 1] as const

type Entry = [oid: Oid, kind: 'object' | 'method', slots: [name: string, value: unknown][]]

const isShared = (name: string): boolean => name.endsWith('*')

/** The bytes of an object and of all that it reaches. Parents and methods stay references to this image. */
export function exportSubgraph(graph: Graph, root: Oid): Uint8Array {
  const entries: Entry[] = []
  const seen = new Set<Oid>([root])
  const queue: Oid[] = [root]
  for (let oid = queue.shift(); oid !== undefined; oid = queue.shift()) {
    if (entries.length >= CONNECTION_LIMITS.exportObjects) {
      throw imageFault('LIMIT', `The subgraph has more than ${entries.length} objects.`)
    }
    const object = graph.get(oid)
    const slots: Entry[2] = object.names().map((name) => {
      const value = storedSlot(insides.cells(object)?.get(name)?.value, (part) => {
        if (!(part instanceof Persistent)) return undefined
        const target = part.oid
        if (target === undefined) {
          throw imageFault('FIELD_INVALID', `${oidText(oid as Oid)} refers to an unsaved object.`)
        }
        if (!isShared(name) && !seen.has(target)) {
          seen.add(target)
          queue.push(target)
        }
        return target
      })
      return [name, value]
    })
    entries.push([oid, object.kind === 'method' ? 'method' : 'object', slots])
  }
  return encodeValue([...FORMAT, entries])
}

/** Adds the objects of an export under new oids. Faults FIELD_INVALID on other bytes, TARGET_UNKNOWN on missing parents. */
export function importSubgraph(graph: Graph, bytes: Uint8Array): Persistent {
  const entries = readEntries(bytes)
  const made = new Map<Oid, Persistent>()
  for (const [oid, kind] of entries) made.set(oid, new Persistent({}, kind))
  const shared = (oid: Oid): Persistent => {
    const found = graph.find(oid)
    if (found !== undefined) return found
    throw imageFault('TARGET_UNKNOWN', `The import shares ${oidText(oid)}, which is not here.`, {
      oid,
    })
  }
  for (const [oid, , slots] of entries) {
    const object = made.get(oid) as Persistent
    for (const [name, value] of slots) {
      if (value instanceof MethodRef) shared(value.oid)
      const live = liveSlot(value, {
        object: (target) => (isShared(name) ? undefined : made.get(target)) ?? shared(target),
        weak: (target) => {
          const near = made.get(target)
          const there = near === undefined ? target : graph.add(near)
          return new WeakRefTo(there, () => graph.find(there))
        },
      })
      object.set(name, live)
    }
  }
  const root = made.get(entries[0]?.[0] as Oid) as Persistent
  for (const object of made.values()) graph.add(object)
  return root
}

function readEntries(bytes: Uint8Array): Entry[] {
  let read: unknown
  try {
    read = decodeValue(bytes)
  } catch (error) {
    throw notAnExport(error instanceof Error ? error.message : String(error))
  }
  if (!Array.isArray(read) || read[0] !== FORMAT[0]) throw notAnExport('the beginning is another')
  if (read[1] !== FORMAT[1]) throw notAnExport(`version ${read[1]} is not ${FORMAT[1]}`)
  const entries = read[2] as unknown
  if (!Array.isArray(entries) || entries.length === 0) throw notAnExport('it holds no object')
  return entries.map(readEntry)
}

function readEntry(entry: unknown): Entry {
  if (!Array.isArray(entry) || entry.length !== 3) throw notAnExport('an object is malformed')
  const [oid, kind, slots] = entry as unknown[]
  const isKind = kind === 'object' || kind === 'method'
  if (!Number.isSafeInteger(oid) || !isKind || !Array.isArray(slots)) {
    throw notAnExport('an object is malformed')
  }
  const checked = slots.map((slot): [string, unknown] => {
    if (!Array.isArray(slot) || slot.length !== 2 || typeof slot[0] !== 'string') {
      throw notAnExport('a slot is malformed')
    }
    const [name, value] = slot as [string, unknown]
    return [name, value instanceof MethodRef ? value : toStored(value, asRef)]
  })
  return [oid as Oid, kind, checked]
}

const asRef = (part: object): Oid | undefined => (part instanceof Ref ? part.oid : undefined)

function notAnExport(reason: string): Error {
  return imageFault('FIELD_INVALID', `These bytes are no exported subgraph: ${reason}.`)
}
