// Owns: what the journeys under load share: how much of it, what a process holds, waiting for a condition.
// Leaves: the claims to the journeys.
import { readFileSync, readlinkSync, readdirSync } from 'node:fs'

/** True when the long run was asked for, by `npm run soak`. */
export const SOAKS = process.env.BATOS_SOAK === '1'

/** Bytes that a process holds for itself: the image's file, which is mapped, is not among them. */
export function heldBytes(pid: number): number {
  const line = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(line?.[1]) * 1024
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
