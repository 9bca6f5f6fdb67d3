// Owns: the table of operations as a file, and the faults that say when to come again.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { imageFault } from '#image'
import { kernelFault } from '#kernel'
import { bridgeFault } from './faults.ts'
import { faultFrame, unpack } from './frame.ts'
import { OPERATIONS } from './protocol.ts'
import { schemaHash, schemaText } from './schema.ts'

test('[BR24] [B16] the file of the operations is the table’s schema, and its hash is what Hello tells', () => {
  const file = readFileSync(new URL('../../docs/formats/operations.json', import.meta.url), 'utf8')
  const cure = 'the table has changed: node tools/write-operations.ts writes the file'
  assert.ok(file === schemaText(), cure)
  assert.deepEqual(Object.keys(JSON.parse(file)), Object.keys(OPERATIONS))
  const whole = createHash('sha256').update(file).digest('hex')
  assert.ok(whole.startsWith(schemaHash()))
  assert.equal(schemaHash().length, 32)
})

test('[BR25] [KN15] every BUSY says in how many milliseconds to come again, whoever makes it and however it is cut', () => {
  for (const make of [imageFault, kernelFault, bridgeFault]) {
    const [bare, with2, own] = [
      make('BUSY', 'much to do'),
      make('BUSY', 'much to do', { other: 2 }),
      make('BUSY', 'much to do', { retryAfter: 7 }),
    ].map(({ data, retry }) => ({ ...data, retry }) as { retryAfter: number; retry: string })
    assert.ok(Number(bare?.retryAfter) > 0)
    assert.deepEqual(with2, { retryAfter: bare?.retryAfter, other: 2, retry: 'later' })
    assert.equal(own?.retryAfter, 7)
  }
  const long = bridgeFault('BUSY', 'x'.repeat(2_000), { text: 'y'.repeat(2_000), retryAfter: 9 })
  const frame = faultFrame('z'.repeat(128), long.toRecord())
  assert.ok(frame.length <= 1_024, `${frame.length} bytes`)
  const { fault } = unpack(frame) as { fault: { data: Record<string, unknown> } }
  assert.deepEqual(fault.data, { retryAfter: 9 })
})
