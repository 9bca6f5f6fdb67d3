// Owns: numbers of bytes as people type and read them.
// Leaves: which numbers make sense to whoever asks.

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** Bytes in `512MiB`, `1GiB` or `1048576`; undefined for anything else. */
export function bytesIn(text: string): number | undefined {
  const parts = /^(\d{1,6}(?:\.\d{1,3})?)(KiB|MiB|GiB|TiB)$/i.exec(text)
  if (parts === null) return /^\d{1,15}$/.test(text) ? Number(text) : undefined
  const unit = UNITS.findIndex((one) => one.toLowerCase() === parts[2]?.toLowerCase())
  return Math.round(Number(parts[1]) * 1024 ** unit)
}

/** Bytes as a person reads them: `1.5 MiB`. */
export function bytesText(bytes: number): string {
  let unit = 0
  let number = bytes
  while (number >= 1024 && unit < UNITS.length - 1) {
    number /= 1024
    unit++
  }
  return `${unit === 0 ? number : Number(number.toFixed(1))} ${UNITS[unit]}`
}
