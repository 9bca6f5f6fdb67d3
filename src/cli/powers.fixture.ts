// Owns: powers for tests: streams that are read back, files in memory, a machine on which nothing runs.
import type { Powers, World, WorldOptions } from './powers.ts'

/** What a test may set; all else has a harmless value. */
export interface Handed {
  words?: string[]
  terminal?: boolean
  columns?: number
  color?: boolean
  forceColor?: boolean
  files?: Record<string, string>
  world?: (options: WorldOptions) => Partial<World>
  machine?: Partial<Powers['machine']>
  verifyImage?: Powers['verifyImage']
  openTasks?: Powers['openTasks']
  rankModel?: Powers['rankModel']
  salvageImage?: Powers['salvageImage']
  backupImage?: Powers['backupImage']
  restoreImage?: Powers['restoreImage']
  input?: string
  ask?: Powers['ask']
  edit?: Powers['edit']
}

export interface HandedPowers {
  powers: Powers
  files: Map<string, string>
  /** Everything written so far. */
  out(): string
  err(): string
  signal(name: 'SIGINT' | 'SIGTERM'): void
  quits: number[]
  opened: WorldOptions[]
}

/** The time of all tests, where the person is. */
export const NOW = new Date(2026, 0, 31, 12, 0, 0).getTime()

export function handed(given: Handed = {}): HandedPowers {
  const written = { out: '', err: '' }
  const files = new Map(Object.entries(given.files ?? {}))
  const callbacks: ((signal: 'SIGINT' | 'SIGTERM') => void)[] = []
  const quits: number[] = []
  const opened: WorldOptions[] = []
  let time = 0
  const output = (name: 'out' | 'err') => ({
    isTerminal: given.terminal ?? false,
    columns: given.columns ?? 80,
    write: (text: string) => {
      written[name] += text
    },
  })
  const powers: Powers = {
    words: given.words ?? [],
    version: '1.2.3',
    settings: {
      image: undefined,
      color: given.color ?? true,
      forceColor: given.forceColor ?? false,
      models: '/models',
      completions: '/completions',
      prompts: '/prompts',
      config: '/config/config.json',
    },
    out: output('out'),
    err: output('err'),
    files: {
      readText: async (path) => files.get(path),
      writePrivate: async (path, text) => void files.set(path, text),
      lookAt: async (path) => {
        const text = files.get(path)
        if (text === undefined) return undefined
        return { folder: text === 'folder', bytes: text.length, mode: 0o700, writable: true }
      },
      freeBytes: async () => 5_000_000_000,
      absolute: (path) => (path.startsWith('/') ? path : `/here/${path.replace(/^\.\//, '')}`),
    },
    machine: {
      describe: () => ({ platform: 'test-x64', cores: 2, memory: 8e9, node: '24.0.0' }),
      isAlive: () => false,
      listens: async () => false,
      isPortFree: async () => true,
      run: async () => ({ code: 0, stdout: 'pip 1 from here (python 3)', stderr: '' }),
      systemLimits: async () => ({ memory: true, processor: true, files: true, written: true }),
      loadStore: async () => undefined,
      ...given.machine,
    },
    now: () => NOW,
    clock: () => time,
    pause: async (milliseconds) => {
      time += milliseconds
    },
    later: () => undefined,
    onSignal: (callback) => void callbacks.push(callback),
    quit: ((code: number) => void quits.push(code)) as Powers['quit'],
    openWorld: async (_folder, options) => {
      opened.push(options)
      return { ...DEAF, ...given.world?.(options) }
    },
    openProvider: () => Promise.reject(new Error('no model in this test')),
    openTasks: given.openTasks ?? (async () => []),
    rankModel:
      given.rankModel ?? (() => Promise.reject(new Error('nothing is ranked in this test'))),
    verifyImage:
      given.verifyImage ??
      (async () => ({ objects: 0, revisions: 0, transactions: 0, damage: [] })),
    salvageImage:
      given.salvageImage ?? (() => Promise.reject(new Error('nothing is salvaged in this test'))),
    backupImage:
      given.backupImage ?? (() => Promise.reject(new Error('nothing is backed up in this test'))),
    restoreImage:
      given.restoreImage ?? (() => Promise.reject(new Error('nothing is restored in this test'))),
    readInput: async () => given.input ?? '',
    ask: given.ask,
    edit: given.edit,
    pid: 1,
  }
  return {
    powers,
    files,
    out: () => written.out,
    err: () => written.err,
    signal: (name) => {
      for (const callback of callbacks) callback(name)
    },
    quits,
    opened,
  }
}

/** A world that answers nothing of use. */
const DEAF: World = {
  awakened: false,
  image: 'image-1',
  endpoint: undefined,
  page: undefined,
  request: async () => ({}),
  requestWithTid: async () => ({ result: null }),
  send: async () => null,
  shut: async () => undefined,
}
