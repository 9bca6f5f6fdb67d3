// Owns: what every verb is given: the powers, the terminal, the common options, and how to reach a kernel.
// Leaves: the verbs to their files; parsing to program.ts.
// Laws: CL1 a verb has nothing but this.
import type { Powers, WorldOptions } from './powers.ts'
import { type Reached, reach } from './reach.ts'
import type { Terminal } from './terminal.ts'
import { toJson } from './value-text.ts'

/** Options that every command has. */
export interface CommonOptions {
  /** As it was typed, or the default. */
  image: string
  json: boolean
  debug: boolean
}

/** The name of the folder when nothing else is said. */
export const DEFAULT_IMAGE = './live_image'

export class Command {
  readonly powers: Powers
  readonly terminal: Terminal
  readonly options: CommonOptions
  /** Aborted when the person wants to end. */
  readonly signal: AbortSignal
  /** The image's folder, absolute: a kernel's socket must be found from everywhere. */
  readonly folder: string

  constructor(parts: {
    powers: Powers
    terminal: Terminal
    options: CommonOptions
    signal: AbortSignal
  }) {
    this.powers = parts.powers
    this.terminal = parts.terminal
    this.options = parts.options
    this.signal = parts.signal
    this.folder = parts.powers.files.absolute(parts.options.image)
  }

  /** Does something with a kernel, and lets go of it however that ends. */
  async withKernel<T>(
    work: (reached: Reached) => Promise<T>,
    world: () => Promise<WorldOptions> = async () => ({ policy: 'off' }),
  ): Promise<T> {
    const notes = this.terminal.err
    const reached = await reach(this.powers, this.folder, { world, notes, signal: this.signal })
    try {
      if (reached.world?.awakened === true) {
        notes.line(`A new image awoke in ${this.options.image}.`)
      }
      return await work(reached)
    } finally {
      await reached.close()
    }
  }

  /** Asks the kernel one thing. */
  ask(op: string, fields: Record<string, unknown> = {}): Promise<unknown> {
    return this.withKernel(({ client }) => client.request(op, fields, { signal: this.signal }))
  }

  /** Prints a result: as one JSON document if that is wanted, else as the function writes it. */
  print(result: unknown, write: () => void): void {
    if (this.options.json) this.terminal.json(toJson(result))
    else write()
  }

  /** A command to type next, for this image. */
  hint(words: string): string {
    const image = this.options.image
    return `npx batos ${words}${image === DEFAULT_IMAGE ? '' : ` --image ${quoted(image)}`}`
  }
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
