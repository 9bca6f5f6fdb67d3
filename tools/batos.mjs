#!/usr/bin/env node
// Owns: the first step of every command, on any Node: check it, set up once, hand over to the project's own Node.
// Leaves: installing to set-up.mjs; what a command does to src/main.ts; which tests run to run-tests.mjs.
// Laws: LA1 an old Node gets a sentence, not a stack. LA2 a set-up tree costs one hash and one spawn.
// LA6 the child's exit code and signal are the command's own.
// Plain JavaScript with old syntax and bare module names, so that even a Node too old to help can say so.
import { spawn } from 'child_process'
import { createHash } from 'crypto'
import { existsSync, readFileSync } from 'fs'
import { dirname, join } from 'path'
import { fileURLToPath } from 'url'

/** The oldest Node that can do the set-up, and the oldest that can run the sources. */
const SET_UP_NODE = 18
const RUN_NODE = 24

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const major = Number(process.versions.node.split('.')[0])
const entries = {
  checkout: join(root, 'src', 'main.ts'),
  packed: join(root, 'dist', 'main.js'),
}

/** True in a clone of the sources, false in an installed package. */
const isCheckout = existsSync(entries.checkout)

function stop(sentence) {
  process.stderr.write(`batos: ${sentence}\n`)
  process.exit(1)
}

/** The path of the Node that npm installed for the project, or undefined. Looks where npm may have hoisted it. */
function ownNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  let folder = root
  for (;;) {
    const path = join(folder, 'node_modules', 'node', 'bin', name)
    if (existsSync(path)) return path
    const parent = dirname(folder)
    if (isCheckout || parent === folder) return undefined
    folder = parent
  }
}

/** The Node that runs the sources: the project's own, or the running one when it is new enough. */
function runningNode() {
  const own = ownNode()
  if (own !== undefined) return own
  return major >= RUN_NODE ? process.execPath : undefined
}

/** True when node_modules holds what package-lock.json asks for, as the last set-up wrote down. */
function isSetUp() {
  if (!isCheckout) return true
  try {
    const lock = readFileSync(join(root, 'package-lock.json'))
    const stamp = readFileSync(join(root, 'node_modules', '.batos-stamp'), 'utf8')
    return stamp.trim() === createHash('sha256').update(lock).digest('hex')
  } catch (error) {
    if (error.code === 'ENOENT') return false
    throw error
  }
}

/** Signals that a person or a supervisor sends to end a command. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Runs the program with this command's terminal and ends as it ends. */
function handOver(node, args) {
  // What Node makes of the sources is kept, the entry's included, which saves a third of a short command's time.
  const kept = process.env.NODE_COMPILE_CACHE || join(root, 'node_modules', '.cache', 'batos')
  const env = Object.assign({}, process.env, { NODE_COMPILE_CACHE: kept })
  const child = spawn(node, args, { stdio: 'inherit', env })
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the whole group, so the child has it already and a second one would mean "at once".
    if (signal === 'SIGINT' && process.stdin.isTTY) return
    child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, forward)
  child.on('error', (error) => stop(`could not start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    for (const name of SIGNALS) process.removeListener(name, forward)
    process.kill(process.pid, signal)
  })
}

/** What to run: a tool, the tests, or the command itself. */
async function programOf(args, node) {
  // stripTypeScriptTypes warns that it is experimental; the version of Node is pinned, so the warning helps nobody.
  const flags = ['--disable-warning=ExperimentalWarning']
  if (args[0] === '--run-tests' && isCheckout) {
    const { testArguments } = await import('./run-tests.mjs')
    return flags.concat(await testArguments({ root, node, files: args.slice(1) }))
  }
  if (args[0] === '--run' && isCheckout) return flags.concat(args.slice(1))
  return flags.concat([isCheckout ? entries.checkout : entries.packed], args)
}

async function main() {
  if (!isSetUp() || runningNode() === undefined) {
    const { setUp } = await import('./set-up.mjs')
    const problem = await setUp({ root, isCheckout, isSetUp, runningNode })
    if (problem !== undefined) return stop(problem)
  }
  const node = runningNode()
  handOver(node, await programOf(process.argv.slice(2), node))
}

if (major < SET_UP_NODE) {
  stop(
    `this is Node ${process.versions.node}, and the set-up needs Node ${SET_UP_NODE} or newer. ` +
      'Install a current Node and run the same command again.',
  )
}
main().catch((error) => stop(error.stack || String(error)))
