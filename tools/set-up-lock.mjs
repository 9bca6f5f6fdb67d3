// Owns: one set-up at a time in one folder: a lock folder that holds the number of the process that set it.
// Leaves: what is done under the lock to set-up.mjs.
// Laws: LA4 two set-ups at once do not break each other: the second waits, and then finds the work done.
// A lock whose process is gone is taken over, so a set-up that was killed does not stop the next one.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Milliseconds between two looks at a lock that another holds. */
const LOOK_MS = 200

/** Milliseconds after which a lock without a number is left over: writing the number takes no time. */
const NUMBERLESS_MS = 10_000

/** The number of the process that holds the lock; 0 when it has not written it yet, undefined when there is no lock. */
function holderOf(path) {
  try {
    return Number(readFileSync(join(path, 'pid'), 'utf8')) || 0
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  try {
    return Date.now() - statSync(path).mtimeMs > NUMBERLESS_MS ? -1 : 0
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid) {
  if (pid === 0) return true
  if (pid < 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Tries to set the lock once. */
function take(path) {
  try {
    mkdirSync(path)
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
  writeFileSync(join(path, 'pid'), `${process.pid}\n`)
  return true
}

/** Takes a dead holder's lock away. A living one that slipped in between is put back. */
function clear(path, dead) {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (holderOf(aside) === dead) rmSync(aside, { recursive: true, force: true })
  else renameSync(aside, path)
}

/** Waits until the lock is ours. */
async function acquire(path) {
  let told = false
  while (!take(path)) {
    const holder = holderOf(path)
    if (holder !== undefined && !isAlive(holder)) {
      clear(path, holder)
    } else if (holder !== undefined) {
      if (!told) process.stderr.write(`Another set-up is at work (process ${holder}); waiting …\n`)
      told = true
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
}

/**
 * Does `work` while nobody else sets up the same folder, and answers what it answers. A signal ends the children
 * given, lets the lock go, and then ends the process as it would have.
 */
export async function withLock(root, children, work) {
  const path = join(root, '.set-up-lock')
  try {
    await acquire(path)
  } catch (error) {
    if (!/^(EACCES|EPERM|EROFS)$/.test(error.code)) throw error
    return `this folder cannot be written (${root}), so nothing can be set up in it.`
  }
  const release = () => rmSync(path, { recursive: true, force: true })
  const onSignal = (signal) => {
    for (const child of children) child.kill(signal)
    release()
    process.removeListener(signal, onSignal)
    process.kill(process.pid, signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, onSignal)
  try {
    return await work()
  } finally {
    for (const signal of signals) process.removeListener(signal, onSignal)
    release()
  }
}
