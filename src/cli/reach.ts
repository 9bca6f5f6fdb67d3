// Owns: getting to a kernel: the one that runs, or one of this command's own until it is done.
// Leaves: the wire to the bridge; opening a world to the function handed in.
// Laws: CL30 kernel.json is believed only when its Hello answers with the same image. CL31 one that a dead kernel left
// costs no waiting. CL32 an image that another short command has is waited for, PATIENCE at most.
import { asFault } from '#ground'
import { cliFault } from './faults.ts'
import type { Asker, Powers, World, WorldOptions } from './powers.ts'
import type { Stream } from './terminal.ts'

/** Milliseconds that a command waits for an image in use: a short command takes one or two. */
const PATIENCE = 10_000
/** Milliseconds between two attempts. */
const PAUSE = 100
/** Milliseconds after which the wait is told. */
const SILENT = 1_000
/** Milliseconds for a socket on this machine to take a connection. */
const PROBE = 500
/** Milliseconds for a kernel that took the connection to answer Hello: one that loads a large image is busy. */
const HELLO = 4_000

/** How this program appears in the history. */
export const CLIENT_NAME = 'cli'

/** What a kernel says of itself in kernel.json. */
export interface KernelFile {
  pid: number
  endpoint: string
  page: string | null
  token: string
  image: string
  /** The kernel's public key, when it lets in only clients with keys. */
  serverKey: string | undefined
}

/** A kernel that can be asked. `world` is there when it is this command's own. */
export interface Reached {
  client: Asker
  kernel: KernelFile | undefined
  world: World | undefined
  close(): Promise<void>
}

/** What a folder's kernel.json says, undefined when there is none or it is no such file. */
export async function readKernelFile(
  powers: Pick<Powers, 'files'>,
  folder: string,
): Promise<KernelFile | undefined> {
  const text = await powers.files.readText(`${folder}/kernel.json`)
  if (text === undefined) return undefined
  let file: Partial<KernelFile>
  try {
    file = JSON.parse(text) as Partial<KernelFile>
  } catch {
    // Half a file is as good as none: its kernel writes it whole or not at all.
    return undefined
  }
  const { pid, endpoint, page, token, image, serverKey } = file
  if (typeof pid !== 'number' || typeof endpoint !== 'string' || typeof image !== 'string') {
    return undefined
  }
  return { pid, endpoint, page: page ?? null, token: String(token ?? ''), image, serverKey }
}

/** The owner's keys beside an image that is served with keys. */
async function ownerKeys(
  powers: Pick<Powers, 'files'>,
  folder: string,
  serverKey: string | undefined,
): Promise<{ curve?: { serverKey: string; publicKey: string; secretKey: string } }> {
  if (serverKey === undefined) return {}
  const text = await powers.files.readText(`${folder}/curve.json`)
  if (text === undefined) return {}
  const { owner } = JSON.parse(text) as { owner: { publicKey: string; secretKey: string } }
  return { curve: { serverKey, ...owner } }
}

/** The place of an endpoint's socket, undefined for an endpoint of a kind that cannot be looked at. */
function placeOf(endpoint: string): { path: string } | { host: string; port: number } | undefined {
  if (endpoint.startsWith('ipc://')) return { path: endpoint.slice('ipc://'.length) }
  const tcp = /^tcp:\/\/\[?([^\]]+)\]?:(\d+)$/.exec(endpoint)
  return tcp === null ? undefined : { host: tcp[1] as string, port: Number(tcp[2]) }
}

/** Connects to the kernel that kernel.json names, if it is alive and has this image. */
export async function findKernel(
  powers: Pick<Powers, 'files' | 'machine'>,
  folder: string,
): Promise<Reached | undefined> {
  const kernel = await readKernelFile(powers, folder)
  if (kernel === undefined || !powers.machine.isAlive(kernel.pid)) return undefined
  // A number may have been given to another process since, so the socket is asked too.
  const place = placeOf(kernel.endpoint)
  if (place !== undefined && !(await powers.machine.listens(place, PROBE))) return undefined
  const { connect } = await import('#bridge')
  try {
    const keys = await ownerKeys(powers, folder, kernel.serverKey)
    const options = { token: kernel.token, client: CLIENT_NAME, timeout: HELLO, ...keys }
    const client = await connect(kernel.endpoint, options)
    if (client.welcome.image !== kernel.image) {
      client.close()
      return undefined
    }
    return { client, kernel, world: undefined, close: async () => client.close() }
  } catch (error) {
    // Whoever does not answer, or refuses the token, is not the kernel of this image.
    if (asFault(error) === undefined) throw error
    return undefined
  }
}

/** How to reach. `world` says what the kernel is opened with, and is asked when this command becomes one. */
export interface ReachOptions {
  world: () => Promise<WorldOptions>
  /** Told in one sentence what takes long. */
  notes: Stream
  signal: AbortSignal
}

/** Reaches the kernel of an image, becoming it when there is none. The caller closes what it gets. */
export async function reach(
  powers: Powers,
  folder: string,
  options: ReachOptions,
): Promise<Reached> {
  return await whenFree(powers, options, async () => {
    const running = await findKernel(powers, folder)
    if (running !== undefined) return running
    const world = await powers.openWorld(folder, await options.world())
    await world.request('HelloCommand', { client: CLIENT_NAME })
    return { client: world, kernel: undefined, world, close: () => world.shut() }
  })
}

/** Tries until the image is free, PATIENCE at most. */
export async function whenFree<T>(
  powers: Pick<Powers, 'clock' | 'pause'>,
  options: { notes: Stream; signal: AbortSignal },
  attempt: () => Promise<T>,
): Promise<T> {
  const started = powers.clock()
  let told = false
  for (;;) {
    options.signal.throwIfAborted()
    try {
      return await attempt()
    } catch (error) {
      const fault = asFault(error)
      const waited = powers.clock() - started
      // A kernel that serves will not be done soon, so waiting for it would help nobody.
      if (fault?.code !== 'IMAGE_IN_USE' || fault.data?.serving === true) throw error
      if (waited > PATIENCE) throw unanswered(fault.message, waited)
      if (!told && waited > SILENT) {
        options.notes.line('The image is in use by another command; waiting for it to be done.')
        told = true
      }
      await powers.pause(PAUSE)
    }
  }
}

function unanswered(message: string, waited: number): Error {
  const seconds = Math.round(waited / 1000)
  return cliFault(
    'IMAGE_IN_USE',
    `${message.replace(/\.$/, '')}, which did not answer within ${seconds} s`,
    { unanswered: true },
    'See what runs with `batos status`, and stop it or wait until it is done; or name another image.',
  )
}
