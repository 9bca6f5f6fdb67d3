// Owns: what people call an object: its name, or the way to it from one that has a name, as `account.owner`.
// Leaves: showing it to whoever asks; finding an object by what was typed to the kernel.
// Laws: IM94 an object with a name is called by it, another by the shortest way from one, and what has neither has no place. A
// place is for reading: it is no target.
import { asFault } from '#ground'
import { decodeSlots, isMap, MethodRef, type Oid, Ref, type StoredSlot, type Tid } from '#objects'
import type { Store } from './store.ts'

/** Objects that are read to find the ways: about a fifth of a second, in which a kernel does nothing else. */
const VISITED = 10_000
/** Names that are read: about as long. What lies behind them is found by no way. */
const NAMES = 200_000
/** Names read at a time. */
const PAGE = 1_000

/** What is read of an image to find places. */
export type PlacesSource = Pick<Store, 'names' | 'read'>

/**
 * The places of these objects and methods as of `at` (default: now); one that has none, or that lies too far, is not in it. What
 * is damaged is passed over.
 */
export function placesOf(source: PlacesSource, oids: Iterable<Oid>, at?: Tid): Map<Oid, string> {
  const wanted = new Set(oids)
  const found = new Map<Oid, string>()
  if (wanted.size === 0) return found
  const queue: [Oid, string][] = []
  const seen = new Set<Oid>()
  const meet = (oid: Oid, place: string, isObject: boolean): void => {
    if (seen.has(oid)) return
    seen.add(oid)
    if (wanted.delete(oid)) found.set(oid, place)
    if (isObject) queue.push([oid, place])
  }
  for (const { name, oid } of namesIn(source, at)) meet(oid, name, true)
  // The queue grows behind the loop: the nearest come first, so each way is the shortest.
  for (let next = 0; next < queue.length && next < VISITED && wanted.size > 0; next++) {
    const [oid, place] = queue[next] as [Oid, string]
    for (const { name, value } of slotsIn(source, oid, at)) {
      const way = `${place}${step(name)}`
      if (value instanceof MethodRef) meet(value.oid, way, false)
      else walk(value, way, (ref, to) => meet(ref, to, true))
    }
  }
  return found
}

function* namesIn(
  source: PlacesSource,
  at: Tid | undefined,
): Generator<{ name: string; oid: Oid }> {
  let after: string | undefined
  for (let read = 0; read < NAMES; read += PAGE) {
    const page = source.names({
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
      ...(at === undefined ? {} : { at }),
    })
    yield* page
    after = page.at(-1)?.name
    if (page.length < PAGE || after === undefined) return
  }
}

function slotsIn(source: PlacesSource, oid: Oid, at: Tid | undefined): StoredSlot[] {
  const payload = payloadOf(source, oid, at)
  try {
    return payload === undefined ? [] : decodeSlots(payload)
  } catch {
    // A payload may match its checksum and be no slots, as when another program wrote it. It leads nowhere either.
    return []
  }
}

function payloadOf(source: PlacesSource, oid: Oid, at: Tid | undefined): Uint8Array | undefined {
  try {
    const revision = source.read(oid, at)
    return revision?.kind === 'object' ? revision.payload : undefined
  } catch (error) {
    // Places are asked for where an image is damaged too; what cannot be read leads nowhere.
    if (asFault(error) === undefined) throw error
    return undefined
  }
}

/** Calls back for each reference in a value, with the way to it. */
function walk(value: unknown, way: string, meet: (oid: Oid, way: string) => void): void {
  if (value instanceof Ref) meet(value.oid, way)
  else if (Array.isArray(value)) {
    for (const [index, part] of value.entries()) walk(part, `${way}[${index}]`, meet)
  } else if (typeof value === 'object' && value !== null && isMap(value)) {
    for (const [key, part] of Object.entries(value)) walk(part, `${way}${step(key)}`, meet)
  }
}

/** One step of a way: bare where it cannot be mistaken for two. */
const step = (name: string): string =>
  /^[^\s.[\]"]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
