// Owns: the world that a golden image holds, and what is told of an image so that it can be compared for ever.
// Leaves: writing the files to tools/make-golden.ts; opening them to golden.test.ts.
// Laws: IM81 what a store answers for a golden image never changes.
import { encodeSlots, MethodRef, type Oid, Ref } from '#objects'
import { TABLES } from '../group.ts'
import type { Group, RecordKind, Revision, Store, TableName } from '../store.ts'
import { dump } from '../text/dump.ts'

function record(
  oid: Oid,
  tid: number,
  slots: Record<string, unknown>,
  refs: Oid[] = [],
  kind: RecordKind = 'object',
): Revision {
  const stored = Object.entries(slots).map(([name, value]) => ({ name, tid, value }))
  return { oid, tid, kind, refs, payload: encodeSlots(stored) }
}

/** One of each: every kind of record and of value, names bound, moved and unbound, facts written and removed. */
const GROUPS: readonly Group[] = [
  {
    transactions: [
      {
        tid: 1,
        time: 1_700_000_000_000,
        author: 'world',
        note: 'awakening',
        revisions: [
          record(1, 1, { comment: 'The first.', clone: new MethodRef(2) }, [2]),
          record(
            2,
            1,
            {
              selector: 'clone',
              source: 'function clone(self) {\n  return 1\n}',
              holder: new Ref(1),
            },
            [1],
            'method',
          ),
          record(3, 1, { 'parent*': new Ref(1), count: 0 }, [1]),
        ],
        names: [
          { name: 'genesis', oid: 1 },
          { name: 'moving', oid: 1 },
        ],
      },
    ],
    tables: [{ table: 'facts', key: 'token', value: Buffer.from('secret') }],
  },
  {
    transactions: [
      {
        tid: 2,
        time: 1_700_000_001_000,
        author: 'Ωmega',
        note: 'naïve 日本',
        revisions: [
          record(
            3,
            2,
            {
              'parent*': new Ref(1),
              none: null,
              nothing: undefined,
              yes: true,
              number: -1.5e300,
              middle: 2n ** 60n,
              big: -(2n ** 90n),
              text: 'one\ntwo',
              bytes: Buffer.from([0, 255]),
              date: new Date(86_400_000),
              list: [1, [new Ref(4)]],
              map: { a: { b: 'c' } },
            },
            [1, 4],
          ),
          record(4, 2, { large: 'x'.repeat(9_000) }),
          record(5, 2, { short: 'life' }),
        ],
        names: [
          { name: 'moving', oid: 3 },
          { name: 'ünïcode', oid: 4 },
        ],
      },
      {
        tid: 3,
        time: 1_700_000_002_000,
        author: 'world',
        note: '',
        revisions: [{ oid: 5, tid: 3, kind: 'gone', refs: [], payload: new Uint8Array() }],
        names: [{ name: 'ünïcode', oid: null }],
      },
    ],
    tables: [
      { table: 'facts', key: 'token', value: null },
      { table: 'waiting', key: 'w', value: Buffer.from('message') },
    ],
  },
  {
    transactions: [
      {
        tid: 7,
        time: 1_700_000_003_000,
        author: '',
        note: 'after a gap',
        revisions: [record(3, 7, { 'parent*': new Ref(1), count: 7 }, [1])],
        names: [],
      },
    ],
    tables: [],
  },
]

/** Fills an empty store with the golden world, packed to transaction 2. */
export async function fillGolden(store: Store): Promise<void> {
  for (const group of GROUPS) await store.commit(group)
  await store.pack({ before: 2, gc: false })
}

/** Tables in the order in which they are told: those of the first layout come first, as they did then. */
const TOLD = [
  ...(['facts', 'waiting'] as const),
  ...(Object.keys(TABLES) as TableName[])
    .filter((table) => table !== 'facts' && table !== 'waiting')
    .toSorted(),
]

/** All that a store answers, as lines of text: what must never change for an image once written. */
export function describeGolden(store: Store): string {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  const lines = [
    JSON.stringify({ ...store.head(), packedTo: store.packedTo(), report: store.verify() }),
  ]
  for (const { revisions, ...info } of store.replay()) {
    lines.push(JSON.stringify(info))
    for (const { payload, ...rest } of revisions) {
      const bytes = hex(payload)
      lines.push(`  ${JSON.stringify(rest)} ${bytes.length > 200 ? bytes.length : bytes}`)
    }
  }
  for (const table of TOLD) {
    for (const { key, value } of store.scan(table)) lines.push(`${table} ${key} ${hex(value)}`)
  }
  for (let at = store.packedTo(); at <= store.head().tid; at++) {
    lines.push(JSON.stringify([at, store.names({ at })]))
  }
  // The text of a dump has a form of its own; it must go on telling the same as well.
  return `${lines.join('\n')}\n\n${[...dump(store)].join('')}`
}
