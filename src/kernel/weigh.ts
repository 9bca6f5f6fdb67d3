// Owns: how heavy a value is, roughly: enough to keep batches and queues within bounds before anything is encoded.
// Leaves: exact sizes to the codec.

/** Bytes of a value, roughly: texts and bytes by their length, everything else by number. */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return value.length + 8
  if (typeof value !== 'object' || value === null) return 8
  if (value instanceof Uint8Array) return value.length + 8
  let sum = 8
  if (Array.isArray(value)) for (const part of value) sum += weigh(part)
  else {
    for (const key in value) {
      sum += key.length + weigh((value as Record<string, unknown>)[key])
    }
  }
  return sum
}
