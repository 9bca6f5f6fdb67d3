// The page of the wire against the code: its bytes, its operations, its values.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { readRequest, unpack } from './frame.ts'
import { OPERATIONS } from './protocol.ts'

const page = readFileSync(new URL('../../docs/formats/wire.md', import.meta.url), 'utf8')

/** The rows of a table whose head begins with these cells. */
function rowsOf(head: string): string[][] {
  const lines = page.split('\n')
  const at = lines.findIndex((line) => line.startsWith(`| ${head}`))
  assert.ok(at >= 0, head)
  const rows: string[][] = []
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith('|')) break
    rows.push(
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  }
  return rows
}

const code = (cell: string | undefined) => /^`(.*)`$/.exec(cell ?? '')?.[1]
const bytesOf = (cell: string | undefined) => Buffer.from(code(cell) ?? '', 'hex')

test('[BR6] the frames on the page are read as the messages beside them', () => {
  const rows = rowsOf('from | message')
  assert.ok(rows.length >= 8)
  for (const [from, message, bytes] of rows) {
    const expected = JSON.parse(code(message) ?? '')
    assert.deepEqual(unpack(bytesOf(bytes)), expected)
    if (from !== 'client') continue
    const request = readRequest(bytesOf(bytes))
    assert.ok('op' in request, message)
    const { v: _, id, op, ...fields } = expected
    assert.deepEqual(request, { id, op, fields })
  }
})

test('[BR1] the page has every operation with its fields', () => {
  const told = new Map(rowsOf('op |').map(([op, fields]) => [code(op), code(fields) ?? '']))
  assert.deepEqual([...told.keys()], Object.keys(OPERATIONS))
  for (const [op, { fields }] of Object.entries(OPERATIONS)) {
    const declared = Object.entries(fields.shape).map(([name, type]) =>
      type.safeParse(undefined).success && op + name !== 'SetSlotCommandvalue' ? `${name}?` : name,
    )
    assert.equal(told.get(op), declared.join(' '), op)
  }
})

test('[BR7] the values on the page are the bytes beside them', () => {
  const rows = rowsOf('value |')
  const special: Record<string, unknown> = {
    'bytes 1, 2': Buffer.from([1, 2]),
    '2⁴⁰': 2n ** 40n,
    '2⁶³': 2n ** 63n,
    'date 1970-01-01T00:00:00Z': new Date(0),
  }
  for (const [value = '', wire, bytes] of rows) {
    const expected = value in special ? special[value] : JSON.parse(code(wire) ?? '')
    assert.deepEqual(unpack(bytesOf(bytes)), expected, value)
  }
})
