// Owns: compiled code by source: asked of the judge once, kept in the image's table, dropped with a new rewriter.
// Leaves: parsing and rewriting to the judge.
// Laws: KN7 what runs is what the judge made of the source that the image holds, found by the hash of both.
import { createHash } from 'node:crypto'
import { asFault } from '#ground'
import type { TableWrite } from '#image'
import { decodeValue, encodeValue, type Oid } from '#objects'
import type { Head } from './head.ts'
import { type Judge, REWRITER_VERSION } from './judge/index.ts'
import type { CodeAnswer } from './link.ts'
import type { Quarantine } from './quarantine.ts'

/** Compiled methods kept in memory; each is a few kilobytes. */
const CODE_MAX = 4_096

export class Code {
  readonly #head: Head
  readonly #judge: Judge
  readonly #keep: (writes: TableWrite[]) => Promise<void>
  readonly #memory = new Map<string, CodeAnswer>()

  readonly #quarantine: Quarantine

  constructor(
    head: Head,
    judge: Judge,
    keep: (writes: TableWrite[]) => Promise<void>,
    quarantine: Quarantine,
  ) {
    this.#head = head
    this.#judge = judge
    this.#keep = keep
    this.#quarantine = quarantine
  }

  /** The compiled code of a method of the image. */
  async ofMethod(oid: Oid): Promise<CodeAnswer> {
    const { source } = this.#head.method(oid)
    const fault = this.#quarantine.faultOf(source)
    return fault === undefined ? this.ofSource(source) : { fault }
  }

  /** The compiled code of a source, or the fault that says why there is none. */
  async ofSource(source: string): Promise<CodeAnswer> {
    const key = createHash('sha256').update(`${REWRITER_VERSION}\n${source}`).digest('hex')
    const known = this.#memory.get(key) ?? this.#stored(key)
    if (known !== undefined) return known
    const made = await this.#judge.compile(source)
    if ('problems' in made) {
      const problem = made.problems[0]
      return {
        fault: {
          code: 'METHOD_FAILED',
          message: `the method does not compile: ${problem?.message ?? 'no reason was given'}`,
          remedy: 'Look at the method with `batos source` and give it again.',
          retry: 'never',
        },
      }
    }
    const answer = { code: made.code, globals: made.globals }
    this.#remember(key, answer)
    await this.#keep([{ table: 'code', key, value: encodeValue([made.code, made.globals]) }])
    return answer
  }

  #stored(key: string): CodeAnswer | undefined {
    const bytes = this.#kept(key)
    if (bytes === undefined) return undefined
    const [code, globals] = decodeValue(bytes) as [string, string[]]
    return this.#remember(key, { code, globals })
  }

  /** What the table has. Damaged code is as good as none: it is compiled again from its source and written over. */
  #kept(key: string): Uint8Array | undefined {
    try {
      return this.#head.store.get('code', key)
    } catch (thrown) {
      if (asFault(thrown)?.code !== 'IMAGE_DAMAGED') throw thrown
      return undefined
    }
  }

  #remember(key: string, answer: CodeAnswer): CodeAnswer {
    if (this.#memory.size >= CODE_MAX) this.#memory.clear()
    this.#memory.set(key, answer)
    return answer
  }
}
