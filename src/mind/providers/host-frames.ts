// Owns: what the embedded provider and its model host say to each other: JSON, one document a frame.
// Leaves: the frames themselves to ground; what each side does to embedded.ts and model-host.ts.
// Laws: MI12 every ask has an id and gets one `done` or `failed`, with any number of `token` before it.
import { frame } from '#ground'
import type { ChatMessage, Completion, CompletionRequest } from '../provider.ts'

/** How a host opens its model. Paths are absolute. */
export interface HostLoad {
  model: string
  /** What tells this model's bytes from others: its SHA-256, or anything that changes when they change. */
  identity: string
  /** Folder for saved prompts, or undefined to keep none. */
  prompts: string | undefined
  sequenceTokens: number
  sequences: number
  gpu: boolean
  /** A fixed number of threads, or undefined to choose by the load of the machine. */
  threads: number | undefined
}

export type HostAsk =
  | { id: number; ask: 'load'; load: HostLoad }
  | { id: number; ask: 'warm'; messages: ChatMessage[] }
  | { id: number; ask: 'complete'; request: CompletionRequest }
  | { id: number; ask: 'cancel'; of: number }
  | { id: number; ask: 'stats' }

/** What a host tells of itself. Times are milliseconds. */
export interface HostStats {
  gpu: string
  threads: number
  othersBusy: number
  loaded: number
  sequences: number[]
  resident: number
}

/** What warming did: tokens of the fixed prompt, how many were evaluated now, and whether a saved state was read. */
export interface Warmed {
  tokens: number
  evaluated: number
  restored: boolean
  milliseconds: number
}

export type HostSay =
  | { id: number; say: 'token'; text: string }
  | { id: number; say: 'failed'; reason: string }
  | { id: number; say: 'done'; completion?: Completion; warmed?: Warmed; stats?: HostStats }

/** The bytes of one ask or answer. */
export function encodeHostFrame(message: HostAsk | HostSay): Buffer {
  return frame(Buffer.from(JSON.stringify(message), 'utf8'))
}
