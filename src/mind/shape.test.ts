// Owns: types and samples of values.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DraftContext } from './context.ts'
import { sampleOfValue, selfDeclaration, typeOfValue } from './shape.ts'

test('[MI25] what is not known of a value has the type any', () => {
  const cases: [unknown, string][] = [
    [null, 'any'],
    [undefined, 'any'],
    [[], 'any[]'],
    [[null], 'any[]'],
    [[[]], 'any[][]'],
    [{ $ref: '#7' }, 'any'],
    [[{ $ref: '#7' }], 'any[]'],
    [{}, 'Record<string, any>'],
    [{ a: null }, '{ a: any }'],
  ]
  for (const [value, type] of cases) assert.equal(typeOfValue(value), type)
})

test('[MI25] types of values are those of TypeScript', () => {
  const cases: [unknown, string][] = [
    [1, 'number'],
    ['a', 'string'],
    [true, 'boolean'],
    [10n, 'bigint'],
    [{ $int: '9999999999999999999' }, 'bigint'],
    [new Date(0), 'Date'],
    [new Uint8Array(2), 'Uint8Array'],
    [[1, 2], 'number[]'],
    [[1, 'a'], '(number | string)[]'],
    [[[1], [2]], 'number[][]'],
    [{ 'a b': 1 }, '{ "a b": number }'],
    [[{ a: 1 }, { a: 2, b: 'x' }], '{ a: number; b?: string }[]'],
  ]
  for (const [value, type] of cases) assert.equal(typeOfValue(value), type)
})

test('[MI26] a map of like values may have other keys, one of unlike values may not', () => {
  assert.equal(
    typeOfValue({ nut: 1, bolt: 2 }),
    '{ nut: number; bolt: number; [key: string]: number }',
  )
  assert.equal(typeOfValue({ nut: 1, name: 'a' }), '{ nut: number; name: string }')
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`k${n}`, n]))
  assert.equal(typeOfValue(many), 'Record<string, number>')
})

test('[MI27] a sample is written as JavaScript and cut', () => {
  assert.equal(sampleOfValue({ a: [1, 'x'], 'b-c': null }), '{ a: [1, "x"], "b-c": null }')
  const long = sampleOfValue(Array(500).fill('word'), 60)
  assert.equal(long.length, 60)
  assert.ok(long.endsWith('…'))
})

test('[MI25] the declaration of self has slots, methods and peers, and other names only when asked', () => {
  const context: DraftContext = {
    object: 'account',
    parents: [],
    slots: [
      { name: 'balance', type: 'number', sample: '0', inherited: true },
      { name: 'other', type: 'any', sample: 'an object', inherited: false },
      { name: 'all', type: 'any[]', sample: '[]', inherited: false },
    ],
    methods: [{ selector: 'at:put:', source: '' }],
    peers: [
      { slot: 'other', object: 'bob', slots: [], methods: [{ selector: 'deposit', source: 'x' }] },
      { slot: 'all[]', object: 'bob', slots: [], methods: [] },
    ],
    selector: 'f',
    args: [],
  }
  const closed = selfDeclaration(context)
  assert.match(closed, /interface Peer1 \{\n {2}deposit: \(\.\.\.args: any\[\]\) => any\n\}/)
  assert.match(
    closed,
    /interface Self \{\n {2}"at:put:": \(\.\.\.args: any\[\]\) => any\n {2}balance: number/,
  )
  assert.match(closed, /other: Peer1\n {2}all: Peer2\[\]\n\}/)
  assert.ok(!closed.includes('[name: string]'))
  assert.match(
    selfDeclaration(context, { open: true }),
    /interface Self \{[^}]*\[name: string\]: any\n\}/,
  )
})
