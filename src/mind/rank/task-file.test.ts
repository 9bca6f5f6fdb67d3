// Task files that are right, and what is said of those that are not.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOfMistake, lineOfPath } from './json-line.ts'
import { addTaskFile, emptySuite } from './task-file.ts'

const task = {
  id: 'lamp-toggle',
  category: 'state',
  object: 'lamp',
  slots: { on: false },
  selector: 'toggle',
  args: [],
  checks: [{ calls: [['toggle']], state: { on: true } }],
}

const fileOf = (changed: object, more: object = {}) =>
  JSON.stringify({ version: 1, ...more, tasks: [task, { ...task, ...changed }] }, undefined, 2)

/** The fault of a file; throws when there is none. */
function faultOf(content: string): { message: string; data: Record<string, unknown> } {
  try {
    addTaskFile(emptySuite(), 'mine.json', content)
  } catch (error) {
    const { code, message, data } = error as { code: string; message: string; data: object }
    assert.equal(code, 'FIELD_INVALID')
    return { message, data: data as Record<string, unknown> }
  }
  throw new Error('the file was taken')
}

test('[RK1] a file without a kind has tasks of missing methods; another kind adds its own', () => {
  const suite = emptySuite()
  addTaskFile(suite, 'mine.json', fileOf({ id: 'other' }))
  const directives = [
    { name: 'GO', about: 'go on' },
    { name: 'STOP', about: 'stop' },
  ]
  const flow = { id: 'a', category: 'go', situation: 'All is well.', expect: 'GO' }
  const file = { version: 1, kind: 'control-flow', directives, tasks: [flow] }
  addTaskFile(suite, 'flow.json', JSON.stringify(file))
  assert.deepEqual(
    suite.code.map(({ id }) => id),
    ['lamp-toggle', 'other'],
  )
  assert.deepEqual(suite.flow, [{ ...flow, directives }])
})

test('[RK1] what is wrong is told with file, line and field', () => {
  const missing = fileOf({ checks: [{ calls: [['toggle']] }, { calls: [] }] })
  const { message, data } = faultOf(missing)
  assert.match(message, /^mine\.json:\d+: tasks\[1\]\.checks\[1\]\.calls: /)
  const line = missing.split('\n')[Number(data.line) - 1]
  assert.match(line ?? '', /"calls": \[\]/)
  assert.match(faultOf(fileOf({ chekcs: [] })).message, /tasks\[1\]: .*chekcs/)
  assert.match(faultOf(fileOf({ slots: 3 })).message, /tasks\[1\]\.slots: /)
  assert.match(faultOf(fileOf({}, { kind: 'poems' })).message, /mine\.json:3: kind: kind is one of/)
})

test('[RK1] a reference to an object that the task does not have is refused where it stands', () => {
  const { message } = faultOf(fileOf({ slots: { next: [{ $ref: 'nobody' }] } }))
  assert.match(message, /tasks\[1\]\.slots\.next\[0\]: there is no object "nobody" in this task/)
  assert.match(
    faultOf(fileOf({ args: [{ $date: 'soon' }] })).message,
    /args\[0\]: "soon" is no date/,
  )
})

test('[RK1] a line is found behind texts with brackets, quotes and commas in them', () => {
  const text = '{\n"a": "}],\\"",\n"b": [1, {"c": [2]},\n{"d": "x"}],\n"e": null}'
  assert.equal(lineOfPath(text, ['a']), 2)
  assert.equal(lineOfPath(text, ['b', 1, 'd']), 3)
  assert.equal(lineOfPath(text, ['b', 2, 'd']), 4)
  assert.equal(lineOfPath(text, ['e']), 5)
  assert.equal(lineOfPath(text, ['e', 'f']), 5)
  assert.equal(lineOfPath(text, ['nothing']), 1)
})

test('[RK1] a file that is not JSON is told with the line on which it stops being so', () => {
  const { message, data } = faultOf('{"version": 1,\n"tasks": [}')
  assert.match(message, /^mine\.json:2: it is not JSON: /)
  assert.equal(data.line, 2)
  const broken: [string, number][] = [
    ['{"a": 1\n"b": 2}', 2],
    ['[1,\n2,\n]', 3],
    ['{"a": 1,\n}', 2],
    ['{"a"\n1}', 2],
    ['[\n"a\nb"]', 2],
    ['[1]\n\n[2]', 3],
    ['[01]', 1],
    ['{"a": [{}, []],\n"b": tru}', 2],
    ['\n', 2],
    ['[1,\n', 2],
  ]
  for (const [text, line] of broken) {
    assert.throws(() => JSON.parse(text), text)
    assert.equal(lineOfMistake(text), line, text)
  }
})
