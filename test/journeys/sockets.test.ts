// Owns: the ROUTER of a running kernel: who comes and goes, who is too slow, what may be large, who may come at all.
// Leaves: frames that should not be to hostile.test.ts; the socket alone to kernel/zmq.
// Laws: the claims are the rules of src/bridge/SPEC.md.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { asFault } from '#ground'
import { connectDealer } from '#kernel'
import { connect, curveKeyPair, open, type OpenWorld } from '#batos'
import { pack, unpack } from '#bridge'
import { Place } from './processes.ts'
import { heldBytes, listening, SOAKS, until } from './soak.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const place = new Place()
let world: OpenWorld
let endpoint: string
let token: string

before(async () => {
  world = await open(join(place.folder, 'inside'), { zmq: 'tcp://127.0.0.1:*' })
  endpoint = world.endpoint as string
  token = world.token as string
  await world.send('genesis', 'clone:', ['account'])
  await world.send('account', 'setSlot:value:', ['balance', 0])
})

after(async () => {
  await world.shut()
  await place[Symbol.asyncDispose]()
})

const peers = async () => ((await world.request('GetStatusCommand')) as { peers: number }).peers

const codeOf = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(
    (value) => assert.fail(`answered ${JSON.stringify(value)}`),
    (error: unknown) => asFault(error)?.code,
  )

interface Program {
  child: ChildProcess
  line(): Promise<string>
  ended: Promise<{ code: number | null; err: string }>
}

/** A program of the library as a process; its lines can be waited for. */
function program(args: string[]): Program {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = new Promise<{ code: number | null; err: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, err }))
  })
  return { child, ended, line: async () => String((await lines.next()).value) }
}

const script = (text: string, ...args: string[]) =>
  program(['--input-type=module', '--eval', text, ...args])

// What the heap has not yet given back is not held, so it is collected before it is looked at.
setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

const FAR = fileURLToPath(new URL('./far-client.ts', import.meta.url))

test('[BR43] [B24] peers that have gone are forgotten, and cost nothing', async () => {
  const visit = async () => {
    const client = await connect(endpoint, { token })
    await client.subscribe({ target: 'account' }, () => undefined)
    assert.equal(await client.send('account', 'balance'), 0)
    client.close()
  }
  const visits = async (count: number) => {
    for (let i = 0; i < count; i++) await visit()
    await until(async () => (await peers()) === 0)
  }
  await visits(200)
  collect()
  const before = heldBytes(process.pid)
  await visits(SOAKS ? 1_000 : 800)
  collect()
  const grown = heldBytes(process.pid) - before
  assert.ok(grown < 20 * 1024 * 1024, `${grown} bytes more are held`)
})

test('[BR43] [B8] [Z7] a client that was stopped is forgotten, and goes on when it is woken', async (t) => {
  const far = program([FAR, endpoint, token])
  assert.equal(await far.line(), 'ready')
  assert.equal(await peers(), 1)
  far.child.kill('SIGSTOP')
  const stopped = performance.now()
  await until(async () => (await peers()) === 0)
  t.diagnostic(
    `forgotten ${((performance.now() - stopped) / 1_000).toFixed(1)} s after it was stopped`,
  )
  far.child.kill('SIGCONT')
  assert.equal(await far.line(), 'lost')
  assert.equal(await far.line(), 'again')
  assert.equal(await peers(), 1)
  far.child.stdin?.end()
  assert.deepEqual(await far.ended, { code: 0, err: '' })
  await until(async () => (await peers()) === 0)
})

test('[BR43] a client that was killed is forgotten', async () => {
  const far = program([FAR, endpoint, token])
  assert.equal(await far.line(), 'ready')
  far.child.kill('SIGKILL')
  await until(async () => (await peers()) === 0)
})

/** A bare connection that has said Hello; `on` has every frame after it. */
function bare(on: (frame: Record<string, unknown>) => void): Promise<{
  send(message: Record<string, unknown>): boolean
  close(): void
}> {
  return new Promise((resolve) => {
    const wire = connectDealer(endpoint, {
      frame: (bytes) => {
        const frame = unpack(bytes) as Record<string, unknown>
        if (frame.id !== 'hello') return on(frame)
        assert.equal(frame.ok, true)
        resolve({ send: (message) => wire.send(pack({ v: 1, ...message })), close: wire.close })
      },
      lost: () => undefined,
    })
    wire.send(pack({ v: 1, id: 'hello', op: 'HelloCommand', token }))
  })
}

test('[BR44] a client that does not read is told that its session has ended, and may begin anew', async () => {
  await world.request('CreateMethodCommand', {
    target: 'account',
    method_name: 'large',
    source: 'function large(self, size) { return "x".repeat(size) }',
  })
  // A client that is stopped reads nothing; the first answer shows that its requests have come.
  const slow = script(
    `import { connect } from '#batos'
     const client = await connect(process.argv[1], { token: process.argv[2] })
     const asked = Array.from({ length: 100 }, () => client.send('account', 'large', [900_000]))
     await Promise.race(asked)
     console.log('asked')
     const ends = await Promise.allSettled(asked)
     const faults = ends.filter(({ status }) => status === 'rejected').map(({ reason }) => reason)
     console.log(faults.length > 0, faults.every(({ code }) => code === 'CANCELLED'), faults[0]?.message)
     const next = await connect(process.argv[1], { token: process.argv[2] })
     console.log(await next.send('account', 'balance'))
     next.close()`,
    endpoint,
    token,
  )
  assert.equal(await slow.line(), 'asked')
  slow.child.kill('SIGSTOP')
  const other = await connect(endpoint, { token })
  // Each answer of another client shows that the kernel goes on; enough of them, and the slow one was cut.
  for (let i = 0; i < 200; i++) assert.equal(await other.send('account', 'balance'), 0)
  slow.child.kill('SIGCONT')
  assert.match(
    await slow.line(),
    /^true true the kernel ended the connection: slow consumer|^true true the connection to the kernel was lost/,
  )
  assert.equal(await slow.line(), '0')
  assert.deepEqual(await slow.ended, { code: 0, err: '' })
  other.close()
})

test('[BR47] a session that follows as much as it may is told so, and may follow again when it ends one', async () => {
  const client = await connect(endpoint, { token })
  const stops: (() => Promise<void>)[] = []
  for (let i = 0; i < 256; i++) stops.push(await client.subscribe({}, () => undefined))
  const refused = client.subscribe({}, () => undefined)
  await assert.rejects(refused, (error) => {
    const { code, data } = asFault(error) ?? assert.fail(String(error))
    return code === 'BUSY' && Number(data?.retryAfter) > 0
  })
  await stops[0]?.()
  await client.subscribe({}, () => undefined)
  client.close()
})

test('[BR56] [B22] ten clients with a thousand requests each on their way have their answers in order', async (t) => {
  const times: number[] = []
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      let next = 0
      let enough: () => void = () => undefined
      const done = new Promise<void>((resolve) => {
        enough = resolve
      })
      const client = await bare((frame) => {
        assert.equal(frame.id, next++)
        assert.deepEqual([frame.ok, frame.result], [true, 0])
        times.push(performance.now() - begun)
        if (next === 1_000) enough()
      })
      const begun = performance.now()
      for (let id = 0; id < 1_000; id++) {
        client.send({ id, op: 'SendCommand', target: 'account', selector: 'balance' })
      }
      await done
      client.close()
    }),
  )
  times.sort((a, b) => a - b)
  const [p50, p99] = [times[5_000], times[9_900]].map((time) => time?.toFixed(0))
  t.diagnostic(`answers ${p50} ms after all were sent (p50), ${p99} ms (p99)`)
})

test('[BR57] an answer of 8 MiB arrives whole, and a larger one is a LIMIT fault', async () => {
  const client = await connect(endpoint, { token })
  const limit = 8 * 1024 * 1024
  await client.request('CreateMethodCommand', {
    target: 'account',
    method_name: 'bytes',
    source:
      'function bytes(self, size) { const b = new Uint8Array(size); for (let i = 0; i < size; i += 4096) b[i] = i / 4096; return b }',
  })
  // Five bytes say that bytes come and how many.
  const whole = (await client.send('account', 'bytes', [limit - 5])) as Uint8Array
  assert.equal(whole.length, limit - 5)
  for (let i = 0; i < whole.length; i += 4096) assert.equal(whole[i], (i / 4096) % 256)
  assert.equal(await codeOf(client.send('account', 'bytes', [limit])), 'LIMIT')
  // What no turn made, but many objects hold together.
  const names = Array.from({ length: 40 }, (_, i) => `part${i}`)
  for (const name of names) {
    const slots = { [`text of ${name}`]: 'x'.repeat(250_000) }
    await client.request('CreateObjectCommand', { name, slots })
  }
  const parents = (count: number) => ({ name: `sum${count}`, parents: names.slice(0, count) })
  await client.request('CreateObjectCommand', parents(30))
  await client.request('CreateObjectCommand', parents(40))
  const state = (await client.request('GetFullStateCommand', { target: 'sum30' })) as {
    slots: unknown[]
  }
  assert.ok(state.slots.length >= 60, String(state.slots.length))
  const refused = client.request('GetFullStateCommand', { target: 'sum40' })
  assert.equal(await codeOf(refused), 'LIMIT')
  client.close()
})

test('[BR40] [B18] a kernel listens on loopback alone, whatever it serves', async () => {
  const { running, about } = await place.serve(['--zmq', 'tcp://127.0.0.1:*'])
  const open = listening(about.pid as number)
  // The page and the socket.
  assert.equal(open.length, 2, open.join(', '))
  for (const one of open) assert.match(one, /^tcp 0100007F:/)
  running.child.kill('SIGTERM')
  const { code, err } = await running.ended
  assert.equal(err.includes('ZeroMQ'), false, err)
  assert.ok(code === 0 || code === 130 || code === 143, String(code))
  for (const wide of ['tcp://*:*', 'tcp://0.0.0.0:*', 'ws://127.0.0.1:*']) {
    const ran = await place.run(['up', '--port', '0', '--policy', 'off', '--zmq', wide])
    assert.equal(ran.code, 5, ran.err)
    assert.match(ran.err, /POLICY/)
  }
})

test('[BR45] [BR46] [BR74] [B19] with --curve the owner comes in, others while they are on the list, and the rest is told', async () => {
  const words = ['--zmq', 'tcp://127.0.0.1:*', '--curve']
  const { running } = await place.serve(words)
  const file = JSON.parse(readFileSync(join(place.image, 'kernel.json'), 'utf8')) as Record<
    string,
    string
  >
  const keys = join(place.image, 'curve.json')
  assert.equal(statSync(keys).mode & 0o777, 0o600)
  const { publicKey } = JSON.parse(readFileSync(keys, 'utf8')) as { publicKey: string }
  assert.equal(file.serverKey, publicKey)
  // The owner's commands find their key beside the image.
  const ran = await place.run(['send', 'genesis', 'clone:', 'account', '--json'])
  assert.equal(ran.code, 0, ran.err)
  const friend = curveKeyPair()
  const come = () =>
    connect(file.endpoint as string, {
      token: file.token as string,
      curve: { ...friend, serverKey: publicKey },
    })
  assert.equal(await codeOf(come()), 'UNAUTHENTICATED')
  const bare = connect(file.endpoint as string, { token: file.token as string })
  assert.match((await codeOf(bare)) ?? '', /^(UNAUTHENTICATED|CANCELLED)$/)
  // The list is read at each connection.
  writeFileSync(
    join(place.image, 'curve-allow'),
    `# friends\nnonsense\n${friend.publicKey} # a friend\n`,
  )
  const client = await come()
  assert.equal(await client.send('account', 'respondsTo:', ['clone:']), true)
  // Who is in is out with the next message once its key is gone, and is told of nothing more.
  const changes: unknown[] = []
  await client.subscribe({}, (change) => changes.push(change))
  writeFileSync(join(place.image, 'curve-allow'), '')
  assert.equal(await codeOf(client.send('account', 'respondsTo:', ['clone:'])), 'UNAUTHENTICATED')
  assert.equal((await place.run(['send', 'genesis', 'clone:', 'another'])).code, 0)
  assert.equal(await codeOf(client.request('PingCommand')), 'UNAUTHENTICATED')
  assert.deepEqual(changes, [])
  client.close()
  assert.equal(await codeOf(come()), 'UNAUTHENTICATED')
  running.child.kill('SIGTERM')
  const { err } = await running.ended
  assert.ok(err.includes(friend.publicKey), err)
  assert.match(err, /a line of curve-allow is no key: nonsense/)
  // The keys are made once.
  const again = await place.serve(words)
  assert.equal(JSON.parse(readFileSync(keys, 'utf8')).publicKey, publicKey)
  again.running.child.kill('SIGTERM')
  await again.running.ended
})

test('[BR45] keys that are handed in stand in no file', async () => {
  const server = curveKeyPair()
  const friend = curveKeyPair()
  const told: string[] = []
  const given = await open(join(place.folder, 'given'), {
    zmq: 'ipc',
    curve: { ...server, allow: [friend.publicKey] },
    onTrouble: (what) => told.push(what),
  })
  const at = given.endpoint as string
  const serverKey = server.publicKey
  const client = await connect(at, { curve: { ...friend, serverKey } })
  assert.deepEqual(await client.request('PingCommand'), {})
  client.close()
  const stranger = connect(at, { curve: { ...curveKeyPair(), serverKey } })
  assert.equal(await codeOf(stranger), 'UNAUTHENTICATED')
  assert.equal(told.length, 1)
  await given.shut()
  assert.throws(() => statSync(join(place.folder, 'given', 'curve.json')))
})

test('[BR49] [B20] [Z10] [Z11] [Z12] [Z13] every program ends by itself, with nothing said of messages that wait', async () => {
  const programs: Record<string, string> = {
    'asks and closes': `import { connect } from '#batos'
      const client = await connect(process.argv[1], { token: process.argv[2] })
      await client.request('PingCommand')
      client.close()`,
    'closes with requests on their way': `import { connect } from '#batos'
      const client = await connect(process.argv[1], { token: process.argv[2] })
      const asked = Array.from({ length: 3_000 }, () => client.send('account', 'balance'))
      const ends = Promise.allSettled(asked)
      client.close()
      await ends`,
    'finds nobody': `import { connect } from '#batos'
      await connect('tcp://127.0.0.1:9', { timeout: 100 }).catch(({ code }) => {
        if (code !== 'CANCELLED') throw new Error(code)
      })`,
    'leaves frames to nobody': `import { connectDealer } from '#kernel'
      const wire = connectDealer('tcp://127.0.0.1:9', { frame() {}, lost() {} })
      for (let i = 0; i < 2_000; i++) wire.send(Buffer.alloc(1_000))
      setImmediate(() => wire.close())`,
    'is a world and shuts it': `import { open } from '#batos'
      const world = await open(process.argv[3], { zmq: 'tcp://127.0.0.1:*' })
      await world.send('genesis', 'slotNames')
      await world.shut()`,
  }
  for (const [what, text] of Object.entries(programs)) {
    const own = join(place.folder, 'of-a-program')
    const { code, err } = await script(text, endpoint, token, own).ended
    assert.deepEqual({ code, err }, { code: 0, err: '' }, what)
  }
})

test('[BR49] [B20] a client whose kernel is killed is told, and ends though it closes nothing', async () => {
  const { running, about } = await place.serve(['--zmq', 'tcp://127.0.0.1:*'])
  const file = JSON.parse(readFileSync(join(place.image, 'kernel.json'), 'utf8')) as {
    token: string
  }
  const client = script(
    `import { connect } from '#batos'
     const client = await connect(process.argv[1], { token: process.argv[2] })
     console.log('ready')
     for (;;) {
       try {
         await client.request('PingCommand')
       } catch ({ code }) {
         console.log(code)
         break
       }
     }`,
    about.endpoint as string,
    file.token,
  )
  assert.equal(await client.line(), 'ready')
  running.child.kill('SIGKILL')
  assert.equal(await client.line(), 'CANCELLED')
  assert.deepEqual(await client.ended, { code: 0, err: '' })
})

test('[BR14] [BR11] [B9] a kernel killed with a hundred requests on their way: each is answered or lost with the connection, and each effect is there once', async () => {
  await using own = new Place()
  const come = async () => {
    const { running, about } = await own.serve(['--zmq', 'tcp://127.0.0.1:*'])
    const file = JSON.parse(readFileSync(join(own.image, 'kernel.json'), 'utf8'))
    return { running, client: await connect(about.endpoint as string, { token: file.token }) }
  }
  const first = await come()
  await first.client.request('CreateMethodCommand', {
    target: 'genesis',
    method_name: 'note',
    // Work enough that the last of them have not begun when the first have their answers.
    source: `function note(self, i) {
      for (let n = 0; n < 20_000; n++) self.rounds = n
      self.all ??= []; self.all.push(i); return i
    }`,
  })
  const note = (client: typeof first.client, i: number) =>
    client.send('genesis', 'note', [i], { key: `key-${i}` })
  const numbers = [...Array(100).keys()]
  let answers = 0
  const ends = await Promise.all(
    numbers.map(async (i) => {
      try {
        const answer = await note(first.client, i)
        assert.equal(answer, i)
        if (++answers === 10) first.running.child.kill('SIGKILL')
        return true
      } catch (error) {
        const { code, message, data } = asFault(error) ?? assert.fail(String(error))
        assert.deepEqual([code, data], ['CANCELLED', { lost: true }])
        assert.match(message, /connection to the kernel was lost/)
        return false
      }
    }),
  )
  await first.running.ended
  assert.ok(ends.includes(false) && answers >= 10, `${answers} were answered`)
  const second = await come()
  const kept = (await second.client.send('genesis', 'all')) as number[]
  assert.equal(new Set(kept).size, kept.length)
  for (const i of numbers) if (ends[i]) assert.ok(kept.includes(i), `${i} was answered and is gone`)
  // What its sender does not know of is sent again under its key.
  assert.deepEqual(await Promise.all(numbers.map((i) => note(second.client, i))), numbers)
  const all = (await second.client.send('genesis', 'all')) as number[]
  assert.deepEqual(
    all.toSorted((a, b) => a - b),
    numbers,
  )
  second.client.close()
  second.running.child.kill('SIGTERM')
  await second.running.ended
})
