// Owns: the package as its users meet it: packed, installed in an empty project, imported and run.
// Leaves: what the commands do to the journeys.
// It installs without install scripts, because that is the harder case: npm may bring no Node then.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { ROOT } from './tidy.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-pack-'))
const project = join(folder, 'project')
after(() => rmSync(folder, { recursive: true, force: true }))

/** The environment of a person in another project: nothing of the npm and the runner that run these tests, nor their programs. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => {
    return !/^(npm_(package|lifecycle|execpath|command|config_local_prefix)|INIT_CWD|NODE_TEST_CONTEXT)/.test(
      name,
    )
  })
  const path = (process.env.PATH ?? '').split(delimiter)
  const own = path.filter((part) => !/node_modules|node-gyp-bin/.test(part)).join(delimiter)
  return { ...Object.fromEntries(kept), PATH: own }
}

/** Runs a program to its end and answers what it printed; a failure shows what it said. */
function run(file: string, args: string[], cwd: string): string {
  const done = spawnSync(file, args, { cwd, env: environment(), encoding: 'utf8' })
  assert.equal(done.status, 0, `${file} ${args.join(' ')}\n${done.stdout}\n${done.stderr}`)
  return done.stdout
}

interface Manifest {
  version: string
  overrides: Record<string, string>
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest

before(() => {
  run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  assert.ok(tarball)
  mkdirSync(project)
  // The overrides keep builds for graphics cards away, here as in the clone: they weigh more than all the rest.
  const own = { name: 'project', private: true, overrides: manifest.overrides }
  writeFileSync(join(project, 'package.json'), JSON.stringify(own))
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--silent']
  run('npm', ['install', ...options, join(folder, tarball)], project)
})

test('[PA1] the package holds built files, and neither tests nor sources that need a tool', () => {
  const installed = join(project, 'node_modules', 'batos')
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
  const entries = ['dist/index', 'dist/image', 'dist/image-contract'].flatMap((path) => [
    `${path}.js`,
    `${path}.d.ts`,
  ])
  for (const wanted of ['dist/main.js', ...entries, 'tools/batos.mjs', 'docs/image-contract.md']) {
    assert.ok(files.includes(wanted), wanted)
  }
  assert.ok(files.some((file) => file.startsWith('world/')))
  assert.deepEqual(
    files.filter((file) => /\.test\./.test(file)),
    [],
  )
  const sources = files.filter((file) => /(?<!\.d)\.ts$/.test(file))
  assert.deepEqual(
    sources.filter((file) => !file.startsWith('dist/ui/web/') && !file.startsWith('world/')),
    [],
  )
})

test('[PA2] npx batos answers with its version, and brings a Node that is new enough', () => {
  assert.match(run('npx', ['batos', '--version'], project), new RegExp(`\\b${manifest.version}\\b`))
})

test('[PA2] the library is imported by its name', () => {
  const script = "import('batos').then((m) => console.log(typeof m.open, typeof m.connect))"
  const args = ['--disable-warning=ExperimentalWarning', '--eval', script]
  assert.equal(run(process.execPath, args, project), 'function function\n')
})

test('[PA5] another project keeps objects in an image of its own, as docs/image.md shows', () => {
  const page = readFileSync(join(project, 'node_modules', 'batos', 'docs', 'image.md'), 'utf8')
  const example = /```js\n([\s\S]*?)```/.exec(page)?.[1] as string
  writeFileSync(join(project, 'notes.mjs'), example)
  const said = [...example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, line]) => line)
  const args = ['--disable-warning=ExperimentalWarning', 'notes.mjs']
  assert.deepEqual(run(process.execPath, args, project).trimEnd().split('\n'), said)
})

/** A test file of another project that holds a store to the suites. */
const ownStore = (change: string): string => `
import { openMemoryStore, runConnectionContract, runStoreContract } from 'batos/image-contract'
const open = () => {
  const store = openMemoryStore()
  return new Proxy(store, {
    get(_, name) {
      ${change}
      return store[name]?.bind(store)
    },
  })
}
const lacks = { reopen: 'it lives in memory', damage: 'nobody reaches its bytes' }
const contract = { name: 'own', open, lacks }
runStoreContract(contract)
runConnectionContract(contract)
`

test('[PA4] another project holds its own store to the suites: a sound one passes, a wrong one fails', () => {
  const held = (change: string) => {
    writeFileSync(join(project, 'own.test.mjs'), ownStore(change))
    const args = ['--test', '--test-reporter=tap', 'own.test.mjs']
    return spawnSync(process.execPath, args, { cwd: project, env: environment(), encoding: 'utf8' })
  }
  const sound = held('')
  assert.equal(sound.status, 0, sound.stdout)
  assert.match(sound.stdout, /^# fail 0$/m)
  assert.match(sound.stdout, /^ok .*own: .* # SKIP it lives in memory$/m)
  const wrong = held("if (name === 'read') return (oid) => store.read(oid)")
  assert.equal(wrong.status, 1)
  assert.match(wrong.stdout, /^not ok .*\[IM4\] own: /m)
  assert.match(wrong.stdout, /^not ok .*\[B5\] own: /m)
})
