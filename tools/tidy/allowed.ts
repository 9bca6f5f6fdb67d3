// Owns: what the checks allow, by name: folders in order, packages in their places, exceptions with reasons.
// Leaves: applying them to the checks.
// Laws: ST1 an exception is a path with a sentence; one that nothing uses any more is itself a violation.

/** The order of folders: an import may only point left, or to its own folder. `main` stands for src itself. */
export const FOLDER_ORDER: readonly string[] = [
  'ground',
  'objects',
  'image',
  'kernel',
  'governance',
  'mind',
  'forge',
  'bridge',
  'ui',
  'cli',
  'main',
]

/** The doors that package.json opens. */
export const DOORS: ReadonlySet<string> = new Set([
  ...FOLDER_ORDER.slice(0, -1).map((folder) => `#${folder}`),
  '#powers',
  '#protocol',
  '#batos',
  '#image-contract',
  '#image-door',
])

/** Folders right of the kernel that may read the image. Governance installs what it let in. */
export const IMAGE_READERS: ReadonlySet<string> = new Set(['governance', 'main'])

/** Every package that is imported, and where: a dependency has one home, so that it can be replaced there. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  lmdb: ['src/image/lmdb/', 'bench/'],
  zeromq: ['src/kernel/zmq/', 'bench/'],
  ses: ['src/kernel/sandbox/'],
  'node-llama-cpp': ['src/mind/providers/'],
  scslre: ['src/kernel/judge/'],
  yauzl: ['src/mind/'],
  ws: ['src/bridge/', 'src/ui/web/connection.test.ts', 'test/'],
  typescript: ['src/kernel/judge/', 'tools/', 'bench/edits.ts'],
  acorn: ['src/kernel/judge/', 'tools/'],
  'magic-string': ['src/kernel/judge/', 'tools/'],
  commander: ['src/cli/'],
  preact: ['src/ui/web/'],
  msgpackr: [
    'src/objects/',
    'src/image/',
    'src/kernel/',
    'src/bridge/',
    'src/ui/web/',
    'test/',
    'bench/',
  ],
  zod: ['src/bridge/', 'src/governance/', 'src/mind/', 'src/forge/'],
  'playwright-core': ['test/'],
  '@sparticuz/chromium': ['test/'],
}

/** Modules of Node that touch the world outside the process, or its clock and threads. */
export const POWERFUL_MODULES: ReadonlySet<string> = new Set([
  'fs',
  'net',
  'http',
  'https',
  'http2',
  'tls',
  'dgram',
  'dns',
  'child_process',
  'cluster',
  'worker_threads',
  'os',
  'process',
  'readline',
  'repl',
  'inspector',
  'sqlite',
])

/** Files outside src/powers that import a powerful module, each with its reason. */
export const POWERS_ELSEWHERE: Readonly<Record<string, string>> = {
  'src/bridge/page.ts': 'it is the HTTP server; main hands in address and token',
  'src/image/backup-file.ts':
    'a backup is a file, durable before it gets its name; the caller names it',
  'src/image/blob-contract.ts': 'the claims look at the files of blobs as anybody may',
  'src/image/blob-file.ts': 'as blobs.ts: one of its files, piece by piece',
  'src/image/blob-work.ts': 'as blobs.ts: what is not committed yet is files too',
  'src/image/blobs.ts': 'a blob is a file beside the image, in the folder that is handed in',
  'src/image/lmdb/page-file.ts': 'a damaged image is read past LMDB, which would trust it',
  'src/image/lock.ts': 'the lock of an image is one that the operating system holds on a file',
  'src/image/opening.ts':
    "a close in order leaves a word beside the image's file, in the folder handed in",
  'src/kernel/sandbox/pipe.ts': 'the worker has two descriptors from birth, and blocks on them',
  'src/main.ts': 'where the cache is must be known before anything else is loaded',
  'src/mind/download.ts': 'a model file is written as it arrives, in the folder that main hands in',
  'src/mind/hub.ts': 'as download.ts: one way by which its bytes arrive',
  'src/mind/packages.ts': 'as download.ts: another way by which its bytes arrive',
  'src/mind/turnstile.ts': 'as download.ts: one download at a time, by a file beside the model',
  'src/mind/providers/model-host.ts': 'a process of its own, which lowers its own priority',
  'src/mind/providers/saved-prompts.ts':
    'states of a model are files beside it, for its own process',
  'src/mind/providers/threads.ts': 'how busy the machine is decides how many threads a model gets',
  'src/ui/page-files.ts': "it reads the page's own files, which lie beside it",
}

/** Files that are programs of their own: they may read arguments and environment, and end the process. */
export const ENTRIES: Readonly<Record<string, string>> = {
  'src/main.ts': 'the composition root',
  'src/kernel/judge/judge-main.ts': 'the judge is a process; it ends with its pipe',
  'src/kernel/sandbox/pipe.ts': 'the worker is a process; it ends when its pipe does',
  'src/mind/providers/model-host.ts': 'the model host is a process; it ends with its pipe',
}

/** Calls with hidden authority, with what to do instead and where they are at home. */
export interface BannedCall {
  call: string
  cure: string
  /** Paths that begin so are the home of the call. */
  home: readonly string[]
  /** Single files that may, each with its reason. */
  exceptions: Readonly<Record<string, string>>
}

const CLOCK_CURE = 'time comes from the clock that is handed in, so that a test can hold it.'

/** Homes of time and chance. The page runs in a browser, with the clock of the person who looks at it. */
const CLOCK_HOME = ['src/ground/', 'src/powers/', 'src/ui/web/']

export const BANNED_CALLS: readonly BannedCall[] = [
  {
    call: 'Math.random',
    cure: 'chance comes from a seed that is handed in, so that a run can be repeated.',
    home: CLOCK_HOME,
    exceptions: {},
  },
  {
    call: 'Date.now',
    cure: CLOCK_CURE,
    home: CLOCK_HOME,
    exceptions: { 'src/mind/turnstile.ts': 'the age of a file is told by the clock of the disk' },
  },
  {
    call: 'new Date()',
    cure: CLOCK_CURE,
    home: CLOCK_HOME,
    exceptions: {
      'src/mind/turnstile.ts': 'a file is touched to show that its download lives',
      'src/mind/providers/saved-prompts.ts': 'a file is touched to show that it was used',
    },
  },
  {
    call: 'performance.now',
    cure: CLOCK_CURE,
    // How fast a model is can only be measured, and nothing in a turn depends on it.
    home: [...CLOCK_HOME, 'src/mind/providers/'],
    exceptions: {
      'src/kernel/zmq/hearing.ts':
        'how long frames hold up the event loop is a time of this machine',
    },
  },
  {
    call: 'eval',
    cure: 'code runs in a compartment of src/kernel/sandbox.',
    home: [],
    exceptions: {},
  },
  {
    call: 'new Function',
    cure: 'code runs in a compartment of src/kernel/sandbox.',
    home: [],
    exceptions: {},
  },
  {
    call: 'console.log',
    cure: 'results go to the output that is handed in; what fails is thrown.',
    home: ['src/ui/web/'],
    exceptions: {},
  },
  {
    call: 'console.error',
    cure: 'what fails is thrown, or told as an event.',
    home: ['src/ui/web/'],
    exceptions: {},
  },
]
