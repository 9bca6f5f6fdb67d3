// Owns: tests by a persona that has seen no draft, in a real world with a model that says what it is told to.
// Leaves: what is read in its words to mind/persona; the words of the command line to cli.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type OpenWorld, open } from '#batos'
import type { ProposedTests } from '#kernel'
import { ScriptedProvider } from '#mind'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

interface Told {
  world: OpenWorld
  provider: ScriptedProvider
}

/** A world with a purse and a model that says these things; `tests` as a person asked for them. */
async function withPurse(words: string[], tests: boolean, use: (told: Told) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'batos-unseen-'))
  folders.push(folder)
  const provider = new ScriptedProvider(words)
  const world = await open(folder, { provider, policy: 'auto', tests })
  try {
    await world.request('CreateObjectCommand', { name: 'purse', slots: { coins: 10 } })
    await use({ world, provider })
  } finally {
    await world.close()
  }
}

/** Sends a message that must wait for a person; answers the proposal's id. */
function parkedAt(world: OpenWorld, intent: string, policy?: 'review'): Promise<string> {
  return new Promise((resolve, reject) => {
    const onEvent = (event: Record<string, unknown>) => {
      if (event.kind === 'parked') resolve(String(event.proposal))
    }
    world
      .send('purse', 'pay', [3], { onEvent, intent, ...(policy === undefined ? {} : { policy }) })
      .then((value) => reject(new Error(`answered ${JSON.stringify(value)}`)), reject)
  })
}

const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``
const LEFT = fenced('function pay(self, n) { self.coins -= n; return self.coins }')
const PAID = fenced('function pay(self, n) { self.coins -= n; return n }')
const WORDS = [
  'It leaves what was not paid.',
  'TEST {"args": [4], "expected": 6}',
  'TEST {"slots": {"coins": 1}, "args": [2], "fails": true}',
  'TEST {"slots": {"stones": 1}, "args": [2], "expected": 1}',
].join('\n')
const testsOf = async (world: OpenWorld, proposal: string) =>
  ((await world.request('GetProposalCommand', { proposal })) as { tests?: ProposedTests }).tests

test('[GO61] [MI61] [G13] drafts that disagree come with tests that none of them was shown to, which refuse nothing', async () => {
  // The words are no draft when they are drawn as one, so that no third agrees with either pair.
  const drafts = [LEFT, PAID, LEFT, PAID]
  await withPurse([...drafts, WORDS], true, async ({ world, provider }) => {
    const proposal = await parkedAt(world, 'take coins out')
    const tests = await testsOf(world, proposal)
    assert.equal(tests?.persona, 'BRICK')
    assert.deepEqual(
      tests?.ran.map(({ slots, args, drafts }) => [slots, args, drafts]),
      [
        [
          {},
          [4],
          [
            { agrees: true, did: 'answers 6' },
            { agrees: false, did: 'answers 4' },
          ],
        ],
        [
          { coins: 1 },
          [2],
          [
            { agrees: false, did: 'answers -1' },
            { agrees: false, did: 'answers 2' },
          ],
        ],
      ],
    )
    const asked = provider.asked.at(-1)?.messages.at(-1)?.content ?? ''
    assert.match(asked, /coins = 10/)
    assert.doesNotMatch(asked, /self\.coins/)
    const shown = (await world.request('GetCaseCommand', { case: 'c1' })) as {
      tests?: ProposedTests
      outcome: { kind: string }
    }
    assert.deepEqual([shown.outcome.kind, shown.tests], ['parked', tests])
    // The draft that agrees with nothing may be accepted all the same.
    await world.request('AcceptProposalCommand', { proposal, draft: 1 })
    assert.equal(await world.send('purse', 'pay', [1]), 1)
  })
})

test('[MI61] [G13] where drafts agree, or nobody asked for tests, the tester is not heard', async () => {
  await withPurse([LEFT, LEFT, LEFT, WORDS], true, async ({ world, provider }) => {
    assert.equal(await world.send('purse', 'pay', [3]), 7)
    assert.equal(provider.asked.length, 3)
  })
  await withPurse([LEFT, LEFT, LEFT, WORDS], false, async ({ world, provider }) => {
    const proposal = await parkedAt(world, 'take coins out', 'review')
    assert.equal(await testsOf(world, proposal), undefined)
    assert.equal(provider.asked.length, 3)
  })
})

test('[MI61] [G13] a tester that says nothing that can be run, or cannot be asked, keeps no proposal back', async () => {
  await withPurse([LEFT, LEFT, LEFT, 'I trust it.'], true, async ({ world }) => {
    const proposal = await parkedAt(world, 'take coins out', 'review')
    assert.deepEqual((await testsOf(world, proposal))?.ran, [])
  })
  await withPurse([LEFT, LEFT, LEFT, ' '], true, async ({ world }) => {
    const proposal = await parkedAt(world, 'take coins out', 'review')
    assert.equal(await testsOf(world, proposal), undefined)
  })
})
