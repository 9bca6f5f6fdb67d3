// Owns: looking at the machine: processes, sockets, disks, memory. Nothing here changes anything.
// Leaves: what is made of it to whoever asked.
import { access, constants, stat, statfs } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { availableParallelism, homedir, totalmem } from 'node:os'

/** Whether a process of that number runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

/** Whether somebody listens at a socket's path, or at a port of a host, within some milliseconds. */
export function listens(
  place: { path: string } | { host: string; port: number },
  within: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(place)
    const end = (answer: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end(false), within)
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

/** Whether a port of 127.0.0.1 can be listened at. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** What a path is, undefined when there is nothing; `mode` is the permissions alone. */
export async function lookAt(
  path: string,
): Promise<{ folder: boolean; bytes: number; mode: number; writable: boolean } | undefined> {
  try {
    const found = await stat(path)
    const writable = await access(path, constants.W_OK).then(
      () => true,
      () => false,
    )
    return {
      folder: found.isDirectory(),
      bytes: found.size,
      mode: found.mode & 0o777,
      writable,
    }
  } catch (error) {
    // Below a file there is nothing either.
    if (/^(ENOENT|ENOTDIR)$/.test(String((error as { code?: string }).code))) return undefined
    throw error
  }
}

/** Bytes that this user may still write on the disk of a path that exists. */
export async function freeBytes(path: string): Promise<number> {
  const disk = await statfs(path)
  return disk.bavail * disk.bsize
}

/** What the machine is, in a few words' worth of numbers. Memory is in bytes. */
export function machine(): { platform: string; cores: number; memory: number; node: string } {
  return {
    platform: `${process.platform}-${process.arch}`,
    cores: availableParallelism(),
    memory: totalmem(),
    node: process.versions.node,
  }
}

/** The folder of the person who runs this. */
export function homeFolder(): string {
  return homedir()
}
