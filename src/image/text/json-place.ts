// Owns: where a text ceases to be JSON, as an index, for people who have written it by hand.
// Leaves: reading JSON to JSON.parse, whose sentences name no place for some mistakes.
// Laws: IM95 what cannot be read is told with its line and its column.

const SPACE = /[ \t\r\n]*/y
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y

/** The index of the first character that cannot stand there; the text's length when only something is missing at its end. */
export function jsonMistakeAt(text: string): number {
  const walk = new Walk(text)
  if (walk.value()) walk.space()
  return walk.at
}

class Walk {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  space(): true {
    this.#take(SPACE)
    return true
  }

  /** True when a whole value was there; else `at` is where it was not. */
  value(): boolean {
    this.space()
    const first = this.#text[this.at]
    if (first === '{') return this.#list('}', () => this.#pair())
    if (first === '[') return this.#list(']', () => this.value())
    return first === '"' ? this.#string() : this.#take(PLAIN)
  }

  /** What stands between two brackets, with commas between. */
  #list(end: string, part: () => boolean): boolean {
    this.at++
    this.space()
    if (this.#is(end)) return true
    for (;;) {
      if (!part()) return false
      this.space()
      if (this.#is(end)) return true
      if (!this.#is(',')) return false
    }
  }

  #pair(): boolean {
    this.space()
    return this.#string() && this.space() && this.#is(':') && this.value()
  }

  #string(): boolean {
    return this.#take(STRING) && this.#is('"')
  }

  #is(character: string): boolean {
    if (this.#text[this.at] !== character) return false
    this.at++
    return true
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.#text)
    if (found === null) return false
    this.at = pattern.lastIndex
    return true
  }
}
