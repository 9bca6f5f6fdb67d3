// Owns: a worker that lies, in this process: the selector of a message says which lie it reports, others get nil.
// Leaves: what becomes of it to hostile-worker.test.ts.
import { PassThrough, Writable } from 'node:stream'
import { FrameReader, frame } from '#ground'
import { decodeValue, encodeSlots, encodeValue, MethodRef, Ref } from '#objects'
import type { ChildLike } from './child.ts'

type Slot = [string, number, unknown]

/** What a lie says: frames, as they go through the pipe. */
type Said = Uint8Array[]

/** What a liar knows: the next numbers, and the oid of a method. */
interface Context {
  oid: number
  tid: number
  method: number
}

/** A lie about turn `n`, which was sent to `target`. */
type Lie = (n: number, target: number, c: Context) => Said

const said = (...messages: unknown[][]): Said => messages.map((one) => frame(encodeValue(one)))
const raw = (bytes: Uint8Array): Said => [bytes]
const done = (...results: unknown[]): Said => said(['done', results])

const NIL = encodeValue(null)
const slots = (...list: Slot[]) =>
  encodeSlots(list.map(([name, tid, value]) => ({ name, tid, value })))

/** A report that keeps something. */
const report = (n: number, writes: unknown, names: unknown = [], reply: unknown = NIL) => [
  n,
  'kept',
  reply,
  writes,
  names,
  1,
]
const kept = (...parts: Parameters<typeof report>): Said => done(report(...parts))

/** The same after the object was asked for, so that it may be written. */
const fetched = (target: number, end: Said): Said => [...said(['fetch', target]), ...end]

/** An honest small write to an object that was asked for, with one thing changed in its record. */
const touch = (n: number, target: number, ...list: Slot[]): Said =>
  fetched(target, kept(n, [[target, false, slots(...list)]]))

const PARENT: Slot = ['parent*', 2, new Ref(1)]
let depth: unknown = 1
for (let i = 0; i < 120; i++) depth = [depth]

export const LIES: Record<string, Lie> = {
  'an object it was not given': (n, _, c) => kept(n, [[1, false, slots(['x', c.tid, 1])]]),
  'an object that is not there': (n, _, c) => kept(n, [[999_999, false, slots(['x', c.tid, 1])]]),
  'a new object under an old number': (n, _, c) => kept(n, [[1, true, slots(['x', c.tid, 1])]]),
  'a new object far away': (n, _, c) => kept(n, [[c.oid + 20_000, true, slots(['x', c.tid, 1])]]),
  'an oid that is none': (n, _, c) => kept(n, [[1.5, true, slots(['x', c.tid, 1])]]),
  'an object twice': (n, target, c) => {
    const one = [target, false, slots(PARENT, ['x', c.tid, 1])]
    return fetched(target, kept(n, [one, one]))
  },
  'a forged method slot': (n, t, c) => touch(n, t, PARENT, ['x', c.tid, new MethodRef(5)]),
  'a method slot with an old tid': (n, t) => touch(n, t, PARENT, ['x', 2, new MethodRef(5)]),
  'a method inside a value': (n, t, c) => touch(n, t, PARENT, ['x', c.tid, [new MethodRef(5)]]),
  'a tid of the future': (n, t, c) => touch(n, t, PARENT, ['x', c.tid + 1, 1]),
  'a tid of the past': (n, t) => touch(n, t, PARENT, ['x', 1, 1]),
  'a change that is not told': (n, t, c) =>
    touch(n, t, ['parent*', 2, new Ref(2)], ['x', c.tid, 1]),
  'a tid that is no number': (n, t) => touch(n, t, PARENT, ['x', 'soon' as never, 1]),
  'a slot twice': (n, t, c) => touch(n, t, PARENT, ['x', c.tid, 1], ['x', c.tid, 2]),
  'a slot named __proto__': (n, t, c) => touch(n, t, PARENT, ['__proto__', c.tid, 1]),
  'a reference to nothing': (n, t, c) => touch(n, t, PARENT, ['x', c.tid, new Ref(999_999)]),
  'a reference to a method': (n, t, c) => touch(n, t, PARENT, ['x', c.tid, [new Ref(c.method)]]),
  'a record that is too large': (n, target, c) => {
    const bytes = encodeValue(['x', c.tid, 'x'.repeat(300_000)])
    return fetched(target, kept(n, [[target, false, bytes]]))
  },
  'a record that is no list': (n, target) =>
    fetched(target, kept(n, [[target, false, encodeValue({ x: 1 })]])),
  'a record of garbage': (n, target) =>
    fetched(target, kept(n, [[target, false, Buffer.from('c1c1c1', 'hex')]])),
  'a record that is no bytes': (n, target) => fetched(target, kept(n, [[target, false, 'bytes']])),
  'a value that is too deep': (n, t, c) => touch(n, t, PARENT, ['x', c.tid, depth]),
  'writes that are no list': (n) => kept(n, 'writes'),
  'a bound name': (n, target) => kept(n, [], [['genesis', target]]),
  'a name for nothing': (n) => kept(n, [], [['fresh', 999_999]]),
  'a name that is none': (n, target) => kept(n, [], [['#1', target]]),
  'a name unbound': (n) => kept(n, [], [['genesis', null]]),
  'a name twice': (n, target) =>
    kept(
      n,
      [],
      [
        ['a', target],
        ['a', target],
      ],
    ),
  'names that are no list': (n) => kept(n, [], { a: 1 }),
  'a reply that is too large': (n) => kept(n, [], [], encodeValue('x'.repeat(9_000_000))),
  'a reply of garbage': (n) => kept(n, [], [], Buffer.from('c1', 'hex')),
  'a reply with an object inside': (n) => kept(n, [], [], encodeValue(new Ref(1))),
  'a reply that is no bytes': (n) => kept(n, [], [], 5),
  'a result for another turn': (n) => kept(n + 5, []),
  'a part that is the whole': (n) => said(['some', [report(n, [])]]),
  'a part of nothing': () => said(['some', []]),
  'a result that is no list': () => done('done'),
  'an outcome of no kind': (n) => done([n, 'won', NIL]),
  'a fault that is none': (n) => done([n, 'fault', null]),
  'a fault without a code': (n) =>
    done([n, 'fault', { code: 5, message: 'm', remedy: 'r', retry: 'never' }]),
  'a fault with bytes inside': (n) => {
    const fault = { code: 'LIMIT', message: 'm', remedy: 'r', retry: 'never' }
    return done([n, 'fault', { ...fault, data: { x: new Ref(1) } }])
  },
  'a need that is none': (n) => done([n, 'need', null]),
  'a need of nothing': (n) => {
    const need = { kind: 'method', receiver: 999_999, learner: 999_999, selector: 'fly', args: [] }
    return done([n, 'need', need])
  },
  'a need of a parent': (n, target) => {
    const need = { kind: 'method', receiver: target, learner: target, selector: 'x*', args: [] }
    return done([n, 'need', need])
  },
  'a need with a method in it': (n, t) => {
    const need = { kind: 'method', receiver: t, learner: t, selector: 'fly' }
    return done([n, 'need', { ...need, args: [[new MethodRef(5)]] }])
  },
  'too few results': () => done(),
  'too many results': (n) => done(report(n, []), report(n + 1, [])),
  'a frame of garbage': () => raw(frame(Buffer.from('c1c1c1', 'hex'))),
  'a frame longer than there may be': () => raw(Buffer.from('ffffffff', 'hex')),
  'a frame that nests for ever': () => raw(frame(Buffer.alloc(100_000, 0x91))),
  'a frame that says it is huge': () => raw(frame(Buffer.from('ddffffffff', 'hex'))),
  'a frame with code in it': () =>
    // What msgpackr calls a record: names of fields that it makes a function of.
    raw(frame(Buffer.from('d4724092a161a162', 'hex'))),
  'a question that is none': () => said(['fetch', -1]),
  'a question about everything': () => said(['everything']),
}

/** How a liar hears: everything, or nothing of what it is told after its first batch. */
export class Liar {
  readonly context: Context = { oid: 0, tid: 0, method: 0 }
  readonly pid = undefined
  readonly stdout = new PassThrough()
  readonly stderr = new PassThrough()
  readonly stdin: Writable
  readonly #reader = new FrameReader()
  #onExit: (code: number | null, signal: string | null) => void = () => undefined
  #isDeaf = false
  #isDead = false

  constructor(method: number) {
    this.context.method = method
    this.stdin = new Writable({
      write: (chunk: Buffer, _, done) => {
        for (const bytes of this.#reader.push(chunk)) this.#hear(decodeValue(bytes) as unknown[])
        if (!this.#isDeaf) done()
      },
    })
    this.#say(said(['ready']))
  }

  kill(): void {
    this.#end(null, 'SIGKILL')
  }

  onExit(callback: (code: number | null, signal: string | null) => void): void {
    this.#onExit = callback
  }

  #end(code: number | null, signal: string | null): void {
    if (this.#isDead) return
    this.#isDead = true
    setImmediate(() => this.#onExit(code, signal))
  }

  #say(frames: Said): void {
    if (!this.#isDead) for (const bytes of frames) this.stdout.write(bytes)
  }

  #hear(message: unknown[]): void {
    if (message[0] === 'next') {
      this.context.oid = message[1] as number
      this.context.tid = message[2] as number
    }
    if (message[0] !== 'run') return
    const turns = message[1] as [number, string, { selector: string; target: number }][]
    const lying = turns.find(([, , request]) => request.selector !== 'honest')
    if (lying === undefined) return this.#say(done(...turns.map(([n]) => report(n, []))))
    const [n, , { selector, target }] = lying
    const lie = LIES[selector]
    if (lie !== undefined) this.#say(lie(n, target, this.context))
    else if (selector === 'dies') this.#end(3, null)
    else if (selector === 'never listens') this.#ask(target)
    else if (selector === 'ends twice') {
      const end = done(...turns.map(([one]) => report(one, [])))
      this.#say([...end, ...end])
    }
  }

  /** Asks for ever and reads no answer. */
  #ask(target: number): void {
    this.#isDeaf = true
    if (this.#isDead) return
    for (let i = 0; i < 100; i++) this.#say(said(['fetch', target]))
    setImmediate(() => this.#ask(target))
  }
}

/** A liar as the kernel starts it. `method` is the oid of some method. */
export const startLiar = (method: number): ChildLike => new Liar(method)
