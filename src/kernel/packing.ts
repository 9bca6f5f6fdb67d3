// Owns: packing the image under a running kernel: the pack time from a span, and what is held outside the graph.
// Leaves: what goes and what stays to image/pack.ts.
// Laws: BR63 what a stored reply, a waiting message or a message for later names stays. BR64 one pack at a time.
import type { PackProgress, PackReport, Store, TableName } from '#image'
import { decodeValue, type Oid, parseOid } from '#objects'
import type { Head } from './head.ts'
import { collectRefs } from './message.ts'

/** A pack's report. */
export type Packed = PackReport

/** Packs away what is older than a span of milliseconds. Faults BUSY while another pack is under way. */
export async function packImage(
  head: Head,
  { keep, now }: { keep: number; now: number },
  progress: (progress: PackProgress) => void,
): Promise<Packed> {
  const { store } = head
  const before = keep === 0 ? store.head().tid : store.tidAt(now - keep)
  try {
    return await store.pack({ before, gc: true, keep: held(store) }, progress)
  } finally {
    // What was read before may be gone, also after a pack that failed half-way.
    head.forget()
  }
}

/** Objects that the kernel's tables name. */
function held(store: Store): Set<Oid> {
  const oids = new Set<Oid>()
  for (const value of valuesOf(store, 'replies')) {
    const [, ok, body] = decodeValue(value) as [number, boolean, unknown]
    if (ok && body instanceof Uint8Array) collectWireRefs(decodeValue(body), oids)
  }
  for (const table of ['waiting', 'outbox'] as const) {
    for (const value of valuesOf(store, table)) {
      const kept = decodeValue(value)
      collectRefs(kept, oids)
      for (const part of kept as unknown[]) addPlaces(part, oids)
    }
  }
  return oids
}

/** A message and a posting have their target and their holder as bare oids. */
function addPlaces(part: unknown, oids: Set<Oid>): void {
  if (typeof part !== 'object' || part === null) return
  const { target, holder } = part as { target?: unknown; holder?: unknown }
  for (const oid of [target, holder]) if (typeof oid === 'number') oids.add(oid)
}

function* valuesOf(store: Store, table: TableName): Generator<Uint8Array> {
  for (let from = ''; ; ) {
    const page = store.scan(table, { from })
    for (const { value } of page) yield value
    const last = page.at(-1)?.key
    if (last === undefined) return
    from = `${last} `
  }
}

/** The oids of `{"$ref": oid}` in a wire value. */
function collectWireRefs(value: unknown, oids: Set<Oid>): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return
  const ref = (value as { $ref?: unknown }).$ref
  const oid = typeof ref === 'string' ? parseOid(ref) : undefined
  if (oid !== undefined) oids.add(oid)
  else for (const part of Object.values(value)) collectWireRefs(part, oids)
}
