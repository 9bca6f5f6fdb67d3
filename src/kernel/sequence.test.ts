// Owns: the tests of order and durability: groups, held and failed commits, answers that wait, batches.
// Leaves: what ends a worker to worker-death.test.ts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#ground'
import { openMemoryStore } from '#image'
import { decodeValue, encodeValue, type Oid } from '#objects'
import {
  holding,
  startKernel,
  startOn,
  type TestOptions,
  temporaryFolder,
} from './kernel.fixture.ts'
import { KERNEL_LIMITS } from './limits.ts'

const METHODS = {
  add: 'function add(self, x) { self.list ??= []; self.list.push(x); return self.list.length }',
  boom: 'function boom(self) { throw new Error("no") }',
  born: 'function born(self) { self.child = mirror.clone(self); return self.child }',
}

/** A kernel whose commits the test holds. */
async function held(options: TestOptions = {}) {
  const hold = holding(openMemoryStore())
  const t = await startKernel({ store: hold.store, methods: METHODS, ...options })
  // Once each, so that no method is compiled while commits are held.
  await t.send('add', [0])
  await t.fault('boom')
  await t.send('born')
  return { t, hold }
}

/** Lets everything that can happen without the disk happen. */
async function settle(t: { kernel: { status(): Record<string, unknown> } }): Promise<void> {
  while (t.kernel.status().queue !== 0) await new Promise((resolve) => setImmediate(resolve))
}

/** Whether a promise is settled already. */
async function isOpen(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol('open')
  return (await Promise.race([promise, Promise.resolve(open)])) === open
}

test('[KN3] a write is answered after its group is durable, and so is a read or a fault that saw it', async () => {
  const { t, hold } = await held()
  hold.hold()
  const write = t.answer('add', [1])
  await settle(t)
  const read = t.answer('list')
  const fault = t.answer('boom')
  await settle(t)
  assert.equal(hold.held, 1)
  for (const answer of [write, read, fault]) assert.ok(await isOpen(answer))
  hold.release()
  assert.equal((await write).ok, true)
  const seen = await read
  assert.deepEqual(seen.ok && decodeValue(seen.result), [0, 1])
  assert.equal((await fault).ok, false)
  await t.close()
})

test('[KN3] a read with nothing on its way is answered without a commit', async () => {
  const { t, hold } = await held()
  hold.hold()
  assert.deepEqual(await t.send('list'), [0])
  assert.equal(hold.held, 0)
  hold.release()
  await t.close()
})

test('[KN1] the head sees what was taken before it is durable', async () => {
  const { t, hold } = await held()
  hold.hold()
  const tid = t.kernel.head.tid
  const write = t.answer('add', [1])
  await settle(t)
  assert.equal(t.kernel.head.tid, tid + 1)
  const list = t.kernel.head.object(t.oid('it')).slots.find(({ name }) => name === 'list')
  assert.deepEqual(list?.value, [0, 1])
  hold.release()
  await write
  await t.close()
})

test('[KN2] [KN5] a failed commit leaves nothing, is a fault for all who saw it, and blames no turn', async () => {
  const { t, hold } = await held()
  const before = t.graph()
  const { nextOid } = t.kernel.head
  hold.hold()
  const answers = [t.answer('add', [1]), t.answer('born'), t.answer('list')]
  await settle(t)
  // These run on the state that is lost, and are in the group behind it.
  answers.push(t.answer('add', [2]), t.answer('list'))
  await settle(t)
  hold.release(new Error('the disk is gone'))
  for (const answer of await Promise.all(answers)) {
    assert.equal(!answer.ok && answer.fault.code, 'BUSY')
    assert.match(!answer.ok ? answer.fault.message : '', /the disk is gone/)
  }
  assert.equal(t.graph(), before)
  assert.deepEqual(await t.send('list'), [0])
  assert.equal(await t.send('add', [3]), 2)
  assert.deepEqual(
    t.endings.map(({ reason }) => reason),
    ['unkept'],
  )
  assert.ok(t.kernel.head.nextOid >= nextOid)
  await t.close()
})

test('[KN5] commits that fail again and again never charge the message that waits', async () => {
  const { t, hold } = await held()
  for (let i = 0; i < 3; i++) {
    hold.hold()
    const answer = t.answer('add', [1])
    await settle(t)
    hold.release(new Error('still gone'))
    const got = await answer
    assert.equal(!got.ok && got.fault.code, 'BUSY')
  }
  assert.deepEqual(await t.send('list'), [0])
  await t.close()
})

test('[KN170] what a damaged image refuses to keep is answered as that, and not as worth another try', async () => {
  const { t, hold } = await held()
  hold.hold()
  const answer = t.answer('add', [1])
  await settle(t)
  const fault = { code: 'IMAGE_DAMAGED', message: 'it takes no more', remedy: 'x' } as const
  hold.release(new Fault({ ...fault, retry: 'never' }))
  const got = await answer
  assert.deepEqual(!got.ok && got.fault, { ...fault, retry: 'never' })
  await t.close()
})

test('[KN170] a row among those that wait that is no message keeps nobody from the image, is told, and stays', async () => {
  const store = openMemoryStore()
  const rows = {
    w: Buffer.from('message'),
    '000000000001': encodeValue(7),
    '000000000002': encodeValue([]),
  }
  const tables = Object.entries(rows).map(
    ([key, value]) => ({ table: 'waiting', key, value }) as const,
  )
  await store.commit({ transactions: [], tables })
  const t = await startKernel({ store, methods: METHODS })
  assert.equal(await t.send('add', [1]), 1)
  const told = t.endings.map(({ detail }) => detail)
  assert.equal(told.filter((detail) => /is no message/.test(detail)).length, 3, told.join('\n'))
  assert.equal(store.scan('waiting').length, 3)
  await t.close()
})

test('[KN6] while one group is on its way the next one fills, and both keep their order', async () => {
  const { t, hold } = await held()
  const order: number[] = []
  hold.hold()
  const sent = [t.answer('add', [1])]
  await settle(t)
  for (let i = 2; i <= 20; i++) sent.push(t.answer('add', [i]))
  await settle(t)
  assert.equal(hold.held, 1)
  for (const [i, answer] of sent.entries()) void answer.then(() => order.push(i))
  hold.release()
  await Promise.all(sent)
  assert.deepEqual(
    order,
    sent.map((_, i) => i),
  )
  assert.deepEqual(
    await t.send('list'),
    Array.from({ length: 21 }, (_, i) => i),
  )
  await t.close()
})

test('[KN6] the next group is on its way to the disk before the answers of the one before go out', async () => {
  const { t, hold } = await held()
  const by = { principal: 'test', author: 'test' }
  const message = { ...by, target: t.oid('it'), selector: 'add', args: [1] }
  hold.hold()
  const heldAtAnswer = new Promise((resolve) => {
    t.kernel.send(message, { event: () => undefined, answer: () => resolve(hold.held) })
  })
  await settle(t)
  const second = t.answer('add', [2])
  await settle(t)
  assert.equal(hold.held, 1)
  // Held again before the first one is durable, so that the second is seen to wait.
  hold.release()
  hold.hold()
  assert.equal(await heldAtAnswer, 1)
  hold.release()
  assert.ok((await second).ok)
  await t.close()
})

test('[KN6] messages run in the order in which they came, over thousands', async () => {
  const t = await startKernel({ methods: METHODS })
  const answers = Array.from({ length: 2_000 }, (_, i) => t.send('add', [i]))
  assert.deepEqual(
    await Promise.all(answers),
    Array.from({ length: 2_000 }, (_, i) => i + 1),
  )
  assert.deepEqual(
    await t.send('list'),
    Array.from({ length: 2_000 }, (_, i) => i),
  )
  await t.close()
})

test('[KN31] a method that is installed is found by the message behind it', async () => {
  const t = await startKernel({ methods: METHODS })
  for (let i = 0; i < 5; i++) {
    const put = t.put(`m${i}`, `function m(self) { return ${i} }`)
    // The judge answers first; from then on the installation and the messages are in one queue.
    const sent = put.then(() => t.send(`m${i}`))
    const { oid } = t.kernel.head.object(t.oid('it'))
    const fields = {
      selector: `n${i}`,
      source: `function n(self) { return ${i * 2} }`,
      comment: '',
      author: 'test',
      version: 1,
      holder: oid,
    }
    const installed = t.kernel.install(fields, null)
    const answers = [t.send(`n${i}`), t.send(`n${i}`), t.send('add', [i])]
    await installed
    assert.deepEqual((await Promise.all(answers)).slice(0, 2), [i * 2, i * 2])
    assert.equal(await sent, i)
  }
  assert.deepEqual(t.endings, [])
  await t.close()
})

test('[KN31] more bytes than a batch or a group holds go into several, and all is kept', async () => {
  const t = await startKernel({
    methods: {
      keep: `function keep(self, text) {
        const one = mirror.clone(mirror.object('genesis'))
        one.text = text.slice(0, 200000)
        self.all ??= []
        self.all.push(one)
        return text.length
      }`,
    },
  })
  const text = 'x'.repeat(3_000_000)
  const answers = await Promise.all(Array.from({ length: 40 }, () => t.send('keep', [text])))
  assert.deepEqual(new Set(answers), new Set([3_000_000]))
  assert.equal(((await t.send('all')) as unknown[]).length, 40)
  assert.deepEqual(t.endings, [])
  assert.deepEqual(t.kernel.head.store.verify().damage, [])
  await t.close()
})

test('[KN31] answers that are larger together than a frame between processes all come, and the worker lives', async () => {
  const t = await startKernel({
    methods: { large: 'function large(self, n) { self.last = n; return "x".repeat(900000) }' },
  })
  await t.send('large', [0])
  const sent = Array.from({ length: 90 }, (_, i) => t.send('large', [i + 1]))
  for (const text of await Promise.all(sent)) assert.equal(String(text).length, 900_000)
  assert.equal(await t.send('last'), 90)
  assert.deepEqual(t.endings, [])
  await t.close()
})

test('[KN31] numbers of objects that were not kept are given again, in both processes alike', async () => {
  const t = await startKernel({
    methods: {
      waste: 'function waste(self, n) { for (let i = 0; i < n; i++) mirror.clone(self) }',
      born: METHODS.born,
    },
  })
  const next = t.kernel.head.nextOid
  await Promise.all(Array.from({ length: 20 }, () => t.send('waste', [5_000])))
  assert.equal(t.kernel.head.nextOid, next)
  const born = (await Promise.all([t.send('born'), t.send('waste', [10]), t.send('born')])) as Oid[]
  assert.deepEqual(born[0], { $ref: `#${next.toString(36)}` })
  assert.deepEqual(born[2], { $ref: `#${(next + 1).toString(36)}` })
  assert.deepEqual(t.endings, [])
  await t.close()
})

test('[KN1] what was answered is there after the image was closed and opened', async () => {
  const folder = temporaryFolder()
  const first = await startOn(folder.path, { methods: METHODS })
  await Promise.all(Array.from({ length: 50 }, (_, i) => first.send('add', [i])))
  await first.close()
  const second = await startOn(folder.path)
  assert.equal(((await second.send('list')) as unknown[]).length, 50)
  assert.equal(await second.send('add', [50]), 51)
  await second.close()
  folder.remove()
})

test('[KN38] a worker that was given very many objects begins anew, and every message is answered as before', async () => {
  const herd =
    'function herd(self) { for (let i = 0; i < 5000; i++) self.last = mirror.clone(self); self.n = (self.n ?? 0) + 1; return self.n }'
  const t = await startKernel({ methods: { herd } })
  const rounds = Math.ceil(KERNEL_LIMITS.knownObjects / 10_000) * 2 + 4
  for (let i = 1; i <= rounds; i += 2) {
    assert.deepEqual(await Promise.all([t.send('herd'), t.send('herd')]), [i, i + 1])
  }
  assert.equal(await t.send('n'), rounds)
  await t.close()
})
