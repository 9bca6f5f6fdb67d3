// Owns: the claims about two-phase commit over any store.
// Leaves: objects and connections to the other contract files.
// Laws: the claims' titles name them.
import assert from 'node:assert/strict'
import type { Oid, Tid } from '#objects'
import { altered, type Bench, type ClaimGroup, info, type Register } from './connection-parts.ts'
import { CONNECTION_LIMITS } from './connection-limits.ts'
import { IMAGE_LIMITS } from './limits.ts'
import { Persistent } from './persistent.ts'
import { type CommitInfo, Storage } from './storage.ts'
import type { RecordKind } from './store.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const state = { code: 'TRANSACTION_STATE' }

/** Writes one object in a transaction of its own. */
async function put(storage: Storage, oid: Oid, base: Tid, text: string): Promise<Tid> {
  const tx = info(text)
  await storage.begin(tx)
  storage.store(tx, oid, base, 'object', [], bytes(text))
  storage.vote(tx)
  return await storage.finish(tx)
}

const textOf = (storage: Storage, oid: Oid): string | undefined => {
  const found = storage.read(oid)
  return found === undefined ? undefined : Buffer.from(found.payload).toString()
}

/** After a vote that was aborted nothing of it can be read, also when the object is read before and after. */
async function votedIsNotRead(storage: Storage): Promise<void> {
  const oid = storage.newOid()
  const tid = await put(storage, oid, 0, 'kept')
  const tx = info()
  await storage.begin(tx)
  storage.store(tx, oid, tid, 'object', [], bytes('voted'))
  storage.vote(tx)
  storage.abort(tx)
  assert.equal(textOf(storage, oid), 'kept')
  await put(storage, oid, tid, 'next')
  assert.equal(textOf(storage, oid), 'next')
  assert.equal(storage.tidOf(oid), tid + 1)
}

/** A storage with a read buffer that nobody clears: what `votedIsNotRead` must catch. */
class StaleBuffer extends Storage {
  readonly #buffer = new Map<Oid, Uint8Array>()

  override store(
    tx: CommitInfo,
    oid: Oid,
    base: Tid,
    kind: RecordKind,
    refs: readonly Oid[],
    payload: Uint8Array,
  ): boolean {
    this.#buffer.set(oid, payload)
    return super.store(tx, oid, base, kind, refs, payload)
  }

  override read(oid: Oid, at?: Tid) {
    const found = super.read(oid, at)
    const payload = this.#buffer.get(oid)
    return found === undefined || payload === undefined ? found : { ...found, payload }
  }
}

function writing(test: Register): void {
  test('[IM30] [A1] beginning twice with one transaction faults, and after abort the storage works', async (bench) => {
    const storage = bench.storage()
    const tx = info()
    await storage.begin(tx)
    await assert.rejects(storage.begin(tx), state)
    storage.abort(tx)
    assert.equal(await put(storage, 1, 0, 'a'), 1)
  })

  test('[IM30] commits get their turn in the order in which they asked', async (bench) => {
    const storage = bench.storage()
    const order: string[] = []
    const commit = async (name: string): Promise<void> => {
      const tx = info(name)
      await storage.begin(tx)
      storage.vote(tx)
      await storage.finish(tx, () => order.push(name))
    }
    await Promise.all(['a', 'b', 'c', 'd'].map(commit))
    assert.deepEqual(order, ['a', 'b', 'c', 'd'])
    assert.deepEqual(
      bench.store.transactions().map(({ note }) => note),
      ['d', 'c', 'b', 'a'],
    )
  })

  test('[IM30] a transaction that is aborted while it waits leaves the queue and faults', async (bench) => {
    const storage = bench.storage()
    const [first, second, third] = [info(), info(), info()]
    await storage.begin(first)
    const waiting = storage.begin(second)
    const behind = storage.begin(third)
    storage.abort(second)
    await assert.rejects(waiting, state)
    storage.abort(first)
    assert.equal(await behind, 1)
    storage.abort(third)
  })

  test('[IM31] [A2] writing, voting and finishing outside a transaction, or with another handle, faults', async (bench) => {
    const storage = bench.storage()
    const [tx, foreign] = [info(), info()]
    for (const handle of [tx, foreign]) {
      assert.throws(() => storage.store(handle, 1, 0, 'object', [], bytes('a')), state)
      assert.throws(() => storage.remove(handle, 1, 0), state)
      assert.throws(() => storage.checkCurrent(handle, 1, 0), state)
      assert.throws(() => storage.bind(handle, 'a', 1, 0), state)
      assert.throws(() => storage.vote(handle), state)
      await assert.rejects(storage.finish(handle), state)
      if (handle === tx) await storage.begin(tx)
    }
    await assert.rejects(storage.finish(tx), state)
    storage.vote(tx)
    assert.throws(() => storage.store(tx, 1, 0, 'object', [], bytes('a')), state)
    await storage.finish(tx)
  })

  test('[IM31] [A3] aborting with no transaction, or another, changes nothing', async (bench) => {
    const storage = bench.storage()
    storage.abort(info())
    const tx = info()
    await storage.begin(tx)
    storage.store(tx, 1, 0, 'object', [], bytes('a'))
    storage.abort(info())
    storage.vote(tx)
    storage.abort(info())
    await storage.finish(tx)
    assert.equal(textOf(storage, 1), 'a')
  })

  test('[IM32] [A4] abort after writes and after the vote leaves no trace and frees the turn at once', async (bench) => {
    const storage = bench.storage()
    for (const isVoted of [false, true]) {
      const tx = info()
      await storage.begin(tx)
      storage.store(tx, 1, 0, 'object', [], bytes('a'))
      storage.bind(tx, 'a', 1, 0)
      if (isVoted) storage.vote(tx)
      let isNext = false
      const next = info()
      const turn = storage.begin(next).then(() => {
        isNext = true
      })
      await Promise.resolve()
      assert.equal(isNext, false)
      storage.abort(tx)
      await turn
      storage.abort(next)
    }
    assert.equal(storage.read(1), undefined)
    assert.equal(bench.store.name('a'), undefined)
    assert.deepEqual(bench.store.transactions(), [])
    assert.equal(storage.lastTransaction(), 0)
  })

  test('[IM37] [A5] two empty transactions commit one behind the other and keep their descriptions', async (bench) => {
    const storage = bench.storage()
    for (const note of ['first', 'second']) {
      const tx = info(note)
      await storage.begin(tx)
      storage.vote(tx)
      await storage.finish(tx)
    }
    assert.deepEqual(
      [storage.describe(1)?.note, storage.describe(2)?.note, storage.describe(3)],
      ['first', 'second', undefined],
    )
  })

  test('[IM33] [A6] [A7] all objects of a transaction have its tid, the first revision too, and tids grow', async (bench) => {
    const storage = bench.storage()
    const tx = info()
    const tid = await storage.begin(tx)
    for (const oid of [1, 2, 3]) storage.store(tx, oid, 0, 'object', [], bytes('a'))
    assert.equal(storage.vote(tx).tid, tid)
    assert.equal(await storage.finish(tx), tid)
    assert.deepEqual(
      [1, 2, 3].map((oid) => storage.tidOf(oid)),
      [tid, tid, tid],
    )
    assert.ok((await put(storage, 1, tid, 'b')) > tid)
  })

  test('[IM33] [A7] tids grow across all who write one store, and across all connections of one storage', async (bench) => {
    const tids: Tid[] = []
    const storages = [bench.storage(), bench.storage(), bench.storage()]
    for (let round = 0; round < 12; round++) {
      const storage = storages[(round * 7) % 3] as Storage
      tids.push(await put(storage, 100 + round, 0, `${round}`))
    }
    const database = bench.database()
    const write = async (): Promise<void> => {
      using connection = database.open()
      for (let round = 0; round < 4; round++) {
        const object = new Persistent({ round })
        connection.bind(`by/${connection.add(object)}`, object)
        tids.push((await connection.manager.commit()) as Tid)
      }
    }
    await Promise.all([write(), write(), write()])
    assert.equal(tids.length, 24)
    for (const [at, tid] of tids.entries()) assert.ok(tid > (tids[at - 1] ?? 0), `${tids}`)
    assert.deepEqual(
      bench.store.transactions().map(({ tid }) => tid),
      tids.toReversed(),
    )
  })

  test('[IM33] [A8] with times from the future tids still grow, and no time falls', async (bench) => {
    const now = bench.time
    const ahead = await put(bench.storage({ now: () => now + 90 * 60_000 }), 1, 0, 'a')
    const back = bench.storage({ now: () => now })
    assert.ok((await put(back, 1, ahead, 'b')) > ahead)
    assert.deepEqual(
      bench.store.transactions().map(({ time }) => time - now),
      [90 * 60_000, 90 * 60_000],
    )
  })

  test('[IM42] [G7] an object is removed in a transaction, on a current base alone, and its past stays readable', async (bench) => {
    const storage = bench.storage()
    const first = await put(storage, 1, 0, 'one')
    const second = await put(storage, 1, first, 'two')
    const tx = info()
    await storage.begin(tx)
    const stale = {
      code: 'CONFLICT',
      data: { oid: 1, kind: 'object', committed: second, base: first },
    }
    assert.throws(() => storage.remove(tx, 1, first), stale)
    assert.throws(() => storage.remove(tx, 9, first), { code: 'CONFLICT' })
    storage.remove(tx, 1, second)
    storage.vote(tx)
    const gone = await storage.finish(tx)
    assert.equal(storage.read(1)?.kind, 'gone')
    const past = [first, second].map((tid) =>
      Buffer.from(storage.read(1, tid)?.payload ?? []).toString(),
    )
    assert.deepEqual(past, ['one', 'two'])
    assert.throws(() => bench.database().open().get(1), { code: 'TARGET_UNKNOWN' })
    // What is gone is written again like any other, on its own base.
    assert.ok((await put(storage, 1, gone, 'back')) > gone)
  })

  test('[IM34] [A9] while the finish calls back, every answer is of the new transaction', async (bench) => {
    const storage = bench.storage()
    await put(storage, 1, 0, 'old')
    const follower = storage.follow()
    const tx = info()
    await storage.begin(tx)
    storage.store(tx, 1, 1, 'object', [], bytes('new'))
    storage.vote(tx)
    const answers = () => [
      textOf(storage, 1),
      storage.lastTransaction(),
      storage.tidOf(1),
      storage.lastInvalidations(1),
    ]
    const old = answers()
    let during: unknown[] = []
    const finishing = storage.finish(tx, (tid) => {
      assert.deepEqual(storage.boundary(follower), { tid, changed: new Map([[1, tid]]) })
      during = answers()
    })
    // Whoever asks at any moment of the finish hears all of the old, or all of the new.
    const heard = [answers()]
    let isDone = false
    const done = finishing.finally(() => {
      isDone = true
    })
    while (!isDone) {
      for (let step = 0; step < 16; step++) {
        heard.push(answers())
        await Promise.resolve()
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    await done
    assert.deepEqual(during, ['new', 2, 2, [{ tid: 2, oids: [1] }]])
    for (const each of heard) assert.deepEqual(each, each[1] === 1 ? old : during)
    assert.deepEqual(heard[0], old)
    assert.deepEqual(answers(), during)
  })

  test('[IM33] [A10] who commits after our vote gets a larger tid', async (bench) => {
    const storage = bench.storage()
    const tx = info()
    const tid = await storage.begin(tx)
    storage.store(tx, 1, 0, 'object', [], bytes('a'))
    storage.vote(tx)
    const rival = put(storage, 2, 0, 'b')
    await Promise.resolve()
    assert.equal(await storage.finish(tx), tid)
    assert.ok((await rival) > tid)
  })

  test('[IM37] [A11] an author, note or extension over its limit faults before anything is written', async (bench) => {
    const storage = bench.storage()
    const long: CommitInfo[] = [
      { ...info(), author: 'a'.repeat(IMAGE_LIMITS.authorLength + 1) },
      info('n'.repeat(IMAGE_LIMITS.noteLength + 1)),
      { ...info(), extension: { x: 'x'.repeat(CONNECTION_LIMITS.extensionBytes) } },
    ]
    for (const tx of long) await assert.rejects(storage.begin(tx), { code: 'LIMIT' })
    assert.equal(await put(storage, 1, 0, 'a'), 1)
  })

  test('[IM37] a record over its limit is refused at the vote, and the storage works', async (bench) => {
    const storage = bench.storage()
    const tx = info()
    await storage.begin(tx)
    storage.store(tx, 1, 0, 'object', [], new Uint8Array(IMAGE_LIMITS.payloadBytes + 1))
    assert.throws(() => storage.vote(tx), { code: 'LIMIT' })
    storage.abort(tx)
    assert.equal(await put(storage, 1, 0, 'a'), 1)
  })

  test('[IM33] [A12] an oid above the last one moves the allocator, and no oid is given twice', async (bench) => {
    const storage = bench.storage()
    const given = new Set(Array.from({ length: 1_000 }, () => storage.newOid()))
    assert.equal(given.size, 1_000)
    const high = Math.max(...given) + 500
    await put(storage, high, 0, 'a')
    assert.equal(storage.newOid(), high + 1)
    const other = bench.storage()
    assert.ok(other.newOid() > high)
  })

  test('[IM33] [A12] eight clients that add objects at once never get one oid twice, nor one that was stored', async (bench) => {
    const database = bench.database({ poolSize: 8 })
    const oids: Oid[] = []
    const client = async (_: unknown, index: number): Promise<void> => {
      using connection = database.open()
      for (let round = 0; round < 20; round++) {
        const object = new Persistent({ index, round })
        oids.push(connection.add(object))
        connection.bind(`${index}/${round}`, object)
        if (index === 0 && round === 10)
          await put(database.storage, Math.max(...oids) + 300, 0, 'high')
        if (round % 3 === 0) await connection.manager.commit()
        else await Promise.resolve()
      }
      await connection.manager.commit()
    }
    await Promise.all(Array.from({ length: 8 }, client))
    assert.equal(new Set(oids).size, 160)
    const stored = [...bench.store.objects()].map(({ oid }) => oid)
    assert.equal(stored.length, 161)
    assert.ok(oids.every((oid) => stored.includes(oid)))
    assert.ok(database.storage.newOid() > Math.max(...stored))
  })

  test('[IM35] [A13] a failure of the disk closes the storage, and opening it again is clean', async (bench) => {
    const broken = altered(bench.store, {
      commit: async () => {
        throw new Error('the disk is gone')
      },
    })
    await put(bench.storage(), 1, 0, 'kept')
    const storage = new Storage(broken, bench.options)
    await assert.rejects(put(storage, 1, 1, 'lost'), /the disk is gone/)
    const closed = { code: 'READ_ONLY' }
    assert.throws(() => storage.read(1), closed)
    assert.throws(() => storage.lastTransaction(), closed)
    await assert.rejects(storage.begin(info()), closed)
    const again = bench.storage()
    assert.equal(textOf(again, 1), 'kept')
    assert.equal(await put(again, 1, 1, 'next'), 2)
  })

  test('[IM35] [A13] a callback that throws behind the decision closes the storage; the data is kept', async (bench) => {
    const storage = bench.storage()
    const tx = info()
    await storage.begin(tx)
    storage.store(tx, 1, 0, 'object', [], bytes('kept'))
    storage.vote(tx)
    const failing = storage.finish(tx, () => {
      throw new Error('half told')
    })
    await assert.rejects(failing, { code: 'READ_ONLY' })
    assert.throws(() => storage.read(1), { code: 'READ_ONLY' })
    assert.equal(textOf(bench.storage(), 1), 'kept')
  })

  test('[IM36] [A14] what was voted and aborted is never read', async (bench) => {
    await votedIsNotRead(bench.storage())
  })

  test('[IM36] [A14] the claim before this one catches a read buffer that is not cleared', async (bench: Bench) => {
    await assert.rejects(votedIsNotRead(new StaleBuffer(bench.store, bench.options)), /kept/)
  })
}

/** What comes back unchanged: a description in several scripts, with values of several kinds. */
const described: CommitInfo = {
  author: 'Ωmega',
  note: 'naïve 日本 \u{1f600}',
  extension: { ключ: ['é', 1, true, null, { deep: 2n ** 70n }], when: new Date(7) },
}

async function describe(storage: Storage): Promise<Tid> {
  const tx = { ...described }
  await storage.begin(tx)
  storage.vote(tx)
  return await storage.finish(tx)
}

function assertDescribed(storage: Storage, tid: Tid): void {
  const found = storage.describe(tid)
  assert.deepEqual([found?.author, found?.note], [described.author, described.note])
  assert.deepEqual(found?.extension, described.extension)
}

function reading(test: Register): void {
  test('[IM34] [B19] the newest invalidations come newest first, fewer when there are fewer', async (bench) => {
    assert.deepEqual(bench.storage().lastInvalidations(5), [])
    const { storage: author } = bench.author
    await put(author, 1, 0, 'a')
    await put(author, 2, 0, 'a')
    await put(author, 1, 1, 'b')
    const listed = (count: number) => bench.storage().lastInvalidations(count)
    assert.deepEqual(listed(2), [
      { tid: 3, oids: [1] },
      { tid: 2, oids: [2] },
    ])
    assert.equal(listed(10).length, 3)
  })

  test('[IM37] [A15] author, note and extension come back as given, in any script', async (bench) => {
    const tid = await describe(bench.author.storage)
    assertDescribed(bench.storage(), tid)
  })

  test('[IM48] [A8] opening warns when the newest time is 15 minutes ahead of the clock, and loudly at 60', async (bench) => {
    const now = bench.time
    let minutes = 0
    const author = new Storage(bench.writer, { now: () => now + minutes * 60_000 })
    const expected: [number, string[]][] = [
      [14, []],
      [15, ['warning']],
      [59, ['warning']],
      [60, ['critical']],
      [90, ['critical']],
    ]
    for (const [ahead, levels] of expected) {
      minutes = ahead
      await put(author, ahead, 0, 'a')
      bench.warnings.length = 0
      bench.storage({ now: () => now })
      assert.deepEqual(
        bench.warnings.map(({ level }) => level),
        levels,
        `${ahead} minutes`,
      )
    }
  })
}

function reopened(test: Register): void {
  test('[IM33] [IM48] [A7] [A8] after reopening tids and oids go on, also with a clock that was set back', async (bench) => {
    const { time } = bench
    const tid = await put(bench.storage({ now: () => time + 90 * 60_000 }), 7, 0, 'a')
    await bench.reopen()
    bench.warnings.length = 0
    const storage = bench.storage({ now: () => time })
    assert.deepEqual(
      bench.warnings.map(({ level }) => level),
      ['critical'],
    )
    assert.equal(storage.newOid(), 8)
    assert.ok((await put(storage, 7, tid, 'b')) > tid)
  })

  test('[IM37] [A15] a description comes back after reopening too', async (bench) => {
    const tid = await describe(bench.storage())
    await bench.reopen()
    assertDescribed(bench.storage(), tid)
  })
}

export const commitGroups: readonly ClaimGroup[] = [
  { needs: ['write'], claims: writing },
  { needs: [], claims: reading },
  { needs: ['write', 'reopen'], claims: reopened },
]
