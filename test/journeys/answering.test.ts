// Owns: what a person says where no draft is right: kept, told to the model, and answered by what is drawn then.
// Leaves: accepting and rejecting to proposals.test.ts; the verbs' words to src/cli.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { OpenWorld } from '#batos'
import type { CompletionRequest, Script, ScriptedProvider } from '#mind'
import { fenced, temporaryFolder, withWorld } from './scripted-world.ts'

const ADDS = fenced('function deposit(self, n) { self.balance += n; return self.balance }')
const TELLS = fenced('function deposit(self, n) { self.balance += n; return n }')
const TWICE = fenced('function deposit(self, n) { self.balance += n * 2; return self.balance }')
const KEEPS_NOTHING = fenced('function deposit(self, n) { return self.balance + n }')
const REFUSES = fenced(
  'function deposit(self, n) { if (n > 3) throw new Error("too much"); self.balance += n; return self.balance }',
)

interface ShownProposal {
  status: string
  drafts: { source: string; prompt?: string; seed?: number; gates?: string[]; probes?: number }[]
  question?: { options: { draft: number; text: string }[] }
  why: { code: string; sentence: string }
  decided?: { reason?: string }
}

const shownIn = async (world: OpenWorld, id: string) =>
  (await world.request('GetProposalCommand', { proposal: id })) as unknown as ShownProposal

/** Sends a message that is to be parked; answers the proposal's id, the next one's, and the reply, which may never come. */
async function parks(world: OpenWorld, args: unknown[], key?: string) {
  let known: string | undefined
  const first = Promise.withResolvers<string>()
  const second = Promise.withResolvers<string>()
  const onEvent = (event: Record<string, unknown>) => {
    if (event.kind !== 'parked') return
    const id = String(event.proposal)
    known ??= id
    first.resolve(known)
    if (id !== known) second.resolve(id)
  }
  const reply = world.send('account', 'deposit', args, {
    ...{ onEvent, wait: true },
    ...(key === undefined ? {} : { key }),
  })
  reply.catch((fault: unknown) => {
    first.reject(fault)
    second.reject(fault)
  })
  second.promise.catch(() => undefined)
  const id = await first.promise
  return { id, next: second.promise, reply }
}

/** What the model was shown in its last question behind the examples. */
const lastAsked = (asked: readonly CompletionRequest[]) =>
  asked.map(({ messages }) => messages.at(-1)?.content ?? '')

test('[GO81] [MI63] an answer that no draft gives is kept and told to the model; the parked message is answered by what gives it', async () => {
  const folder = temporaryFolder()
  const script: Script = (request) => {
    const text = request.messages.at(-1)?.content ?? ''
    if (text.includes('Must hold')) return TWICE
    return text.startsWith('class') ? TELLS : ADDS
  }
  await withWorld(
    script,
    async (world, provider) => {
      const { id, reply } = await parks(world, [5], 'once')
      assert.equal((await shownIn(world, id)).question?.options.length, 2)
      const before = provider.asked.length
      const done = await world.request('AnswerProposalCommand', { proposal: id, value: 20 })
      assert.deepEqual(done, { waiting: 1, example: true, drawn: true })
      assert.equal(await reply, 20)
      const texts = lastAsked(provider.asked.slice(before))
      assert.ok(
        texts.includes(
          'Object: account\nSlots type: { balance: number }\nSlots now: { balance: 10 }\nMust hold: with { balance: 10 } deposit(5) returns 20\nMessage: deposit(5)',
        ),
        texts[0],
      )
      assert.ok(
        texts.some((text) =>
          text.includes('   * Must hold: with { balance: 10 } deposit(5) returns 20\n'),
        ),
      )
      const { status, decided } = await shownIn(world, id)
      assert.deepEqual([status, decided?.reason], ['superseded', 'answered: it must answer 20'])
      await assert.rejects(world.request('AnswerProposalCommand', { proposal: id, value: 1 }), {
        code: 'CONFLICT',
      })
    },
    { folder },
  )
  // It ran once, and another kernel keeps the answer.
  await withWorld(
    () => ADDS,
    async (world) => {
      assert.equal(await world.send('account', 'deposit', [5], { key: 'once' }), 20)
      assert.equal(await world.send('account', 'balance'), 20)
      await world.send('account', 'removeSlot:', ['deposit'])
      await assert.rejects(world.send('account', 'deposit', [1]), {
        code: 'GENERATION_FAILED',
        message: /with balance 10 and arguments \(5\) it must answer 20, as a person said/,
      })
    },
    { folder },
  )
})

test('[GO81] a person may say that the call must be refused, or keep an answer and draw later', async () => {
  const script: Script = (request) => {
    const text = request.messages.at(-1)?.content ?? ''
    if (text.includes('throws an Error')) return REFUSES
    return text.startsWith('class') ? TELLS : ADDS
  }
  await withWorld(script, async (world) => {
    const { id, reply } = await parks(world, [5])
    const ask = (fields: object) =>
      world.request('AnswerProposalCommand', { proposal: id, ...fields })
    await assert.rejects(ask({ value: 1, fails: true }), { code: 'FIELD_INVALID' })
    await assert.rejects(ask({ draw: false }), { code: 'FIELD_INVALID' })
    const kept = await ask({ fails: true, draw: false })
    assert.deepEqual(kept, { waiting: 1, example: true, drawn: false })
    assert.equal((await shownIn(world, id)).status, 'open')
    assert.deepEqual(await ask({}), { waiting: 1, example: false, drawn: true })
    await assert.rejects(reply, { code: 'METHOD_FAILED', message: /too much/ })
    assert.equal(await world.send('account', 'deposit', [2]), 12)
  })
})

test('[KN160] [GO81] when no draft passes, the fault names a question; its answer serves the message that is sent again', async () => {
  const script: Script = (request) =>
    (request.messages.at(-1)?.content ?? '').includes('Must hold') ? ADDS : KEEPS_NOTHING
  await withWorld(script, async (world) => {
    const fault = await world.send('account', 'deposit', [5]).catch((error: unknown) => error)
    const { code, remedy, data } = fault as {
      code: string
      remedy: string
      data: { proposal: string; tried: unknown[] }
    }
    assert.equal(code, 'GENERATION_FAILED')
    assert.match(remedy, new RegExp(`batos proposal answer ${data.proposal} VALUE`))
    assert.ok(data.tried.length > 0)
    const shown = await shownIn(world, data.proposal)
    assert.deepEqual([shown.status, shown.drafts, shown.why.code], ['open', [], 'undecided'])
    const answered = { proposal: data.proposal, value: 15 }
    const done = await world.request('AnswerProposalCommand', answered)
    assert.deepEqual(done, { waiting: 0, example: true, drawn: true })
    assert.equal(await world.send('account', 'deposit', [5]), 15)
  })
})

test('[KN160] under review a message of which no draft passed waits, and its answer brings drafts to it', async () => {
  const script: Script = (request) =>
    (request.messages.at(-1)?.content ?? '').includes('Must hold') ? ADDS : KEEPS_NOTHING
  const use = async (world: OpenWorld) => {
    const parked = await parks(world, [5])
    const { id, reply } = parked
    assert.deepEqual((await shownIn(world, id)).drafts, [])
    await world.request('AnswerProposalCommand', { proposal: id, value: 15 })
    const next = await parked.next
    await world.request('AcceptProposalCommand', { proposal: next })
    assert.equal(await reply, 15)
  }
  await withWorld(script, use, { policy: 'review' })
})

test('[GO83] a draft whose surroundings have moved is not accepted; it is drawn anew, or a person gives the method', async () => {
  const half = 'function half(self, n) { return n / 2 }'
  const uses = fenced(
    'function deposit(self, n) { self.balance += self.half(n); return self.balance }',
  )
  const give = (world: OpenWorld, source: string) =>
    world.request('CreateMethodCommand', { target: 'account', method_name: 'half', source })
  const use = async (world: OpenWorld) => {
    await give(world, half)
    const parked = await parks(world, [6])
    const { id, reply } = parked
    await give(world, half.replace('2', '3'))
    await assert.rejects(world.request('AcceptProposalCommand', { proposal: id }), {
      code: 'CONFLICT',
      message: /judged on what is there no more: half of #\d+.* has changed since/,
      remedy: new RegExp(`batos proposal draw ${id}`),
    })
    assert.equal((await shownIn(world, id)).status, 'open')
    await world.request('AnswerProposalCommand', { proposal: id })
    const next = await parked.next
    await world.request('AcceptProposalCommand', { proposal: next })
    assert.equal(await reply, 12)
  }
  await withWorld(() => uses, use, { policy: 'review' })
})

test('[MI62] an accepted draft says which messages it answers, its seed, its gates and its calls', async () => {
  const script: Script = (request) =>
    (request.messages.at(-1)?.content ?? '').startsWith('class') ? TELLS : ADDS
  await withWorld(script, async (world, provider) => {
    const { id, reply } = await parks(world, [5])
    const shown = await shownIn(world, id)
    const at = shown.drafts.findIndex(({ source }) => source.includes('return n'))
    await world.request('AcceptProposalCommand', { proposal: id, draft: at })
    assert.equal(await reply, 5)
    const messages = provider.asked[1]?.messages ?? []
    const sent = messages.map(({ role, content }) => [role, content])
    const hash = createHash('sha256').update(JSON.stringify(sent)).digest('hex')
    const { versions } = (await world.request('ListVersionsCommand', {
      target: 'account',
      selector: 'deposit',
    })) as unknown as { versions: Record<string, unknown>[] }
    const [version] = versions as [{ prompt: string; seed: number; verdict: Verdict }]
    assert.equal(version.prompt, hash)
    assert.equal(typeof version.seed, 'number')
    assert.ok(version.verdict.gates.includes('trial') && version.verdict.probes > 1)
    assert.ok(version.verdict.of > version.verdict.votes)
  })
})

interface Verdict {
  gates: string[]
  probes: number
  votes: number
  of: number
}

test('[MI63] why a person rejected a draft is told to the model when it drafts again', async () => {
  const use = async (world: OpenWorld, provider: ScriptedProvider) => {
    const { id } = await parks(world, [5])
    const before = provider.asked.length
    const reason = 'it must\n charge a fee'
    await world.request('RejectProposalCommand', { proposal: id, reason })
    await parks(world, [5])
    for (const text of lastAsked(provider.asked.slice(before))) {
      assert.match(text, /Avoid: a draft of it was rejected: it must charge a fee\n/)
    }
  }
  await withWorld(() => ADDS, use, { policy: 'review' })
})
