// Owns: the tests of what the operating system holds the worker, a trial and the judge to.
// Leaves: what guest code does within it to the adversary tests.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { spawnNode } from '#powers'
import type { Confined } from '../child.ts'
import { judgeEntry, judgeOptions } from '../judge/entry.ts'
import { KERNEL_LIMITS } from '../limits.ts'
import { workerEntry, workerOptions } from './entry.ts'

const MIB = 1024 * 1024
const HAS_LIMITS = process.platform === 'linux'

/** A process's own account of its limits, as Linux keeps it: name, soft, hard. */
function limitsOf(pid: number): Map<string, [soft: string, hard: string]> {
  const lines = readFileSync(`/proc/${pid}/limits`, 'utf8').split('\n').slice(1)
  return new Map(
    lines.map((line) => [
      line.slice(0, 26).trim(),
      [line.slice(26, 47).trim(), line.slice(47, 68).trim()],
    ]),
  )
}

const CHILDREN: [string, string, Confined][] = [
  ['worker', workerEntry(), workerOptions(KERNEL_LIMITS.workerHeap)],
  ['trial', workerEntry(), workerOptions(KERNEL_LIMITS.trialHeap, KERNEL_LIMITS.trialProcessor)],
  ['judge', judgeEntry(), judgeOptions()],
]

for (const [name, entry, options] of CHILDREN) {
  test(`[KN130] the operating system holds a ${name}, which is the process that was started`, {
    skip: !HAS_LIMITS && 'this system does not tell the limits of a process',
  }, async () => {
    const child = spawnNode(entry, options)
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const pid = child.pid as number
    const limits = limitsOf(pid)
    const twice = (value: number) => [String(value), String(value)]
    assert.deepEqual(limits.get('Max data size'), twice(options.memory * MIB))
    assert.deepEqual(limits.get('Max cpu time'), twice(options.processor))
    assert.deepEqual(limits.get('Max open files'), twice(options.files))
    assert.deepEqual(limits.get('Max file size'), twice(0))
    assert.deepEqual(limits.get('Max core file size'), twice(0))
    // The shell became the program, so killing the number that was answered kills it.
    assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /^[^\0]*node\0--permission/)
    assert.equal(readFileSync(`/proc/${pid}/environ`, 'utf8'), '')
    const ended = new Promise((resolve) => child.onExit((_, signal) => resolve(signal)))
    child.kill('SIGKILL')
    assert.equal(await ended, 'SIGKILL')
  })
}

test('[KN130] a process that computes for longer than it may is ended', {
  skip: !HAS_LIMITS && 'this system may not count processor time',
}, async () => {
  const options = workerOptions(KERNEL_LIMITS.trialHeap, 1)
  const endless = ['--input-type=module', '--eval', 'for (;;);']
  const child = spawnNode('', { ...options, execArgv: [...options.execArgv, ...endless] })
  const [code, signal] = await new Promise<unknown[]>((resolve) =>
    child.onExit((...how) => resolve(how)),
  )
  assert.equal(code, null)
  assert.match(String(signal), /^SIG(XCPU|KILL)$/)
})
