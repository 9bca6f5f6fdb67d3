// Owns: a Python with what a list of requirements names, made once for each list and kept in the person's cache.
// Leaves: installing to pip; what Python then runs to its callers.
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Milliseconds for one run; far more than an installation takes. */
const RUN_MS = 120_000

/** Bytes of output that a run may have: more than any of ours says. */
const OUTPUT_BYTES = 16 * 1024 * 1024

export interface Ended {
  code: number
  out: string
  err: string
}

/** Why there is no Python here, or false. */
export function noPython(): string | false {
  return spawnSync('python3', ['--version']).status !== 0 && 'there is no python3 on this machine'
}

/** Runs a program to its end. Rejects when it cannot be started or does not end in time. */
export function run(program: string, args: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const options = { timeout: RUN_MS, maxBuffer: OUTPUT_BYTES }
    execFile(program, args, options, (error, out, err) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ code: Number(error?.code ?? 0), out, err })
    })
  })
}

/** The path of a Python that has what the file of requirements names. */
export async function pythonWith(requirements: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
  const home = join(homedir(), '.cache', 'batos')
  const made = join(home, `python-${hash.slice(0, 16)}`)
  const python = join(made, 'bin', 'python')
  const ready = join(made, 'ready')
  if (existsSync(ready)) return python
  await mkdir(home, { recursive: true })
  await rm(made, { recursive: true, force: true })
  await succeed('python3', ['-m', 'venv', made])
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
  await succeed(python, [...pip, '-r', requirements])
  // Written last and moved into place, so that an installation that was broken off is not taken for a whole one.
  await writeFile(`${ready}.new`, '')
  await rename(`${ready}.new`, ready)
  return python
}

async function succeed(program: string, args: string[]): Promise<void> {
  const { code, err } = await run(program, args)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${err}`)
}
