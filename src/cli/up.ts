// Owns: `batos up`: a world that stays open: its model, its conversation, its page, until it is told to end.
// Leaves: opening it to the function handed in; the conversation to first-conversation.ts.
// Laws: CL82 without its model a world comes up all the same, generates nothing, and says what to do. CL83 a port that
// was not asked for may be another one; a port that was asked for is taken or refused. CL84 SIGTERM and Ctrl-C close in
// order within three seconds.
import { asFault } from '#ground'
import type { Command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { cliFault } from './faults.ts'
import { converse } from './first-conversation.ts'
import {
  type ChosenModel,
  chosenModel,
  type LazyProvider,
  providerOf,
  pullModel,
} from './models.ts'
import type { World, WorldOptions } from './powers.ts'
import { CLIENT_NAME, findKernel, whenFree } from './reach.ts'
import { plain, type Stream } from './terminal.ts'

/** Milliseconds of history that stay, and bytes from which on the rest goes by itself, unless told otherwise. */
const KEEP = 7 * 24 * 3_600_000
const PACK_ABOVE = 1024 ** 3

/** The page's port when none is asked for. */
export const DEFAULT_PORT = 7717

interface UpOptions {
  port?: number
  zmq?: string
  curve?: boolean
  model?: string
  allowHost?: string[]
  policy?: 'auto' | 'review' | 'off'
  generations?: number
  tests?: boolean
  keep?: number | 'all'
  packAbove?: number
}

/** `batos up`: serves until it is told to end. */
export async function up(command: Command, _words: string[], options: UpOptions): Promise<number> {
  const { terminal, powers, signal } = command
  // With --json stdout has one line for programs, so the story goes where notes go.
  const stream = command.options.json ? terminal.err : terminal.out
  await refuseSecond(command)
  const provider = await readyProvider(command, options, stream)
  const world = await openServing(command, options, provider)
  try {
    await world.request('HelloCommand', { client: CLIENT_NAME })
    const { endpoint, page } = world
    const about = { image: command.folder, id: world.image, endpoint, page, pid: powers.pid }
    if (command.options.json) terminal.json(about)
    greet(command, stream, world)
    await converse({ command, world, stream, model: provider?.name })
    invite(command, stream, world)
    void prepare(provider, terminal.err, signal)
    await untilEnd(signal)
  } finally {
    await world.shut()
    await provider?.close()
  }
  return EXIT.done
}

/** An image has one kernel: the one that serves it is named, with its page. Faults IMAGE_IN_USE. */
async function refuseSecond(command: Command): Promise<void> {
  const running = await findKernel(command.powers, command.folder)
  if (running === undefined) return
  await running.close()
  const { pid, page } = running.kernel as NonNullable<typeof running.kernel>
  const where = page === null ? '' : ` and has its page at ${page}`
  throw cliFault(
    'IMAGE_IN_USE',
    `${command.options.image} is open in another kernel: process ${pid} serves it${where}`,
    { pid, page, serving: true },
    `Use that one: every command finds it. Or end it with kill ${pid}, or name another folder with --image.`,
  )
}

/** The model, fetched if need be; undefined when nothing is to be generated, which is then said. */
async function readyProvider(
  command: Command,
  options: UpOptions,
  stream: Stream,
): Promise<LazyProvider | undefined> {
  if (options.policy === 'off') return undefined
  const model = await chosenModel(command, options.model)
  const { entry } = model
  if (entry === undefined || model.path !== undefined)
    return providerOf(command, model, false, stream)
  const { err } = command.terminal
  err.line(`The model ${model.name} writes missing methods. It is not here yet; fetching it once.`)
  try {
    const path = await pullModel(command, entry)
    return providerOf(command, { ...model, path }, false, stream)
  } catch (error) {
    const fault = asFault(error)
    if (command.signal.aborted || fault === undefined) throw error
    withoutModel(err, model, fault)
    return undefined
  }
}

function withoutModel(
  err: Stream,
  model: ChosenModel,
  fault: { message: string; remedy: string },
): void {
  err.line(`${model.name} could not be fetched: ${plain(fault.message)}`)
  err.line(`  ${plain(fault.remedy)}`)
  err.line(
    'The world comes up without a model: what it knows it answers, but it learns nothing new.',
  )
}

async function openServing(
  command: Command,
  options: UpOptions,
  provider: LazyProvider | undefined,
): Promise<World> {
  const { powers, terminal, signal } = command
  const base: WorldOptions = {
    policy: provider === undefined ? 'off' : (options.policy ?? 'auto'),
    ...(options.generations === undefined ? {} : { generations: options.generations }),
    ...(options.tests === true ? { tests: true } : {}),
    zmq: options.zmq ?? 'ipc',
    allowHosts: options.allowHost ?? [],
    ...(options.curve === true ? { curve: true } : {}),
    ...(options.keep === 'all'
      ? {}
      : { packing: { keep: options.keep ?? KEEP, above: options.packAbove ?? PACK_ABOVE } }),
    onPacked: (what) => terminal.err.line(plain(what)),
    onTrouble: (what) => {
      // Ctrl-C in a terminal reaches the workers too, and their end is then no trouble.
      if (!signal.aborted) terminal.err.line(plain(what))
    },
    ...(provider === undefined ? {} : { provider }),
  }
  const open = (port: number) => powers.openWorld(command.folder, { ...base, page: { port } })
  return await whenFree(powers, { notes: terminal.err, signal }, async () => {
    if (options.port !== undefined) return await open(options.port)
    if (await powers.machine.isPortFree(DEFAULT_PORT)) return await open(DEFAULT_PORT)
    terminal.err.line(`Port ${DEFAULT_PORT} is taken, so the page has another one this time.`)
    return await open(0)
  })
}

function greet(command: Command, stream: Stream, world: World): void {
  const { image } = command.options
  stream.line(stream.style('bold', `BAT OS ${command.powers.version}`))
  if (world.awakened)
    stream.line(`A new image awoke in ${image}. It holds genesis, from which all else is cloned.`)
  else stream.line(`The image ${image} is open, as it was left.`)
  stream.line()
}

function invite(command: Command, stream: Stream, world: World): void {
  const { hint } = { hint: (words: string) => stream.line(`    ${command.hint(words)}`) }
  stream.line()
  stream.line(`The page:  ${stream.style('cyan', world.page ?? '')}`)
  stream.line()
  stream.line('Try next, in another terminal:')
  hint('send genesis clone: account')
  hint('send account setSlot:value: balance 0')
  hint('send account deposit 50 --intent "Add the amount to balance and answer it"')
  hint('show account')
  stream.line()
  stream.line(`Ctrl-C ends it. All that happened stays in ${command.options.image}.`)
}

/** Loads the model while nobody waits for it. What hinders it is told now, and again to whoever needs it. */
async function prepare(
  provider: LazyProvider | undefined,
  notes: Stream,
  signal: AbortSignal,
): Promise<void> {
  try {
    await provider?.open()
  } catch (error) {
    if (signal.aborted) return
    notes.line(
      `The model is not ready: ${plain(error instanceof Error ? error.message : String(error))}`,
    )
  }
}

function untilEnd(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
