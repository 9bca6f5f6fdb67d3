// Owns: attacks on time and memory: each costs its sender a fault, and nobody else more than a wait.
// Leaves: missing methods without end to kernel.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scripted, startKernel } from '../kernel.fixture.ts'
import { KERNEL_LIMITS } from '../limits.ts'
import { type Attack, runAttacks, Target } from './attack.fixture.ts'

const method = (body: string) => `function f(self, other) { ${body} }`

/** Ended by ticks or by a limit, in the worker that goes on. */
const COUNTED: Attack[] = [
  ['D01 spin', method('while (true);'), { fault: 'FUEL' }],
  [
    'D02 spin-in-catch-finally',
    method('while (true) { try { throw 1 } catch (e) { continue } finally { continue } }'),
    { fault: 'FUEL' },
  ],
  [
    'D03 spin-in-getter',
    method('return { get x() { for (;;) {} } }'),
    { refused: /getters and setters/ },
  ],
  [
    'D04 spin-in-proxy-trap',
    method('return new Proxy({}, {})'),
    { refused: /`Proxy` is not there/ },
  ],
  ['D05 spin-in-comparator', method('[3, 1, 2].sort(() => { for (;;) {} })'), { fault: 'FUEL' }],
  [
    'D05 a comparator that is never content',
    method(
      'let n = 0; const l = Array.from({ length: 50000 }, (_, i) => i); l.sort(() => (n++ % 3) - 1); return l.length',
    ),
    { answer: 50_000 },
  ],
  ['E43 spin in a label', method('a: for (;;) { b: for (;;) { continue a } }'), { fault: 'FUEL' }],
  [
    'E43 spin by falling through',
    method('for (let i = 0; ; ) switch (i) { case 0: case 1: continue; default: }'),
    { fault: 'FUEL' },
  ],
  ['E43 spin in a default value', method('const g = (a = g()) => a; g()'), { fault: 'LIMIT' }],
  ['E43 spin in a head', method('for (; [1].every(() => true); );'), { fault: 'FUEL' }],
  ['E43 spin without a body', method('do ; while (1)'), { fault: 'FUEL' }],
  [
    'E43 spin in a template tag',
    method('const g = () => g`x`; g()'),
    { refused: /template is not a call/ },
  ],
  [
    'E43 two that call each other',
    method('const a = () => b(); const b = () => a(); a()'),
    { fault: 'LIMIT' },
  ],
  [
    'sends without end',
    method('return self.apply(self.apply, self.apply, self.apply)'),
    { fault: /.+/ },
  ],
  [
    'doesNotUnderstand: that does not understand',
    method(
      'self["doesNot" + "Understand:"] = 1; try { return self.nothing() } finally { delete self["doesNot" + "Understand:"] }',
    ),
    { fault: /is data of/ },
  ],
  ['D16 repeat', method('return "x".repeat(2 ** 29)'), { fault: 'LIMIT' }],
  [
    'D16 repeat-and-split',
    method('return "x".repeat(999999).split("").length'),
    { answer: 999_999 },
  ],
  ['D16 join', method('return new Array(1e6).join("x".repeat(1000))'), { fault: 'LIMIT' }],
  [
    'D13 a text that doubles',
    method('let s = "x"; for (let i = 0; i < 100; i++) s += s; return s.length'),
    { fault: /Invalid string length/ },
  ],
  [
    'D14 a list of four thousand million holes',
    method('const l = []; l[4294967294] = 1; self.list = l'),
    { fault: 'LIMIT' },
  ],
  [
    'D14 such a list as a reply',
    method('const l = []; l[4294967294] = 1; return l'),
    { fault: 'LIMIT' },
  ],
  [
    'D20 many-buffers',
    method('const l = []; for (;;) l.push(new Uint8Array(8e6))'),
    { fault: 'LIMIT' },
  ],
  ['D20 one buffer', method('return new Uint8Array(2 ** 33)'), { fault: 'LIMIT' }],
  [
    'D20 many buffers behind the counter',
    method('const b = new Uint8Array(8e6).fill(1); const l = []; for (;;) l.push(b.slice())'),
    // Whether the engine is told of the system's limit or dies of it is for chance to say.
    { fault: /allocat|memory|worker|ended/i },
  ],
  [
    'a reply of a hundred megabytes',
    method('const s = "x".repeat(1e6); return new Array(100).fill(s)'),
    { fault: 'LIMIT' },
  ],
  ['a record of a megabyte', method('self.text = "x".repeat(1e6)'), { fault: 'LIMIT' }],
  [
    'ten thousand objects and one',
    method('for (let i = 0; i < 10001; i++) mirror.clone(self)'),
    { fault: 'LIMIT' },
  ],
  [
    'names asked for without end',
    method('for (let i = 0; ; i++) mirror.object("nobody/" + i)'),
    { fault: 'LIMIT' },
  ],
  [
    'a hundred thousand slots',
    method('for (let i = 0; i < 100000; i++) self["slot number " + i] = i'),
    { fault: 'LIMIT' },
  ],
  ['D26 bigint-to-decimal', method('return (2n ** 100000n).toString().length'), { answer: 30_103 }],
  ['D26 a big integer in a slot', method('self.n = 2n ** 100000n'), { fault: 'LIMIT' }],
  [
    'D28 microtask-flood',
    method('for (;;) Promise.resolve().then(() => 1)'),
    { refused: /`Promise` is not there/ },
  ],
  [
    'D13 a text that doubles and is searched each time',
    method('let s = "xy"; for (let i = 0; i < 28; i++) { s += s; s.indexOf("z") }'),
    { fault: /Invalid string length/ },
  ],
]

await runAttacks(COUNTED)

/** Ended by the kernel, which kills the worker: seconds each, so only one of a kind. */
const KILLED: [string, string, string[]][] = [
  [
    'D24 regex-backtracking',
    'return /^(\\w+\\s?)*$/.test("word ".repeat(10) + "!".repeat(3) + "x".repeat(40) + "!")',
    ['FUEL'],
  ],
  ['D10 array-of-arrays', 'let a = [1]; for (;;) a = [...a, ...a]', ['LIMIT', 'FUEL']],
  [
    'D12 one-giant-array-fill',
    'return Array.from({ length: 4e9 }, (x) => 1).length',
    ['LIMIT', 'FUEL'],
  ],
  [
    'D26 a big integer that squares itself',
    'let x = 3n; for (let i = 0; i < 40; i++) x *= x; return x.toString().length',
    ['FUEL', 'LIMIT'],
  ],
]

const target = await Target.start(2_000)

for (const [name, body, codes] of KILLED) {
  test(`[KN34] [KN22] ${name}`, async () => {
    const bystander = target.t.send('ping')
    const [first] = await target.attack(method(body), [1])
    assert.ok(first.kind === 'fault' && codes.includes(first.fault.code), JSON.stringify(first))
    assert.equal(await bystander, 'pong')
    await target.assertUnharmed()
  })
}

test('[KN19] [KN34] D35 miss-storm: a thousand unknown selectors ask for no more methods than one message may', async () => {
  const { learner, asked } = scripted({})
  const one = await startKernel({ learner, methods: { ping: 'function ping(self) { return 1 }' } })
  await one.put(
    'storm',
    `function storm(self) {
      for (let i = 0; i < 1000; i++) try { self['missing' + i]() } catch (e) { self.n = i }
      return self.n
    }`,
  )
  const before = one.graph()
  const fault = await one.fault('storm')
  assert.ok(['LIMIT', 'GENERATION_REFUSED'].includes(fault.code), fault.code)
  assert.ok(asked.length <= KERNEL_LIMITS.needs, `${asked.length} were asked for`)
  assert.equal(new Set(asked).size, asked.length)
  assert.equal(one.graph(), before)
  assert.equal(await one.send('ping'), 1)
  await one.close()
})
