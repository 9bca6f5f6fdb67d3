// Owns: looking over MessagePack bytes of others before they are decoded: depth, number, lengths, extensions.
// Leaves: decoding to msgpackr, which has no limits of its own.
// Laws: KN30 bytes that pass cannot make the decoder allocate more than they are long, nor nest deeper than the limit,
// nor build a value of a kind that was not allowed.

/** What a scan allows. Extension types are signed, as MessagePack has them. */
export interface ScanLimits {
  depth: number
  values: number
  extensions: ReadonlySet<number>
  /** Called with the type and the body's place of each extension. */
  onExtension?: (type: number, start: number, length: number) => void
}

/** Why bytes were refused; undefined when they are one well-formed value. */
export function scan(bytes: Uint8Array, limits: ScanLimits): string | undefined {
  try {
    new Scanner(bytes, limits).run()
    return undefined
  } catch (refusal) {
    if (refusal instanceof Refusal) return refusal.message
    throw refusal
  }
}

class Refusal extends Error {}

class Scanner {
  #at = 0
  #values = 0
  readonly #left: number[] = [1]
  // True where the container is a map: then every second value, the key, must be a string.
  readonly #map: boolean[] = [false]
  readonly #bytes: Uint8Array
  readonly #limits: ScanLimits

  constructor(bytes: Uint8Array, limits: ScanLimits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  run(): void {
    for (;;) {
      while (this.#left.length > 0 && this.#left.at(-1) === 0) {
        this.#left.pop()
        this.#map.pop()
      }
      if (this.#left.length === 0) break
      const level = this.#left.length - 1
      const left = (this.#left[level] as number) - 1
      this.#left[level] = left
      if (++this.#values > this.#limits.values) throw new Refusal('it has too many values')
      this.#one(this.#map[level] === true && left % 2 === 1)
    }
    if (this.#at !== this.#bytes.length) throw new Refusal('bytes follow the value')
  }

  #take(count: number): number {
    let value = 0
    if (this.#at + count > this.#bytes.length) throw new Refusal('it is cut short')
    for (let i = 0; i < count; i++) value = value * 256 + (this.#bytes[this.#at++] as number)
    return value
  }

  #skip(length: number): void {
    this.#at += length
    if (this.#at > this.#bytes.length) throw new Refusal('it is cut short')
  }

  #open(children: number, map: boolean): void {
    if (children > this.#bytes.length - this.#at) throw new Refusal('it is cut short')
    if (children === 0) return
    if (this.#left.length > this.#limits.depth) throw new Refusal('it is nested too deeply')
    this.#left.push(children)
    this.#map.push(map)
  }

  #extension(length: number): void {
    const type = (this.#take(1) << 24) >> 24
    if (!this.#limits.extensions.has(type)) {
      throw new Refusal(`it has an extension of type ${type}`)
    }
    this.#limits.onExtension?.(type, this.#at, length)
    this.#skip(length)
  }

  #one(key: boolean): void {
    const code = this.#take(1)
    if (code >= 0xa0 && code < 0xc0) return this.#skip(code & 31)
    if (code >= 0xd9 && code <= 0xdb) return this.#skip(this.#take(1 << (code - 0xd9)))
    if (key) throw new Refusal('a map has a key that is not a string')
    if (code < 0x80 || code >= 0xe0) return
    if (code < 0x90) return this.#open((code & 15) * 2, true)
    if (code < 0xa0) return this.#open(code & 15, false)
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
        return this.#open(this.#take(2), false)
      case 0xdd:
        return this.#open(this.#take(4), false)
      case 0xde:
        return this.#open(this.#take(2) * 2, true)
      case 0xdf:
        return this.#open(this.#take(4) * 2, true)
      default:
        throw new Refusal('it has a byte that begins no value')
    }
  }
}
