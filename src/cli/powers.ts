// Owns: what the command line is handed: words, streams, files, the machine, and worlds to open.
// Leaves: making all of it to main.ts, which alone reads arguments and environment.
// Laws: CL1 nothing here reads the process by itself, so that a test can hold every part.
import type { Client } from '#bridge'
import type { Provider, Ranking, RankOrder } from '#mind'

/** One of the two streams out. */
export interface Output {
  readonly isTerminal: boolean
  /** Width of the terminal, columns. */
  readonly columns: number
  write(text: string): void
}

/** The variables of the environment that mean something here, already read. */
export interface Settings {
  /** BATOS_IMAGE, undefined when it is not set. */
  image: string | undefined
  /** False with NO_COLOR or TERM=dumb. */
  color: boolean
  /** True with FORCE_COLOR, also where a stream is no terminal. */
  forceColor: boolean
  /** The folder of models. */
  models: string
  /** The folder of completions that `model rank` keeps. */
  completions: string
  /** The folder of the states of prompts that models have evaluated. */
  prompts: string
  /** The file of the user's choices. */
  config: string
}

export interface Files {
  readText(path: string): Promise<string | undefined>
  /** Makes the folder of the file too. */
  writePrivate(path: string, text: string): Promise<void>
  lookAt(
    path: string,
  ): Promise<{ folder: boolean; bytes: number; mode: number; writable: boolean } | undefined>
  freeBytes(path: string): Promise<number>
  /** An absolute path, from where the command was given. */
  absolute(path: string): string
}

export interface Machine {
  describe(): { platform: string; cores: number; memory: number; node: string }
  isAlive(pid: number): boolean
  listens(
    place: { path: string } | { host: string; port: number },
    within: number,
  ): Promise<boolean>
  isPortFree(port: number): Promise<boolean>
  /** Runs a program of the user's, with the user's environment. */
  run(
    command: string,
    args: readonly string[],
    options: { signal: AbortSignal; environment: Record<string, string> },
  ): Promise<{ code: number | null; stdout: string; stderr: string }>
  /** Which limits the operating system takes for the processes that run methods. */
  systemLimits(): Promise<Record<'memory' | 'processor' | 'files' | 'written', boolean>>
  /** Loads the store's native part; rejects when it cannot be. */
  loadStore(): Promise<void>
}

/** What can be asked of a kernel, wherever it runs. */
export type Asker = Pick<Client, 'request' | 'requestWithTid' | 'send'>

/** A world that this process has opened. */
export interface World extends Asker {
  readonly awakened: boolean
  readonly image: string
  readonly endpoint: string | undefined
  /** The address that opens the page, its token in the fragment. */
  readonly page: string | undefined
  shut(): Promise<void>
}

/** What to open a world with. */
export interface WorldOptions {
  provider?: { name: string; open: () => Promise<Provider> }
  policy?: 'auto' | 'review' | 'off'
  /** Methods that may be begun within a minute. */
  generations?: number
  /** Have tests written for what goes to a person. */
  tests?: boolean
  zmq?: string
  curve?: true
  page?: { port: number }
  allowHosts?: readonly string[]
  /** Milliseconds of history that stay once the image takes more than so many bytes. */
  packing?: { keep: number; above: number }
  onPacked?: (what: string) => void
  onTrouble?: (what: string) => void
}

/** What is damaged in an image, as VerifyCommand answers it. */
export interface VerifyAnswer {
  objects: number
  revisions: number
  transactions: number
  /** `place` is what people call the object. */
  damage: { problem: string; oid: string | null; tid: string | null; place?: string | null }[]
}

/** How a long work tells how far it is, and how it is ended. */
export interface Watched {
  progress: (done: number, total: number) => void
  signal: AbortSignal
}

/** What a salvage found and lost, oids as text; `place` is what people call the object. */
export interface SalvageAnswer {
  transactions: number
  revisions: number
  objects: number
  lost: { oid: string; tid: string; newest: boolean; place: string | null }[]
  lostNames: { name: string; tid: string }[]
  dangling: { oid: string; ref: string; place: string | null }[]
  undescribed: string[]
  cut: string[]
  tables: string[]
  damage: string[]
}

export interface Powers {
  words: readonly string[]
  version: string
  settings: Settings
  out: Output
  err: Output
  files: Files
  machine: Machine
  /** Milliseconds since 1970. */
  now: () => number
  /** Milliseconds on a clock that never goes back. */
  clock: () => number
  pause: (milliseconds: number) => Promise<void>
  /** Calls back after a while, if the process is still there: this alone does not keep it. */
  later: (milliseconds: number, callback: () => void) => void
  /** Calls back for each signal that asks to end. */
  onSignal: (callback: (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => void) => void
  /** Ends the process at once. */
  quit: (code: number) => never
  openWorld: (folder: string, options: WorldOptions) => Promise<World>
  /** Opens a model that is there, by its name, path or address. The caller closes it. */
  openProvider: (text: string) => Promise<Provider>
  /** The tasks that come with the product, a text for each file. */
  openTasks: () => Promise<{ name: string; text: string }[]>
  /** Has a model do tasks in a world of their own. */
  rankModel: (order: RankOrder) => Promise<Ranking>
  /** Reads every record of an image that no kernel has open. Faults IMAGE_IN_USE. */
  verifyImage: (folder: string) => Promise<VerifyAnswer>
  /** Makes an image in a folder that has none out of one that is damaged. Faults IMAGE_IN_USE and IMAGE_DAMAGED. */
  salvageImage: (folder: string, into: string) => Promise<SalvageAnswer>
  /**
   * Writes what came after a transaction, or after the end of another backup, to a file; by itself all. Works beside a kernel,
   * and goes on with a file that was cut off. Faults CONFLICT and IMAGE_DAMAGED.
   */
  backupImage: (
    folder: string,
    file: string,
    how: Watched & { since?: number; after?: string },
  ) => Promise<{ since: string; head: string; transactions: number }>
  /**
   * Makes an image out of backups, in order, and goes on with what was cut off. Faults CONFLICT and IMAGE_DAMAGED; then it
   * makes none.
   */
  restoreImage: (
    folder: string,
    files: readonly string[],
    how: Watched,
  ) => Promise<{ head: string; transactions: number }>
  /** All of stdin as text. */
  readInput: () => Promise<string>
  /** Asks the person a question and answers the line they type; undefined at the end of input, or where nobody looks. */
  ask: ((question: string, signal: AbortSignal) => Promise<string | undefined>) | undefined
  /**
   * Has the person write a text in their editor, in a file of that name, and answers what they left; the file stays until it is
   * removed. Undefined where nobody looks, or no editor is named. Rejects when the editor fails.
   */
  edit:
    | ((
        name: string,
        text: string,
      ) => Promise<{ text: string; file: string; remove(): Promise<void> }>)
    | undefined
  pid: number
}
