// Owns: needs for methods met by scripted drafts in a real world: gates, repairs, bounds, aborts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixedMessages, type Script, type ScriptedProvider } from '#mind'
import { fenced, withWorld } from './scripted-world.ts'

const RIGHT = fenced('function deposit(self, n) { self.balance += n; return self.balance }')
const WRONG = fenced('function deposit(self, n) { return self.balance + n }')

test('[MI40] the model is shown the receiver as it is, behind the fixed messages', async () => {
  await withWorld([RIGHT], async (world, provider) => {
    assert.equal(await world.send('account', 'deposit', [5]), 15)
    const messages = provider.asked[0]?.messages ?? []
    assert.deepEqual(messages.slice(0, -1), fixedMessages())
    assert.equal(
      messages.at(-1)?.content,
      'Object: account\nSlots type: { balance: number }\nSlots now: { balance: 10 }\nMessage: deposit(5)',
    )
    assert.equal(provider.asked[0]?.temperature, 0)
  })
})

test('[MI41] a draft that a gate refuses is not installed; its repair is told why, and is', async () => {
  await withWorld([WRONG, RIGHT], async (world, provider) => {
    assert.equal(await world.send('account', 'deposit', [5]), 15)
    assert.equal(await world.send('account', 'deposit', [5]), 20)
    assert.equal(provider.asked.length, 4)
    const repair = provider.asked[1]?.messages ?? []
    assert.deepEqual(repair.at(-2), { role: 'assistant', content: WRONG })
    assert.match(repair.at(-1)?.content ?? '', /^That method is wrong: .*chang/)
  })
})

test('[MI42] when no draft passes, their number is bounded, the fault tells them, and nothing was changed', async () => {
  await withWorld(
    () => WRONG,
    async (world, provider) => {
      await assert.rejects(
        world.send('account', 'deposit', [5]),
        (fault: Error & { data?: object }) => {
          assert.match(fault.message, /no draft of deposit passed the gates|were refused/)
          assert.match(JSON.stringify(fault.data), /return self\.balance \+ n/)
          return true
        },
      )
      assert.ok(provider.asked.length >= 2 && provider.asked.length <= 8)
      assert.equal(await world.send('account', 'balance'), 10)
    },
  )
})

const MORE = fenced('function deposit(self, n) { self.balance += n * 2; return n }')
const LESS = fenced('function deposit(self, n) { self.balance += n; return n }')

test('[MI44] three that behave alike are not enough when two behave otherwise, and four are', async () => {
  await withWorld([RIGHT, LESS, RIGHT, LESS, RIGHT, RIGHT], async (world, provider) => {
    assert.equal(await world.send('account', 'deposit', [5]), 15)
    assert.equal(provider.asked.length, 6)
  })
})

test('[MI44] [G10] the third draft that behaves alike is in, and no more are drawn', async () => {
  await withWorld([RIGHT, LESS, RIGHT, RIGHT, LESS, LESS], async (world, provider) => {
    assert.equal(await world.send('account', 'deposit', [5]), 15)
    assert.equal(provider.asked.length, 4)
  })
})

test('[MI44] [G10] drafts that do not agree are not installed, and what they differ on is told', async () => {
  await withWorld([RIGHT, LESS, RIGHT, LESS, MORE], async (world, provider) => {
    const id = await new Promise((resolve) => {
      const onEvent = (event: Record<string, unknown>) => {
        if (event.kind === 'parked') resolve(event.proposal)
      }
      // It stays parked until the world closes.
      world.send('account', 'deposit', [5], { onEvent }).catch(() => undefined)
    })
    const { question } = (await world.request('GetProposalCommand', { proposal: id })) as {
      question: { options: { text: string }[] }
    }
    const texts = question.options.map(({ text }) => text)
    assert.deepEqual(texts.toSorted(), ['answers 15', 'answers 5'])
    // Behind two and two, two more could make four of one.
    assert.ok(provider.asked.length > 4)
    assert.equal(await world.send('account', 'balance'), 10)
  })
})

test('[MI44] three drafts that behave alike are not enough when they were all asked for in one way', async () => {
  // Asked for as a function it is right each time; asked for as a method of a class it takes away.
  await withWorld([RIGHT, LESS, RIGHT, LESS, RIGHT, LESS], async (world, provider) => {
    const fault = await world.send('account', 'deposit', [5]).catch((error: unknown) => error)
    assert.equal((fault as { code: string }).code, 'POLICY')
    assert.equal(provider.asked.length, 6)
    const [first, second] = provider.asked.map(({ messages }) => messages.at(-1)?.content ?? '')
    assert.match(first ?? '', /^Object: account/)
    assert.match(second ?? '', /^class Account \{/)
  })
})

test('[MI44] a method that refuses the very call that was sent waits for a person, unless the intent speaks of an error', async () => {
  const strict = fenced(
    'function deposit(self, n) { if (self.balance > 9) throw new Error("full"); self.balance += n; return self.balance }',
  )
  await withWorld([strict], async (world) => {
    const sent = world.send('account', 'deposit', [5])
    await assert.rejects(sent, { code: 'POLICY', message: /refuses the very call/ })
    const intent = 'Throw when the balance is above 9, else put it in.'
    await assert.rejects(world.send('account', 'deposit', [5], { intent }), {
      code: 'METHOD_FAILED',
    })
    await world.send('account', 'setSlot:value:', ['balance', 3])
    assert.equal(await world.send('account', 'deposit', [5]), 8)
  })
})

test('[MI44] a method that only shows its object is in when one draft passed', async () => {
  const shows = fenced('function display_yourself(self) { return `balance: ${self.balance}` }')
  await withWorld([shows], async (world, provider) => {
    assert.equal(await world.send('account', 'display_yourself'), 'balance: 10')
    assert.equal(provider.asked.length, 1)
  })
})

test('[MI43] a message that is cancelled stops the model that drafts for it', async () => {
  const cancel = new AbortController()
  let stopped: () => void = () => undefined
  const seen = new Promise<void>((resolve) => {
    stopped = resolve
  })
  const endless: Script = (_request, _nth, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        stopped()
        reject(signal.reason)
      })
      cancel.abort()
    })
  await withWorld(endless, async (world) => {
    const sent = world.send('account', 'ponder', [], { signal: cancel.signal })
    await assert.rejects(sent, { code: 'CANCELLED' })
    await seen
  })
})

const HALF = 'function half(self, n) { return n / 2 }'
const USES = fenced(
  'function deposit(self, n) { self.balance += self.half(n); return self.balance }',
)

test('[MI45] when what the drafts were judged with changes meanwhile, they are drawn again once, on what is there now', async () => {
  /** Before each of the first drafts a method of the receiver gets another version, which does the same. */
  const whileChanged = async (
    drafts: number,
    use: (sent: Promise<unknown>, provider: ScriptedProvider, told: string[]) => Promise<void>,
  ) => {
    let change = async (_: number) => {}
    const script: Script = async (_, nth) => {
      if (nth < drafts) await change(nth)
      return USES
    }
    await withWorld(script, async (world, provider) => {
      const give = (source: string) =>
        world.request('CreateMethodCommand', { target: 'account', method_name: 'half', source })
      await give(HALF)
      change = async (nth) => void (await give(`${HALF} // ${nth}`))
      const told: string[] = []
      const onEvent = (event: Record<string, unknown>) => {
        if (event.kind === 'progress') told.push(String(event.detail))
      }
      await use(world.send('account', 'deposit', [6], { onEvent }), provider, told)
    })
  }
  await whileChanged(2, async (sent, provider, told) => {
    assert.equal(await sent, 13)
    assert.ok(provider.asked.length >= 6, String(provider.asked.length))
    assert.match(told.join(), /has changed since.*; deposit is drafted again on what is there now/)
  })
  await whileChanged(99, async (sent, _, told) => {
    await assert.rejects(sent, { code: 'CONFLICT' })
    assert.equal(told.length, 1)
  })
})
