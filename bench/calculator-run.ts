// Owns: one empty calculator in a fresh image: the messages that teach it, in one order, and what became of each.
// Leaves: what is right to calculator-checks.ts; how many runs there are to calculator.ts.
// Laws: RK16 the methods of a calculator are right when they are so together, on one state. RK17 what is random in a run
// follows from its order and its number alone.
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenWorld, open, type Provider } from '#batos'
import { asFault } from '#ground'
import type { CompletionRequest } from '#mind'
import { type Checked, check, type Reply, SELECTORS, type Selector } from './calculator-checks.ts'

/** Arguments that each message is sent with while it is not understood. */
const ARGUMENTS: Record<Selector, unknown[]> = {
  add: [5],
  subtract: [3],
  multiply: [4],
  divide: [2],
  memory: [],
  history: [],
  undo: [],
}

const recording = (name: string, does: string) =>
  `${does} value, which is 0 at first; push { op: "${name}", n, before: the value before } to log, which is [] at first; answer value.`

/** What `--intents` has a person say with each message. */
const INTENTS: Record<Selector, string> = {
  add: recording('add', 'Add n to'),
  subtract: recording('subtract', 'Subtract n from'),
  multiply: recording('multiply', 'Multiply by n the'),
  divide: `Throw if n is 0. ${recording('divide', 'Divide by n the')}`,
  memory: 'Answer value, or 0 when there is none yet.',
  history: 'Answer log, the list of what was done, or [] when there is none yet.',
  undo: 'Take the last entry off log and set value to its before; answer value. With nothing to undo answer value, or 0.',
}

/** What became of one message. */
export interface Learnt {
  selector: Selector
  /** A message may be answered by a slot of its name, which a method before it has made. */
  outcome: 'installed' | 'answered' | 'abstained'
  /** Why it is not understood. */
  why: string
  source: string | undefined
  seconds: number
}

export interface Run extends Checked {
  /** Counted from one. */
  order: number
  time: number
  selectors: Selector[]
  learnt: Learnt[]
  /** All seven are understood and right. */
  right: boolean
  /** The operations and `memory` have one state, as far as they were learnt. */
  consistent: boolean
}

/** The messages in the order of that number; which one it is follows from `seed`. */
export function orderOf(order: number, seed: number): Selector[] {
  const rank = (selector: string) =>
    createHash('sha256').update(`${seed}/${order}/${selector}`).digest('hex')
  return [...SELECTORS].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

/** Gives every draft a seed that follows from the run and the message, so that answers which are kept are found again. */
export class SeededProvider implements Provider {
  readonly #behind: Provider
  readonly name: string
  #label = ''
  #drawn = 0

  constructor(behind: Provider) {
    this.#behind = behind
    this.name = behind.name
  }

  begin(label: string): void {
    this.#label = label
    this.#drawn = 0
  }

  complete(request: CompletionRequest, onToken: (text: string) => void, signal: AbortSignal) {
    this.#drawn++
    if (request.seed === undefined) return this.#behind.complete(request, onToken, signal)
    const name = `${this.#label}/${this.#drawn}`
    const seed = createHash('sha256').update(name).digest().readUInt32BE(0)
    return this.#behind.complete({ ...request, seed }, onToken, signal)
  }

  async warm(): Promise<void> {}

  async close(): Promise<void> {}
}

export interface RunOrder {
  provider: Provider
  order: number
  time: number
  seed: number
  /** True to send a sentence with each message. */
  intents: boolean
  /** True for a calculator that is not empty: it has the slots that the sentences speak of. */
  slots: boolean
}

/** Teaches one calculator and examines it. */
export async function runOnce(given: RunOrder): Promise<Run> {
  const { provider, order, time, seed, intents } = given
  const folder = mkdtempSync(join(tmpdir(), 'batos-calculator-'))
  const seeded = new SeededProvider(provider)
  const world = await open(folder, { provider: seeded, generations: 10_000 })
  try {
    const slots = given.slots ? { value: 0, log: [] } : {}
    await world.request('CreateObjectCommand', { name: 'calculator', slots })
    const selectors = orderOf(order, seed)
    const learnt: Learnt[] = []
    for (const selector of selectors) {
      seeded.begin(`${seed}/${order}/${time}/${selector}`)
      learnt.push(await learn(world, selector, intents))
    }
    const known = learnt.filter(({ outcome }) => outcome !== 'abstained')
    const has = new Set(known.map(({ selector }) => selector))
    const checked = await check(askable(world), has)
    const right = has.size === SELECTORS.length && Object.keys(checked.wrong).length === 0
    return { order, time, selectors, learnt, right, consistent: !checked.drift, ...checked }
  } finally {
    await world.shut()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Sends a message that nobody understands yet. What waits for a person is rejected: nobody is there. */
async function learn(world: OpenWorld, selector: Selector, intents: boolean): Promise<Learnt> {
  let outcome = 'abstained' as Learnt['outcome']
  let why = ''
  let ruled: Promise<unknown> = Promise.resolve()
  const onEvent = (event: Record<string, unknown>) => {
    if (event.kind === 'installed' && event.selector === selector) outcome = 'installed'
    if (event.kind !== 'parked') return
    why = `left to a person: ${String(event.reason)}`
    ruled = world.request('RejectProposalCommand', { proposal: event.proposal })
  }
  const options = { onEvent, ...(intents ? { intent: INTENTS[selector] } : {}) }
  const began = performance.now()
  try {
    await world.send('calculator', selector, ARGUMENTS[selector], options)
    if (outcome !== 'installed') outcome = 'answered'
  } catch (error) {
    const fault = asFault(error)
    if (fault === undefined) throw error
    why ||= `${fault.code}: ${fault.message}`
  }
  await ruled
  const seconds = (performance.now() - began) / 1_000
  const { slots } = await stateOf(world)
  const source = slots.find(({ name }) => name === selector)?.source
  return { selector, outcome, why: outcome === 'abstained' ? why : '', source, seconds }
}

interface State {
  slots: { name: string; kind: string; source?: string; value?: unknown }[]
}

const stateOf = (world: OpenWorld) =>
  world.request('GetFullStateCommand', { target: 'calculator' }) as Promise<State>

/** The world's calculator as the check asks it: nothing is generated for it. */
export function askable(world: OpenWorld) {
  return {
    send: async (selector: Selector, args: unknown[]): Promise<Reply> => {
      try {
        return { value: await world.send('calculator', selector, args, { policy: 'off' }) }
      } catch (error) {
        const fault = asFault(error)
        if (fault === undefined) throw error
        return { fault: `${fault.code}: ${fault.message}` }
      }
    },
    slots: async () => {
      const { slots } = await stateOf(world)
      const data = slots.filter(({ kind }) => kind === 'data')
      return new Map(data.map(({ name, value }) => [name, JSON.stringify(value)]))
    },
  }
}
