// Owns: frames that should not be, through a real socket to a kernel in a process of its own.
// Leaves: the bytes alone to bridge/frame.test.ts; clients that come and go to sockets.test.ts.
// Laws: the claims are the rules of src/bridge/SPEC.md.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Packr } from 'msgpackr'
import { connect } from '#batos'
import { pack, unpack } from '#bridge'
import { connectDealer } from '#kernel'
import { seeded } from '#objects'
import { Place } from './processes.ts'
import {
  heldBytes,
  probed,
  probedAt,
  probing,
  SOAK_FRAMES,
  SOAK_SEED,
  SOAKS,
  until,
} from './soak.ts'

/** Frames of the flood, and of those the ones after which memory is first looked at. */
const FRAMES = SOAKS ? SOAK_FRAMES : 100_000
const IS_LONG = FRAMES >= 1_000_000
const WARM_UP = FRAMES / 2
/** Frames on their way at once: less than a session may have without an answer. */
const BATCH = 500
/** Bytes that a heap grows by itself until it has the size it keeps, which takes more frames than the short run has. */
const HEAP_NOISE = (IS_LONG ? 32 : 128) * 1024 * 1024
/**
 * Bytes by which what is reached may be more after a collection: some code and tables. A frame that left 256 bytes behind would
 * be 12 MiB of them in the short run.
 */
const HEAP_GROWTH = 4 * 1024 * 1024
const REFUSAL_MAX = 1_024
/** Frames between two lines of progress of the long run. */
const TOLD = 100_000
/** Bytes of a fault that a method threw: 2,000 units of up to three bytes, and the rest. */
const SENTENCE_MAX = 6_500

const place = new Place()
let endpoint: string
let token: string
let pid: number

before(async () => {
  const { about } = await place.serve(['--zmq', 'tcp://127.0.0.1:*'], probing(place.folder))
  endpoint = about.endpoint as string
  pid = about.pid as number
  token = JSON.parse(readFileSync(join(place.image, 'kernel.json'), 'utf8')).token
  const client = await connect(endpoint, { token })
  await client.send('genesis', 'clone:', ['account'])
  await client.send('account', 'setSlot:value:', ['balance', 10])
  client.close()
})

after(() => place[Symbol.asyncDispose]())

interface Answer {
  id: string | number | null
  ok?: boolean
  result?: unknown
  fault?: { code: string; message: string; remedy: string; data?: { reason?: string } }
  event?: unknown
}

/** A bare connection. `ask` sends bytes and answers the next frame. */
class Bare {
  readonly #wanted: ((frame: Answer) => void)[] = []
  readonly #wire
  /** Bytes of the frame that came last. */
  size = 0
  lost = false
  onFrame: ((frame: Answer, bytes: Uint8Array) => void) | undefined
  onLost: () => void = () => undefined

  constructor() {
    this.#wire = connectDealer(endpoint, {
      frame: (bytes) => {
        this.size = bytes.length
        const frame = unpack(bytes) as Answer
        if (this.onFrame !== undefined) this.onFrame(frame, bytes)
        else if (frame.event === undefined) this.#wanted.shift()?.(frame)
      },
      lost: () => {
        this.lost = true
        this.onLost()
      },
    })
  }

  static async admitted(): Promise<Bare> {
    const bare = new Bare()
    const hello = await bare.ask(pack({ v: 1, id: 'hello', op: 'HelloCommand', token }))
    assert.equal(hello.ok, true)
    return bare
  }

  send(bytes: Uint8Array): void {
    assert.ok(this.#wire.send(bytes))
  }

  ask(bytes: Uint8Array): Promise<Answer> {
    return new Promise((resolve) => {
      this.#wanted.push(resolve)
      this.send(bytes)
    })
  }

  close(): void {
    this.#wire.close()
  }
}

/** What a client with an encoder of its own, or a grudge, would send. */
class Attacker {
  readonly #draw: () => number
  readonly #good = [
    { op: 'SendCommand', target: 'account', selector: 'balance', args: [1, { c: 2 }] },
    { op: 'SendCommand', target: 'account', selector: 'setSlot:value:', args: ['balance', 1n] },
    { op: 'GetFullStateCommand', target: 'account' },
    { op: 'ListObjectsCommand', prefix: 'a', limit: 3 },
    { op: 'CreateObjectCommand', name: 'some/name', parents: ['account'], slots: { a: [1.5] } },
    { op: 'SetSlotCommand', target: 'account', slot: 'x', value: new Date(5), expect: null },
    { op: 'RemoveSlotCommand', target: 'account', slot: 'x' },
    { op: 'GetHistoryCommand', target: 'account', slot: 'balance', limit: 2 },
    { op: 'SubscribeCommand', target: 'account' },
    { op: 'UnsubscribeCommand', of: 3 },
    { op: 'CancelCommand', of: 3 },
    { op: 'HelloCommand', client: 'x', token: 'y' },
    { op: 'PingCommand' },
  ]
  readonly #keys = ['v', 'id', 'op', 'target', 'selector', 'args', 'slots', 'value', 'of', 'from']

  constructor(draw: () => number) {
    this.#draw = draw
  }

  #below(limit: number): number {
    return Math.floor(this.#draw() * limit)
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T
  }

  /** Any value that MessagePack can hold and some code of ours could trip over. */
  #value(depth = 0): unknown {
    const many = () => Array.from({ length: this.#below(4) }, () => this.#value(depth + 1))
    const entries = () =>
      Object.fromEntries(
        many().map((value) => [
          this.#pick([
            'toString',
            'constructor',
            '$ref',
            '$int',
            '$map',
            'a',
            'length',
            'then',
            'toJSON',
          ]),
          value,
        ]),
      )
    const kinds: (() => unknown)[] = [
      () => this.#pick([null, true, 0, -1, 1.5, Number.NaN, 2 ** 53, -0, 1e308]),
      () => this.#pick([2n ** 63n, -(2n ** 63n), 5n]),
      () => '本'.repeat(this.#below(300)),
      () => this.#pick(['', '#1', '#', '__proto__', 'account', 'genesis', '\u0000', '\ud800']),
      () => Buffer.alloc(this.#below(50), 0xff),
      () => new Date(this.#pick([0, 8e15, -1])),
      () => (depth < 4 ? many() : null),
      () => (depth < 4 ? entries() : null),
      () => (depth < 4 ? { $ref: this.#value(depth + 1) } : null),
      () => (depth < 4 ? JSON.parse('{"__proto__": 1}') : null),
    ]
    return this.#pick(kinds)()
  }

  #bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)))
  }

  #mutated(bytes: Buffer): Buffer {
    for (let i = this.#below(3); i >= 0; i--) bytes[this.#below(bytes.length)] = this.#below(256)
    return bytes
  }

  next(id: number): Buffer {
    const good = Buffer.from(pack({ v: 1, id, ...this.#pick(this.#good) }))
    switch (this.#below(6)) {
      case 0:
        return this.#bytes(this.#below(60))
      case 1:
        return good.subarray(0, this.#below(good.length))
      case 2:
        return Buffer.concat([good, this.#bytes(1 + this.#below(4))])
      case 3: {
        const at = this.#below(good.length)
        return Buffer.concat([good.subarray(0, at), this.#bytes(this.#below(4)), good.subarray(at)])
      }
      case 4: {
        const odd = { v: 1, id, ...this.#pick(this.#good), [this.#pick(this.#keys)]: this.#value() }
        return Buffer.from(pack(odd))
      }
      default:
        return this.#mutated(good)
    }
  }
}

/** Bytes of the kernel's heap with its buffers, once it has collected what nobody holds, and of all that it holds. */
async function weighed(): Promise<{ heap: number; held: number }> {
  // The probe looks once a second: the one after the next has begun after now.
  for (let looks = 0; looks < 2; looks++) {
    const last = probedAt(place.folder)
    await until(() => probedAt(place.folder) !== last)
  }
  return { heap: probed(place.folder), held: heldBytes(pid) }
}

async function tell(frames: number): Promise<void> {
  const { heap, held } = await weighed()
  const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024)
  const line = `the kernel holds ${mebibytes(held)} MiB, ${mebibytes(heap)} of them its heap`
  process.stdout.write(`${frames} frames; ${line}\n`)
}

test(`[BR51] [B12] ${FRAMES} hostile frames are each answered once, refusals with a code and at most 1 KiB, and memory stays`, async () => {
  const attacker = new Attacker(seeded(20_261_125 + SOAK_SEED))
  const bare = await Bare.admitted()
  const codes = new Map<string, number>()
  let answers = 0
  let passed = 0
  let ready: () => void = () => undefined
  bare.onFrame = (frame, bytes) => {
    if (frame.event !== undefined) return
    answers++
    if (frame.id === 'enough') return ready()
    if (frame.ok === true) {
      passed++
      return
    }
    const fault = frame.fault
    assert.ok(fault !== undefined && /^[A-Z_]+$/.test(fault.code), JSON.stringify(frame))
    assert.ok(fault.message.length > 0 && fault.remedy.length > 0, fault.code)
    // What a method throws is its own sentence, which is longer than a refusal and has a limit of its own.
    const most = fault.code === 'METHOD_FAILED' ? SENTENCE_MAX : REFUSAL_MAX
    assert.ok(bytes.length <= most, `${bytes.length} bytes: ${JSON.stringify(frame)}`)
    codes.set(fault.code, (codes.get(fault.code) ?? 0) + 1)
  }
  bare.onLost = () => assert.fail('the connection was lost')
  let before: Awaited<ReturnType<typeof weighed>> | undefined
  for (let sent = 0; sent < FRAMES; sent += BATCH) {
    const enough = new Promise<void>((resolve) => {
      ready = resolve
    })
    for (let i = 0; i < BATCH; i++) bare.send(attacker.next(sent + i))
    bare.send(
      pack({ v: 1, id: 'enough', op: 'SendCommand', target: 'genesis', selector: 'slotNames' }),
    )
    await enough
    const done = sent + BATCH
    if (done >= WARM_UP) before ??= await weighed()
    if (SOAKS && done % TOLD === 0) await tell(done)
  }
  // Answers come in any order, so some may come after the last one that was waited for.
  await until(() => answers >= FRAMES + FRAMES / BATCH)
  const after = await weighed()
  assert.ok(before !== undefined)
  assert.equal(answers, FRAMES + FRAMES / BATCH)
  assert.ok(passed > FRAMES / 100, `${passed} were requests`)
  for (const code of ['FRAME_INVALID', 'OP_UNKNOWN', 'FIELD_INVALID', 'TARGET_UNKNOWN']) {
    assert.ok((codes.get(code) ?? 0) > 0, `${code} among ${[...codes.keys()].join(', ')}`)
  }
  const grown = after.held - before.held
  assert.ok(grown < HEAP_NOISE, `${grown} bytes more are held`)
  const kept = after.heap - before.heap
  assert.ok(kept < HEAP_GROWTH, `${kept} bytes more are in the collected heap`)
  bare.close()
  const client = await connect(endpoint, { token })
  assert.deepEqual(await client.request('PingCommand'), {})
  assert.equal(typeof (await client.send('genesis', 'slotNames')), 'object')
  client.close()
})

const packr = new Packr({ useRecords: false, useToJSON: false })
const request = (fields: Record<string, unknown>) =>
  Buffer.from(packr.pack({ v: 1, id: 1, op: 'PingCommand', ...fields }))

test('[BR52] [B13] what is too deep, too much, too long or of a strange kind is refused with its own reason and sentence', async (t) => {
  const bare = await Bare.admitted()
  const deep = (levels: number) => {
    let value: unknown = 1
    for (let i = 0; i < levels; i++) value = [value]
    return value
  }
  // The message is a map, which is one level and seven values by itself.
  const frames: [Buffer, string?, RegExp?][] = [
    [request({ x: deep(31) })],
    [request({ x: deep(32) }), 'too-deep', /nested too deeply/],
    [request({ x: deep(200) }), 'too-deep', /nested too deeply/],
    [request({ x: new Array(199_991).fill(0) })],
    [request({ x: new Array(200_001).fill(0) }), 'too-many-values', /too many values/],
    [Buffer.concat([request({}), Buffer.from([0])]), 'trailing-bytes', /bytes follow the value/],
    [Buffer.concat([request({}), request({})]), 'trailing-bytes', /bytes follow the value/],
    [Buffer.from([0xc1]), 'no-value', /a byte that begins no value/],
    [request({}).subarray(0, -1), 'cut-short', /cut short/],
    [Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]), 'cut-short', /cut short/],
    [Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]), 'cut-short', /cut short/],
    [Buffer.from([0xc6, 0xff, 0xff, 0xff, 0xff]), 'cut-short', /cut short/],
    [Buffer.alloc(0), 'cut-short', /cut short/],
    [Buffer.from([0x81, 0x01, 0x01]), 'key-no-string', /a key that is not a string/],
    [packr.pack([1]), 'no-map', /not a map/],
    [packr.pack('text'), 'no-map', /not a map/],
    [request({ id: null }), 'no-id', /has no id/],
    [request({ id: 1.5 }), 'no-id', /has no id/],
    [request({ id: 'x'.repeat(129) }), 'no-id', /has no id/],
    [Buffer.alloc(17 * 1024 * 1024, 0xc0), 'too-long', /has 17825792 bytes; the limit is 16777216/],
  ]
  const withExtension = (bytes: Buffer) => Buffer.concat([Buffer.from([0x81, 0xa1, 0x78]), bytes])
  for (let type = -128; type < 128; type++) {
    if (type === -1) continue
    const pattern = new RegExp(`an extension of type ${type}$`)
    frames.push([withExtension(Buffer.from([0xd4, type & 0xff, 0x40])), 'extension', pattern])
  }
  // The kinds that msgpackr itself would make: a date apart, each has a type of its own.
  const structured = new Packr({ useRecords: false, structuredClone: true, moreTypes: true })
  for (const [value, type] of [
    [/x/, 120],
    [new Error('x'), 101],
    [new Set([1]), 115],
    [new Float64Array([1]), 116],
    [2n ** 70n, 66],
  ] as const) {
    const bytes = Buffer.from(structured.pack({ v: 1, id: 1, op: 'PingCommand', x: value }))
    frames.push([bytes, 'extension', new RegExp(`an extension of type ${type}$`)])
  }
  const records = new Packr({ useRecords: true })
  frames.push([
    Buffer.from(records.pack({ v: 1, id: 1, op: 'PingCommand' })),
    'extension',
    /an extension of type 114$/,
  ])
  let slowest = 0
  for (const [bytes, reason, pattern] of frames) {
    const asked = performance.now()
    const answer = await bare.ask(bytes)
    slowest = Math.max(slowest, performance.now() - asked)
    const what = `${bytes.subarray(0, 24).toString('hex')} of ${bytes.length}`
    if (pattern === undefined) {
      assert.deepEqual(answer, { v: 1, id: 1, ok: true, result: {} }, what)
      continue
    }
    assert.equal(answer.fault?.code, 'FRAME_INVALID', what)
    assert.equal(answer.fault?.data?.reason, reason, what)
    assert.match(answer.fault?.message ?? '', pattern, what)
    assert.ok(bare.size <= REFUSAL_MAX)
  }
  t.diagnostic(`the slowest answer took ${slowest.toFixed(1)} ms, there and back`)
  bare.close()
})

test('[BR52] [Z6] a frame far beyond the limit ends its own connection alone', async () => {
  const other = await Bare.admitted()
  const bare = await Bare.admitted()
  const lost = new Promise<void>((resolve) => {
    bare.onLost = resolve
  })
  bare.send(Buffer.alloc(21 * 1024 * 1024))
  await lost
  assert.equal((await other.ask(request({}))).ok, true)
  other.close()
})

test('[BR50] a refusal is at most 1 KiB, whatever the message repeats of itself', async () => {
  const bare = await Bare.admitted()
  const long = '本'.repeat(256)
  const id = '本'.repeat(128)
  const frames: [Record<string, unknown>, string][] = [
    [{ v: 'x'.repeat(1_000_000) }, 'FRAME_INVALID'],
    [{ v: { toString: 1 } }, 'FRAME_INVALID'],
    [{ v: [[[]]] }, 'FRAME_INVALID'],
    [{ op: 'x'.repeat(1_000_000) }, 'OP_UNKNOWN'],
    [{ op: 2n ** 62n }, 'OP_UNKNOWN'],
    [{ op: { toJSON: 1 } }, 'OP_UNKNOWN'],
    [{ op: null }, 'OP_UNKNOWN'],
    [{ op: 'SendCommand', target: { length: { toString: 1 } }, selector: 'a' }, 'FIELD_INVALID'],
    [
      { op: 'SetSlotCommand', target: 'account', slot: { length: [[{}]] }, value: 1 },
      'FIELD_INVALID',
    ],
    [{ op: 'SendCommand', target: long, selector: long }, 'TARGET_UNKNOWN'],
    [{ op: 'SendCommand', target: 'account', selector: long }, 'NOT_UNDERSTOOD'],
    [{ op: 'SendCommand', target: 'account', selector: 'y'.repeat(257) }, 'FIELD_INVALID'],
    [
      { op: 'SendCommand', target: 'account', selector: 'balance', args: [{ [`$${long}`]: 1 }] },
      'FIELD_INVALID',
    ],
    [{ op: 'CreateObjectCommand', slots: { [`${long}${long}`]: 1 } }, 'FIELD_INVALID'],
    [{ op: 'CreateObjectCommand', slots: { [`a\u0000${'x'.repeat(200)}`]: 1 } }, 'FIELD_INVALID'],
    [{ op: 'GetFullStateCommand', target: long }, 'TARGET_UNKNOWN'],
    [{ op: 'HelloCommand', token: 'x'.repeat(256) }, 'UNAUTHENTICATED'],
  ]
  for (const [fields, code] of frames) {
    const answer = await bare.ask(request({ id, ...fields }))
    const what = JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? 0 : value))
    assert.equal(answer.fault?.code, code, what.slice(0, 100))
    assert.equal(answer.id, id)
    assert.ok(bare.size <= REFUSAL_MAX, `${bare.size} bytes for ${code}`)
    assert.ok((answer.fault?.message ?? '').length > 10)
  }
  bare.close()
})

test('[BR54] [B14] integers of 64 bits that fit a number arrive as one, and greater ones as big integers', async () => {
  const bare = await Bare.admitted()
  /** A message whose last field is the 64-bit integer given, as other encoders write even a small one. */
  const with64 = (fields: Record<string, unknown>, name: string, code: number, value: bigint) => {
    const whole = request({ ...fields, [name]: 0 })
    const number = Buffer.alloc(9, code)
    if (code === 0xcf) number.writeBigUInt64BE(value, 1)
    else number.writeBigInt64BE(value, 1)
    assert.equal(whole.at(-1), 0)
    return Buffer.concat([whole.subarray(0, -1), number])
  }
  const set = { op: 'SetSlotCommand', target: 'account', slot: 'wide' }
  const kept: [number, bigint, unknown][] = [
    [0xcf, 5n, 5],
    [0xd3, -5n, -5],
    [0xcf, 2n ** 53n - 1n, 2 ** 53 - 1],
    [0xd3, 2n ** 62n, 2n ** 62n],
    [0xcf, 2n ** 63n, { $int: String(2n ** 63n) }],
    [0xcf, 2n ** 64n - 1n, { $int: String(2n ** 64n - 1n) }],
    [0xd3, -(2n ** 63n), -(2n ** 63n)],
  ]
  for (const [code, value, expected] of kept) {
    const done = await bare.ask(with64(set, 'value', code, value))
    assert.equal(done.ok, true, `${value}: ${done.fault?.message}`)
    const read = request({ op: 'SendCommand', target: 'account', selector: 'wide' })
    assert.deepEqual((await bare.ask(read)).result, expected)
  }
  // Fields and ids take them too.
  assert.equal((await bare.ask(with64({ op: 'ListObjectsCommand' }, 'limit', 0xcf, 5n))).ok, true)
  const refused = await bare.ask(with64({ op: 'ListObjectsCommand' }, 'limit', 0xcf, 2n ** 63n))
  assert.equal(refused.fault?.code, 'FIELD_INVALID')
  const ping = Buffer.concat([
    Buffer.from([0x83]),
    ...['v', 1, 'op', 'PingCommand', 'id'].map((part) => Buffer.from(packr.pack(part))),
    Buffer.from([0xcf, 0, 0, 0, 0, 0, 0, 0, 7]),
  ])
  assert.deepEqual(await bare.ask(ping), { v: 1, id: 7, ok: true, result: {} })
  bare.close()
})

test('[BR53] [B15] no key reaches a prototype: what would is refused and changes nothing', async () => {
  const bare = await Bare.admitted()
  const proto = JSON.parse('{"__proto__": {"polluted": 1}}')
  const holder = JSON.parse('{"constructor": {"prototype": {"polluted": 1}}}')
  const send = { op: 'SendCommand', target: 'account', selector: 'setSlot:value:' }
  const set = { op: 'SetSlotCommand', target: 'account', slot: 'x' }
  const frames: [Record<string, unknown>, string][] = [
    [{ ...send, args: ['x', proto] }, 'FRAME_INVALID'],
    [{ ...send, args: proto }, 'FRAME_INVALID'],
    [{ ...set, value: [[proto]] }, 'FRAME_INVALID'],
    [{ op: 'CreateObjectCommand', slots: proto }, 'FRAME_INVALID'],
    [JSON.parse('{"op": "PingCommand", "__proto__": {"v": 1}}'), 'FRAME_INVALID'],
    [{ ...send, args: ['x', holder] }, 'FIELD_INVALID'],
    [{ ...send, args: holder }, 'FIELD_INVALID'],
    [{ ...set, value: holder }, 'FIELD_INVALID'],
    [{ ...set, value: { $map: [['__proto__', 1]] } }, 'FIELD_INVALID'],
    [{ ...set, slot: '__proto__', value: 1 }, 'FIELD_INVALID'],
    [{ ...set, slot: 'constructor', value: 1 }, 'FIELD_INVALID'],
    [{ op: 'CreateObjectCommand', slots: holder }, 'FIELD_INVALID'],
    [{ op: '__proto__' }, 'OP_UNKNOWN'],
    [{ op: 'constructor' }, 'OP_UNKNOWN'],
  ]
  const status = request({ op: 'GetStatusCommand' })
  const { tid } = (await bare.ask(status)).result as { tid: number }
  for (const [fields, code] of frames) {
    const answer = await bare.ask(request(fields))
    assert.equal(answer.fault?.code, code, JSON.stringify(fields))
  }
  assert.equal(((await bare.ask(status)).result as { tid: number }).tid, tid)
  // A text that has the word is a text.
  const text = await bare.ask(request({ ...set, value: '©__proto__' }))
  assert.equal(text.ok, true)
  const read = request({ op: 'SendCommand', target: 'account', selector: 'x' })
  assert.equal((await bare.ask(read)).result, '©__proto__')
  bare.close()
})

test('[BR55] [B17] another protocol is refused with both versions, and what it does not know is ignored', async () => {
  const bare = await Bare.admitted()
  for (const [v, shown] of [
    [2, '2'],
    [0, '0'],
    ['1', '"1"'],
    [1.5, '1.5'],
    [2n ** 60n, String(2n ** 60n)],
    [null, 'none'],
  ] as const) {
    const { fault } = await bare.ask(request({ v }))
    assert.equal(fault?.code, 'FRAME_INVALID')
    assert.equal(fault?.data?.reason, 'protocol')
    assert.equal(fault?.message, `the message is of protocol ${shown}; this kernel speaks 1`)
  }
  assert.equal((await bare.ask(request({ minor: 7, later: { a: 1 } }))).ok, true)
  bare.close()
})

test('[BR53] a map with a key that a library would call is kept and shown as it is', async () => {
  const bare = await Bare.admitted()
  const odd = { toJSON: 1, toString: 2, then: 3, valueOf: 4, length: -1 }
  const set = { op: 'SetSlotCommand', target: 'account', slot: 'odd', value: { odd } }
  const done = await bare.ask(request(set))
  assert.equal(done.ok, true, done.fault?.message)
  const read = { op: 'SendCommand', target: 'account', selector: 'odd' }
  assert.deepEqual((await bare.ask(request(read))).result, { odd })
  const send = { op: 'SendCommand', target: 'account', selector: 'setSlot:value:' }
  assert.equal((await bare.ask(request({ ...send, args: ['odd', [odd]] }))).ok, true)
  const state = await bare.ask(request({ op: 'GetFullStateCommand', target: 'account' }))
  const { slots } = state.result as { slots: { name: string; value: unknown }[] }
  assert.deepEqual(slots.find(({ name }) => name === 'odd')?.value, [odd])
  bare.close()
})
