// Owns: attacks that try to reach the host: its functions, errors, code makers, stack, clock, shared state.
// Leaves: attacks on objects to frozen.adversary.test.ts, on time and memory to denial.adversary.test.ts.
import { type Attack, runAttacks } from './attack.fixture.ts'

/** Reads a refused name in a way that the judge cannot see. */
const CTOR = "const k = 'const' + 'ructor';"
const method = (body: string) => `function f(self, other) { ${body} }`

const CODE: Attack[] = [
  [
    'E01 climb-from-self',
    method('return self.constructor.constructor("return 1")()'),
    { refused: /constructor/ },
  ],
  [
    'E01 climb-from-self, name computed',
    method(`${CTOR} return typeof self[k]`),
    { answer: 'undefined' },
  ],
  [
    'E01 climb-from-self, by a pattern',
    method(`${CTOR} const { [k]: C } = self; return typeof C`),
    { answer: 'undefined' },
  ],
  [
    'E01 climb from a function of its own, by a pattern',
    method(`${CTOR} const { [k]: C } = () => 1; return C('return process')()`),
    { fault: /C is not a function/ },
  ],
  [
    'E02 climb-from-host-fn',
    method(`${CTOR} const { [k]: C } = mirror.clone; return C('return 1')()`),
    { fault: /C is not a function/ },
  ],
  [
    'E02 a bound method of an object',
    method(`${CTOR} const { [k]: C } = self.ping; return C('return 1')()`),
    { fault: /C is not a function/ },
  ],
  [
    'E03 climb-from-return',
    method(
      `${CTOR} const { [k]: C } = mirror.slots(self)[0]; return C === Object || typeof C.create`,
    ),
    { fault: /cannot read create of undefined/ },
  ],
  [
    'E04 climb-from-error',
    method(
      `${CTOR} try { self.n(1) } catch (e) { const { [k]: F } = e; const { [k]: C } = F; return C('return 1')() }`,
    ),
    { fault: /undefined/ },
  ],
  [
    'E04 a fault made from the class of a caught one',
    method(
      `${CTOR} try { self.n(1) } catch (e) { const { [k]: F } = e; throw new F({ code: 'IMAGE_DAMAGED', message: 'gone', remedy: 'r', retry: 'later' }) }`,
    ),
    { fault: 'METHOD_FAILED' },
  ],
  [
    'E04 the class of faults changed for everyone',
    method(
      `${CTOR} try { self.n(1) } catch (e) { const { [k]: F } = e; const { prototype } = F; prototype.toRecord = () => 1 }`,
    ),
    { fault: /undefined/ },
  ],
  [
    'E04 a property on a fault’s method',
    method('try { self.n(1) } catch (e) { e.toRecord.seen = 1 }'),
    { fault: /not extensible/ },
  ],
  [
    'E05 climb-from-array',
    method(
      `${CTOR} const { [k]: C } = mirror.slotNames(self).values(); const { [k]: D } = C; return D('return 1')()`,
    ),
    { fault: /undefined/ },
  ],
  ['E06 a promise to climb from', method('return Array.fromAsync === undefined'), { answer: true }],
  [
    'E06 a promise by name',
    method('return Promise.resolve(1)'),
    { refused: /`Promise` is not there/ },
  ],
  ['E07 an async function', method('return (async () => 1)'), { refused: /synchronous/ }],
  ['E07 a generator', method('return (function* () {})'), { refused: /generators/ }],
  [
    'E08 global-function',
    method('return Function("return this")()'),
    { refused: /`Function` is not there/ },
  ],
  ['E09 indirect-eval', method('return (0, eval)("process")'), { refused: /`eval` is not there/ }],
  ['E10 direct-eval', method('return eval("self")'), { refused: /`eval` is not there/ }],
  ['E11 globalThis', method('return globalThis'), { refused: /`globalThis` is not there/ }],
  [
    'E11 this of a plain function',
    method('return (function () { return typeof this })()'),
    { answer: 'undefined' },
  ],
  ['E11 process', method('return process.env'), { refused: /`process` is not there/ }],
  [
    'E11 names of the compartment',
    method('return typeof harden + typeof lockdown + typeof Compartment'),
    { refused: /harden/ },
  ],
  ['E12 dynamic-import-plain', method('return import("node:fs")'), { refused: /imports nothing/ }],
  [
    'E13 import-built-from-pieces',
    method('return import("node" + ":fs")'),
    { refused: /imports nothing/ },
  ],
  [
    'E14 import-with-comment-inside',
    method('return import /* x */ ("node:fs")'),
    { refused: /imports nothing/ },
  ],
  ['E15 html-comment-smuggle', method('let x = 1; return x <!--x\n'), { refused: /HTML comment/ }],
  [
    'E15 the marks in a text are text',
    method('return "<!-- import(\'x\') eval(1) -->".length'),
    { answer: 28 },
  ],
]

const ERRORS: Attack[] = [
  [
    'E18 stack-formatter-hook',
    method('Error.prepareStackTrace = (e, frames) => frames; return 1'),
    { answer: 1 },
  ],
  [
    'E18 what the hook would give',
    method(
      'Error.prepareStackTrace = () => "hooked"; return [typeof new Error("x").stack, String(new Error("x").stack)]',
    ),
    { answer: ['string', ''] },
  ],
  [
    'E18 captureStackTrace',
    method('const o = {}; Error.captureStackTrace(o); return typeof o.stack + o.stack'),
    { answer: 'string' },
  ],
  [
    'E18 the stack of a caught error',
    method('try { null.x } catch (e) { return e.stack }'),
    { answer: '' },
  ],
  [
    'E18 the stack of a fault',
    method('try { self.n(1) } catch (e) { return e.stack }'),
    { answer: '' },
  ],
  [
    'E21 an error with an odd name',
    method('const e = new Error("x"); e.name = { toString: 1 }; e.message = Object("y"); throw e'),
    { fault: /without a message/ },
  ],
  [
    'E21 an error whose message computes itself',
    method('const e = new Error("x"); e.message = { toString() { for (;;) {} } }; throw e'),
    { fault: /without a message/ },
  ],
  [
    'E21 an error with a cause',
    method('throw new Error("x", { cause: { big: "x".repeat(1000) } })'),
    { fault: /^x$/ },
  ],
  [
    'E22 overflow-then-catch',
    method(
      'const g = (n) => g(n + 1) + 1; try { g(0) } catch (e) { return e instanceof RangeError }',
    ),
    { fault: 'LIMIT' },
  ],
  [
    'E22 overflow inside a host call',
    method(
      'let last; const g = () => { last = mirror.slotNames(self); return g() + 1 }; try { g() } catch (e) { return [e instanceof RangeError, last.includes("ping")] }',
    ),
    { fault: 'LIMIT' },
  ],
  [
    'E22 overflow while writing',
    method(
      'const g = (n) => { self.list.push(n); self.n = n; return g(n + 1) + 1 }; try { g(0) } catch (e) {} self.list = []; self.n = 1',
    ),
    { fault: 'LIMIT' },
  ],
  [
    'E26 descriptor-harvest',
    method(
      'return [typeof Object.getOwnPropertyDescriptor, typeof Object.getPrototypeOf, typeof Object.defineProperty, typeof Object.create]',
    ),
    { answer: ['undefined', 'undefined', 'undefined', 'undefined'] },
  ],
  [
    'E27 species-array',
    method(
      'const l = Object.assign([1, 2], { constructor: function () { return self } }); return l.map((x) => x + 1)',
    ),
    { fault: /read only/ },
  ],
  [
    'E27 species of bytes',
    method(
      'const b = Object.assign(new Uint8Array(2), { constructor: Array }); self.bytes = b; return self.bytes.length',
    ),
    { fault: /read only/ },
  ],
  [
    'E29 then-hijack, a function',
    method('return { then: (f) => f(1) }'),
    { fault: /function cannot be kept/ },
  ],
  [
    'E29 then-hijack, data',
    method('return { then: 1, catch: 2 }'),
    { answer: { then: 1, catch: 2 } },
  ],
  [
    'E30 callback-arguments',
    method(
      'const seen = []; [1].map((...all) => { seen.push(all.length) }); mirror.slots(self).map((...all) => { seen.push(all.length) }); return seen.every((n) => n === 3)',
    ),
    { answer: true },
  ],
  [
    'E30 the caller of a callback',
    method('const f = function () { return f.caller }; return [1].map(f)'),
    { answer: [null] },
  ],
]

const COERCION: Attack[] = [
  [
    'E31 toString given to mirror',
    method('return mirror.get(self, { toString() { return "n" } })'),
    { fault: /name as text/ },
  ],
  [
    'E31 toString as a computed name',
    method('let n = 0; const k = { toString() { n++; return "n" } }; self[k] += 1; return n'),
    { answer: 1 },
  ],
  [
    'E31 a name that changes between two looks',
    method(
      'let n = 0; const k = { toString() { return n++ ? "__proto__" : "n" } }; self[k] += 1; return self.n',
    ),
    { answer: 2 },
  ],
  [
    'E31 valueOf that grows between check and use',
    method(
      'let n = 0; const k = { valueOf() { return n++ ? 2e9 : 1 } }; return "x".repeat(k).length',
    ),
    { fault: 'LIMIT' },
  ],
  [
    'E31 toJSON on our side',
    method('return JSON.stringify({ toJSON() { return self.n } })'),
    { answer: '1' },
  ],
  ['E31 toJSON in a reply', method('return { toJSON: 5 }'), { answer: { toJSON: 5 } }],
  [
    'E31 a date that lies about its time',
    method(
      'const d = new Date(5); d.getTime = () => self.apply(() => { throw "ran" }); self.when = d; return self.when',
    ),
    { fault: /read only/ },
  ],
  [
    'E33 iterator-close without symbols',
    method('const { constructor: C } = [].values()'),
    { refused: /constructor/ },
  ],
  [
    'E33 iterator-close that never ends',
    method(
      `${CTOR} const { [k]: I } = [].values(); const i = I.from({ next: () => ({ value: 1 }), return() { for (;;) {} } }); for (const x of i) break`,
    ),
    { fault: /does not understand from/ },
  ],
  [
    'E33 iterator-close that hides spent fuel',
    method(
      `${CTOR} const { [k]: I } = [].values(); const i = I.from({ next: () => ({ value: 1 }), return() { self.n = 99; return {} } }); for (const x of i) for (;;) {}`,
    ),
    { fault: /does not understand from/ },
  ],
  [
    'E34 shared-symbol-registry',
    method('return Symbol.for("x")'),
    { refused: /`Symbol` is not there/ },
  ],
  ['E37 weak-things', method('return new WeakRef(self)'), { refused: /`WeakRef` is not there/ }],
  [
    'E38 clocks',
    method(
      'return [Date.now() === Date.now(), new Date().getTime() === mirror.now(), typeof Date().length]',
    ),
    { answer: [true, true, 'number'] },
  ],
  [
    'E38 the clock behind the clock',
    method(`${CTOR} const { [k]: D } = new Date(5); return D.now()`),
    { fault: /undefined|nil/ },
  ],
  [
    'E38 the clock behind the clock, made new',
    method(`${CTOR} const { [k]: D } = new Date(5); return new D().getTime()`),
    { fault: /D is not a constructor/ },
  ],
  [
    'E38 dice',
    method('const a = Math.random(); return a === Math.random() || a < 0'),
    { answer: false },
  ],
  [
    'E38 performance',
    method('return performance.now()'),
    { refused: /`performance` is not there/ },
  ],
  [
    'E38 shared memory',
    method('return new SharedArrayBuffer(1)'),
    { refused: /`SharedArrayBuffer` is not there/ },
  ],
]

const RUNTIME: Attack[] = [
  ['E43 the runtime by name', method('$rt.n = 1e9'), { refused: /name of the runtime/ }],
  ['E43 the runtime in escapes', method('\\u0024rt.n = 1e9'), { refused: /name of the runtime/ }],
  [
    'E43 the runtime as a label',
    method('$rt: for (;;) { break $rt }'),
    { refused: /name of the runtime/ },
  ],
  ['E43 the receiver replaced', method('self = other; return this === other'), { answer: false }],
  [
    'E43 the guard of a catch as a property',
    method('try { throw { z: 1 } } catch ({ z }) { return z }'),
    { answer: 1 },
  ],
  [
    'E43 a catch in a catch in a catch',
    method(
      'for (;;) { try { try { for (;;) {} } finally { self.n = 2 } } catch (e) { self.n = 3 } }',
    ),
    { fault: 'FUEL' },
  ],
  [
    'E43 a finally that answers',
    method('try { for (;;) {} } finally { return "out" }'),
    { fault: 'FUEL' },
  ],
  [
    'E43 a need hidden by a finally',
    method('try { self.nobody() } finally { return "out" }'),
    { answer: 'out' },
  ],
]

await runAttacks([...CODE, ...ERRORS, ...COERCION, ...RUNTIME])
