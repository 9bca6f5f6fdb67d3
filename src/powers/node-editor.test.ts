// Owns: the tests of having a text written in an editor, with commands of the shell in its place.
import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { test } from 'node:test'
import { editorFor } from './node-editor.ts'

test('[CL133] an editor is given the text in a private file, which stays until it is removed', async () => {
  const edited = await editorFor('printf after >>')('deposit.ts', 'before ')
  assert.equal(edited.text, 'before after')
  assert.equal(basename(edited.file), 'deposit.ts')
  assert.equal(statSync(edited.file).mode & 0o077, 0)
  await edited.remove()
  assert.equal(existsSync(edited.file), false)
})

test('[CL133] an editor that fails says so, with its name', async () => {
  await assert.rejects(editorFor('exit 3;')('deposit.ts', ''), /the editor exit 3; ended with 3/)
})
