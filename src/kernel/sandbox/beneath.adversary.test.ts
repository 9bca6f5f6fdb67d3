// Owns: attacks by code that no judge has seen: what the locked-down process holds when everything in front of it has failed.
// Leaves: what the judge refuses and the runtime hides to the other adversary tests.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { after, test } from 'node:test'
import { RawWorker } from './pipe.fixture.ts'

const worker = await new RawWorker().start()
after(() => worker.end())

const TICK = 'if(--$rt.n<0)$rt.x();'
const NO_MAKER = { fault: /not a valid constructor/ }

type Beneath = [name: string, body: string, expected: { answer: unknown } | { fault: RegExp }]

const MAKERS: Beneath[] = [
  ['E01 climb-from-self', "return (() => 1).constructor('return typeof process')()", NO_MAKER],
  ['E02 climb-from-host-fn', "return mirror.clone.constructor('return 1')()", NO_MAKER],
  [
    'E03 climb-from-return',
    "return mirror.slots(self)[0].constructor.constructor('return 1')()",
    NO_MAKER,
  ],
  [
    'E04 climb-from-error',
    "try { mirror.get(1, 'x') } catch (e) { return e.constructor.constructor('return 1')() }",
    NO_MAKER,
  ],
  [
    'E04 the class of faults changed for everyone',
    "try { mirror.get(1, 'x') } catch (e) { e.constructor.prototype.toRecord = 1 }",
    { fault: /read only/ },
  ],
  [
    'E05 climb-from-array',
    "return mirror.slotNames(self).values().constructor.constructor('return 1')()",
    NO_MAKER,
  ],
  [
    'E06 climb-from-promise',
    "return Promise.resolve(1).constructor.constructor('return 1')()",
    NO_MAKER,
  ],
  [
    'E07 async-function-maker',
    "return Object.getPrototypeOf(async () => 1).constructor('return 1')",
    NO_MAKER,
  ],
  [
    'E07 the makers of generators',
    "const G = Object.getPrototypeOf(function* () {}).constructor, A = Object.getPrototypeOf(async function* () {}).constructor; try { G('1') } catch { A('1') }",
    NO_MAKER,
  ],
  [
    'E08 global-function',
    "return Function('return typeof process + typeof require + typeof mirror')()",
    { answer: 'undefinedundefinedundefined' },
  ],
  ['E09 indirect-eval', "return (0, eval)('typeof process')", { answer: 'undefined' }],
  ['E10 direct-eval', "return eval('typeof process')", { fault: /SES_EVAL_REJECTED/ }],
  ['E12 dynamic-import-plain', "return import('node:fs')", { fault: /SES_IMPORT_REJECTED/ }],
  [
    'E13 import-built-from-pieces',
    "return import('node' + ':fs')",
    { fault: /SES_IMPORT_REJECTED/ },
  ],
  [
    'E14 import-with-comment-inside',
    "return import/**/('node:fs')",
    { fault: /SES_IMPORT_REJECTED/ },
  ],
  ['E15 html-comment-smuggle', 'return 1 <!-- 2\n', { fault: /SES_HTML_COMMENT_REJECTED/ }],
]

const HOOKS: Beneath[] = [
  [
    'E18 stack-formatter-hook',
    "Error.prepareStackTrace = (e, frames) => frames; return typeof new Error('x').stack",
    { answer: 'string' },
  ],
  [
    'E18 the frames of an ended stack',
    'try { const g = () => g() + 1; g() } catch (e) { return e.stack }',
    { answer: '' },
  ],
  [
    'E26 descriptor-harvest',
    "return Object.getOwnPropertyDescriptor(Object.prototype, '__proto__')",
    { answer: null },
  ],
  [
    'E27 species-array',
    'Object.defineProperty(Array, Symbol.species, { value: 1 })',
    { fault: /Cannot redefine/ },
  ],
  [
    'E28 species-promise',
    'const p = Promise.resolve(1); p.constructor = { [Symbol.species]: function (f) { f(() => { self.n = 9 }, () => 1) } }; p.then(() => { self.n = 9 }); return self.n',
    { answer: 1 },
  ],
  ['E29 then-hijack', 'return { then: 1 }', { answer: { then: 1 } }],
  [
    'E32 inspect-hook',
    "return { [Symbol.for('nodejs.util.inspect.custom')]: () => { throw 1 }, a: 1 }",
    { answer: { a: 1 } },
  ],
  [
    'E32 inspect-hook in something thrown',
    "const e = new Error('x'); e[Symbol.for('nodejs.util.inspect.custom')] = () => { throw 1 }; throw e",
    { fault: /^x$/ },
  ],
  [
    'E33 iterator-close that hides spent fuel',
    `const i = Iterator.from({ next: () => ({ value: 1 }), return() { self.n = 99; return {} } }); for (const x of i) for (;;) {${TICK}}`,
    { fault: /used up its 100000 ticks/ },
  ],
  [
    'E34 shared-symbol-registry',
    "return [typeof self[Symbol.for('x')], Object.getOwnPropertySymbols(mirror).length]",
    { answer: ['undefined', 0] },
  ],
  [
    'E37 weak-things',
    'return typeof WeakRef + typeof FinalizationRegistry',
    { answer: 'undefinedundefined' },
  ],
  ['E38 clocks', 'return Date.now()', { fault: /secure mode/ }],
  ['E38 a clock made new', 'return new Date().getTime()', { fault: /secure mode/ }],
  ['E38 dice', 'return Math.random()', { fault: /secure mode/ }],
  [
    'E38 shared memory and threads',
    'return typeof SharedArrayBuffer + typeof Atomics + typeof WebAssembly',
    { answer: 'undefinedundefinedundefined' },
  ],
]

const SHARED: Beneath[] = [
  [
    'P08 raw-target by reflection',
    'return Reflect.ownKeys(self)',
    { answer: ['n', 'map', 'list'] },
  ],
  [
    'P06 accessor-on-self',
    "Object.defineProperty(self, 'n', { get: () => 5 })",
    { fault: /defining a property/ },
  ],
  ['P05 reprototype-self', 'Object.setPrototypeOf(self, {})', { fault: /changing the prototype/ }],
  [
    'P10 a getter that writes while it is stored',
    "const o = {}; Object.defineProperty(o, 'x', { enumerable: true, get() { self.n++; return 1 } }); self.map = o; return self.n > 1",
    { fault: /nothing can change/ },
  ],
  [
    'P10 a getter that removes the slot it is stored in',
    "const o = {}; Object.defineProperty(o, 'x', { enumerable: true, get() { delete self.map; return 1 } }); self.map = o; return self.map === undefined",
    { answer: true },
  ],
  [
    'P10 a getter that writes while the turn is kept',
    "const o = {}; Object.defineProperty(o, 'x', { enumerable: true, get() { self.n = 5; return 1 } }); return o",
    { fault: /nothing can change/ },
  ],
  [
    'P10 a getter that never ends while the turn is kept',
    `const o = {}; Object.defineProperty(o, 'x', { enumerable: true, get() { for (;;) {${TICK}} } }); return o`,
    { fault: /ticks/ },
  ],
  [
    'P10 a proxy',
    'let n = 0; const p = new Proxy([1], { get: (t, k) => { n++; return t[k] } }); self.list = p; return self.list',
    { answer: [1] },
  ],
  [
    'P10 bytes that are none, of two thousand million elements',
    'return Object.create(Uint8Array.prototype, { [Symbol.iterator]: { value: undefined }, length: { value: 2e9 } })',
    { fault: /such an object|more memory than there is/ },
  ],
  ['P12 re-entry of the runtime', '$rt.g = () => 1', { fault: /read only|not extensible/ }],
  [
    'P15 late-effects',
    'Promise.resolve().then(() => { self.n = 99 }); return self.n',
    { answer: 1 },
  ],
  [
    'P20 unhandled-rejection',
    "for (let i = 0; i < 1000; i++) Promise.reject(new Error('x')); return 1",
    { answer: 1 },
  ],
  ['a name of the compartment', 'globalThis.leak = 1', { fault: /not extensible/ }],
  ['a prototype', 'Object.prototype.polluted = 1', { fault: /not extensible/ }],
  [
    'D20 many-buffers',
    'const l = []; for (;;) { const b = new ArrayBuffer(1e7); new Uint8Array(b).fill(1); l.push(b) }',
    { fault: /more memory than there is/ },
  ],
  [
    'D20 one buffer that grows',
    'const b = new ArrayBuffer(1, { maxByteLength: 4e9 }); b.resize(4e9); return new Uint8Array(b).fill(1).length',
    { fault: /more memory than there is|Invalid length|out of memory/i },
  ],
]

for (const [name, body, expected] of [...MAKERS, ...HOOKS, ...SHARED]) {
  test(`[KN20] [KN29] beneath the judge: ${name}`, async () => {
    const came = await worker.run(body)
    const told = JSON.stringify(came)
    if ('answer' in expected) {
      assert.ok('answer' in came, told)
      assert.deepEqual(came.answer, expected.answer)
    } else {
      assert.ok('fault' in came, told)
      assert.match(came.fault.message, expected.fault)
    }
    // The same process is alive, and nothing of the turn is left in it.
    const left =
      'return [self.n, self.map, typeof {}.polluted, typeof globalThis.leak, Object.isFrozen($rt)]'
    assert.deepEqual(await worker.run(left), {
      answer: [1, { a: 1 }, 'undefined', 'undefined', true],
    })
  })
}

test('[KN20] E11 global-walk: the compartment holds the language and nothing of the host', async () => {
  const found = await worker.run('return Object.getOwnPropertyNames(globalThis)')
  assert.ok('answer' in found)
  assert.deepEqual(
    (found.answer as string[]).filter((name) => !LANGUAGE.has(name)),
    [],
  )
})

/** What a compartment may hold: the language without clocks, threads and weak references, and SES’s own. */
const LANGUAGE = new Set(
  `AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean Compartment DataView Date Error EvalError
  Function Infinity Int16Array Int32Array Int8Array Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
  ReferenceError Reflect RegExp Set String Symbol SyntaxError TextDecoder TextEncoder TypeError URIError Uint16Array
  Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakSet decodeURI decodeURIComponent encodeURI encodeURIComponent
  escape eval globalThis harden isFinite isNaN lockdown parseFloat parseInt undefined unescape`.split(
    /\s+/,
  ),
)
