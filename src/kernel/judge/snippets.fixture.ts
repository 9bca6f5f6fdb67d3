// Owns: methods that together use every form that the rewriter knows, for the test that runs each in two ways.
// Leaves: running and comparing them to rewrite.test.ts.

/** A method's source by what it is there for. Each is run with the arguments 7 and 'z'. */
export const SNIPPETS: Record<string, string> = {
  'read of a slot': 'function f(self) { return self.n }',
  'read of an absent slot': 'function f(self) { return self.absent }',
  'read with a computed key':
    'function f(self, k) { const name = "n"; return [self[name], self["s"], self.items[1]] }',
  'read of a chain': 'function f(self) { return self.nested.a.b.c }',
  'read of nil fails': 'function f(self) { return self.nil.x }',
  'read of a template key': 'function f(self) { return self[`n`] + self[`${"s"}`] }',
  'length of a string and a list': 'function f(self) { return self.s.length + self.items.length }',
  'send without arguments': 'function f(self) { return self.zero() }',
  'send with one': 'function f(self, a) { return self.one(a) }',
  'send with two': 'function f(self, a, b) { return self.two(a, b) }',
  'send with three': 'function f(self, a, b) { return self.three(a, b, a) }',
  'send with spread':
    'function f(self, a, b) { const l = [1, 2]; return self.three(...l, ...[a, b]) }',
  'send with a trailing comma': 'function f(self, a) { return self.one(a,) }',
  'keyword selector': "function f(self) { self['at:put:']('k', 5); return self.k }",
  'computed selector': "function f(self) { return ['zero', 'one'].map((k) => self[k](3)) }",
  'sends in sends': 'function f(self, a) { return self.one(self.two(self.one(a), self.zero())) }',
  'send to an answer': 'function f(self) { return self.me().me().one(4) }',
  'call of an answer': 'function f(self) { return self.adder(3)(4) }',
  'call in brackets keeps the receiver':
    'function f(self) { return (self.me)().n + (self["me"])().n }',
  'sequence in brackets loses the receiver': 'function f(self) { return (0, self.who)() }',
  'method read and called later': 'function f(self) { const g = self.adder(1); return g(1) }',
  'send of nothing fails': 'function f(self) { return self.nothing(1) }',
  'built-ins': 'function f(self, a) { return Math.max(a, self.n, JSON.stringify([a]).length) }',
  'strings and numbers answer':
    "function f(self, a) { return 'x-y'.split('-').concat((12.5).toFixed(2), a.toString(2)) }",
  'closures in built-ins':
    'function f(self) { return self.items.filter((i) => i.x > 1).map((i) => i.y).join("") }',
  'reduce to an object literal':
    'function f(self) { return self.items.reduce((all, i) => ({ ...all, [i.y]: i.x }), {}) }',
  'arrow with an object body': 'function f(self) { return self.items.map((i) => ({ x: i.x })) }',
  'arrow with a sequence body':
    'function f(self) { let k = 0; return self.items.map((i) => (k++, k * i.x)) }',
  'arrow with a bracketed body': 'function f(self) { return [1, 2].map((x) => (((x + 1)))) }',
  'arrow in an arrow': 'function f(self) { return [1].map((a) => [2].map((b) => [a, b, self.n])) }',
  'arrow without brackets': 'function f(self) { return [1, 2].map(x => x * 2) }',
  'keyword against a bracket':
    'function f(self) { for (const x of[3]) { if (x) return[1, 2].map((y) => y + x) } }',
  'typeof against a bracket':
    'function f(self) { return typeof(self).n + typeof[1].map + void(self).n }',
  'in and instanceof':
    "function f(self) { return ['n' in self, 'q' in self, self.items instanceof Array, []instanceof Map] }",
  'assignment of a slot': 'function f(self, a) { self.n = a; return self.n }',
  'assignment answers its value': 'function f(self, a) { return (self.n = a) + (self["m"] = 2) }',
  'chained assignment':
    'function f(self) { let z; self.a = z = self.b = [1]; return self.a === self.b && z === self.a }',
  'deep assignment':
    'function f(self) { self.nested.a.b.c = 9; self.nested.a["b"].d = 8; return self.nested }',
  'assignment of a sequence':
    'function f(self) { self.a = (1, 2); (self.a, self).b = 3; return [self.a, self.b] }',
  'assignment of a conditional':
    'function f(self) { self.a = self.n ? 1 : 2; (self.n ? self : null).b = 4; return self.a + self.b }',
  'order of an assignment':
    'function f(self) { self.note(self).x = self.note(1); self.note(self)[self.note("k")] = self.note(2); return self.log.length }',
  'compound operators': `function f(self) {
    self.n += 5; self.n -= 2; self.n *= 3; self.n /= 2; self.n **= 2; self.n %= 7
    self.b = 12; self.b <<= 2; self.b >>= 1; self.b >>>= 1; self.b |= 3; self.b &= 9; self.b ^= 5
    return [self.n, self.b]
  }`,
  'compound with text':
    'function f(self, a, b) { self.s += b + a; self.s += `${self.n}`; return self.s }',
  'compound with a weaker operator':
    'function f(self) { self.n -= 1 - 2 - 3; self.n *= 1 + 1; self.n **= self.n > 1 ? 2 : 3; return self.n }',
  'compound with a sequence and an arrow':
    'function f(self) { self.n += (1, 2); self.n += ((x) => x)(3); return self.n }',
  'compound in a compound':
    'function f(self) { self.n += self.m = 3; self.n += (self.m += 2); return [self.n, self.m] }',
  'compound evaluates its place once':
    'function f(self) { let i = 0; const l = [1, 2, 3]; l[i++] += 10; l[i++] *= l[i]; return [l, i] }',
  'compound on a missing slot': 'function f(self) { self.z += 1; return self.z }',
  'logical assignment': `function f(self) {
    const seen = []
    self.nil ??= seen.push('a'); self.n ??= seen.push('b'); self.zeroSlot ||= seen.push('c')
    self.n ||= seen.push('d'); self.n &&= (seen.push('e'), 6); self.zeroSlot2 &&= seen.push('f')
    return [seen, (self.nil2 ??= 4)]
  }`,
  'logical assignment of an arrow':
    'function f(self) { self.nil ??= () => 4; const g = self.nil; self.nil = 0; return g() }',
  'in-place with index and send':
    'function f(self) { self.i = 0; self.a = [1, 2]; self.a[self.i++] += self.one(3)[0]; return [self.a, self.i] }',
  increments:
    'function f(self) { return [self.n++, self.n, ++self.n, self.n--, --self.n, self["n"]++, -self.n++] }',
  'increment of text': 'function f(self) { self.t = "4"; return [self.t++, self.t] }',
  'increment of a big integer':
    'function f(self) { self.b = 5n; return [String(self.b++), String(++self.b), String(self.b **= 2n)] }',
  'increment of an element':
    'function f(self) { const l = [1, 2]; let i = 0; l[i++]++; ++l[i]; return [l, i] }',
  'increments of names':
    'function f(self, a) { let i = a; return [i++, i, ++i, i--, --i, i-->0, i] }',
  delete:
    "function f(self) { const k = 's'; return [delete self.n, delete self[k], delete self.nested.a.b, Object.keys(self).length] }",
  'delete of an answer': 'function f(self) { const o = { a: 1, b: 2 }; delete (o).a; return o }',
  'optional read':
    'function f(self) { return [self?.n, self.nil?.x, self.nil?.x.y.z, self.nested?.a?.b.c] }',
  'optional computed':
    "function f(self) { const k = 'a'; return [self.nested?.[k], self.nil?.[k], self.nil?.[self.boom()], self.nested?.[k].b?.['c']] }",
  'optional send':
    'function f(self) { return [self.one?.(1), self.absent?.(self.boom()), self.two?.(1, 2), self.three?.(...[1, 2, 3])] }',
  'optional send to nil':
    'function f(self) { return [self.nil?.one(self.boom()), self.nil?.a.b.c(self.boom()).d, self.me?.().n] }',
  'optional send that goes on':
    'function f(self) { return [self.absent?.(1).x.y, self.me?.().n, self.me?.().absent?.(1).q, self["me"]?.().me().n] }',
  'optional send of nil that goes on fails': 'function f(self) { return self.answerNil?.().x }',
  'optional call of a name':
    'function f(self) { const g = null, h = (x) => x + 1; return [g?.(self.boom()), h?.(1), h?.(...[2])] }',
  'optional call of an answer':
    'function f(self) { return [self.adder?.(1)?.(2), self.adder(1)?.(5), self.nil?.(1)] }',
  'optional element and call':
    "function f(self) { const a = { k: (x) => x * 2 }, k = 'k'; return [a?.[k]?.(4), a?.['q']?.(4), a.k?.(1)] }",
  'optional chains in chains':
    'function f(self) { return self.nested?.[self.items?.[0]?.y]?.b?.[self.nil?.x ?? "c"] }',
  'bracketed chain goes on':
    'function f(self) { return (self?.nested).a.b.c + (self.nested?.a).b.c }',
  'bracketed chain fails when nil': 'function f(self) { return (self.nil?.x).y }',
  'bracketed chain called':
    'function f(self) { return (self?.me)().n + (self.nested?.a.get)().b.c }',
  'bracketed chain called on nil fails': 'function f(self) { return (self.nil?.me)() }',
  'chain on this': 'function f(self) { return this?.n + this.me?.().n }',
  'chain evaluates its base once':
    'function f(self) { self.note(self.nested)?.a?.b; self.note(self)?.one?.(1); self.note(self).me?.().n; return self.log.length }',
  'nullish and logical operators':
    'function f(self) { return [self.nil ?? self.n, self.n && self.s, self.nil || self.me().n] }',
  'if and else without blocks':
    'function f(self, a) { if (a > 3) self.n = 1; else self.n = 2; if (!a) return 0\nelse return self.n }',
  'for loop':
    'function f(self) { let s = 0; for (let i = 0; i < self.items.length; i++) s += self.items[i].x; return s }',
  'for loop over slots':
    'function f(self) { for (self.i = 0, self.j = 9; self.i < self.j; self.i++, self.j--) self.log.push(self.i); return self.log }',
  'for loop with closures':
    'function f(self) { const l = []; for (let i = 0; i < 3; i++) { l.push(() => i) } return l.map((g) => g()) }',
  'for loop with a closure in its head':
    'function f(self) { const l = []; for (let i = 0, g = () => i; i < 2; i++) l.push(g()); return l }',
  'for loop without parts':
    'function f(self) { let i = 0; for (;;) { if (++i > 4) break } return i }',
  'for loop without a body': 'function f(self) { let i = 0; for (; i < 5; i++); return i }',
  'for in':
    'function f(self) { const l = []; for (const k in self.nested.a) l.push(k); for (var q in [7, 8]) l.push(q); return [l, q] }',
  'for of':
    'function f(self) { let s = ""; for (const { x, y } of self.items) s += y + x; for (const c of self.s) s += c; return s }',
  'for of into a slot':
    'function f(self) { for (self.n of [1, 2]) self.log.push(self.n); for (self.nested["k"] in { a: 1 }); return [self.log, self.nested.k] }',
  'for of into a pattern with slots':
    'function f(self) { for ([self.n, { q: self.m = 5 }] of [[1, {}], [2, { q: 3 }]]) self.log.push(self.n, self.m); return self.log }',
  while:
    'function f(self) { let i = 0; while (i < 3) i++; while (self.n < 5) { self.n++ } return [i, self.n] }',
  'do while':
    'function f(self) { let i = 0; do i++; while (i < 4)\ndo { self.n++ } while (self.n < 4); do ; while (i++ < 9); return [i, self.n] }',
  'loops in loops without blocks':
    'function f(self) { let c = 0; for (const a of [1, 2]) for (let b = 0; b < a; b++) while (c < 50) if (c++ % 3) break; return c }',
  labels: `function f(self) {
    const l = []
    outer: for (let i = 0; i < 4; i++) {
      inner: while (true) { if (i === 1) continue outer; if (i === 3) break outer; l.push(i); break inner }
      l.push(-i)
    }
    block: { if (l.length) break block; l.push('never') }
    return l
  }`,
  'continue in do while':
    'function f(self) { let i = 0, c = 0; a: do { if (i % 2) continue a; c++ } while (++i < 6); return [i, c] }',
  switch: `function f(self, a) {
    const l = []
    for (const k of [1, 2, 3, a, 'q']) switch (k) { case self.n: l.push('n'); case 2: l.push(2); break; default: l.push('d'); case 3: { let z = k; l.push(z) } }
    return l
  }`,
  conditional: 'function f(self, a) { return a > 5 ? self.n > 5 ? 1 : self.s : self.nil }',
  'try and catch': 'function f(self) { try { self.boom() } catch (e) { return e.message } }',
  'try and catch without a name':
    'function f(self) { try { self.boom() } catch { return self.n } }',
  'try and catch of a pattern':
    'function f(self) { try { self.boom() } catch ({ message, name: [first] = "", extra = message + self.n }) { let own = 1; return [message, first, extra, own] } }',
  'try and finally':
    'function f(self) { try { return self.n } finally { self.n = 9; self.log.push("f") } }',
  'finally that answers':
    'function f(self) { for (const x of [1, 2]) { try { self.boom() } finally { if (x < 2) continue; return [x] } } }',
  'catch and finally':
    'function f(self) { try { throw new TypeError("t") } catch (e) { self.m = e.name; throw e } finally { let q = 1; self.n += q } }',
  'nested tries':
    'function f(self) { try { try { self.boom() } finally { self.log.push(1) } } catch (e) { try { null.x } catch (e) { self.log.push(e instanceof TypeError) } } return self.log }',
  'throw of a value': 'function f(self) { throw self.items[0] }',
  defaults:
    'function f(self, a, b, c = 3, d = c + self.n, e = self.one(d), g = () => c, h = undefined) { return [c, d, e, g(), h] }',
  'defaults in patterns':
    'function f(self, a, b, { x = self.n, y: { z = x + 1 } = {} } = {}, [p, q = self.me().n, ...r] = [1]) { return [x, z, p, q, r] }',
  'default that calls a function with a name':
    'function f(self) { const g = (n, m = n > 0 ? g(n - 1) : 0) => m + n; return g(4) }',
  'default with the name of its parameter':
    'function f(self) { const g = (h = () => 1) => h.name; return g() }',
  'default with a sequence':
    'function f(self) { const g = (x = (self.n, self.m = 4)) => x; return g() }',
  rest: 'function f(self, ...rest) { return [rest, rest.length, ((...[a, b]) => b)(1, 2)] }',
  'destructuring of a declaration':
    'function f(self) { const { n, s: text, absent = 4, ...others } = self; const [i, , { x }] = self.items; return [n, text, absent, Object.keys(others).length, i, x] }',
  'destructuring with computed keys':
    "function f(self) { const k = 's'; const { [k]: a, ['n']: b, [self.items[0].y]: c = 2 } = self; return [a, b, c] }",
  'destructuring into slots':
    'function f(self) { [self.n, self.nested.a, self["k"]] = [1, 2, 3]; ({ x: self.p, y: self.q = self.n } = { x: 5 }); return [self.n, self.nested, self.k, self.p, self.q] }',
  'swap of elements':
    'function f(self) { const l = [1, 2, 3]; let i = 0; [l[i], l[i + 2]] = [l[i + 2], l[i]]; [self.items[0], ...self.rest] = [self.items[1], 8, 9]; return [l, self.rest] }',
  'swap of names': 'function f(self, a, b) { [a, b] = [b, a]; return [a, b] }',
  'computed key of a target':
    'function f(self) { const l = []; [l[self.n], l[self.zero().length]] = [4, 5]; return l }',
  templates:
    'function f(self, a) { return `n=${self.n} ${self.items.map((i) => `<${i.y}>`).join(`,`)} \\`${a}\\${` }',
  'text that filters refuse':
    'function f(self) { return ["<!-- a -->", `<!-- ${self.n} --> import("x")`, \'import(x) eval (y)\', `\\<!--\\-->\\import(1)`] }',
  regexes:
    "function f(self) { return ['a/b'.replace(/\\//g, '-'), /[/\\]]+/.test(']/'), self.s.match(/(?<one>b)/).groups.one, 4 / 2 / 1] }",
  'regexes that filters refuse':
    "function f(self) { return [/<!--(.*)-->/.exec('<!--q-->')[1], /(?<!--)x/.test('x'), /[!--]/.test('#'), /import/.test('import'), /eval(?=\\()/.test('eval(')] }",
  'object literals':
    "function f(self, a) { const b = 2; return { a, b, 'c d': self.n, 3: 4, [`k${a}`]: self.s, ...self.nested, undefined, NaN: 1 } }",
  'methods of literals':
    'function f(self) { const o = { v: 3, get() { return this.v }, add: function (x) { return this.v + x }, arrow: () => self.n, import(x) { return x }, eval(x) { return x } }; return [o.get(), o.add(1), o.arrow(), o.import(5), o.eval(6)] }',
  'this of the method':
    'function f(self) { const g = () => this.n; return [this.n, this === self, g(), this.one(2)] }',
  'this of other functions':
    'function f(self) { function g() { return this } const h = function () { return (() => this)() }; return [g(), h.call(5), this === self] }',
  constants:
    'function f(self) { return [undefined, NaN, Infinity, -Infinity, typeof undefined, [undefined].length, 2 ** Infinity] }',
  'constant before a power':
    'function f(self) { return [undefined ** 2, NaN ?? 1, Infinity.toFixed] .length }',
  'constants under other names':
    'function f(self) { const g = (undefined) => undefined; { let NaN = 3; return [g(4), NaN] } }',
  'new':
    'function f(self) { const m = new Map([[1, self.n]]), s = new Set; s.add(2); return [m.get(1), s.size, new Date(5).getTime(), new Error("x").message] }',
  'new of an own function':
    'function f(self) { function P(x) { this.x = x } const p = new P(4); return [p.x, p instanceof P] }',
  'shadowed globals':
    'function f(self) { const JSON = { stringify: () => "mine" }; { let Math = { max: () => -1 }; self.a = Math.max(1) } return [JSON.stringify(1), Math.max(1, 2), self.a] }',
  hoisting:
    'function f(self) { const a = g(); function g() { return x === undefined } var x = 1; { function k() { return 2 } x = k() } return [a, x] }',
  'recursion by name': 'function f(self, n) { return n <= 1 ? 1 : n * f(self, n - 1) }',
  'recursion of a function expression':
    'function f(self) { return (function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) })(10) }',
  'closures over the loop and self':
    'function f(self) { const acts = {}; for (const i of self.items) acts[i.y] = (n = 1) => (i.x += n); acts.a(); acts.b(5); return self.items.map((i) => i.x) }',
  'calls of functions in brackets':
    'function f(self) { return (function () { return 3 }).call(null) + (() => 4)() + ((x) => x)?.(1) }',
  'lines that end without semicolons': `function f(self) {
    let a = 1
    self.n++
    ;[1, 2].forEach((x) => { a += x })
    self.log = (x) => {
      a += x
    }
    ;(self.log)(10)
    self.m = a
    --self.n
    delete self.log
    const b = self.m
    return b
  }`,
  'semicolons put in after increments':
    'function f(self) {\n  let q = 0\n  self.n++\n  (q = 5)\n  self.t = () => {}\n  (q += 1)\n  self.t = 0\n  return q\n}',
  'a name ends before a line that could go on':
    'function f(self) {\n  let a = self.n\n  ++self.n\n  a = self.s\n  return [a, self.n]\n}',
  'comments everywhere': `function f(self /* the receiver */, /* a */ a) { // <!-- here
    /* import( */ return /* x */ self /* y */ . /* z */ one /* eval( */ ( /* q */ a /* --> */ ) /* \n */ [0] // end
  }`,
  'comments around arrows':
    'function f(self) { return [1].map(/* a */ (x) /* b */ => /* c */ ( /* d => */ x + self.n /* e */ ) /* f */) }',
  directives: "function f(self) { 'use strict'; 'hello'; return self.n }",
  unicode:
    'function f(self) { const \\u{61}b\\u0063 = 1, ünï = 2; self.\\u006e = 5; return [abc, ünï, self.n, "\\u2028\\x41"] }',
  types:
    'function f(self: Self, a: number, b?: string, c: Array<{ x: number }> = []): number[] { const q = self.n as number; let z!: string; return [q, (self.n as any)!, c.length, a satisfies number] }',
  'generic arrow':
    'function f(self) { const id = <T,>(x: T): T => x; return [id<number>(3), id("x")] }',
  'bare arrow as a method': '(self, a) => self.one(a)',
  'arrow with a body as a method':
    '(self: any, a: number): any => { const x = self.n; return x + a }',
  'function without a name': 'function (self, a) { return [self.n, a] }',
  'exported function': 'export function f(self) { return self.n }',
  'default export with comments':
    '/** Doc. */\nexport /* x */ default function f(self) { return self.n };',
  'sort with a comparator':
    'function f(self) { return [...self.items].sort((a, b) => b.x - a.x).map(({ y }) => y) }',
  'string building':
    "function f(self) { let out = ''; for (const [k, v] of Object.entries({ a: 1, b: self.n })) out += `${k}=${v};`; return out.slice(0, -1).padEnd(9, '.') }",
  'map of maps':
    'function f(self) { const m = new Map(); for (const i of self.items) { if (!m.has(i.y)) m.set(i.y, []); m.get(i.y).push(i.x) } return [...m].map(([k, v]) => k + v) }',
  'void and comma': 'function f(self) { return (self.n++, void self.n++, self.n) }',
  'bit tricks':
    'function f(self) { let x = self.n << 3 | 1, y = ~~(x / 2), z = - -x, w = + +y; return [x, y, z, w, !self.n, !!self.s] }',
  'less than not minus':
    'function f(self) { let a = 1, b = 2; return [a < ! --b, a < - --b, b-- > a, a - --b, a - -b] }',
}
