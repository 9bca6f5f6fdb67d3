// Owns: personas in a real world, with a model that says what it is told to: asked by the wire, and by messages.
// Leaves: routes and prompts to mind/persona; the words of the command line to cli.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type OpenWorld, open } from '#batos'
import { asFault } from '#ground'
import { openLmdbStore } from '#image'
import { awaken, Judge } from '#kernel'
import { ScriptedProvider } from '#mind'
import { readTexts, spawnNode } from '#powers'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'batos-personas-'))
  folders.push(made)
  return made
}

async function withWorld(
  provider: ScriptedProvider,
  use: (world: OpenWorld) => Promise<void>,
  at = folder(),
  policy: 'auto' | 'review' = 'auto',
): Promise<void> {
  const world = await open(at, { provider, policy })
  try {
    await use(world)
  } finally {
    await world.close()
  }
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'answered',
    (error: unknown) => asFault(error)?.code,
  )

interface Answers {
  answers: { target: string; persona: string; text: string; facet: { name: string }; why: string }[]
}

test('[BR80] two personas speak in order, and the second is given the question and the words of the first', async () => {
  const provider = new ScriptedProvider(['It feels like frost.', 'Frost is data.'])
  await withWorld(provider, async (world) => {
    const events: Record<string, unknown>[] = []
    const { answers } = (await world.request(
      'AskPersonaCommand',
      { personas: ['robin', 'brick'], text: 'Should a garden remember?' },
      { onEvent: (event: Record<string, unknown>) => void events.push(event) },
    )) as Answers
    assert.deepEqual(
      answers.map(({ target, persona, text, facet }) => [target, persona, text, facet.name]),
      [
        ['robin', 'ROBIN', 'It feels like frost.', 'hearth'],
        ['brick', 'BRICK', 'Frost is data.', 'plumb-line'],
      ],
    )
    const asked = provider.asked.map(
      ({ messages }) => messages.at(-1)?.content.split('\nNow you, BRICK.')[0],
    )
    assert.deepEqual(asked, [
      'Should a garden remember?',
      'Should a garden remember?\nROBIN says: It feels like frost.',
    ])
    const speakers = events.filter(({ kind }) => kind === 'speaking').map((one) => one.persona)
    assert.deepEqual(speakers, ['ROBIN', 'BRICK'])
    const words = events.filter(({ kind }) => kind === 'token').map((one) => one.text)
    assert.equal(words.join(''), 'It feels like frost.Frost is data.')
  })
})

test('[BR81] a question that is cancelled stops the model, and ends with CANCELLED', async () => {
  let stopped = false
  const begun = Promise.withResolvers<void>()
  const provider = new ScriptedProvider(async (_, __, signal) => {
    begun.resolve()
    await new Promise<void>((go) => signal.addEventListener('abort', () => go()))
    stopped = true
    return 'never heard'
  })
  await withWorld(provider, async (world) => {
    const ending = new AbortController()
    const asked = world.request(
      'AskPersonaCommand',
      { personas: ['robin'], text: 'Are you there?' },
      { signal: ending.signal },
    )
    await begun.promise
    ending.abort(new Error('enough'))
    await assert.rejects(asked)
    await world.request('PingCommand')
    assert.equal(stopped, true)
  })
})

test('[KN112] a clone with another voice is a persona of its own, and any object may become one', async () => {
  const provider = new ScriptedProvider(['Aye.'])
  await withWorld(provider, async (world) => {
    const brick = (
      (await world.request('GetFullStateCommand', { target: 'brick' })) as { oid: string }
    ).oid
    await world.request('CreateObjectCommand', { name: 'mine', parents: [brick] })
    await world.request('SetSlotCommand', {
      target: 'mine',
      slot: 'voice',
      value: 'You are a sailor.',
    })
    await world.request('AskPersonaCommand', { personas: ['mine'], text: 'Ahoy?' })
    assert.equal(provider.asked[0]?.messages[0]?.content, 'You are a sailor.')
    await world.request('CreateObjectCommand', {
      name: 'plain',
      slots: { voice: 'You are plain.', facets: [] },
    })
    const listed = (await world.request('ListPersonasCommand')) as {
      personas: { target: string }[]
    }
    assert.deepEqual(
      listed.personas.map(({ target }) => target),
      ['brick', 'mine', 'plain', 'robin'],
    )
    const none = world.request('AskPersonaCommand', { personas: ['genesis'], text: 'Ahoy?' })
    assert.equal(await codeOf(none), 'TARGET_UNKNOWN')
  })
})

test('[KN110] a method asks a persona by a message, and the answer is recorded once for all attempts', async () => {
  const provider = new ScriptedProvider(['Yes, and gently.', 'No.', 'third'])
  await withWorld(provider, async (world) => {
    assert.equal(await world.send('robin', 'ask:', ['Is it spring?']), 'Yes, and gently.')
    await world.request('CreateObjectCommand', { name: 'council', slots: { said: [] } })
    await world.request('CreateMethodCommand', {
      target: 'council',
      method_name: 'hear',
      source: [
        'function hear(self, question) {',
        "  const first = mirror.object('robin')['ask:'](question)",
        "  const heard = [{ name: 'ROBIN', text: first }]",
        "  const second = mirror.object('brick')['ask:after:'](question, heard)",
        '  self.said = [first, second]',
        '  return self.said',
        '}',
      ].join('\n'),
    })
    assert.deepEqual(await world.send('council', 'hear', ['Now?']), ['No.', 'third'])
    assert.equal(provider.asked.length, 3)
    assert.match(provider.asked[2]?.messages.at(-1)?.content ?? '', /ROBIN says: No\./)
    const long = world.send('robin', 'ask:', ['x '.repeat(4_000)])
    assert.equal(await codeOf(long), 'LIMIT')
    assert.equal(provider.asked.length, 3)
  })
})

test('[KN111] a generation leaves a case that the Crucible shows by a message and by the wire', async () => {
  const draft = '```ts\nfunction double(self) {\n  return self.n * 2\n}\n```'
  const provider = new ScriptedProvider(['no code', draft])
  const at = folder()
  await withWorld(
    provider,
    async (world) => {
      await world.request('CreateObjectCommand', { name: 'pair', slots: { n: 4 } })
      assert.deepEqual(await world.send('crucible', 'cases'), [])
      assert.equal(await world.send('pair', 'double'), 8)
      const [summary] = (await world.send('crucible', 'cases')) as Record<string, unknown>[]
      assert.deepEqual(
        [summary?.id, summary?.selector, summary?.outcome, summary?.passed],
        ['c1', 'double', 'installed', 3],
      )
      assert.equal(await codeOf(world.send('crucible', 'case:', ['c9'])), 'TARGET_UNKNOWN')
    },
    at,
  )
  await withWorld(
    provider,
    async (world) => {
      const shown = (await world.request('GetCaseCommand', { case: 'c1' })) as {
        drafts: { gate?: string; passed: boolean; source: string }[]
        vote: { alike: number; needed: number }
        outcome: { kind: string }
        drafted: { model: string; persona: null }
      }
      assert.equal(shown.drafts[0]?.gate, 'draft')
      assert.match(shown.drafts[1]?.source ?? '', /self\.n \* 2/)
      assert.deepEqual([shown.vote.alike, shown.vote.needed], [3, 3])
      assert.deepEqual([shown.outcome.kind, shown.drafted.model], ['installed', 'scripted'])
      const same = (await world.send('crucible', 'case:', ['c1'])) as { drafts: unknown[] }
      assert.equal(same.drafts.length, shown.drafts.length)
    },
    at,
  )
})

test('[KN113] an image that awoke with fewer objects gets the others, told in its history, and names in use are left alone', async () => {
  const at = folder()
  const store = openLmdbStore(join(at, 'data'))
  const judge = new Judge({ spawn: spawnNode, eager: false })
  const texts = await readTexts(new URL('../../world', import.meta.url).pathname, '.ts')
  const old = texts.filter((text) => /^\/\/ object (genesis|traits)/.test(text))
  await awaken(store, judge, [...old, '// object robin\n\n// data mine = true\n'], 5)
  await judge.close()
  await store.close()
  const provider = new ScriptedProvider(['Well.'])
  await withWorld(
    provider,
    async (world) => {
      const { entries } = (await world.request('GetHistoryCommand')) as {
        entries: { tid: string; author: string; note: string }[]
      }
      assert.deepEqual(
        entries.map(({ tid, author }) => [tid, author]),
        [
          ['2', 'world'],
          ['1', 'world'],
        ],
      )
      assert.match(entries[0]?.note ?? '', /brick, weaver, crucible, swap, scribe$/)
      assert.equal(await world.send('robin', 'mine'), true)
      assert.equal(await world.send('brick', 'ask:', ['Hm?']), 'Well.')
    },
    at,
  )
  // Once is enough.
  await withWorld(
    provider,
    async (world) => {
      const status = (await world.request('GetStatusCommand')) as { tid: number }
      assert.equal(status.tid, 2)
    },
    at,
  )
})

interface Reviews {
  reviews: { persona: string; text: string; veto: { holds: boolean; sentence: string } | null }[]
}

/** A proposal for a method that doubles, and what reviewers say of it. */
async function reviewed(words: string[], use: (given: Reviews, asked: string[]) => void) {
  const draft = '```ts\nfunction scale(self, by) {\n  return self.n * by\n}\n```'
  const provider = new ScriptedProvider([draft, draft, draft, ...words])
  await withWorld(
    provider,
    async (world) => {
      await world.request('CreateObjectCommand', { name: 'pair', slots: { n: 4 } })
      const parked = Promise.withResolvers<string>()
      const onEvent = (event: Record<string, unknown>) => {
        if (event.kind === 'parked') parked.resolve(String(event.proposal))
      }
      // Whether its sender waits for the decision is not of interest here.
      world.send('pair', 'scale', [2], { onEvent }).catch(() => undefined)
      const proposal = await parked.promise
      const given = (await world.request('ReviewProposalCommand', { proposal })) as Reviews
      const shown = (await world.request('GetProposalCommand', { proposal })) as {
        status: string
        review: Reviews
      }
      assert.equal(shown.status, 'open')
      assert.deepEqual(shown.review.reviews, given.reviews)
      use(
        given,
        provider.asked.slice(3).map(({ messages }) => messages.at(-1)?.content ?? ''),
      )
      await world.request('RejectProposalCommand', { proposal }).catch(() => undefined)
    },
    folder(),
    'review',
  )
}

test('[GO60] [G15] a veto holds when its call shows it, and one whose call shows nothing is dropped', async () => {
  const right = 'It is right.\nVETO {"args": [3], "expected": 12}'
  const wrong = 'It must refuse.\nVETO {"args": [-1], "fails": true}'
  await reviewed([right, wrong], ({ reviews }) => {
    assert.deepEqual(
      reviews.map(({ persona, veto }) => [persona, veto?.holds, veto?.sentence]),
      [
        ['ROBIN', false, 'the draft answered 12'],
        ['BRICK', true, 'the draft answered -4'],
      ],
    )
  })
})

test('[MI57] the second reviewer is given the words of the first, and words without a veto object to nothing', async () => {
  await reviewed(['It feels right.\nNO VETO', 'VETO because I say so'], ({ reviews }, asked) => {
    assert.equal(reviews[0]?.veto, null)
    assert.deepEqual(reviews[1]?.veto, {
      holds: false,
      sentence: 'it names no call that can be made',
    })
    assert.match(asked[1] ?? '', /ROBIN says: It feels right\./)
    assert.match(asked[0] ?? '', /return self\.n \* by/)
  })
})
