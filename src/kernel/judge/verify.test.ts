// Owns: the tests of code that a wrong rewriter could make, which the proof must find out, and the code of the right one.
// Leaves: what the code does to rewrite.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMethod } from './index.ts'
import { SNIPPETS } from './snippets.fixture.ts'
import { verifyCode } from './verify.ts'

const TICK = 'if(--$rt.n<0)$rt.x();'
const METHOD = `function f(self, a, b = self.g(), {["m"]:m} = self) {
  const {[a]:k} = self
  for (const x of self.items) { self.n += x.y }
  while (a) a--
  do { a?.b } while (a?.b?.())
  try { self.f(a) } catch (e) { return e } finally { self.done = true }
  return self.list.map((i) => [i].map(function (j) { return j?.k.l?.(1)?.m }))
}`

function compiled(source: string) {
  const made = compileMethod(source)
  if ('problems' in made) assert.fail(made.problems[0]?.message)
  return made
}

test('[KN51] [G6] a tick that is missing anywhere is found', () => {
  const { code, globals } = compiled(METHOD)
  const places = code.split(TICK).length - 1
  assert.equal(places, 6)
  for (let place = 0; place < places; place++) {
    const parts = code.split(TICK)
    const [before, after] = [parts.slice(0, place + 1), parts.slice(place + 1)]
    const wrong = before.join(TICK) + after.join(TICK)
    assert.notDeepEqual(verifyCode(wrong, globals), [], `tick ${place}`)
    const late = `${before.join(TICK)}0;${TICK}${after.join(TICK)}`
    assert.notDeepEqual(verifyCode(late, globals), [], `late tick ${place}`)
  }
})

/** What is wrong, the right code, and the wrong code in its place. */
type Wrong = [what: string, from: string, to: string]

const WRONG_TICKS: Wrong[] = [
  ['a catch without its guard', '$rt.c(e);', ''],
  ['a catch that looks elsewhere', '$rt.c(e);', '$rt.c(a);'],
  ['a catch that takes apart', 'catch(e)', 'catch({e})'],
  ['a finally without its guard', 'if(!FLAG&&!$rt.z){', '{'],
  ['a finally that runs on signals', 'if(!FLAG&&!$rt.z){', 'if(!FLAG&&$rt.z){'],
  ['a finally that runs on what was caught', 'if(!FLAG&&!$rt.z){', 'if(!$rt.z){'],
  ['a finally without a look', 'catch(CAUGHT){FLAG=1;$rt.c(CAUGHT);FLAG=0;throw CAUGHT;}', ''],
  ['a finally that goes on', 'FLAG=0;throw CAUGHT;}', 'FLAG=0;}'],
  ['a finally whose flag is never up', '{FLAG=1;', '{FLAG=0;'],
  ['a finally whose flag is up for ever', 'let FLAG=0;', ''],
  ['a finally with the flag of another', 'let FLAG=0;', 'let FLAG=1;'],
  ['a flag that is written to', 'return e', 'return FLAG=0'],
  ['a default without its tick', '--$rt.n<0&&$rt.x(),', ''],
  ['a tick that charges nothing', '--$rt.n<0', '$rt.n<0'],
  ['a tick that gives fuel', '--$rt.n<0', '++$rt.n<0'],
  ['a receiver of another name', 'const $rts=self;', 'const $rts=a;'],
]

const WRONG_MEMBERS: Wrong[] = [
  ['a key of a pattern that is left', '{[$rt.k(a)]:k}', '{[a]:k}'],
  ['a key of a pattern that is read', '{[$rt.k(a)]:k}', '{[$rt.g(a,a)]:k}'],
  ['a key of a parameter that is left', '{[$rt.k("m")]:m}', '{["m"]:m}'],
  ['a read that is left', '$rt.g(x,"y")', 'x.y'],
  ['a send that is left', '$rt.s1(self,"f",a)', 'self.f(a)'],
  ['a write that is left', '$rt.w(self,"done",true)', 'self.done=true'],
  ['an update that is left', '$rt.w(self,"done",true)', 'self.done++'],
  ['a delete that is left', '$rt.w(self,"done",true)', 'delete self.done'],
  ['an optional read that is left', '$rt.g(x,"y")', 'x?.y'],
  ['an optional call that is left', '$rt.g(x,"y")', 'x?.(1)'],
  ['a target with a refused name', '$rt.w(self,"done",true)', '[self.__proto__]=[1]'],
  ['something made of a member', '$rt.g(x,"y")', 'new self.y'],
]

const WRONG_NAMES: Wrong[] = [
  ['an operation that is none', '$rt.g(x,"y")', '$rt.y(x,"y")'],
  ['an operation with too few arguments', '$rt.g(x,"y")', '$rt.g(x)'],
  ['an operation with a spread', '$rt.g(x,"y")', '$rt.g(x,...a)'],
  ['the runtime let out', '$rt.g(x,"y")', '$rt'],
  ['an operation let out', '$rt.g(x,"y")', '$rt.g'],
  ['fuel written', '$rt.w(self,"done",true)', '$rt.n=9'],
  ['the receiver written', '$rt.w(self,"done",true)', '$rts=9'],
  ['a free name', '$rt.g(x,"y")', 'process'],
  ['a function that holds a block', '$v=>$v+', '$v=>{for(;;);}+'],
  ['an operation with a function of another shape', '$v=>$v+', '(a,$v)=>$v+'],
  ['an await', '$rt.w(self,"done",true)', '(async()=>{})()'],
  ['a class', '$rt.w(self,"done",true)', '(class{})'],
  ['a template with a tag', '$rt.w(self,"done",true)', 'a``'],
  ['an import', '$rt.w(self,"done",true)', 'import ("x")'],
  ['an accessor', '$rt.w(self,"done",true)', '({get a(){}})'],
  ['a prototype', '$rt.w(self,"done",true)', '({__proto__:a})'],
  ['a factory with more in it', '"use strict";', '"use strict";self.x;'],
  ['a factory that is not strict', '"use strict";', '"use sloppy";'],
  ['a second expression', '(function($rt,', '0,(function($rt,'],
  ['a parameter too many', '($rt,$h)', '($rt,$h,process)'],
  ['broken code', '"done"', '"done'],
]

const WRONG_TEXTS: Wrong[] = [
  ['an HTML comment', '"done"', '"<!--"'],
  ['a direct eval', '"done"', '"eval (x)"'],
  ['an import in a text', '"done"', '"import(x)"'],
]

function findsOut(right: string, wrong: string) {
  const { code, globals } = compiled(METHOD)
  const [, flag = ''] = /let (\$t[0-9]+)=0;/.exec(code) ?? []
  const [, caught = ''] = /catch\((\$t[0-9]+)\)/.exec(code) ?? []
  const named = (text: string) => text.replaceAll('FLAG', flag).replaceAll('CAUGHT', caught)
  const [from, to] = [named(right), named(wrong)]
  // The longest form of the update, whose value becomes part of its function.
  const adjusted = to.startsWith('$v=>{')
    ? code.replace(/\$v=>\$v\+\([^;]*\)\);/, `${to.slice(0, -1)});`)
    : code.replace(from, to)
  assert.notEqual(adjusted, code, 'the code holds what is to be replaced')
  assert.notDeepEqual(verifyCode(adjusted, globals), [])
}

for (const [what, from, to] of WRONG_TICKS) {
  test(`[KN51] a rewriter that leaves ${what} is found out`, () => findsOut(from, to))
}

for (const [what, from, to] of WRONG_MEMBERS) {
  test(`[KN52] a rewriter that leaves ${what} is found out`, () => findsOut(from, to))
}

for (const [what, from, to] of WRONG_NAMES) {
  test(`[KN53] a rewriter that leaves ${what} is found out`, () => findsOut(from, to))
}

for (const [what, from, to] of WRONG_TEXTS) {
  test(`[KN55] a rewriter that leaves ${what} is found out`, () => findsOut(from, to))
}

test('[KN54] [G6] the proof holds for every form that the rewriter knows', () => {
  for (const [what, source] of Object.entries(SNIPPETS)) {
    const { code, globals } = compiled(source)
    assert.deepEqual(verifyCode(code, globals), [], what)
  }
})
