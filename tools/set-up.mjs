// Owns: making a fresh clone or a bare package ready to run: dependencies through npm, and a Node new enough.
// Leaves: deciding that it is needed to batos.mjs; taking turns to set-up-lock.mjs; models to the command itself.
// Laws: LA3 what fails is said in one sentence with what to do. LA4 two set-ups at once do not break each other.
// LA5 npm's own output appears only when it failed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { progress } from './set-up-progress.mjs'
import { withLock } from './set-up-lock.mjs'

/** Lines of npm's output that are shown when it failed: enough for the cause, short enough to read. */
const OUTPUT_LINES_SHOWN = 40

/** Bytes of npm's output that are kept: its failures end with the cause, so the tail is what matters. */
const OUTPUT_BYTES_KEPT = 64 * 1024

/** What npm says, what it means, and what a person can do. The first match wins. */
const CAUSES = [
  {
    sign: /ENOSPC|no space left/i,
    sentence: 'the disk is full. Free about 1 GB and run the same command again.',
  },
  {
    sign: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/,
    sentence:
      'the npm registry cannot be reached. Check the network, or the proxy and registry that ' +
      '`npm config ls` shows, and run the same command again.',
  },
  {
    sign: /EACCES|EPERM|EROFS|permission denied/i,
    sentence:
      'npm may not write here. Make the folder yours (`ls -ld .` shows the owner), or clone the ' +
      'project into a folder that is.',
  },
  {
    sign: /EUSAGE|in sync/,
    sentence:
      'package.json and package-lock.json do not agree. Take both from the same commit, or run ' +
      '`npm install` after an edit of package.json.',
  },
  {
    sign: /EINTEGRITY/,
    sentence:
      'a package arrived with other bytes than the lock file names. Run `npm cache verify` and ' +
      'try again; if it happens again, do not trust the registry.',
  },
  {
    sign: /E404|ETARGET/,
    sentence: 'the registry does not have one of the packages; the output above names it.',
  },
]

/** The sentence for what npm said, or undefined when nothing is recognised. */
export function causeOf(output) {
  for (const { sign, sentence } of CAUSES) if (sign.test(output)) return sentence
  return undefined
}

/** How npm is started: its own script when npm started us, else the command on the PATH. */
function npmCommand() {
  const script = process.env.npm_execpath || ''
  if (/^np[mx]-cli\.js$/.test(basename(script))) {
    const npm = join(dirname(script), 'npm-cli.js')
    if (existsSync(npm)) return { file: process.execPath, args: [npm], shell: false }
  }
  const isWindows = process.platform === 'win32'
  return { file: isWindows ? 'npm.cmd' : 'npm', args: [], shell: isWindows }
}

/** Runs a program quietly. Resolves to its exit code and the tail of what it said; code -1 when it cannot start. */
function run(command, args, folder, children) {
  return new Promise((resolve) => {
    const child = spawn(command.file, command.args.concat(args), {
      cwd: folder,
      shell: command.shell,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    let output = ''
    const keep = (chunk) => {
      output = (output + chunk).slice(-OUTPUT_BYTES_KEPT)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => resolve({ code: -1, output: `${error.code}: ${error.message}` }))
    child.on('close', (code) => {
      children.delete(child)
      resolve({ code: code === null ? 1 : code, output })
    })
  })
}

/** The sentence for a failed npm, after showing what it said. */
function explain(what, result) {
  if (result.code === -1 && /ENOENT/.test(result.output)) {
    return 'npm was not found. Install npm (it comes with Node) and run the same command again.'
  }
  const tail = result.output.trimEnd().split('\n').slice(-OUTPUT_LINES_SHOWN).join('\n')
  process.stderr.write(`${tail}\n`)
  const cause = causeOf(result.output)
  return `${what}: ${cause || 'npm failed; its output is above. Run `npm ci` to see all of it.'}`
}

/**
 * True when npm has installed by other hands exactly what the lock file asks for, optional packages aside: then a
 * second installation would only take time, and pull files from under programs that run.
 */
export function isInstalled(root) {
  const read = (path) => {
    try {
      return JSON.parse(readFileSync(path, 'utf8')).packages
    } catch (error) {
      if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined
      throw error
    }
  }
  const wanted = read(join(root, 'package-lock.json'))
  const found = read(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined || found === undefined) return false
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue
    const there = found[path]
    if (there === undefined && entry.optional) continue
    if (there === undefined || there.version !== entry.version) return false
    if (there.integrity !== entry.integrity) return false
  }
  return true
}

/** Writes down which lock file node_modules was made from. */
function stamp(root) {
  const lock = readFileSync(join(root, 'package-lock.json'))
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  const hash = createHash('sha256').update(lock).digest('hex')
  writeFileSync(join(root, 'node_modules', '.batos-stamp'), `${hash}\n`)
}

/** Installs the dependencies that package-lock.json names. Resolves to a problem, or to undefined. */
async function installDependencies(root, children) {
  if (isInstalled(root)) {
    stamp(root)
    return undefined
  }
  const shown = progress('Installing what the project needs, once')
  // Development packages are named because NODE_ENV or a configuration may leave them out, and the tests need them.
  const args = ['ci', '--include=dev', '--include=optional', '--prefer-offline', '--no-audit']
  const result = await run(
    npmCommand(),
    args.concat('--no-fund', '--loglevel=error'),
    root,
    children,
  )
  if (result.code !== 0) {
    shown.fail()
    return explain('the dependencies could not be installed', result)
  }
  stamp(root)
  shown.done()
  return undefined
}

/** The folder of the npm package `node`, or undefined. */
function nodePackage(root, isCheckout) {
  let folder = root
  for (;;) {
    const path = join(folder, 'node_modules', 'node')
    if (existsSync(join(path, 'installArchSpecificPackage.js'))) return path
    const parent = dirname(folder)
    if (isCheckout || parent === folder) return undefined
    folder = parent
  }
}

/** Does what npm does not when it runs no install scripts: lets the package `node` bring its program. */
async function installNode(root, isCheckout, children) {
  const wish = `BAT OS runs on Node 24 or newer; this is ${process.versions.node}`
  const remedy = 'Install Node 24 and run the same command again.'
  const folder = nodePackage(root, isCheckout)
  if (folder === undefined) return `${wish}, and npm could not bring one. ${remedy}`
  const shown = progress("Installing the project's own Node, once")
  const command = { file: process.execPath, args: [], shell: false }
  const result = await run(command, ['installArchSpecificPackage.js'], folder, children)
  if (result.code === 0) {
    shown.done()
    return undefined
  }
  shown.fail()
  return `${explain(`${wish}, and npm could not bring one`, result)} ${remedy}`
}

/**
 * Makes the project ready. Resolves to undefined when it is, else to the sentence to end with. The two functions
 * given say whether it is ready already; they are asked again under the lock, since another set-up may have done it.
 */
export async function setUp({ root, isCheckout, isSetUp, runningNode }) {
  const children = new Set()
  return withLock(root, children, async () => {
    if (!isSetUp()) {
      const problem = await installDependencies(root, children)
      if (problem !== undefined) return problem
    }
    if (runningNode() !== undefined) return undefined
    const problem = await installNode(root, isCheckout, children)
    if (problem === undefined && runningNode() === undefined) {
      return 'the installed Node was not found where npm puts it. Install Node 24 and try again.'
    }
    return problem
  })
}
