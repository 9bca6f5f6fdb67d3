// Owns: what the journeys under load share: how much of it, what a process holds, waiting for a condition.
// Leaves: the claims to the journeys.
import { readFileSync, readlinkSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Probed } from '../soak/probe.ts'

/** True when the long run was asked for, by `npm run soak`. */
export const SOAKS = process.env.BATOS_SOAK === '1'

/** Hostile frames of the long run, and the seed of what they are; the short run always has the same. */
export const SOAK_FRAMES = Number(process.env.BATOS_SOAK_FRAMES ?? 1_000_000)
export const SOAK_SEED = SOAKS ? Number(process.env.BATOS_SOAK_SEED ?? 0) : 0

/** Bytes that a process holds for itself: the image's file, which is mapped, is not among them. */
export function heldBytes(pid: number): number {
  const line = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1]) * 1024
}

/** The environment of a kernel that tells in a folder, each second, what its heap is after a collection. */
export function probing(folder: string): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${new URL('../soak/probe.ts', import.meta.url).href}`,
    BATOS_SOAK_PROBE: join(folder, 'probe.json'),
    BATOS_SOAK_PROBE_MS: '1000',
  }
}

/** Bytes of its heap, and of the buffers that the heap holds. */
export function probed(folder: string): number {
  const { heap, external } = JSON.parse(readFileSync(join(folder, 'probe.json'), 'utf8')) as Probed
  return heap + external
}

/** When that was looked at, in milliseconds; undefined before the first time. */
export function probedAt(folder: string): number | undefined {
  return statSync(join(folder, 'probe.json'), { throwIfNoEntry: false })?.mtimeMs
}

/** Resolves when a condition holds; it is looked at some times a second. */
export function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = async () => {
      try {
        if (await holds()) return resolve()
        setTimeout(() => void look(), 50)
      } catch (error) {
        reject(error as Error)
      }
    }
    void look()
  })
}

/** The addresses, as the kernel's tables write them, on which a process listens. */
export function listening(pid: number): string[] {
  const own = new Set<string>()
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
      if (inode !== undefined) own.add(inode)
    } catch (error) {
      // A descriptor that was closed since the folder was read listens to nobody.
      if ((error as { code?: string }).code !== 'ENOENT') throw error
    }
  }
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(
        (fields) => own.has(fields[9] ?? '') && (fields[3] === '0A' || kind.startsWith('udp')),
      )
      .map((fields) => `${kind} ${fields[1]}`),
  )
}
