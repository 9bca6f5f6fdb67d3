import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileMethod } from './index.ts'
import { SNIPPETS } from './snippets.ts'
import { verifyCode } from './verify.ts'

const TICK = 'if(--$rt.n<0)$rt.x();'
const METHOD = `function f(self, a, b = self.g()) {
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

test('[KN51] a tick that is missing anywhere is found', () => {
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

const WRONG: [rule: string, what: string, from: string, to: string][] = [
  ['KN51', 'a catch without its guard', 'if($rt.z)throw $rt.z;', ''],
  ['KN51', 'a catch that looks elsewhere', 'if($rt.z)throw $rt.z;', 'if($rt.y)throw $rt.z;'],
  ['KN51', 'a catch that takes apart', 'catch(e)', 'catch({e})'],
  ['KN51', 'a finally without its guard', 'if(!$rt.z){', '{'],
  ['KN51', 'a finally that runs on signals', 'if(!$rt.z){', 'if($rt.z){'],
  ['KN51', 'a default without its tick', '--$rt.n<0&&$rt.x(),', ''],
  ['KN51', 'a tick that charges nothing', '--$rt.n<0', '$rt.n<0'],
  ['KN51', 'a tick that gives fuel', '--$rt.n<0', '++$rt.n<0'],
  ['KN51', 'a receiver of another name', 'const $rts=self;', 'const $rts=a;'],
  ['KN52', 'a read that is left', '$rt.g(x,"y")', 'x.y'],
  ['KN52', 'a send that is left', '$rt.s1(self,"f",a)', 'self.f(a)'],
  ['KN52', 'a write that is left', '$rt.w(self,"done",true)', 'self.done=true'],
  ['KN52', 'an update that is left', '$rt.w(self,"done",true)', 'self.done++'],
  ['KN52', 'a delete that is left', '$rt.w(self,"done",true)', 'delete self.done'],
  ['KN52', 'an optional read that is left', '$rt.g(x,"y")', 'x?.y'],
  ['KN52', 'an optional call that is left', '$rt.g(x,"y")', 'x?.(1)'],
  ['KN52', 'a target with a refused name', '$rt.w(self,"done",true)', '[self.__proto__]=[1]'],
  ['KN52', 'something made of a member', '$rt.g(x,"y")', 'new self.y'],
  ['KN53', 'an operation that is none', '$rt.g(x,"y")', '$rt.k(x,"y")'],
  ['KN53', 'an operation with too few arguments', '$rt.g(x,"y")', '$rt.g(x)'],
  ['KN53', 'an operation with a spread', '$rt.g(x,"y")', '$rt.g(x,...a)'],
  ['KN53', 'the runtime let out', '$rt.g(x,"y")', '$rt'],
  ['KN53', 'an operation let out', '$rt.g(x,"y")', '$rt.g'],
  ['KN53', 'fuel written', '$rt.w(self,"done",true)', '$rt.n=9'],
  ['KN53', 'the receiver written', '$rt.w(self,"done",true)', '$rts=9'],
  ['KN53', 'a free name', '$rt.g(x,"y")', 'process'],
  ['KN53', 'a function that holds a block', '$v=>$v+', '$v=>{for(;;);}+'],
  ['KN53', 'an operation with a function of another shape', '$v=>$v+', '(a,$v)=>$v+'],
  ['KN53', 'an await', '$rt.w(self,"done",true)', '(async()=>{})()'],
  ['KN53', 'a class', '$rt.w(self,"done",true)', '(class{})'],
  ['KN53', 'a template with a tag', '$rt.w(self,"done",true)', 'a``'],
  ['KN53', 'an import', '$rt.w(self,"done",true)', 'import ("x")'],
  ['KN53', 'an accessor', '$rt.w(self,"done",true)', '({get a(){}})'],
  ['KN53', 'a prototype', '$rt.w(self,"done",true)', '({__proto__:a})'],
  ['KN53', 'a factory with more in it', '"use strict";', '"use strict";self.x;'],
  ['KN53', 'a factory that is not strict', '"use strict";', '"use sloppy";'],
  ['KN53', 'a second expression', '(function($rt,', '0,(function($rt,'],
  ['KN53', 'a parameter too many', '($rt,$h)', '($rt,$h,process)'],
  ['KN55', 'an HTML comment', '"done"', '"<!--"'],
  ['KN55', 'a direct eval', '"done"', '"eval (x)"'],
  ['KN55', 'an import in a text', '"done"', '"import(x)"'],
  ['KN53', 'broken code', '"done"', '"done'],
]

for (const [rule, what, from, to] of WRONG) {
  test(`[${rule}] a rewriter that leaves ${what} is found out`, () => {
    const { code, globals } = compiled(METHOD)
    // The longest form of the update, whose value becomes part of its function.
    const adjusted = to.startsWith('$v=>{')
      ? code.replace(/\$v=>\$v\+\([^;]*\)\);/, `${to.slice(0, -1)});`)
      : code.replace(from, to)
    assert.notEqual(adjusted, code, 'the code holds what is to be replaced')
    assert.notDeepEqual(verifyCode(adjusted, globals), [])
  })
}

test('[KN54] the proof holds for every form that the rewriter knows', () => {
  for (const [what, source] of Object.entries(SNIPPETS)) {
    const { code, globals } = compiled(source)
    assert.deepEqual(verifyCode(code, globals), [], what)
  }
})
