// Owns: looking over MessagePack bytes of others before they are decoded: depth, number, lengths, extensions.
// Leaves: decoding to msgpackr, which has no limits of its own; slots to slot-spans.ts.
// Laws: KN30 bytes that pass cannot make the decoder allocate more than they are long, nor nest deeper than the limit,
// nor build a value of a kind that was not allowed.

/** What a scan allows. Extension types are signed, as MessagePack has them. */
export interface ScanLimits {
  depth: number
  values: number
  extensions: ReadonlySet<number>
  /** Called with the type and the body's place of each extension. It must not scan. */
  onExtension?: (type: number, start: number, length: number) => void
}

/** The kinds of bytes that are refused. */
export type RefusalKind =
  | 'cut-short'
  | 'trailing-bytes'
  | 'too-deep'
  | 'too-many-values'
  | 'extension'
  | 'key-no-string'
  | 'no-value'
  | 'malformed'

/** Why bytes were refused, in a sentence; undefined when they are one well-formed value. */
export function scan(bytes: Uint8Array, limits: ScanLimits): string | undefined {
  return refusalOf(bytes, limits)?.message
}

/** Why bytes were refused; undefined when they are one well-formed value. */
export function refusalOf(bytes: Uint8Array, limits: ScanLimits): Refusal | undefined {
  try {
    if (scanValue(bytes, 0, limits) === bytes.length) return undefined
    return new Refusal('bytes follow the value', 'trailing-bytes')
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal
    throw refusal
  }
}

/** Thrown by scanValue: the sentence that says why bytes were refused, and of which kind they are. */
export class Refusal extends Error {
  readonly kind: RefusalKind

  constructor(sentence: string, kind: RefusalKind = 'malformed') {
    super(sentence)
    this.kind = kind
  }
}

/** Where the one well-formed value that begins at `start` ends. Throws Refusal. */
export function scanValue(bytes: Uint8Array, start: number, limits: ScanLimits): number {
  return scanner.run(bytes, start, limits)
}

/** Containers open at a time; every limit on depth lies below. */
const LEVELS = 256

class Scanner {
  #bytes: Uint8Array = new Uint8Array()
  #at = 0
  #limits: ScanLimits = { depth: 0, values: 0, extensions: new Set() }
  #level = 0
  // Values left in each open container, and whether it is a map: then every second value, the key, must be a string.
  readonly #left = new Float64Array(LEVELS)
  readonly #map = new Uint8Array(LEVELS)

  run(bytes: Uint8Array, start: number, limits: ScanLimits): number {
    this.#bytes = bytes
    this.#at = start
    this.#limits = limits
    this.#level = 0
    this.#left[0] = 1
    this.#map[0] = 0
    const left = this.#left
    let values = 0
    while (this.#level >= 0) {
      const level = this.#level
      const rest = left[level] as number
      if (rest === 0) {
        this.#level = level - 1
        continue
      }
      left[level] = rest - 1
      if (++values > limits.values) throw new Refusal('it has too many values', 'too-many-values')
      this.#one(this.#map[level] === 1 && rest % 2 === 0)
    }
    return this.#at
  }

  #take(count: number): number {
    const bytes = this.#bytes
    let at = this.#at
    const end = at + count
    if (end > bytes.length) throw new Refusal('it is cut short', 'cut-short')
    let value = 0
    while (at < end) value = value * 256 + (bytes[at++] as number)
    this.#at = end
    return value
  }

  #skip(length: number): void {
    this.#at += length
    if (this.#at > this.#bytes.length) throw new Refusal('it is cut short', 'cut-short')
  }

  #open(children: number, map: number): void {
    if (children > this.#bytes.length - this.#at) throw new Refusal('it is cut short', 'cut-short')
    if (children === 0) return
    const level = this.#level + 1
    if (level > this.#limits.depth || level >= LEVELS)
      throw new Refusal('it is nested too deeply', 'too-deep')
    this.#level = level
    this.#left[level] = children
    this.#map[level] = map
  }

  #extension(length: number): void {
    const type = (this.#take(1) << 24) >> 24
    if (!this.#limits.extensions.has(type)) {
      throw new Refusal(`it has an extension of type ${type}`, 'extension')
    }
    const start = this.#at
    this.#skip(length)
    this.#limits.onExtension?.(type, start, length)
  }

  #one(key: boolean): void {
    const code = this.#take(1)
    if (code >= 0xa0 && code < 0xc0) return this.#skip(code & 31)
    if (code >= 0xd9 && code <= 0xdb) return this.#skip(this.#take(1 << (code - 0xd9)))
    if (key) throw new Refusal('a map has a key that is not a string', 'key-no-string')
    if (code < 0x80 || code >= 0xe0) return
    if (code < 0x90) return this.#open((code & 15) * 2, 1)
    if (code < 0xa0) return this.#open(code & 15, 0)
    switch (code) {
      case 0xc0:
      case 0xc2:
      case 0xc3:
        return
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#skip(this.#take(1 << (code - 0xc4)))
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#extension(this.#take(1 << (code - 0xc7)))
      case 0xca:
      case 0xce:
      case 0xd2:
        return this.#skip(4)
      case 0xcb:
      case 0xcf:
      case 0xd3:
        return this.#skip(8)
      case 0xcc:
      case 0xd0:
        return this.#skip(1)
      case 0xcd:
      case 0xd1:
        return this.#skip(2)
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#extension(1 << (code - 0xd4))
      case 0xdc:
        return this.#open(this.#take(2), 0)
      case 0xdd:
        return this.#open(this.#take(4), 0)
      case 0xde:
        return this.#open(this.#take(2) * 2, 1)
      case 0xdf:
        return this.#open(this.#take(4) * 2, 1)
      default:
        throw new Refusal('it has a byte that begins no value', 'no-value')
    }
  }
}

// One for all: a scan runs to its end before anything else does.
const scanner = new Scanner()
