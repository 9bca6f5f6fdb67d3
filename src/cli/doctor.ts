// Owns: `batos doctor`: one look at each thing that must be there, one line for each, and what to do about it.
// Leaves: looking to the powers and to the mind.
// Laws: CL70 every check is told, also after one that failed. CL71 a problem ends the command with 1 and names its cure.
import type { Command } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { type ChosenModel, chosenModel } from './models.ts'
import { megabytes, spanText } from './progress.ts'
import { findKernel, readKernelFile } from './reach.ts'
import { plain } from './terminal.ts'
import { DEFAULT_PORT } from './up.ts'

/** What a check came to. A note is worth knowing and no problem. */
interface Finding {
  name: string
  state: 'ok' | 'note' | 'problem'
  detail: string
  remedy?: string
}

type Found = Omit<Finding, 'name'>

/** The oldest Node that runs the sources. */
const NODE = 24
/** Bytes of disk below which an image may soon fill it. */
const DISK = 1_000_000_000

const ok = (detail: string): Found => ({ state: 'ok', detail })
const note = (detail: string, remedy: string): Found => ({ state: 'note', detail, remedy })
const problem = (detail: string, remedy: string): Found => ({ state: 'problem', detail, remedy })

const CHECKS: readonly (readonly [string, (command: Command) => Promise<Found>])[] = [
  ['Node', node],
  ['store', (command) => loads(command.powers.machine.loadStore())],
  ['ZeroMQ', () => loads(import('#kernel'))],
  ['llama.cpp', llama],
  ['limits', limits],
  ['image', image],
  ['disk', disk],
  ['kernel', kernel],
  ['port', port],
  ['model', model],
  ['prompts', prompts],
  ['Python', python],
]

/** `batos doctor` */
export async function doctor(command: Command): Promise<number> {
  const findings: Finding[] = []
  const { out } = command.terminal
  const width = Math.max(...CHECKS.map(([name]) => name.length))
  for (const [name, look] of CHECKS) {
    command.signal.throwIfAborted()
    command.terminal.err.flash(`looking at ${name} …`)
    const found = await look(command).catch((error: unknown) =>
      problem(
        error instanceof Error ? error.message : String(error),
        'See `batos doctor --debug`.',
      ),
    )
    findings.push({ name, ...found })
    if (command.options.json) continue
    command.terminal.err.write('')
    const sign = { ok: 'ok     ', note: 'note   ', problem: 'PROBLEM' }[found.state]
    const color = { ok: 'green', note: 'yellow', problem: 'red' } as const
    const remedy = found.remedy === undefined ? '' : `  ${found.remedy}`
    out.line(
      `${out.style(color[found.state], sign)}  ${name.padEnd(width)}  ${plain(found.detail)}.${remedy}`,
    )
  }
  const problems = findings.filter(({ state }) => state === 'problem').length
  command.print({ ok: problems === 0, checks: findings }, () => {
    out.line(problems === 0 ? 'All is well.' : `${problems} to mend.`)
  })
  return problems === 0 ? EXIT.done : EXIT.failed
}

async function node({ powers }: Command): Promise<Found> {
  const { node: version, platform, cores, memory } = powers.machine.describe()
  const detail = `${version} on ${platform}, ${cores} cores, ${megabytes(memory)} MB of memory`
  if (Number(version.split('.')[0]) >= NODE) return ok(detail)
  return problem(detail, `Node ${NODE} or newer is needed; \`npm install\` brings one.`)
}

async function loads(part: Promise<unknown>): Promise<Found> {
  try {
    await part
    return ok('its native part loads')
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return problem(`its native part does not load: ${why}`, 'Run `npm ci` again on this machine.')
  }
}

async function llama(): Promise<Found> {
  const { nativeRuntime } = await import('#mind')
  try {
    return ok(`its native part loads, and computes on ${await nativeRuntime()}`)
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
    return problem(
      `its native part does not load: ${why}`,
      'Run `npm ci` again on this machine, or use a server: `batos model use URL#name`.',
    )
  }
}

/** What each limit of the operating system bounds in the processes that run methods. */
const LIMITS = {
  memory: 'memory',
  processor: 'processor time',
  files: 'open files',
  written: 'written files',
} as const

async function limits({ powers }: Command): Promise<Found> {
  const held = await powers.machine.systemLimits()
  const names = (of: boolean) =>
    Object.entries(LIMITS)
      .filter(([name]) => held[name as keyof typeof LIMITS] === of)
      .map(([, what]) => what)
      .join(', ')
  const missing = names(false)
  if (missing === '') return ok(`the system bounds ${names(true)} of what runs methods`)
  return note(
    `the system does not bound ${missing} of what runs methods`,
    'The bounds of the engine and of the kernel hold: see docs/confinement.md.',
  )
}

async function image({ powers, folder, options }: Command): Promise<Found> {
  const seen = await powers.files.lookAt(folder)
  if (seen === undefined) return ok(`${options.image} is not there yet; the first command makes it`)
  if (!seen.folder) return problem(`${options.image} is a file`, 'Name a folder with --image.')
  if (!seen.writable) {
    return problem(
      `${options.image} cannot be written`,
      `Give yourself the right: chmod u+w ${options.image}`,
    )
  }
  if ((seen.mode & 0o077) !== 0) {
    const mode = seen.mode.toString(8)
    return problem(`others can enter ${options.image} (mode ${mode})`, `chmod 700 ${options.image}`)
  }
  return ok(`${options.image} is yours alone`)
}

/** The folder itself, or the nearest one above that is there. */
async function disk({ powers, folder }: Command): Promise<Found> {
  let place = folder
  while ((await powers.files.lookAt(place)) === undefined && place.length > 1) {
    place = place.replace(/[\\/][^\\/]*$/, '') || '/'
  }
  const free = await powers.files.freeBytes(place)
  const detail = `${megabytes(free)} MB are free`
  return free >= DISK
    ? ok(detail)
    : problem(detail, 'Make room, or keep the image on another disk.')
}

async function kernel({ powers, folder }: Command): Promise<Found> {
  const file = await readKernelFile(powers, folder)
  if (file === undefined) return ok('none runs; commands open the image for themselves')
  const running = await findKernel(powers, folder)
  if (running !== undefined) {
    await running.close()
    return ok(`process ${file.pid} answers at ${file.endpoint}`)
  }
  if (!powers.machine.isAlive(file.pid)) {
    return note(`process ${file.pid} has died`, 'Nothing was lost; the next command starts anew.')
  }
  return problem(
    `process ${file.pid} does not answer`,
    `Look at it, and end it if it hangs: kill ${file.pid}`,
  )
}

async function port({ powers, folder }: Command): Promise<Found> {
  if (await powers.machine.isPortFree(DEFAULT_PORT))
    return ok(`${DEFAULT_PORT} is free for the page`)
  const file = await readKernelFile(powers, folder)
  if (file?.page?.includes(`:${DEFAULT_PORT}/`))
    return ok(`${DEFAULT_PORT} has the page of this image`)
  return note(`${DEFAULT_PORT} is taken`, '`batos up` will take another, or the one of --port.')
}

async function model(command: Command): Promise<Found> {
  let chosen: ChosenModel
  try {
    chosen = await chosenModel(command, undefined)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return problem(why, 'Choose one: `batos model use NAME`.')
  }
  if (chosen.server !== undefined) return server(chosen.server, command)
  const { entry, path, name } = chosen
  if (path === undefined)
    return problem(`${name} is not here`, `Fetch it: \`batos model pull ${name}\`.`)
  if (entry === undefined) return ok(`${path} is there; nobody knows what its bytes should be`)
  const { verifyModel } = await import('#mind')
  const started = command.powers.clock()
  const right = await verifyModel(entry, path)
  const took = spanText((command.powers.clock() - started) / 1_000)
  if (right) return ok(`${name} is here and its bytes are right (${took})`)
  return problem(`${path} is damaged`, `Remove it and run \`batos model pull ${name}\`.`)
}

/** Whether what every prompt begins with was evaluated on this machine before, which takes seconds for each. */
async function prompts(command: Command): Promise<Found> {
  const { files, settings } = command.powers
  const chosen = await chosenModel(command, undefined)
  if (chosen.server !== undefined) return ok('a server keeps its own')
  const { path } = chosen
  if (path === undefined) return note('none without a model', 'Fetch it first.')
  const bytes = (await files.lookAt(path))?.bytes
  const identity = chosen.entry?.sha256 ?? `${path} ${bytes}`
  const { promptNotes, warmUps } = await import('#mind')
  const notes = await promptNotes(identity, warmUps())
  let warm = 0
  for (const name of notes) {
    const state = await files.readText(`${settings.prompts}/${name}`)
    if (state === undefined) continue
    if ((await files.lookAt(`${settings.prompts}/${state}`)) !== undefined) warm++
  }
  const detail = `${warm} of ${notes.length} beginnings of prompts are kept evaluated`
  if (warm === notes.length) return ok(detail)
  return note(detail, 'The first draft evaluates the others, once on this machine.')
}

async function server(url: string, command: Command): Promise<Found> {
  const { hostname, port, protocol } = new URL(url)
  const number = Number(port) || (protocol === 'https:' ? 443 : 80)
  const there = await command.powers.machine.listens({ host: hostname, port: number }, 3_000)
  return there
    ? ok(`${hostname}:${number} takes connections`)
    : problem(
        `nobody listens at ${hostname}:${number}`,
        'Start the server, or choose another model.',
      )
}

async function python({ powers, signal }: Command): Promise<Found> {
  for (const name of ['python3', 'python', 'py']) {
    const args = ['-m', 'pip', '--version']
    const told = await powers.machine.run(name, args, { signal, environment: {} })
    if (told.code === 0) return ok(told.stdout.trim().replace(/ from .*\(/, ' ('))
  }
  return note('no Python with pip', 'It is needed only where a model hub cannot be reached.')
}
