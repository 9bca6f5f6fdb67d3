// One run of the command line, with powers of the test's own.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { Fault } from '#ground'
import { EXIT_WORDS, exitCodeOf } from './exit-codes.ts'
import { handed } from './powers.fixture.ts'
import { run } from './run.ts'

const ESCAPE = '\u001b'

/** Runs words; answers the exit code and what was written. */
async function ran(words: string[], given: Parameters<typeof handed>[0] = {}) {
  const hands = handed({ ...given, words })
  const code = await run(hands.powers)
  return { code, out: hands.out(), err: hands.err(), hands }
}

const fault = (code: string, data?: Record<string, unknown>) =>
  new Fault({
    code,
    message: 'so it is',
    remedy: 'Do that.',
    retry: 'never',
    ...(data && { data }),
  })

const throwing = (error: Error) => () => ({
  request: async (op: string) => {
    if (op === 'HelloCommand') return {}
    throw error
  },
})

const VERBS = [
  ...['up', 'awaken', 'send', 'show', 'source', 'ls', 'status', 'log', 'history', 'verify'],
  ...['method', 'diff', 'undo', 'pack', 'dump', 'load', 'salvage', 'backup', 'restore'],
  ...['doctor', 'model ls', 'model pull', 'model use', 'model rank'],
]

test('[CL1] a run reads and writes what it was handed, and opens the world that it was handed', async () => {
  const names = { objects: [{ name: 'genesis', oid: '#1' }] }
  const { code, out, hands } = await ran(['ls'], { world: () => ({ request: async () => names }) })
  assert.equal(code, 0)
  assert.equal(out, 'genesis  #1\n')
  assert.deepEqual(hands.opened, [{ policy: 'off' }])
})

test('[CL2] each kind of fault has its exit code, and any other has simply failed', () => {
  const codes = {
    FIELD_INVALID: 2,
    TARGET_UNKNOWN: 3,
    CONFLICT: 4,
    IMAGE_IN_USE: 4,
    POLICY: 5,
    UNAUTHENTICATED: 5,
    CANCELLED: 6,
    NOT_UNDERSTOOD: 7,
    GENERATION_FAILED: 7,
    GENERATION_REFUSED: 7,
    IMAGE_DAMAGED: 8,
    METHOD_FAILED: 1,
    FUEL: 1,
    constructor: 1,
  }
  for (const [code, exit] of Object.entries(codes)) assert.equal(exitCodeOf({ code }), exit, code)
  assert.equal(exitCodeOf({ code: 'IMAGE_IN_USE', data: { unanswered: true } }), 6)
})

test('[CL2] the help lists the exit codes', async () => {
  const { out } = await ran(['--help'])
  for (const [code, words] of EXIT_WORDS) assert.ok(out.includes(`${code} ${words}`), words)
})

test('[CL3] the entry imports nothing of the project but its version before it has read the words', () => {
  const text = readFileSync(new URL('../main.ts', import.meta.url), 'utf8')
  const imports = [...text.matchAll(/^import (?!type)[^;]*?from '([^']+)'/gm)].map(
    ([, from]) => from,
  )
  assert.ok(imports.length > 2)
  for (const from of imports) assert.match(String(from), /^(node:|\.\/version\.ts$)/)
})

test('[CL4] a fault is told by its code and sentence, then its remedy, and no stack', async () => {
  const { code, out, err } = await ran(['ls'], { world: throwing(fault('BUSY')) })
  assert.deepEqual([code, out, err], [1, '', 'BUSY: so it is\n  Do that.\n'])
})

test('[CL4] an error of the system is told in words, and --debug shows where it was', async () => {
  const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  const calm = await ran(['ls'], { world: throwing(error) })
  assert.match(calm.err, /^batos: EACCES: permission denied\n {2}Look at the permissions/)
  assert.doesNotMatch(calm.err, /run\.test\.ts/)
  const debug = await ran(['ls', '--debug'], { world: throwing(error) })
  assert.match(debug.err, /run\.test\.ts/)
})

test('[CL5] with --json a fault is one document, and the sentence is still told', async () => {
  const { code, out, err } = await ran(['ls', '--json'], {
    world: throwing(fault('TARGET_UNKNOWN', { target: 'x' })),
  })
  assert.equal(code, 3)
  assert.deepEqual(JSON.parse(out), {
    ok: false,
    fault: {
      code: 'TARGET_UNKNOWN',
      message: 'so it is',
      remedy: 'Do that.',
      retry: 'never',
      data: { target: 'x' },
    },
  })
  assert.match(err, /^TARGET_UNKNOWN: so it is/)
})

test('[CL6] Ctrl-C is answered at once and ends with 130; again it ends the process', async () => {
  let signalled: (() => void) | undefined
  const hands = handed({
    words: ['history', 'genesis'],
    world: () => ({
      request: (op, _fields, options) =>
        op === 'HelloCommand'
          ? Promise.resolve({})
          : new Promise((_, reject) => {
              options?.signal?.addEventListener('abort', () => reject(fault('CANCELLED')))
              signalled?.()
            }),
    }),
  })
  const asked = new Promise<void>((resolve) => {
    signalled = resolve
  })
  const done = run(hands.powers)
  await asked
  hands.signal('SIGINT')
  assert.match(hands.err(), /^Stopping\. Press Ctrl-C again/)
  assert.equal(await done, 130)
  assert.deepEqual(hands.quits, [])
  hands.signal('SIGINT')
  assert.deepEqual(hands.quits, [130])
})

test('[CL7] every command has help with an example', async () => {
  for (const verb of VERBS) {
    const { code, out, err } = await ran([...verb.split(' '), '--help'])
    assert.deepEqual([code, err], [0, ''], verb)
    assert.match(out, new RegExp(`\nExample:\n {2}batos ${verb}`), verb)
    assert.match(out, /--image <dir>/, verb)
  }
})

test('[CL7] help is shown for no words, for `help`, and for -h at the end of anything', async () => {
  const { code, out } = await ran([])
  assert.equal(code, 0)
  assert.match(out, /Examples:\n {2}batos up/)
  assert.equal((await ran(['help'])).out, out)
  const send = await ran(['send', 'genesis', 'clone', '-h'])
  assert.match(send.out, /^Usage: batos send /)
  assert.deepEqual([send.code, send.hands.opened], [0, []])
})

test('[CL8] a mistyped command ends with 2 and the nearest that is one, nothing on stdout', async () => {
  const { code, out, err } = await ran(['shwo', 'genesis'])
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /unknown command 'shwo'\n\(Did you mean show\?\)/)
})

test('[CL8] unknown options, missing words and bad numbers end with 2', async () => {
  for (const words of [
    ['ls', '--jsno'],
    ['send', 'genesis'],
    ['send', 'genesis', 'clone', '--deadline', 'soon'],
    ['send', 'genesis', 'clone', '--policy', 'auto'],
    ['log', '--limit', '0'],
    ['up', '--port', '70000'],
    ['model', 'sell'],
  ]) {
    const { code, out, err } = await ran(words)
    assert.deepEqual([code, out], [2, ''], words.join(' '))
    assert.match(err, /^batos: /, words.join(' '))
  }
})

test('[CL10] `--version` prints the version alone', async () => {
  const { code, out, err } = await ran(['--version'])
  assert.deepEqual([code, out, err], [0, '1.2.3\n', ''])
})

test('[CL11] a pipe gets no escape byte, a terminal does, and NO_COLOR and --no-color hold', async () => {
  const world = throwing(fault('BUSY'))
  assert.ok(!(await ran(['ls'], { world })).err.includes(ESCAPE))
  assert.ok((await ran(['ls'], { world, terminal: true })).err.includes(ESCAPE))
  assert.ok((await ran(['ls'], { world, forceColor: true })).err.includes(ESCAPE))
  assert.ok(!(await ran(['ls'], { world, terminal: true, color: false })).err.includes(ESCAPE))
  assert.ok(!(await ran(['ls', '--no-color'], { world, terminal: true })).err.includes(ESCAPE))
})
