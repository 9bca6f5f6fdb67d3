// Owns: the Crucible and AtomicSwap in a real world: scripted drafts, the real judge, real trials.
// Leaves: how a draft is drawn and repaired to learner.test.ts; hostile drafts to the sandbox's adversary.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { open, type OpenWorld } from '#batos'
import { asksForChange } from '#governance'
import { asFault, type FaultRecord } from '#ground'
import { ScriptedProvider } from '#mind'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

interface Tried {
  gate: string
  problem: string
  source: string
}

/** A world with two accounts, and a mind that always says the same. */
async function withDrafts(
  drafts: string[],
  use: (world: OpenWorld) => Promise<void>,
  policy: 'auto' | 'review' = 'auto',
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'batos-crucible-'))
  folders.push(folder)
  const script = drafts.map((code) => `\`\`\`ts\n${code}\n\`\`\``)
  const world = await open(folder, { provider: new ScriptedProvider(script), policy })
  try {
    for (const name of ['account', 'other']) {
      await world.request('CreateObjectCommand', { name, slots: { balance: 10, log: [] } })
    }
    const other = await world.request('GetFullStateCommand', { target: 'other' })
    const ref = { $ref: (other as { oid: string }).oid }
    await world.request('SetSlotCommand', { target: 'account', slot: 'other', value: ref })
    await use(world)
  } finally {
    await world.close()
  }
}

async function faultOf(promise: Promise<unknown>): Promise<FaultRecord> {
  const thrown = await promise.then(
    (value) => assert.fail(`answered ${JSON.stringify(value)}`),
    (error: unknown) => error,
  )
  const fault = asFault(thrown)
  assert.ok(fault !== undefined, String(thrown))
  return fault.toRecord()
}

interface Parked {
  proposal: string
  why: string
  reason: string
}

/** Sends a message that must be parked; answers what its sender is told. The message stays parked. */
function parkedAt(world: OpenWorld, selector: string, args: unknown[] = []): Promise<Parked> {
  return new Promise((resolve, reject) => {
    const onEvent = (event: Record<string, unknown>) => {
      if (event.kind === 'parked') resolve(event as unknown as Parked)
    }
    world
      .send('account', selector, args, { onEvent })
      .then((value) => reject(new Error(`answered ${JSON.stringify(value)}`)), reject)
  })
}

const shown = async (world: OpenWorld, proposal: string) =>
  (await world.request('GetProposalCommand', { proposal })) as {
    drafts: { source: string; votes: number; reply?: unknown; warnings?: string[] }[]
  }

const tidOf = async (world: OpenWorld) =>
  ((await world.request('GetStatusCommand')) as { tid: number }).tid

interface State {
  slots: { name: string; kind: string; source?: string; version?: number; tid: string }[]
}
const slotOf = async (world: OpenWorld, target: string, name: string) =>
  ((await world.request('GetFullStateCommand', { target })) as State).slots.find(
    (slot) => slot.name === name,
  )

/** Each gate with a draft that it refuses and one, for the same message, that it lets pass. */
const GATES: { gate: string; selector: string; args: unknown[]; bad: string; good: string }[] = [
  {
    gate: 'parse',
    selector: 'rest',
    args: [3],
    bad: 'function rest(self, n) { return process.env }',
    good: 'function rest(self, n) { return self.balance - n }',
  },
  {
    gate: 'shape',
    selector: 'rest',
    args: [3],
    bad: 'function rest(self, n, m) { return self.balance - n }',
    good: 'function rest(self, n, m = 0) { return self.balance - n - m }',
  },
  {
    gate: 'types',
    selector: 'rest',
    args: [3],
    bad: 'function rest(self, n) { return self.balance.toUpperCase() }',
    good: 'function rest(self, n) { return self.balance.toFixed(n) }',
  },
  {
    gate: 'trial',
    selector: 'rest',
    args: [3],
    bad: 'function rest(self, n) { return self.log[n].amount }',
    good: 'function rest(self, n) { return self.log[n]?.amount ?? 0 }',
  },
  {
    gate: 'reply',
    selector: 'rest',
    args: [3],
    bad: 'function rest(self, n) { self.balance - n }',
    good: 'function rest(self, n) { return self.balance - n }',
  },
  {
    gate: 'slots',
    selector: 'deposit',
    args: [3],
    bad: 'function deposit(self, n) { mirror.set(self, "total", n); return n }',
    good: 'function deposit(self, n) { self.balance += n; return n }',
  },
  {
    gate: 'literal',
    selector: 'rest',
    args: [37],
    bad: 'function rest(self, n) { return self.balance - 37 }',
    good: 'function rest(self, n) { return self.balance - n }',
  },
  {
    gate: 'denial',
    selector: 'rest',
    args: ['aaa'],
    bad: 'function rest(self, text) { return /(a+)+b/.test(text) }',
    good: 'function rest(self, text) { return /a+b/.test(text) }',
  },
  {
    gate: 'alias',
    selector: 'rest',
    args: [3],
    bad: 'function rest(self, n) { self.log.push(n); return self.log }',
    good: 'function rest(self, n) { self.log.push(n); return self.log.length }',
  },
  {
    gate: 'resources',
    selector: 'rest',
    args: [3],
    bad: 'function rest(self, n) { let i = 0; while (i < 300000) i += 1; return i + n }',
    good: 'function rest(self, n) { let i = 0; while (i < 300) i += 1; return i + n }',
  },
  {
    gate: 'effect',
    selector: 'deposit',
    args: [3],
    bad: 'function deposit(self, n) { return self.balance + n }',
    good: 'function deposit(self, n) { self.balance += n; return self.balance }',
  },
]

for (const { gate, selector, args, bad, good } of GATES) {
  test(`[GO1] the gate ${gate} refuses what it should with a sentence, and lets pass what it should`, async () => {
    await withDrafts([bad, bad, bad, bad], async (world) => {
      const before = await tidOf(world)
      const fault = await faultOf(world.send('account', selector, args))
      assert.equal(fault.code, 'GENERATION_FAILED')
      for (const tried of fault.data?.tried as Tried[]) {
        assert.equal(tried.gate, gate, tried.problem)
        assert.ok(tried.problem.length > 10)
      }
      assert.equal(await tidOf(world), before)
    })
    await withDrafts([good], async (world) => {
      await world.send('account', selector, args)
      assert.equal((await slotOf(world, 'account', selector))?.kind, 'method')
    })
  })
}

test('[GO1] a method may refuse the very call that it is learnt for, if it serves another', async () => {
  const withdraw =
    'function withdraw(self, n) { if (n > self.balance) throw new Error("too much"); self.balance -= n; return self.balance }'
  await withDrafts([withdraw], async (world) => {
    const fault = await faultOf(world.send('account', 'withdraw', [50]))
    assert.equal(fault.code, 'METHOD_FAILED')
    assert.equal(fault.message, 'too much')
    assert.equal(await world.send('account', 'withdraw', [4]), 6)
  })
  const never = 'function withdraw(self, n) { throw new Error("never") }'
  await withDrafts([never, never, never, never], async (world) => {
    assert.equal((await faultOf(world.send('account', 'withdraw', [5]))).code, 'GENERATION_FAILED')
  })
})

test('[GO1] the verbs that ask for a change are known by the first word of a selector', () => {
  for (const one of ['deposit', 'addItem', 'set_name', 'removeAll', 'Add']) {
    assert.ok(asksForChange(one), one)
  }
  for (const one of ['total', 'address', 'settings', 'mean_points', 'display_yourself', '+']) {
    assert.ok(!asksForChange(one), one)
  }
})

test('[GO16] a value of the call may stand in the method when the words name it', async () => {
  const fixed = 'function rest(self) { return self.balance - 37 }'
  const withArg = 'function rest(self, n) { return self.balance - 37 }'
  await withDrafts([withArg], async (world) => {
    const sent = world.send('account', 'rest', [37], { intent: 'Answer the balance less 37.' })
    assert.equal(await sent, -27)
  })
  await withDrafts([fixed], async (world) => {
    assert.equal(await world.send('account', 'rest'), -27)
  })
})

test('[GO17] a pattern that backtracks without bound is refused before it runs', async () => {
  const bad = 'function rest(self, text) { return /^(a+)+$/.test(text) }'
  await withDrafts([bad], async (world) => {
    const text = `${'a'.repeat(40)}b`
    const fault = await faultOf(world.send('account', 'rest', [text]))
    for (const { gate } of fault.data?.tried as Tried[]) assert.equal(gate, 'denial')
  })
})

test('[GO18] a reply that is the whole list on some calls alone is no reason to refuse', async () => {
  const source = 'function rest(self, n) { return self.log.filter((one) => one !== n) }'
  await withDrafts([source], async (world) => {
    assert.deepEqual(await world.send('account', 'rest', [3]), [])
  })
})

test('[GO10] drafts that differ only in what they do with an object next to the receiver do not agree', async () => {
  const reads = 'function rest(self, n) { return n + self.other.balance }'
  const forgets = 'function rest(self, n) { return n + self.balance }'
  const third = 'function rest(self, n) { return n + 10 }'
  await withDrafts([reads, forgets, third, reads, forgets, third], async (world) => {
    const { proposal } = await parkedAt(world, 'rest', [3])
    assert.equal((await shown(world, proposal)).drafts.length, 3)
  })
})

test('[GO2] a draft that does harm does it in its trial alone', async () => {
  const loop = 'function rest(self) { self.balance = 0; for (;;) self.log.push(1) }'
  await withDrafts([loop, loop, loop, loop], async (world) => {
    const fault = await faultOf(world.send('account', 'rest'))
    assert.equal(fault.code, 'GENERATION_FAILED')
    assert.equal(await world.send('account', 'balance'), 10)
    assert.deepEqual(await world.send('account', 'log'), [])
    const status = (await world.request('GetStatusCommand')) as { workerDeaths: number }
    assert.equal(status.workerDeaths, 0)
  })
})

test('[GO3] [GO5] [G2] what passed is what is installed, with who wrote it, and a next version knows it', async () => {
  const source = 'function rest(self, n) {\n  // What is left.\n  return self.balance - n\n}'
  await withDrafts([source], async (world) => {
    assert.equal(await world.send('account', 'rest', [3]), 7)
    const slot = await slotOf(world, 'account', 'rest')
    assert.equal(slot?.source, source)
    assert.equal(slot?.version, 1)
    const given = await world.request('CreateMethodCommand', {
      target: 'account',
      method_name: 'rest',
      source: 'function rest(self, n) { return 0 }',
    })
    assert.equal((given as { version: number }).version, 2)
    assert.equal(await world.send('account', 'rest', [3]), 0)
  })
})

test('[GO4] [G17] a swap is one turn: every message meets the old version or the new one, and a stale one conflicts', async () => {
  await withDrafts([], async (world) => {
    const give = (n: number, expect?: string | null) =>
      world.request('CreateMethodCommand', {
        target: 'account',
        method_name: 'edition',
        source: `function edition(self) { return [${n}, ${n}] }`,
        ...(expect === undefined ? {} : { expect }),
      }) as Promise<{ tid: string }>
    const first = await give(1, null)
    const asked = Array.from({ length: 200 }, () => world.send('account', 'edition'))
    const second = await give(2, first.tid)
    asked.push(...Array.from({ length: 200 }, () => world.send('account', 'edition')))
    for (const answer of (await Promise.all(asked)) as [number, number][]) {
      assert.ok(answer[0] === answer[1] && (answer[0] === 1 || answer[0] === 2))
    }
    assert.deepEqual(await world.send('account', 'edition'), [2, 2])
    assert.equal((await faultOf(give(3, first.tid))).code, 'CONFLICT')
    assert.equal((await faultOf(give(3, null))).code, 'CONFLICT')
    await give(3, second.tid)
    assert.deepEqual(await world.send('account', 'edition'), [3, 3])
  })
})

test('[GO6] a person’s method must parse and name only what is there; its types are warnings', async () => {
  await withDrafts([], async (world) => {
    const give = (source: string) =>
      world.request('CreateMethodCommand', { target: 'account', method_name: 'mine', source })
    for (const source of [
      'function mine(self) { return',
      'function mine(self) { return fetch("http://x") }',
      'async function mine(self) { return 1 }',
      'class Mine {}',
    ]) {
      const fault = await faultOf(give(source))
      assert.equal(fault.code, 'METHOD_FAILED', source)
      assert.match(fault.message, /line 1/)
    }
    const given = (await give('function mine(self) { const n: number = "x"; return n }')) as {
      warnings?: string[]
    }
    assert.equal(given.warnings?.length, 1)
    assert.equal(await world.send('account', 'mine'), 'x')
  })
})

test('[GO7] [G9] a method that changes more than the receiver and the arguments waits for a person', async () => {
  const reach = 'function rest(self) { self.other.balance = 0; return 1 }'
  await withDrafts([reach], async (world) => {
    const { proposal, why, reason } = await parkedAt(world, 'rest')
    assert.equal(why, 'beyond')
    assert.match(reason, /which is neither the receiver nor an argument/)
    const [draft] = (await shown(world, proposal)).drafts
    assert.match(String(draft?.source), /other\.balance/)
    assert.match(String(draft?.warnings), /its trial changed/)
    assert.equal(await world.send('other', 'balance'), 10)
    assert.equal(await slotOf(world, 'account', 'rest'), undefined)
  })
  const through =
    'function rest(self, to) { to.balance += 1; self.balance -= 1; return to.balance }'
  await withDrafts([through], async (world) => {
    const other = await slotOf(world, 'account', 'other')
    assert.equal(await world.send('account', 'rest', [(other as { value?: unknown }).value]), 11)
  })
})

test('[GO7] [G9] a method that leaves a message for another object, or a request, waits for a person', async () => {
  for (const left of [
    'mirror.later(self.other, "sink")',
    'mirror.request("http://a.test/", self, "got:")',
  ]) {
    await withDrafts([`function rest(self) { ${left}; return 1 }`], async (world) => {
      const { why, reason } = await parkedAt(world, 'rest')
      assert.equal(why, 'beyond')
      assert.match(reason, /left a message for|asks another host/)
      assert.equal(((await world.request('GetStatusCommand')) as { outbox: number }).outbox, 0)
    })
  }
  const own = 'function rest(self) { mirror.later(self, "rest", [], 60000); return 1 }'
  await withDrafts([own], async (world) => {
    assert.equal(await world.send('account', 'rest'), 1)
  })
})

test('[GO7] under review nothing is installed without a person', async () => {
  const source = 'function rest(self) { return self.balance }'
  await withDrafts(
    [source],
    async (world) => {
      const { proposal, why } = await parkedAt(world, 'rest')
      assert.equal(why, 'policy')
      assert.equal((await shown(world, proposal)).drafts[0]?.source, source)
      assert.equal(await slotOf(world, 'account', 'rest'), undefined)
    },
    'review',
  )
})
