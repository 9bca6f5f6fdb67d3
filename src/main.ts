// Owns: the entry of the command: the one place that reads arguments and environment and builds the powers.
// Leaves: what is done with them to cli/ and compose.ts.
// Laws: CL1 authority is handed in from here. CL3 `--version` costs little more than starting Node. CL9 a reader that
// has gone ends the output quietly, and a result is written whole before the process ends.
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { Output, Powers, Settings } from '#cli'
import { VERSION } from './version.ts'

/** Milliseconds that what is left over may keep the process after its work is done. */
const LEFT_OVER = 1_500

const { argv, env } = process
const words = argv.slice(2)

/** A folder that an XDG variable names, or its place in the home folder. Relative ones are to be ignored. */
function xdg(variable: string, otherwise: string): string {
  const named = env[variable]
  return named !== undefined && isAbsolute(named) ? named : join(homedir(), otherwise)
}

const cache = join(xdg('XDG_CACHE_HOME', '.cache'), 'batos')

function settings(): Settings {
  return {
    image: env.BATOS_IMAGE,
    color: !env.NO_COLOR && env.TERM !== 'dumb',
    forceColor: Boolean(env.FORCE_COLOR) && env.FORCE_COLOR !== '0',
    models: join(cache, 'models'),
    completions: join(cache, 'completions'),
    prompts: join(cache, 'prompts'),
    config: join(xdg('XDG_CONFIG_HOME', '.config'), 'batos', 'config.json'),
  }
}

/** A stream out. When its reader goes, nothing more is written and the work ends by itself. */
function output(stream: NodeJS.WriteStream): Output {
  let gone = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    gone = true
  })
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 0
    },
    write: (text) => {
      if (!gone) stream.write(text)
    },
  }
}

/** How a server's key is had: from BATOS_API_KEY, or from the file that BATOS_API_KEY_FILE names; never from words. */
async function apiKeyOf(
  readText: (path: string) => Promise<string | undefined>,
): Promise<() => string | undefined> {
  const file = env.BATOS_API_KEY_FILE
  const kept = file === undefined ? undefined : (await readText(file))?.trim()
  return () => env.BATOS_API_KEY ?? kept
}

/** Asks at the terminal. stdout is left to results. */
async function askLine(question: string, signal: AbortSignal): Promise<string | undefined> {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)))
  // Its own handling of Ctrl-C would take it from the command.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await Promise.race([lines.question(question, { signal }), closed])
  } finally {
    lines.close()
  }
}

/** What the person writes with, as a shell reads it. */
const editor = env.VISUAL || env.EDITOR || undefined

async function powers(): Promise<Powers> {
  const power = await import('#powers')
  power.tuneEngine()
  return {
    words,
    version: VERSION,
    settings: settings(),
    out: output(process.stdout),
    err: output(process.stderr),
    files: {
      readText: power.readText,
      writePrivate: async (path, text) => {
        await power.makeFolder(join(path, '..'))
        await power.writePrivate(path, text)
      },
      lookAt: power.lookAt,
      freeBytes: power.freeBytes,
      absolute: (path) => resolve(path),
    },
    machine: {
      describe: power.machine,
      isAlive: power.isAlive,
      listens: power.listens,
      isPortFree: power.isPortFree,
      run: power.commandRunner(env),
      systemLimits: power.systemLimits,
      loadStore: async () => {
        await import('#image')
      },
    },
    now: () => Date.now(),
    clock: () => performance.now(),
    pause: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    later: (milliseconds, callback) => void setTimeout(callback, milliseconds).unref(),
    onSignal: (callback) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, () => callback(signal))
      }
    },
    quit: (code) => process.exit(code),
    openWorld: async (folder, options) => (await import('./compose.ts')).openWorld(folder, options),
    openProvider: async (text) => {
      const { openProvider } = await import('./models.ts')
      const apiKey = await apiKeyOf(power.readText)
      return openProvider(text, {
        models: join(cache, 'models'),
        prompts: join(cache, 'prompts'),
        apiKey,
      })
    },
    openTasks: async () => (await import('./rank.ts')).openTasks(),
    rankModel: async (order) => (await import('./rank.ts')).rankModel(order),
    verifyImage: async (folder) => (await import('./closed-image.ts')).verifyImage(folder),
    salvageImage: async (folder, into) =>
      (await import('./closed-image.ts')).salvageImage(folder, into),
    backupImage: async (folder, file, how) =>
      (await import('./closed-image.ts')).backupImage(folder, file, how),
    restoreImage: async (folder, files, how) =>
      (await import('./closed-image.ts')).restoreImage(folder, files, how),
    readInput: async () => {
      let text = ''
      process.stdin.setEncoding('utf8')
      for await (const chunk of process.stdin) text += chunk
      return text
    },
    ask: process.stdin.isTTY && process.stderr.isTTY ? askLine : undefined,
    edit: process.stdin.isTTY && editor !== undefined ? power.editorFor(editor) : undefined,
    pid: process.pid,
  }
}

/** Ends by itself when all is written; what something left over keeps open is cut off after a while. */
function end(code: number): void {
  process.exitCode = code
  const cut = () => {
    if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit()
    setTimeout(cut, LEFT_OVER).unref()
  }
  setTimeout(cut, LEFT_OVER).unref()
}

if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  process.stdout.write(`${VERSION}\n`)
} else {
  // The sources are TypeScript; what Node makes of them is kept, which halves the time of every later command.
  enableCompileCache(join(cache, 'code'))
  const { run } = await import('#cli')
  end(await run(await powers()))
}
