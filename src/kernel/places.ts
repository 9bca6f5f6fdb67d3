// Owns: the places of objects in the image that a kernel has open.
// Leaves: finding the ways to image/places.ts.
import { placesOf } from '#image'
import { type Oid, oidText, type Tid } from '#objects'
import type { Head } from './head.ts'

/** What people call these objects, by oid as text; of what has no place it says nothing. `at` is a durable transaction. */
export function placesIn(head: Head, oids: Iterable<Oid>, at?: Tid): Record<string, string> {
  const source = {
    names: (options: Parameters<Head['store']['names']>[0]) => head.store.names(options),
    // What is not durable yet is in the head alone.
    read: (oid: Oid, of?: Tid) => head.read(oid, of),
  }
  const found = placesOf(source, oids, at)
  return Object.fromEntries([...found].map(([oid, place]) => [oidText(oid), place]))
}
