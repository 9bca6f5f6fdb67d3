// Owns: joining the parts into a world that runs: image, kernel, mind, bridge and page, from options.
// Leaves: argv and environment to main.ts; what people type to cli/.
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, type Dispatcher, type Page, type Served, serve, servePage } from '#bridge'
import { Probation } from '#governance'
import { Fault } from '#ground'
import { holdLock, type OpenedImage, openImage, type Store } from '#image'
import {
  awaken,
  bindRouter,
  codeExtension,
  complete,
  Judge,
  Kernel,
  type PackedByItself,
  type PackingPolicy,
} from '#kernel'
import { DraftingLearner, PersonaAdviser, type Provider, Teller, TestingLearner } from '#mind'
import { decodeValue, encodeValue } from '#objects'
import {
  clock,
  fetchUrl,
  makePrivateFolder,
  readTexts,
  removeFile,
  spawnNode,
  temporaryFolder,
  writePrivate,
} from '#powers'
import { pageFiles } from '#ui'
import { judgingHash } from './judging.ts'
import { curveServer, type GivenKeys } from './keys.ts'
import { VERSION } from './version.ts'

export interface OpenOptions {
  /**
   * What drafts methods; without it nothing is generated. A model that is open stays its giver's; one to open is opened
   * at the first need and closed with the world.
   */
  provider?: Provider | { name: string; open: () => Promise<Provider> }
  policy?: 'auto' | 'review' | 'off'
  /** Methods that may be begun within a minute, 60 when left out; the next message that needs one is told BUSY. */
  generations?: number
  /** Have a persona that has seen no draft write tests for what goes to a person; one more answer of the model for each. */
  tests?: boolean
  /** A ZeroMQ endpoint to serve: `ipc` for the image's own private socket, or an address on loopback. */
  zmq?: 'ipc' | string
  /**
   * Serve ZeroMQ with keys: those given and the public keys of all clients; or, with `true`, the keys in `curve.json`
   * and the clients in `curve-allow` of the image's folder.
   */
  curve?: GivenKeys | true
  /** Serve the page on 127.0.0.1; port 0 takes any that is free. */
  page?: { port: number }
  /** Hosts that methods may ask, `name` or `name:port`; without any they ask none. */
  allowHosts?: readonly string[]
  /** When old history goes by itself: it does in an image that takes more than so many bytes. Left out, it never does. */
  packing?: PackingPolicy
  /** Told when old history has gone by itself, in a sentence. */
  onPacked?: (what: string) => void
  /** Told when a worker ended that should not have, when a client was refused, and when a pack failed. */
  onTrouble?: (what: string) => void
}

/** A world that is open in this process: a client of its own kernel, until closed. */
export interface OpenWorld extends Omit<Client, 'close'> {
  /** True when this call made the image's first objects. */
  readonly awakened: boolean
  readonly image: string
  /** Where other processes reach it, when it serves. */
  readonly endpoint: string | undefined
  /** The address that opens the page, its token in the fragment. */
  readonly page: string | undefined
  readonly token: string | undefined
  /** Closes the page and the socket, lets turns finish, and lets go of the image. `shut` is another name for it. */
  close(): Promise<void>
  shut(): Promise<void>
}

/** Longest path of a Unix socket, bytes; a deeper image has its socket in the system's temporary folder. */
const SOCKET_PATH_MAX = 100

/** Opens the image in a folder, making it if there is none. Faults IMAGE_IN_USE when another kernel has it. */
export async function openWorld(folder: string, options: OpenOptions = {}): Promise<OpenWorld> {
  await makePrivateFolder(folder)
  const lock = holdLock(folder)
  let opened: OpenedImage | undefined
  try {
    opened = openImage(join(folder, 'data'), {
      spawn: spawnNode,
      onDamage: (fault) => options.onTrouble?.(fault.message),
      onNotice: (what) => options.onTrouble?.(what),
    })
    return await joinParts(folder, opened, options, () => lock[Symbol.dispose]())
  } catch (error) {
    await opened?.close()
    lock[Symbol.dispose]()
    throw error
  }
}

async function joinParts(
  folder: string,
  opened: OpenedImage,
  options: OpenOptions,
  release: () => void,
): Promise<OpenWorld> {
  const { store } = opened
  const judge = new Judge({ spawn: spawnNode })
  const texts = await worldTexts()
  const awakened = await awaken(store, judge, texts, clock.now())
  await complete(store, judge, texts, clock.now())
  const image = await fact(store, 'image', randomUUID)
  const policy = options.policy ?? 'auto'
  const { name, open } = openerOf(options.provider)
  const drafting = new DraftingLearner(name, open, policy)
  const adviser = new PersonaAdviser(name, open)
  const kernel = new Kernel({
    store,
    spawn: spawnNode,
    judge,
    learner: options.tests === true ? new TestingLearner(drafting, adviser) : drafting,
    adviser,
    policy: options.provider === undefined ? 'off' : policy,
    ...(options.generations === undefined ? {} : { budgets: { minute: options.generations } }),
    now: clock.now,
    random: () => randomInt(2 ** 32),
    fetch: fetchUrl,
    allowHosts: options.allowHosts ?? [],
    judging: await judgingHash(new URL('./', import.meta.url), codeExtension(import.meta.url)),
    ...(options.packing === undefined ? {} : { packing: options.packing }),
    onPacked: (packed) => {
      if ('problem' in packed)
        options.onTrouble?.(`the image could not be packed: ${packed.problem}`)
      else options.onPacked?.(packedSentence(packed))
    },
    onWorkerEnd: ({ reason, detail }) =>
      options.onTrouble?.(`a worker ended (${reason}): ${detail}`),
  })
  const probation = new Probation(kernel)
  const started = clock.elapsed()
  let peers = () => 0
  const dispatcher: Dispatcher = {
    kernel,
    server: `batos ${VERSION}`,
    image,
    teller: new Teller(open),
    verify: () => opened.verify(),
    status: () => ({
      image: folder,
      uptime: Math.round((clock.elapsed() - started) / 1000),
      version: VERSION,
      peers: peers(),
    }),
  }
  const serves = options.zmq !== undefined || options.page !== undefined
  // The first need should not wait for a process to start; a world open for one message seldom has a need.
  if (options.provider !== undefined && policy !== 'off' && serves) kernel.prepareTrial()
  const served = await serveAll(folder, dispatcher, image, options)
  peers = served.peers
  const client = localClient(dispatcher)
  const endClient = client.close.bind(client)
  const shut = async () => {
    await served.close()
    await probation.close()
    await kernel.close()
    await closeProvider(options.provider)
    await opened.close()
    release()
    endClient()
  }
  return Object.assign(client, {
    awakened,
    image,
    ...served.addresses,
    shut,
    close: shut,
  })
}

function packedSentence(packed: PackedByItself): string {
  const { packedTo, revisionsRemoved, objectsRemoved, before, after } = packed
  const gone = `${revisionsRemoved} records and ${objectsRemoved} objects of old history are gone`
  return `${gone}; it begins at transaction ${packedTo}, and the image takes ${after} of ${before} bytes`
}

function openerOf(provider: OpenOptions['provider']): {
  name: string
  open: () => Promise<Provider>
} {
  if (provider === undefined) {
    const fault = new Fault({
      code: 'GENERATION_FAILED',
      message: 'this kernel has no model',
      remedy: 'Start it with --model NAME.',
      retry: 'never',
    })
    return { name: 'none', open: () => Promise.reject(fault) }
  }
  if ('open' in provider) {
    let opened: Promise<Provider> | undefined
    return {
      name: provider.name,
      open: () => {
        opened ??= provider.open().then(
          (model) => {
            openedProviders.set(provider, model)
            return model
          },
          (error: unknown) => {
            // A model that could not be had now may be had at the next need.
            opened = undefined
            throw error
          },
        )
        return opened
      },
    }
  }
  return { name: provider.name, open: () => Promise.resolve(provider) }
}

const openedProviders = new WeakMap<object, Provider>()

/** Closes the model that this world opened. One that was handed in open stays its giver's. */
async function closeProvider(provider: OpenOptions['provider']): Promise<void> {
  if (provider === undefined || !('open' in provider)) return
  await openedProviders.get(provider)?.close()
}

/** A client in this process: frames cross no socket, everything else is as for any other client. */
function localClient(dispatcher: Dispatcher): Client {
  return new Client((on) => {
    const session = serve(dispatcher, undefined).open({
      send: (bytes) => {
        // Never within the call that sends: an answer comes after the request has returned, as over a socket.
        queueMicrotask(() => on.frame(bytes))
        return true
      },
    })
    return {
      send: (bytes) => {
        session.receive(bytes)
        return true
      },
      close: () => session.closed(),
    }
  })
}

interface Serving {
  addresses: { endpoint: string | undefined; page: string | undefined; token: string | undefined }
  /** Clients of the socket that are remembered now. */
  peers(): number
  close(): Promise<void>
}

async function serveAll(
  folder: string,
  dispatcher: Dispatcher,
  image: string,
  options: OpenOptions,
): Promise<Serving> {
  const none = { endpoint: undefined, page: undefined, token: undefined }
  if (options.zmq === undefined && options.page === undefined) {
    return { addresses: none, peers: () => 0, close: async () => undefined }
  }
  // One token an image, so that a page that is open finds the kernel again after it was started anew.
  const token = await fact(dispatcher.kernel.head.store, 'token', () =>
    randomBytes(24).toString('base64url'),
  )
  const withToken: Served = serve(dispatcher, token)
  const asked = options.zmq ?? 'ipc'
  const ipc = asked === 'ipc'
  // An ipc socket lies in a folder that only its owner can enter; over TCP the token says who may.
  const curve =
    options.curve === undefined
      ? undefined
      : await curveServer(folder, options.curve, (what) => options.onTrouble?.(what))
  const router = await bindRouter(
    ipc ? await socketPath(folder) : asked,
    ipc ? serve(dispatcher, undefined) : withToken,
    curve,
  )
  let page: Page | undefined
  if (options.page !== undefined) {
    const { port } = options.page
    page = await servePage({ port, acceptor: withToken, files: await pageFiles(), token })
  }
  const file = join(folder, 'kernel.json')
  const about = {
    pid: process.pid,
    endpoint: router.endpoint,
    page: page?.address ?? null,
    protocol: 1,
    token,
    image,
    ...(curve === undefined ? {} : { serverKey: curve.publicKey }),
  }
  await writePrivate(file, `${JSON.stringify(about, null, 2)}\n`)
  return {
    addresses: { endpoint: router.endpoint, page: page?.opening, token },
    peers: () => router.peers,
    close: async () => {
      await removeFile(file)
      router.close()
      await page?.close()
    },
  }
}

async function socketPath(folder: string): Promise<string> {
  const own = join(folder, 'run')
  await makePrivateFolder(own)
  const path = join(own, 'kernel.sock')
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) {
    await removeFile(path)
    return `ipc://${path}`
  }
  return `ipc://${join(await temporaryFolder(), 'kernel.sock')}`
}

/** A fact of the image: made once, kept in its table. */
async function fact(store: Store, key: string, make: () => string): Promise<string> {
  const known = store.get('facts', key)
  if (known !== undefined) return String(decodeValue(known))
  const made = make()
  const tables = [{ table: 'facts', key, value: encodeValue(made) } as const]
  await store.commit({ transactions: [], tables })
  return made
}

export function worldTexts(): Promise<string[]> {
  const up = codeExtension(import.meta.url) === '.ts' ? '../world' : './world'
  return readTexts(fileURLToPath(new URL(up, import.meta.url)), '.ts')
}
