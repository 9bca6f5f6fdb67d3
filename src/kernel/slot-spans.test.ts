// Owns: tests of reading slots without decoding them, against the codec that writes them and against an enemy.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeValue, encodeSlots, MethodRef, Ref, type StoredSlot } from '#objects'
import { slotSpans } from './slot-spans.ts'

const VALUES: unknown[] = [
  null,
  undefined,
  true,
  0,
  -1,
  127,
  128,
  65_536,
  2 ** 40,
  -(2 ** 40),
  0.1,
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 200n,
  -(2n ** 200n),
  '',
  'text',
  'x'.repeat(70_000),
  new Uint8Array(300),
  new Date(0),
  new Date(-1),
  new Date('2031-05-17T23:59:58.765Z'),
  [],
  {},
  new Ref(7),
  new Ref(2 ** 40),
  [new Ref(7), { deep: [new Ref(8), new Ref(7)] }],
  Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`key ${i}`, [i, new Ref(100 + i)]])),
]

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('slotSpans', () => {
  test('[KN30] it finds names, tids and values where the codec put them', () => {
    const slots: StoredSlot[] = VALUES.map((value, i) => ({
      name: i === 3 ? `näme ${'y'.repeat(300)}` : `slot ${i}`,
      tid: [0, 1, 127, 128, 65_536, 2 ** 33][i % 6] as number,
      value,
    }))
    slots.push({ name: 'method', tid: 9, value: new MethodRef(12) })
    const payload = Buffer.from(encodeSlots(slots))
    const spans = slotSpans(payload)
    assert.ok(typeof spans !== 'string', String(spans))
    assert.equal(spans.length, slots.length)
    for (const [i, span] of spans.entries()) {
      const { name, tid, value } = slots[i] as StoredSlot
      assert.equal(payload.toString('utf8', span.nameStart, span.nameEnd), name)
      assert.equal(span.tid, tid)
      assert.equal(span.isMethod, value instanceof MethodRef)
      const found = decodeValue(payload.subarray(span.start, span.end))
      if (value instanceof Uint8Array) assert.deepEqual(Uint8Array.from(found as Buffer), value)
      else assert.deepEqual(found, value)
    }
  })

  test('[KN25] it finds every reference in a value, and the method of a method slot', () => {
    const value = [new Ref(7), { deep: [new Ref(2 ** 40), [new Ref(7)]] }]
    const spans = slotSpans(
      encodeSlots([
        { name: 'a', tid: 1, value },
        { name: 'b', tid: 1, value: 5 },
        { name: 'c', tid: 1, value: new MethodRef(3) },
      ]),
    )
    assert.ok(typeof spans !== 'string')
    assert.deepEqual(
      spans.map(({ refs }) => refs),
      [[7, 2 ** 40, 7], [], [3]],
    )
  })

  const REFUSED: [string, Uint8Array | Buffer][] = [
    ['nothing', hex('')],
    ['no list', hex('80')],
    ['two of three parts', hex('92 a161 01')],
    ['a name that is a number', hex('93 01 01 01')],
    ['a name longer than the bytes', hex('93 bf61 01 01')],
    ['a tid below zero', hex('93 a161 ff 01')],
    ['a tid that is a text', hex('93 a161 a131 01')],
    ['a tid that is no whole number', hex('93 a161 cb3fe0000000000000 01')],
    ['a tid that is not a number', hex('93 a161 cb7ff8000000000000 01')],
    ['a tid beyond the safe integers', hex('93 a161 cfffffffffffffffff 01')],
    ['a value that is cut short', hex('93 a161 01 a5616263')],
    ['bytes behind the slots', hex('93 a161 01 01 c0')],
    ['a reference of four bytes', hex('93 a161 01 d601 00000007')],
    ['a method inside a value', hex('93 a161 01 91 d702 0000000000000003')],
    ['a method in another form', hex('93 a161 01 c70802 0000000000000003')],
    ['a big integer that is a text', hex('93 a161 01 c70303 313261')],
    ['a big integer without digits', hex('93 a161 01 d403 2d')],
    ['a time of five bytes', hex('93 a161 01 c705ff 0000000000')],
    ['undefined with a body', hex('93 a161 01 d400 01')],
    ['an extension that nobody knows', hex('93 a161 01 d464 01')],
    ['a byte that begins no value', hex('93 a161 01 c1')],
    ['a map with a key that is a number', hex('93 a161 01 81 01 01')],
    [
      'a list deeper than a value may be',
      Buffer.concat([hex('93 a161 01'), Buffer.alloc(40, 0x91), hex('c0')]),
    ],
    ['a list of four thousand million', hex('93 a161 01 ddffffffff')],
    [
      'more bytes than a record may have',
      Buffer.concat([hex('93 a161 01 c6 00080000'), Buffer.alloc(0x80000)]),
    ],
  ]
  for (const [what, payload] of REFUSED) {
    test(`[KN30] ${what} is refused with a sentence`, () => {
      assert.equal(typeof slotSpans(payload), 'string')
    })
  }

  test('[KN30] any change of one byte is read or refused, and never throws', () => {
    const payload = encodeSlots(
      VALUES.slice(0, 17).map((value, i) => ({ name: `s${i}`, tid: i, value })),
    )
    for (let at = 0; at < payload.length; at++) {
      for (const bits of [0x01, 0x10, 0x80, 0xff]) {
        const changed = Buffer.from(payload)
        changed[at] = (changed[at] as number) ^ bits
        const spans = slotSpans(changed)
        if (typeof spans === 'string') continue
        for (const { start, end } of spans) decodeValue(changed.subarray(start, end))
      }
    }
  })
})
