// The verb that gives a method, against answers as the wire has them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#ground'
import { type Answers, ran } from './ran.fixture.ts'

const SOURCE = 'function add(self, n) {\n  return self.count += n // \u00e9\n}\n'
const GIVEN: Answers = {
  CreateMethodCommand: () => ({ tid: '8', version: 2, compared: 54, warnings: ['it answers 7'] }),
}
const STATE: Answers = {
  GetFullStateCommand: () => ({
    oid: '#4f',
    slots: [{ name: 'add', kind: 'method', source: SOURCE, holder: '#4f', tid: '6' }],
  }),
}
const files = { '/here/add.ts': SOURCE }
const method = (...words: string[]) => ['method', 'tally', 'add', ...words]

/** An editor that leaves a text; what became of its file is in `kept`. */
function editor(leaves: (before: string) => string) {
  const kept = { file: true, name: '', before: '' }
  const edit = async (name: string, before: string) => {
    Object.assign(kept, { name, before })
    const remove = async () => {
      kept.file = false
    }
    return { text: leaves(before), file: `/tmp/e/${name}`, remove }
  }
  return { edit, kept }
}

test('[CL132] a method is given from a file, or from stdin, byte for byte; what speaks against it is on stderr', async () => {
  const fields = { target: 'tally', method_name: 'add', source: SOURCE, replace: 'checked' }
  const fromFile = await ran(method('add.ts'), GIVEN, { files })
  assert.deepEqual(fromFile.asked, [{ op: 'CreateMethodCommand', fields }])
  assert.equal(
    fromFile.out,
    'Given: version 2 of add of tally, transaction 8, compared on 54 calls.\n',
  )
  assert.equal(fromFile.err, 'Warning: it answers 7\n')
  const fromInput = await ran(method('-'), GIVEN, { input: SOURCE })
  assert.deepEqual(fromInput.asked, fromFile.asked)
})

test('[CL132] options are fields: what is expected, what people read, overruling, looking first', async () => {
  const asked = async (...words: string[]) => {
    const { asked } = await ran(method('add.ts', ...words), GIVEN, { files })
    const { target: _, method_name, source, ...more } = asked[0]?.fields ?? {}
    return more
  }
  assert.deepEqual(await asked('--expect', '12'), { expect: '12', replace: 'checked' })
  assert.deepEqual(await asked('--expect', 'none'), { expect: null, replace: 'checked' })
  assert.deepEqual(await asked('-m', 'Adds.'), { comment: 'Adds.', replace: 'checked' })
  assert.deepEqual(await asked('--comment', 'Adds.'), { comment: 'Adds.', replace: 'checked' })
  assert.deepEqual(await asked('--anyway'), { replace: 'anyway' })
  assert.deepEqual(await asked('--dry-run'), { replace: 'checked', preview: true })
})

test('[CL132] a file that is not there, no file without a terminal, and an expectation that is none ask nothing', async () => {
  const cases: [string[], number, RegExp][] = [
    [['other.ts'], 3, /there is no file other\.ts/],
    [[], 2, /^FIELD_INVALID: there is no file to read.*\n.*batos method tally add FILE/],
    [['add.ts', '--expect', 'soon'], 2, /It takes the transaction that changed the slot last/],
  ]
  for (const [words, code, err] of cases) {
    const done = await ran(method(...words), GIVEN, { files })
    assert.equal(done.code, code, done.err)
    assert.match(done.err, err)
    assert.deepEqual(done.asked, [])
  }
})

test('[CL132] a dry run says what would come of it, and with --json the answer is that of the wire', async () => {
  const preview = { tid: null, version: 3, compared: 0, overruled: ['it must answer 3'] }
  const answers: Answers = { CreateMethodCommand: () => preview }
  const told = await ran(method('add.ts', '--dry-run', '--anyway'), answers, { files })
  assert.equal(told.out, 'It would be version 3 of add of tally.\n')
  assert.equal(told.err, 'Overruled: it must answer 3\n')
  const document = await ran(method('add.ts', '--dry-run', '--json'), answers, { files })
  assert.deepEqual(JSON.parse(document.out), preview)
  assert.equal(document.err, '')
})

test('[CL132] an editor opens on the source as it is, and what it leaves is given on top of that', async () => {
  const { edit, kept } = editor((before) => before.replace('+=', '-='))
  const done = await ran(method(), { ...GIVEN, ...STATE }, { edit })
  assert.deepEqual([kept.name, kept.before], ['add.ts', SOURCE])
  const { source, expect } = done.asked.at(-1)?.fields ?? {}
  assert.deepEqual([source, expect], [SOURCE.replace('+=', '-='), '6'])
  assert.equal(kept.file, false)
})

test('[CL132] what is new begins as an empty function, and expects nothing to be there', async () => {
  const { edit, kept } = editor(() => 'function at_put(self) { return 1 }')
  const done = await ran(['method', 'tally', 'at:put:'], { ...GIVEN, ...STATE }, { edit })
  assert.deepEqual([kept.name, kept.before], ['at_put_.ts', 'function at_put_(self) {\n  \n}\n'])
  assert.equal(done.asked.at(-1)?.fields.expect, null)
})

test('[CL132] an editor that leaves the source as it was, or nothing, changes nothing', async () => {
  for (const leaves of [(before: string) => before, () => ' \n']) {
    const { edit, kept } = editor(leaves)
    const done = await ran(method(), { ...GIVEN, ...STATE }, { edit })
    assert.deepEqual([done.code, done.out, done.err], [0, '', 'Nothing was changed.\n'])
    assert.deepEqual([done.asked.length, kept.file], [1, false])
  }
})

test('[CL132] an editor that fails gives nothing, and says which to name', async () => {
  const edit = () => Promise.reject(new Error('the editor vim ended with 1'))
  const done = await ran(method(), { ...GIVEN, ...STATE }, { edit })
  assert.equal(done.code, 2)
  assert.match(done.err, /nothing was given: the editor vim ended with 1\n.*VISUAL or EDITOR/)
  assert.equal(done.asked.length, 1)
})

test('[CL133] what was written stays in its file when it is refused, and when it was only looked at', async () => {
  const refuse = () => {
    throw new Fault({ code: 'POLICY', message: 'it must answer 3', remedy: '', retry: 'never' })
  }
  const { edit, kept } = editor((before) => before.replace('+=', '-='))
  const refused = await ran(method(), { ...STATE, CreateMethodCommand: refuse }, { edit })
  assert.equal(refused.code, 5)
  assert.match(
    refused.err,
    /What you wrote is in \/tmp\/e\/add\.ts\. Give it with: .*batos method tally add \/tmp\/e\/add\.ts/,
  )
  assert.equal(kept.file, true)
  const preview: Answers = { CreateMethodCommand: () => ({ tid: null, version: 3, compared: 0 }) }
  const looked = await ran(method('--dry-run'), { ...STATE, ...preview }, { edit })
  assert.match(looked.err, /What you wrote is in/)
  assert.equal(kept.file, true)
})
