// Owns: the verbs about personas: which there are, what each is, and asking one or several.
// Leaves: speaking to the kernel's model; which facet speaks to the mind.
// Laws: CL110 words appear as they come where somebody looks, and whole elsewhere; who speaks stands before them.

import type { Command } from './command.ts'
import { cliFault } from './faults.ts'
import { chosenModel, providerOf } from './models.ts'
import type { WorldOptions } from './powers.ts'
import { plain, type Stream } from './terminal.ts'

interface Listed {
  target: string
  oid: string
  name: string
  voice: string
  facets: { name: string; kind: string; purpose: string }[]
}

/** `batos persona ls` */
export async function personaLs(command: Command): Promise<void> {
  const answer = (await command.ask('ListPersonasCommand')) as { personas: Listed[] }
  const { out } = command.terminal
  command.print(answer, () => {
    if (answer.personas.length === 0) return out.line('No object is a persona.')
    const width = Math.max(...answer.personas.map(({ target }) => target.length))
    for (const { target, name, facets } of answer.personas) {
      const parts = facets.map((one) => `${one.name} (${one.purpose})`).join(', ')
      out.line(plain(`${target.padEnd(width)}  ${name}  ${parts === '' ? 'no facets' : parts}`))
    }
  })
}

interface Shown extends Listed {
  facets: (Listed['facets'][number] & { text: string })[]
  routes: { purpose: string; facet: { name: string } | null; why: string }[]
  model: string
}

/** `batos persona show NAME` */
export async function personaShow(command: Command, [persona = '']: string[]): Promise<void> {
  const shown = (await command.ask('GetPersonaCommand', { persona })) as Shown
  const { out } = command.terminal
  command.print(shown, () => {
    const { target, oid, name, voice, facets, routes } = shown
    const lines = [`${target} ${oid}: ${name}`, '', voice, '', 'Facets:']
    for (const one of facets) {
      lines.push(`  ${one.name}, a ${one.kind} for ${one.purpose}`)
      if (one.text !== '') lines.push(`    ${one.text}`)
    }
    if (facets.length === 0) lines.push('  none')
    lines.push('', 'Which facet speaks:')
    for (const { purpose, facet, why } of routes) {
      lines.push(`  ${purpose}: ${facet?.name ?? 'the voice alone'}; ${why}`)
    }
    lines.push('', 'It remembers nothing between questions: what was said is told to it anew.')
    for (const line of lines) out.line(plain(line))
  })
}

interface Answered {
  answers: { target: string; persona: string; text: string; facet: { name: string } | null }[]
}

/** `batos persona ask NAME TEXT [--with NAME]` */
export async function personaAsk(
  command: Command,
  [first = '', text = '']: string[],
  options: { with?: string[]; purpose?: string; model?: string; quiet?: boolean },
): Promise<void> {
  if (text.trim() === '') throw cliFault('FIELD_INVALID', 'Say something to the persona.')
  const personas = [first, ...(options.with ?? [])]
  const { purpose } = options
  const fields = { personas, text, ...(purpose === undefined ? {} : { purpose }) }
  const { out, err } = command.terminal
  const live = out.isTerminal && !command.options.json
  const teller = new Teller(out, options.quiet === true ? undefined : err, live)
  const answer = (await command.withKernel(
    ({ client }) =>
      client.request('AskPersonaCommand', fields, {
        signal: command.signal,
        onEvent: (event: Record<string, unknown>) => teller.tell(event),
      }),
    () => worldFor(command, options.model),
  )) as Answered
  teller.end()
  command.print(answer, () => {
    if (live) return
    const several = answer.answers.length > 1
    for (const [i, one] of answer.answers.entries()) {
      if (several) out.line(`${i === 0 ? '' : '\n'}${out.foreign(one.persona)}:`)
      out.line(out.foreign(one.text))
    }
  })
}

/** Tells who speaks, and the words as they come. */
class Teller {
  readonly #out: Stream
  readonly #notes: Stream | undefined
  readonly #live: boolean
  #speaking = false
  #blank = true

  constructor(out: Stream, notes: Stream | undefined, live: boolean) {
    this.#out = out
    this.#notes = notes
    this.#live = live
  }

  tell(event: Record<string, unknown>): void {
    if (event.kind === 'speaking') {
      this.#next()
      const facet = event.facet === null ? 'the voice alone' : `facet ${String(event.facet)}`
      const about = `${String(event.persona)} speaks: ${facet}, because ${String(event.why)}.`
      this.#notes?.line(this.#notes.style('dim', plain(about)))
      if (this.#live) this.#out.line(this.#out.style('bold', `${plain(String(event.persona))}:`))
    }
    if (event.kind !== 'token' || !this.#live) return
    const words = plain(String(event.text))
    // A model may begin with blanks, which say nothing.
    const shown = this.#blank ? words.trimStart() : words
    if (shown === '') return
    this.#blank = false
    this.#out.write(shown)
  }

  #next(): void {
    if (this.#speaking && this.#live) this.#out.write('\n\n')
    this.#speaking = true
    this.#blank = true
  }

  end(): void {
    if (this.#speaking && this.#live) this.#out.write('\n')
  }
}

/** With what this command becomes a kernel, should none run. */
async function worldFor(command: Command, given: string | undefined): Promise<WorldOptions> {
  const model = await chosenModel(command, given)
  const { err } = command.terminal
  return { provider: providerOf(command, model, err.isTerminal, err), policy: 'off' }
}
