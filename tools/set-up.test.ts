// Owns: the launcher as a person meets it: a small project in a folder of its own, with the real npm.
// Leaves: the packed package to pack.test.ts.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ROOT } from './tidy.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-set-up-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const LAUNCHER = ['batos', 'set-up', 'set-up-lock', 'set-up-progress', 'run-tests']

/** A program that says its arguments, and waits for a signal when asked. */
const PROGRAM = `
const [verb, ...rest] = process.argv.slice(2)
if (verb === 'wait') {
  process.on('SIGTERM', () => process.exit(9))
  setInterval(() => {}, 1000)
}
if (verb === 'fail') process.exitCode = 7
console.log('ran', verb, ...rest)
`

/** Environment without what npm sets for its scripts, and without a terminal's habits. */
function plainEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => {
    return !/^(npm_(package|lifecycle|execpath|command|config_local_prefix)|INIT_CWD|CI$)/.test(
      name,
    )
  })
  return { ...Object.fromEntries(kept), ...extra }
}

/** Makes a project with the launcher and one dependency, which is a folder beside it unless another is given. */
function makeProject(
  name: string,
  dependencies: Record<string, string> = { part: 'file:part' },
): string {
  const root = join(folder, name)
  mkdirSync(join(root, 'src'), { recursive: true })
  mkdirSync(join(root, 'part'))
  for (const file of LAUNCHER) {
    cpSync(join(ROOT, 'tools', `${file}.mjs`), join(root, 'tools', `${file}.mjs`))
  }
  const manifest = { name: 'project', version: '1.0.0', type: 'module', dependencies }
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(root, 'part', 'package.json'), '{ "name": "part", "version": "1.0.0" }')
  writeFileSync(join(root, 'src', 'main.ts'), PROGRAM)
  const packages = {
    '': { name: 'project', version: '1.0.0', dependencies },
    'node_modules/part': { resolved: 'part', link: true },
    part: { version: '1.0.0' },
  }
  const lock = { name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true, packages }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock))
  return root
}

/** Starts the launcher in a project. `ended` resolves to its code and what it said. */
function start(
  root: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; flags?: string[] } = {},
): { child: ChildProcess; ended: Promise<{ code: number | null; out: string; said: string }> } {
  const flags = options.flags ?? []
  const child = spawn(process.execPath, [...flags, join(root, 'tools', 'batos.mjs'), ...args], {
    cwd: root,
    env: options.env ?? plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let said = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, said }))
  return { child, ended }
}

test('[LA1] a Node that is too old gets one sentence with its version', async () => {
  const old = '{ value: { ...process.versions, node: "16.20.2" } }'
  const pretend = `data:text/javascript,Object.defineProperty(process,"versions",${old})`
  const root = makeProject('old')
  const { code, out, said } = await start(root, ['hello'], { flags: ['--import', pretend] }).ended
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(said, /^batos: this is Node 16\.20\.2, and the set-up needs Node 18 or newer\..*\n$/)
})

test('[LA2] [LA5] the first command sets up in whole lines on stderr, the next runs no npm', async () => {
  const root = makeProject('fresh')
  const first = await start(root, ['hello', 'you']).ended
  assert.deepEqual([first.code, first.out], [0, 'ran hello you\n'])
  assert.match(first.said, /^Installing what the project needs, once …\n.*: done in \d+ s\n$/)
  const env = plainEnvironment({ PATH: join(folder, 'nowhere') })
  const second = await start(root, ['hello'], { env }).ended
  assert.deepEqual([second.code, second.out, second.said], [0, 'ran hello\n', ''])
})

test('[LA8] what npm installed by other hands is taken as it is', async () => {
  const root = makeProject('by-hand')
  const installed = spawnSync('npm', ['ci'], { cwd: root, env: plainEnvironment() })
  assert.equal(installed.status, 0)
  const { code, said } = await start(root, ['hello']).ended
  assert.deepEqual([code, said], [0, ''])
})

test('[LA4] two set-ups at once both succeed, and npm runs once', async () => {
  const root = makeProject('twice')
  const ends = await Promise.all([start(root, ['one']).ended, start(root, ['two']).ended])
  assert.deepEqual(
    ends.map(({ code, out }) => [code, out]),
    [
      [0, 'ran one\n'],
      [0, 'ran two\n'],
    ],
  )
  const said = ends.map((end) => end.said).join('')
  assert.equal(said.match(/needs, once …/g)?.length, 1)
})

test('[LA4] the lock of a process that is gone is taken over', async () => {
  const root = makeProject('left-over')
  const gone = spawnSync(process.execPath, ['-e', ''])
  mkdirSync(join(root, '.set-up-lock'))
  writeFileSync(join(root, '.set-up-lock', 'pid'), `${gone.pid}\n`)
  const { code, said } = await start(root, ['hello']).ended
  assert.equal(code, 0)
  assert.doesNotMatch(said, /Another set-up/)
})

test('[LA3] [LA5] an unreachable registry is told with what to do, after the tail of npm', async () => {
  const root = makeProject('far', { 'no-such-part': '1.0.0' })
  const entry = { version: '1.0.0', integrity: 'sha512-AAAA' }
  const packages = {
    '': { name: 'project', version: '1.0.0', dependencies: { 'no-such-part': '1.0.0' } },
    'node_modules/no-such-part': entry,
  }
  const lock = { name: 'project', version: '1.0.0', lockfileVersion: 3, requires: true, packages }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(lock))
  const env = plainEnvironment({
    npm_config_registry: 'http://127.0.0.1:1',
    npm_config_cache: join(root, 'cache'),
    npm_config_fetch_retries: '0',
  })
  const { code, out, said } = await start(root, ['hello'], { env }).ended
  assert.deepEqual([code, out], [1, ''])
  assert.match(said, /ECONNREFUSED/)
  assert.match(said, /batos: .*the npm registry cannot be reached\. Check the network.*\n$/)
})

test('[LA3] a lock file that does not agree, and a missing npm, are told', async () => {
  const root = makeProject('disagreeing')
  const manifest = { name: 'project', version: '1.0.0', dependencies: { other: 'file:other' } }
  writeFileSync(join(root, 'package.json'), JSON.stringify(manifest))
  mkdirSync(join(root, 'other'))
  writeFileSync(join(root, 'other', 'package.json'), '{ "name": "other", "version": "1.0.0" }')
  const disagreeing = await start(root, ['hello']).ended
  assert.equal(disagreeing.code, 1)
  assert.match(disagreeing.said, /package\.json and package-lock\.json do not agree/)
  const env = plainEnvironment({ PATH: join(folder, 'nowhere') })
  const without = await start(root, ['hello'], { env }).ended
  assert.equal(without.code, 1)
  assert.match(without.said, /batos: npm was not found\. Install npm/)
})

test('[LA3] a full disk and a folder of another owner are recognised in what npm says', async () => {
  const module: { causeOf(output: string): string | undefined } = await import(
    new URL('./set-up.mjs', import.meta.url).href
  )
  assert.match(module.causeOf('npm error code ENOSPC') ?? '', /disk is full/)
  assert.match(module.causeOf('npm error code EACCES') ?? '', /may not write here/)
  assert.equal(module.causeOf('npm error something else'), undefined)
})

test('[LA6] the code of the program is the code of the command', async () => {
  const root = makeProject('codes')
  const { code, out } = await start(root, ['fail']).ended
  assert.deepEqual([code, out], [7, 'ran fail\n'])
})

test('[LA6] a signal sent to the command reaches the program', async () => {
  const root = makeProject('signals')
  const { child, ended } = start(root, ['wait'])
  assert.ok(child.stdout)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  assert.equal((await ended).code, 9)
})

test('[LA7] all tests run when none is named, and a named one runs alone', async () => {
  const root = makeProject('tests')
  for (const place of ['src', 'test', 'tools']) {
    mkdirSync(join(root, place), { recursive: true })
    const text = `import { test } from 'node:test'\ntest('of ${place}', () => {})\n`
    writeFileSync(join(root, place, 'a.test.ts'), text)
  }
  // A test runner inside a test runner would report to the outer one.
  const env = plainEnvironment()
  delete env.NODE_TEST_CONTEXT
  const all = await start(root, ['--run-tests'], { env }).ended
  assert.equal(all.code, 0)
  for (const place of ['src', 'test', 'tools']) assert.match(all.out, new RegExp(`of ${place}`))
  const one = await start(root, ['--run-tests', 'src/a.test.ts'], { env }).ended
  assert.match(one.out, /of src/)
  assert.doesNotMatch(one.out, /of tools/)
})
