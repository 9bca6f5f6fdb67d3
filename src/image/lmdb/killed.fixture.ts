// Owns: running a program until it has printed so many lines, and killing it there, for tests of what survives.
// Leaves: what the program does to its own file; what must be there afterwards to the tests.
// Laws: none of its own; no part of a running kernel imports this.
import { spawn } from 'node:child_process'

/** Numbers from 0 to 1, the same for the same seed. */
export function* chance(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    yield state / 2 ** 32
  }
}

/** Runs a program on a folder, kills it after `lines` lines, and answers all whole lines that it printed. */
export function killAfter(program: string, folder: string, lines: number): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let printed = ''
    let count = 0
    child.stdout.on('data', (chunk: Buffer) => {
      const text = chunk.toString()
      printed += text
      count += text.split('\n').length - 1
      // The program goes on meanwhile: the kill falls anywhere in its encoding, writing or syncing.
      if (count >= lines) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('close', (_, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the program ended by itself: ${signal}`))
      // A last line without its end was cut by the kill.
      else resolve(printed.split('\n').slice(0, -1))
    })
  })
}
