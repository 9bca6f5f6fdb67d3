// Owns: a worker's program that lies: the selector of a message says which lie it reports, any other is answered with nil.
// Leaves: what becomes of it to hostile-worker.test.ts.
import { readSync, writeSync } from 'node:fs'
import { FrameReader, frame } from '#ground'
import { decodeValue, encodeSlots, encodeValue, MethodRef, Ref } from '#objects'

let nextOid = 0
let nextTid = 0
const reader = new FrameReader()
const waiting: unknown[][] = []

function write(bytes: Uint8Array): void {
  let done = 0
  while (done < bytes.length) {
    try {
      done += writeSync(1, bytes, done)
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error
    }
  }
}

const say = (message: unknown[]) => write(frame(encodeValue(message)))

function next(): unknown[] {
  for (;;) {
    const message = waiting.shift()
    if (message !== undefined) return message
    const chunk = Buffer.alloc(65_536)
    let length = 0
    try {
      length = readSync(0, chunk, 0, chunk.length, null)
    } catch (error) {
      if ((error as { code?: string }).code === 'EAGAIN') continue
      throw error
    }
    if (length === 0) process.exit(0)
    for (const bytes of reader.push(chunk.subarray(0, length))) {
      waiting.push(decodeValue(bytes) as unknown[])
    }
  }
}

function ask(question: unknown[]): unknown {
  say(question)
  const held: unknown[][] = []
  for (;;) {
    const message = next()
    if (message[0] !== 'answer') {
      held.push(message)
      continue
    }
    waiting.unshift(...held)
    return message[1]
  }
}

const NIL = encodeValue(null)
const slots = (...list: [string, number, unknown][]) =>
  encodeSlots(list.map(([name, tid, value]) => ({ name, tid, value })))
/** A report that keeps something. */
const kept = (n: number, writes: unknown, names: unknown = [], reply: unknown = NIL) => [
  n,
  'kept',
  reply,
  writes,
  names,
  1,
]

type Lie = (n: number, target: number) => unknown[] | undefined

/** An honest small write to an object that was asked for, with one thing changed in its record. */
const touch = (n: number, target: number, ...list: [string, number, unknown][]) => {
  ask(['fetch', target])
  return kept(n, [[target, false, slots(...list)]])
}

const PARENT: [string, number, unknown] = ['parent*', 2, new Ref(1)]
let depth: unknown = 1
for (let i = 0; i < 120; i++) depth = [depth]

const LIES: Record<string, Lie> = {
  'an object it was not given': (n) => kept(n, [[1, false, slots(['x', nextTid, 1])]]),
  'an object that is not there': (n) => kept(n, [[999_999, false, slots(['x', nextTid, 1])]]),
  'a new object under an old number': (n) => kept(n, [[1, true, slots(['x', nextTid, 1])]]),
  'a new object far away': (n) => kept(n, [[nextOid + 20_000, true, slots(['x', nextTid, 1])]]),
  'an oid that is none': (n) => kept(n, [[1.5, true, slots(['x', nextTid, 1])]]),
  'an object twice': (n, target) => {
    ask(['fetch', target])
    const one = [target, false, slots(PARENT, ['x', nextTid, 1])]
    return kept(n, [one, one])
  },
  'a forged method slot': (n, t) => touch(n, t, PARENT, ['x', nextTid, new MethodRef(5)]),
  'a method slot with an old tid': (n, t) => touch(n, t, PARENT, ['x', 2, new MethodRef(5)]),
  'a method inside a value': (n, t) => touch(n, t, PARENT, ['x', nextTid, [new MethodRef(5)]]),
  'a tid of the future': (n, t) => touch(n, t, PARENT, ['x', nextTid + 1, 1]),
  'a tid of the past': (n, t) => touch(n, t, PARENT, ['x', 1, 1]),
  'a change that is not told': (n, t) => touch(n, t, ['parent*', 2, new Ref(2)], ['x', nextTid, 1]),
  'a tid that is no number': (n, t) => touch(n, t, PARENT, ['x', 'soon' as never, 1]),
  'a slot twice': (n, t) => touch(n, t, PARENT, ['x', nextTid, 1], ['x', nextTid, 2]),
  'a slot named __proto__': (n, t) => touch(n, t, PARENT, ['__proto__', nextTid, 1]),
  'a reference to nothing': (n, t) => touch(n, t, PARENT, ['x', nextTid, new Ref(999_999)]),
  'a reference to a method': (n, t) => touch(n, t, PARENT, ['x', nextTid, [new Ref(methodOid)]]),
  'a record that is too large': (n, target) => {
    ask(['fetch', target])
    const bytes = encodeValue(['x', nextTid, 'x'.repeat(300_000)])
    return kept(n, [[target, false, bytes]])
  },
  'a record that is no list': (n, target) => {
    ask(['fetch', target])
    return kept(n, [[target, false, encodeValue({ x: 1 })]])
  },
  'a record of garbage': (n, target) => {
    ask(['fetch', target])
    return kept(n, [[target, false, Buffer.from('c1c1c1', 'hex')]])
  },
  'a record that is no bytes': (n, target) => {
    ask(['fetch', target])
    return kept(n, [[target, false, 'bytes']])
  },
  'a value that is too deep': (n, t) => touch(n, t, PARENT, ['x', nextTid, depth]),
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
  'a result that is no list': () => 'done' as never,
  'an outcome of no kind': (n) => [n, 'won', NIL],
  'a fault that is none': (n) => [n, 'fault', null],
  'a fault without a code': (n) => [
    n,
    'fault',
    { code: 5, message: 'm', remedy: 'r', retry: 'never' },
  ],
  'a fault with bytes inside': (n) => {
    const fault = { code: 'LIMIT', message: 'm', remedy: 'r', retry: 'never' }
    return [n, 'fault', { ...fault, data: { x: new Ref(1) } }]
  },
  'a need that is none': (n) => [n, 'need', null],
  'a need of nothing': (n) => {
    const need = { kind: 'method', receiver: 999_999, learner: 999_999, selector: 'fly', args: [] }
    return [n, 'need', need]
  },
  'a need of a parent': (n, target) => {
    const need = { kind: 'method', receiver: target, learner: target, selector: 'x*', args: [] }
    return [n, 'need', need]
  },
  'a need with a method in it': (n, t) => {
    const need = { kind: 'method', receiver: t, learner: t, selector: 'fly' }
    return [n, 'need', { ...need, args: [[new MethodRef(5)]] }]
  },
  'two ends of one batch': (n) => {
    say(['done', [kept(n, [])]])
    say(['done', [kept(n, [])]])
    return undefined
  },
  'too few results': () => {
    say(['done', []])
    return undefined
  },
  'too many results': (n) => {
    say(['done', [kept(n, []), kept(n + 1, [])]])
    return undefined
  },
  'a frame of garbage': () => {
    write(frame(Buffer.from('c1c1c1', 'hex')))
    return undefined
  },
  'a frame longer than there may be': () => {
    write(Buffer.from('ffffffff', 'hex'))
    return undefined
  },
  'a frame that nests for ever': () => {
    write(frame(Buffer.alloc(100_000, 0x91)))
    return undefined
  },
  'a frame that says it is huge': () => {
    write(frame(Buffer.from('ddffffffff', 'hex')))
    return undefined
  },
  'a frame with code in it': () => {
    // What msgpackr calls a record: names of fields that it makes a function of.
    write(frame(Buffer.from('d4724092a161a162', 'hex')))
    return undefined
  },
  'a question that is none': () => {
    say(['fetch', -1])
    return undefined
  },
  'a question about everything': () => {
    say(['everything'])
    return undefined
  },
  'a question without a listener': () => {
    const question = frame(encodeValue(['fetch', 1]))
    for (;;) write(question)
  },
  'an end without work': () => {
    process.stderr.write('FATAL ERROR: something\n')
    process.exit(3)
  },
}

let methodOid = 0

say(['ready'])
for (;;) {
  const work = next()
  if (work[0] === 'next') {
    nextOid = work[1] as number
    nextTid = work[2] as number
    continue
  }
  const results: unknown[] = []
  let isSaid = false
  for (const [n, kind, request] of work[1] as [number, string, Record<string, unknown>][]) {
    const { selector, target, args } = request as { selector: string; target: number; args: never }
    if (kind === 'send' && selector === 'method oid') methodOid = (args as number[])[0] as number
    const lie = kind === 'send' ? LIES[selector] : undefined
    const result = lie === undefined ? kept(n, []) : lie(n, target)
    if (result === undefined) isSaid = true
    else results.push(result)
  }
  if (!isSaid) say(['done', results])
}
