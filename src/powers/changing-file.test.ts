// Owns: the tests of a file that is looked at often and changes seldom.
import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { changingText } from './changing-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'batos-changing-'))
after(() => rmSync(folder, { recursive: true, force: true }))

test('[BR74] a file is seen as it is now, also when it changes twice within a moment, is replaced, or goes', () => {
  const path = join(folder, 'list')
  const text = changingText(path)
  assert.equal(text(), undefined)
  // Equal lengths and times as close as they can be: only the text tells them apart.
  for (let i = 100; i < 400; i++) {
    writeFileSync(path, String(i))
    assert.equal(text(), String(i))
  }
  writeFileSync(`${path}.new`, 'new')
  renameSync(`${path}.new`, path)
  assert.equal(text(), 'new')
  rmSync(path)
  assert.equal(text(), undefined)
  writeFileSync(path, 'old')
  // A time that was set back hides nothing: the file's state has a time that nobody sets.
  utimesSync(path, 1, 1)
  assert.equal(text(), 'old')
  writeFileSync(path, 'odd')
  utimesSync(path, 1, 1)
  assert.equal(text(), 'odd')
})
