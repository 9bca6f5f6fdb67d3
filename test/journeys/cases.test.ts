// Owns: cases of the Crucible and what became of their proposals, and reviews that hold a decision up, in a real world.
// Leaves: the words of the command line to cli; personas in dialogue to personas.test.ts.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type OpenWorld, open } from '#batos'
import { GATES } from '#governance'
import { asFault, type FaultRecord } from '#ground'
import { ScriptedProvider } from '#mind'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'batos-cases-'))
  folders.push(made)
  return made
}

const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``
const SOURCE = 'function scale(self, by) {\n  return self.n * by\n}'
const DRAFT = fenced(SOURCE)
const VETO = 'It must refuse.\nVETO {"args": [-1], "fails": true}'

async function withPair(
  words: string[],
  use: (world: OpenWorld, proposal: string) => Promise<void>,
  at = folder(),
): Promise<void> {
  const provider = new ScriptedProvider([DRAFT, DRAFT, DRAFT, ...words])
  const world = await open(at, { provider, policy: 'review' })
  try {
    await world.request('CreateObjectCommand', { name: 'pair', slots: { n: 4 } })
    await use(world, await parkedAt(world))
  } finally {
    await world.close()
  }
}

/** Sends a message that must wait for a person; answers the proposal's id. */
function parkedAt(world: OpenWorld): Promise<string> {
  const parked = Promise.withResolvers<string>()
  const onEvent = (event: Record<string, unknown>) => {
    if (event.kind === 'parked') parked.resolve(String(event.proposal))
  }
  // Whether its sender waits for the decision is not of interest here.
  world.send('pair', 'scale', [2], { onEvent }).catch(() => undefined)
  return parked.promise
}

interface Review {
  persona: string
  veto: {
    holds: boolean
    sentence: string
    overturned?: { by: string; sentence: string }
  } | null
  overturns?: { persona: string; stands: boolean; sentence: string }
}

interface Shown {
  drafts: { way?: string }[]
  gates: string[]
  vote: { alike: number; ways: number; rule: string; verdict: string }
  judging: string
  proposal: {
    id: string
    status: string
    decided?: { by: string; draft?: number; tid?: string; reason?: string; despite?: string[] }
    review?: { draft: number; reviews: Review[] }
  }
}

const caseOf = async (world: OpenWorld, id = 'c1') =>
  (await world.request('GetCaseCommand', { case: id })) as unknown as Shown

const listed = async (world: OpenWorld) =>
  ((await world.request('ListCasesCommand')) as { cases: { proposal?: unknown }[] }).cases.map(
    ({ proposal }) => proposal,
  )

async function faultOf(promise: Promise<unknown>): Promise<FaultRecord> {
  const fault = asFault(
    await promise.then(
      (value) => assert.fail(`answered ${JSON.stringify(value)}`),
      (error: unknown) => error,
    ),
  )
  assert.ok(fault !== undefined)
  return fault.toRecord()
}

const review = async (world: OpenWorld, proposal: string) =>
  ((await world.request('ReviewProposalCommand', { proposal })) as { reviews: Review[] }).reviews

test('[KN114] [GO23] a case that went to a person names its proposal, with how that stands now, after a new start too', async () => {
  const at = folder()
  await withPair(
    ['NO VETO', 'NO VETO'],
    async (world, proposal) => {
      const before = await caseOf(world)
      assert.deepEqual(before.proposal, { id: proposal, status: 'open' })
      assert.deepEqual(await listed(world), [{ id: proposal, status: 'open' }])
      assert.deepEqual(before.gates, ['draft', ...GATES])
      assert.equal(new Set(before.drafts.map(({ way }) => way)).size, 2)
      assert.equal(before.vote.ways, 2)
      assert.match(before.vote.rule, /at least 3 drafts behave alike, 2 ways of asking led to them/)
      assert.match(before.vote.rule, /at least twice as many/)
      assert.equal(before.vote.verdict, 'enough')
      await review(world, proposal)
      const same = (await world.send('crucible', 'case:', ['c1'])) as unknown as Shown
      assert.deepEqual(
        same.proposal.review?.reviews.map(({ persona }) => persona),
        ['ROBIN', 'BRICK'],
      )
      const { tid } = (await world.request('AcceptProposalCommand', { proposal })) as {
        tid: string
      }
      const { status, decided } = (await caseOf(world)).proposal
      assert.equal(status, 'accepted')
      assert.deepEqual([decided?.draft, decided?.tid, decided?.despite], [0, tid, undefined])
    },
    at,
  )
  const world = await open(at)
  try {
    assert.deepEqual(await listed(world), [{ id: 'p1', status: 'accepted' }])
  } finally {
    await world.close()
  }
})

test('[KN114] a case whose proposal was rejected says so, with the reason and who', async () => {
  await withPair([], async (world, proposal) => {
    await world.request('RejectProposalCommand', { proposal, reason: 'not so' })
    const { status, decided } = (await caseOf(world)).proposal
    assert.deepEqual([status, decided?.reason], ['rejected', 'not so'])
    assert.ok(decided?.by !== undefined)
  })
})

test('[GO62] [G15] a draft with a veto that its call shows is accepted only by whoever says so once more, which is kept', async () => {
  await withPair([VETO, 'NO VETO', 'NO VETO', 'NO VETO'], async (world, proposal) => {
    await review(world, proposal)
    // Another review that finds nothing does not take the veto away.
    await review(world, proposal)
    for (const more of [{}, { draft: 0 }, { source: SOURCE }]) {
      const fault = await faultOf(world.request('AcceptProposalCommand', { proposal, ...more }))
      assert.equal(fault.code, 'POLICY')
      assert.match(
        fault.message,
        /ROBIN says that scale\(-1\) must refuse, and the draft answered -4/,
      )
    }
    assert.equal((await caseOf(world)).proposal.status, 'open')
    await world.request('AcceptProposalCommand', { proposal, despiteVeto: true })
    assert.equal(await world.send('pair', 'scale', [3]), 12)
    const { decided } = (await caseOf(world)).proposal
    assert.match(decided?.despite?.[0] ?? '', /scale\(-1\) must refuse/)
  })
})

test('[GO62] [G15] a source that is none of the drafts is held up by no veto of them', async () => {
  await withPair([VETO, 'NO VETO'], async (world, proposal) => {
    await review(world, proposal)
    const source =
      'function scale(self, by) {\n  if (by < 0) throw new Error("no")\n  return self.n * by\n}'
    await world.request('AcceptProposalCommand', { proposal, source })
    assert.equal((await caseOf(world)).proposal.decided?.draft, undefined)
  })
})

test('[MI57] [GO62] a veto that the second reviewer overturns, by saying what the call should come to, holds nobody back', async () => {
  await withPair([VETO, 'No. OVERTURN {"expected": -4}\nNO VETO'], async (world, proposal) => {
    const [robin, brick] = await review(world, proposal)
    assert.deepEqual(robin?.veto?.overturned, { by: 'BRICK', sentence: 'the draft answered -4' })
    assert.deepEqual([brick?.overturns?.persona, brick?.overturns?.stands], ['ROBIN', true])
    await world.request('AcceptProposalCommand', { proposal })
    assert.equal((await caseOf(world)).proposal.decided?.despite, undefined)
  })
})

test('[MI57] [GO62] an overturning that the draft does not bear out, or that says nothing, leaves the veto as it was', async () => {
  for (const [said, why] of [
    ['OVERTURN {"expected": 7}', 'the draft answered -4, which neither says is right'],
    ['OVERTURN because', 'it does not say what the call should come to'],
  ] as const) {
    await withPair([VETO, said], async (world, proposal) => {
      const [robin, brick] = await review(world, proposal)
      assert.equal(robin?.veto?.overturned, undefined)
      assert.deepEqual(brick?.overturns, { persona: 'ROBIN', stands: false, sentence: why })
      const fault = await faultOf(world.request('AcceptProposalCommand', { proposal }))
      assert.equal(fault.code, 'POLICY')
    })
  }
})
