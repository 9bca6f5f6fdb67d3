// Owns: the claims about `salvage`, `backup` and `restore` as they are typed and told.
// Leaves: what they do to images to the journeys.
// Laws: CL92, CL93.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { SalvageAnswer } from './powers.ts'
import { ran } from './ran.fixture.ts'

const IMAGE = { '/here/live_image/data': 'folder' }

const WHOLE: SalvageAnswer = {
  transactions: 9,
  revisions: 40,
  objects: 31,
  lost: [],
  lostNames: [],
  dangling: [],
  undescribed: [],
  cut: [],
  tables: [],
  damage: [],
}
const HURT: SalvageAnswer = {
  ...WHOLE,
  damage: ['The record of #p at transaction 8 does not match its checksum.'],
  lost: [
    { oid: '#p', tid: '8', newest: true, place: 'account' },
    { oid: '#q', tid: '4', newest: false, place: null },
  ],
  dangling: [{ oid: '#r', ref: '#z', place: 'account.owner' }],
  lostNames: [{ name: 'bob\u001b', tid: '5' }],
  cut: ['10'],
}

const salvage = (report: SalvageAnswer, words: string[] = []) =>
  ran(['salvage', './saved', ...words], {}, { files: IMAGE, salvageImage: async () => report })

test('[CL92] the report of a salvage says what is gone by what it means, with names, and ends with 8', async () => {
  const { code, out, err } = await salvage(HURT)
  assert.equal(code, 8)
  assert.equal(
    out,
    [
      'Damaged:',
      '  The record of #p at transaction 8 does not match its checksum.',
      'Lost, so that an older state stands there, or none:',
      '  account (#p) as of transaction 8',
      'References to what is lost:',
      '  account.owner (#r) refers to #z',
      'Names lost:',
      '  "bob\\u001b", of transaction 5',
      'Left out, since it may never have been confirmed:',
      '  transaction 10',
      'Lost of the past alone:',
      '  #q as of transaction 4',
      'Saved into ./saved: 31 objects, 40 records, 9 transactions.',
      '',
    ].join('\n'),
  )
  assert.equal(
    err,
    'The whole report is in ./saved/salvage.json.\nLook at it with: npx batos verify --image ./saved\n',
  )
})

test('[CL92] the same report stays beside the image, and is the document of --json', async () => {
  const { out, hands } = await salvage(HURT, ['--json'])
  const report = { ...HURT, into: '/here/saved' }
  assert.deepEqual(JSON.parse(out), report)
  assert.deepEqual(JSON.parse(hands.files.get('/here/saved/salvage.json') ?? ''), report)
})

test('[CL92] of a sound image nothing is lost, and it ends with 0; damage that cost nothing says so', async () => {
  const whole = await salvage(WHOLE)
  assert.deepEqual(
    [whole.code, whole.out],
    [
      0,
      'Nothing that was confirmed is lost.\nSaved into ./saved: 31 objects, 40 records, 9 transactions.\n',
    ],
  )
  const scratched = await salvage({ ...WHOLE, damage: ['A page is torn.'] })
  assert.equal(scratched.code, 8)
  assert.match(
    scratched.out,
    /^Damaged:\n {2}A page is torn\.\nNothing that was confirmed is lost\.\n/,
  )
})

test('[CL92] long lists end with their number, and the file has all', async () => {
  const lost = Array.from({ length: 60 }, (_, n) => {
    return { oid: `#${n}`, tid: '3', newest: true, place: null }
  })
  const { out, hands } = await salvage({ ...WHOLE, lost })
  assert.match(out, /\n {2}#49 as of transaction 3\n {2}and 10 more, in salvage\.json\n/)
  const kept = JSON.parse(hands.files.get('/here/saved/salvage.json') ?? '') as SalvageAnswer
  assert.equal(kept.lost.length, 60)
})

test('[CL92] nothing is salvaged over an image, nor out of none', async () => {
  const files = { ...IMAGE, '/here/saved/data': 'folder' }
  assert.equal((await ran(['salvage', './saved'], {}, { files })).code, 4)
  assert.equal((await ran(['salvage', './saved'])).code, 3)
})

/** A backup that keeps what it was given. */
function backing() {
  const given: unknown[] = []
  const backupImage = async (
    folder: string,
    file: string,
    how: { progress: (done: number, total: number) => void; signal: AbortSignal },
  ) => {
    const { progress, signal: _, ...rest } = how
    given.push([folder, file, rest])
    for (const done of [1_000, 4_000, 4_500, 20_000]) progress(done, 20_000)
    return { since: '0', head: '12', transactions: 12 }
  }
  return { given, backupImage }
}

test('[CL93] a backup says how to go on from it, and begins after another one or a transaction', async () => {
  const { given, backupImage } = backing()
  const files = { ...IMAGE, '/here/monday': 'bytes' }
  const hands = { files, backupImage }
  const { code, out, err } = await ran(['backup', 'tuesday', '--after', 'monday'], {}, hands)
  assert.deepEqual([code, out], [0, '12 transactions in tuesday, up to 12.\n'])
  assert.match(err, /Go on from it with: npx batos backup FILE --after tuesday\n$/)
  await ran(['backup', 'wednesday', '--since', '7'], {}, hands)
  await ran(['backup', 'thursday'], {}, hands)
  assert.deepEqual(given, [
    ['/here/live_image', '/here/tuesday', { after: '/here/monday' }],
    ['/here/live_image', '/here/wednesday', { since: 7 }],
    ['/here/live_image', '/here/thursday', {}],
  ])
  assert.equal((await ran(['backup', 'x', '--since', '7', '--after', 'monday'], {}, hands)).code, 2)
  assert.equal((await ran(['backup', 'x', '--after', 'nothing'], {}, hands)).code, 3)
  assert.equal(given.length, 3)
})

test('[CL93] a backup is written over nothing, and one that was begun is gone on with', async () => {
  const { given, backupImage } = backing()
  const files = { ...IMAGE, '/here/monday': 'bytes', '/here/tuesday.part': 'half' }
  const over = await ran(['backup', 'monday'], {}, { files, backupImage })
  assert.deepEqual([over.code, given], [4, []])
  assert.match(over.err, /^CONFLICT: there is a file monday already\n .*--after monday/)
  const on = await ran(['backup', 'tuesday'], {}, { files, backupImage })
  assert.match(on.err, /^tuesday was begun before; going on with it if it can be\.\n/)
  assert.equal(on.code, 0)
})

test('[CL13] [CL93] of a long backup it is told how far it is: each tenth once, or a line that changes', async () => {
  const files = IMAGE
  const piped = await ran(['backup', 'x'], {}, { files, backupImage: backing().backupImage })
  assert.deepEqual(piped.err.split('\n').slice(0, 3), [
    'Backing up: 5 %, 1,000 of 20,000 transactions',
    'Backing up: 20 %, 4,000 of 20,000 transactions',
    'Backing up: 100 %, 20,000 of 20,000 transactions',
  ])
  const { backupImage } = backing()
  const seen = await ran(['backup', 'x'], {}, { files, backupImage, terminal: true })
  assert.equal(
    seen.err.split('\r\u001b[K').filter((line) => line.startsWith('Backing up')).length,
    4,
  )
})

test('[CL93] `restore` takes backups in order, needs them all, and never makes an image over another', async () => {
  const given: unknown[] = []
  const restoreImage = async (folder: string, files: readonly string[]) => {
    given.push([folder, files])
    return { head: '12', transactions: 12 }
  }
  const files = { '/here/monday': 'bytes', '/here/tuesday': 'bytes' }
  const { code, out, err } = await ran(
    ['restore', 'monday', 'tuesday', '--image', './back'],
    {},
    { files, restoreImage },
  )
  assert.deepEqual([code, out], [0, '12 transactions are back, up to 12.\n'])
  assert.equal(err, 'See that it is sound with: npx batos verify --image ./back\n')
  assert.deepEqual(given, [['/here/back', ['/here/monday', '/here/tuesday']]])
  const lacking = await ran(['restore', 'monday', 'friday'], {}, { files, restoreImage })
  assert.equal(lacking.code, 3)
  const over = { files: { ...files, ...IMAGE }, restoreImage }
  assert.equal((await ran(['restore', 'monday'], {}, over)).code, 4)
  assert.equal(given.length, 1)
})
