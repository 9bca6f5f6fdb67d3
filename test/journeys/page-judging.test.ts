// Owns: what a person sees of judging, in a real browser over a real kernel: the question of a parked message,
// a method's past, plain words and personas.
// Leaves: the rest of the page to page.test.ts; what decides to the journeys of proposals and versions.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { type OpenWorld, open } from '#batos'
import { ScriptedProvider } from '#mind'
import { launchBrowser } from './browser.ts'

/** Milliseconds that the page may take for anything; the machine may be busy with other tests. */
const PATIENCE_MS = 20_000

const ADDS = 'function add(self, n) { self.count += n; return self.count }'
const TELLS = 'function add(self, n) { self.count += n; return n }'
const GREET = 'function greet(self, who) { return "Hello, " + who + "!" }'
const RUDE = 'function greet(self, who) { return "Go away, " + who + "!" }'
const REST = 'function rest(self) { return self.count }'

/** What the mind says in turn to a prompt for one of these; the last again and again. */
const DRAFTS: Readonly<Record<string, readonly string[]>> = {
  add: [ADDS, TELLS, ADDS, TELLS, ADDS, TELLS, ADDS, TELLS],
  greet: ['function greet(self, who) { return nobody }', GREET],
  rest: [REST],
}

let folder: string
let world: OpenWorld
let browser: Browser
let context: BrowserContext
let complaints: string[] = []

async function visit(name: string): Promise<Page> {
  const page = await context.newPage()
  await page.setViewportSize({ width: 1280, height: 900 })
  page.setDefaultTimeout(PATIENCE_MS)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(world.page as string)
  await page.locator('h1', { hasText: 'genesis' }).waitFor()
  await page.goto(new URL(`#/o/${name}`, world.page).href)
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
  return page
}

async function send(page: Page, selector: string, args = ''): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(selector)
  await page.getByLabel('Arguments').fill(args)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
}

/** Waits until the locator's text holds the words. */
async function says(locator: Locator, words: string | RegExp): Promise<void> {
  await locator.filter({ hasText: words }).first().waitFor()
}

const row = (page: Page, slot: string): Locator => page.locator(`[data-slot="${slot}"]`)
const entry = (page: Page): Locator => page.locator('.entry:not(.news)').first()
const countOf = () => world.send('tally', 'count')

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batos-page-'))
  const asked = new Map<string, number>()
  const provider = new ScriptedProvider(({ messages }) => {
    const prompt = messages.at(-1)?.content ?? ''
    if (/\nThe person says: /.test(prompt)) return 'tally.count()'
    if (/VETO/.test(messages.map(({ content }) => content).join(' ')))
      return 'It does what it says.'
    if (/remember\?/.test(prompt))
      return /ROBIN says/.test(prompt) ? 'Frost is data.' : 'Like frost.'
    const name = Object.keys(DRAFTS).find((one) => new RegExp(`\\b${one}\\b`).test(prompt)) ?? ''
    const nth = asked.get(name) ?? 0
    asked.set(name, nth + 1)
    const code = DRAFTS[name]?.[nth] ?? DRAFTS[name]?.at(-1) ?? ''
    return `\`\`\`ts\n${code}\n\`\`\``
  })
  world = await open(join(folder, 'image'), { provider, page: { port: 0 } })
  await world.request('CreateObjectCommand', { name: 'tally', slots: { count: 1 } })
  await world.request('CreateObjectCommand', { name: 'careful', slots: { count: 2 } })
  await world.request('CreateObjectCommand', { name: 'host', slots: {} })
  await world.request('SetPolicyCommand', { policy: 'review', target: 'careful' })
  browser = await launchBrowser()
  context = await browser.newContext({ colorScheme: 'light' })
  await context.addInitScript({ path: fileURLToPath(new URL('./page-probes.js', import.meta.url)) })
})

after(async () => {
  await browser?.close()
  await world?.shut()
  await rm(folder, { recursive: true, force: true })
})

afterEach(async () => {
  const heard = complaints
  complaints = []
  for (const page of context.pages()) await page.close()
  assert.deepEqual(heard, [], '[UI3] the visit was without error and without violation')
})

test('[UI41] [UI42] [UI43] [BR96] a parked message is a question; a reply that is picked lets it go on, and others see it go', async () => {
  const page = await visit('tally')
  const other = await visit('genesis')
  await send(page, 'add', '3')
  const badge = (of: Page) => of.getByRole('button', { name: /\d questions? for you/ })
  await says(badge(page), '1 question for you')
  await says(badge(other), '1 question for you')
  const ask = page.locator('.ask')
  await says(ask, '1 message parked')
  await says(ask.locator('.question'), /Which is right with .*add\(/)
  const picks = await ask.locator('.options button').allTextContents()
  assert.equal(picks.length, 2)
  await says(ask.locator('.options'), /It answers 4/)
  await ask.locator('.options summary').first().click()
  await says(ask.locator('.options .source').first(), 'self.count += n')
  assert.equal(await countOf(), 1)

  await ask.getByRole('button', { name: 'Neither, leave it parked' }).click()
  await ask.locator('.question').waitFor({ state: 'detached' })
  await says(entry(page), 'Left to a person')
  await entry(page).getByRole('button', { name: 'Decide about p1' }).click()
  assert.equal(await page.evaluate('document.activeElement.id'), 'asks')
  await ask.getByRole('button', { name: 'It answers 4' }).press('Enter')
  await says(entry(page).locator('.answer'), '4')
  await ask.waitFor({ state: 'detached' })
  await badge(other).waitFor({ state: 'detached' })
  await says(page.locator('.entry.news'), /tally\s*add\s*Proposal p1 is accepted/)
  await says(row(page, 'count'), '4')
  assert.equal(await countOf(), 4)

  const told: unknown[] = []
  await world.subscribe({ target: 'careful' }, (event) => void told.push(event))
  const parked = world.send('careful', 'rest', [], { wait: true }).catch((fault: unknown) => fault)
  await says(page.locator('.ask'), /careful/)
  await says(page.locator('.ask'), 'answers 2')
  assert.deepEqual(await page.evaluate('probes.poorControls()'), [])
  assert.deepEqual(await page.evaluate('probes.palePlaces()'), [])
  await page.setViewportSize({ width: 320, height: 800 })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320)
  await page.getByRole('button', { name: 'Have robin and brick read it' }).click()
  await says(page.locator('.ask'), /Review of draft 0[^]*robin: It does[^]*brick: It does/i)
  await page.getByText('Write it yourself').click()
  await page.getByLabel('Source', { exact: true }).fill('function rest(self) { return nobody }')
  await page.getByRole('button', { name: 'Install this source' }).click()
  await says(page.locator('.ask .fault'), /nobody/)
  await page.getByLabel('Why not, if you like').fill('not so')
  await page.getByRole('button', { name: 'Reject', exact: true }).click()
  assert.match(String((await parked) as Error), /not so/)
  await page.locator('.ask').waitFor({ state: 'detached' })
  const statuses = told.flatMap((one) => {
    const { kind, selector, status } = one as Record<string, unknown>
    return kind === 'proposal' ? [`${selector} ${status}`] : []
  })
  assert.deepEqual([...new Set(statuses)], ['rest open', 'rest rejected'])
})

test('[UI44] [UI45] [UI46] [UI47] a method shows how it was judged, and an earlier version comes back by one button', async () => {
  const page = await visit('host')
  await send(page, 'greet', '"Ada"')
  await says(entry(page).locator('.answer'), 'Hello, Ada!')
  const greet = row(page, 'greet')
  await says(greet, 'on probation')
  await says(greet, /version 1, written by .*, \d of \d votes/)
  await greet.getByRole('button', { name: 'How greet was judged' }).click()
  const drafts = greet.locator('[data-case] .step')
  await says(drafts, /Refused by \w+/)
  await says(drafts, 'Passed')
  await says(greet.locator('[data-case]'), /Vote: \d of \d that passed behaved alike on \d+ call/)
  await says(greet.locator('[data-case]'), /Gates in their order: .*parse/)

  await world.request('CreateMethodCommand', {
    target: 'host',
    method_name: 'greet',
    source: RUDE,
  })
  await says(greet, 'version 2')
  await greet.getByRole('button', { name: 'Versions of greet' }).click()
  const first = greet.locator('[data-version="1"]')
  await says(greet.locator('[data-version="2"]'), 'in the slot')
  await says(first, /Version 1\s*replaced/)
  await first.locator('summary').click()
  await says(first.locator('.source'), 'Hello')
  assert.deepEqual(await page.evaluate('probes.poorControls()'), [])
  assert.deepEqual(await page.evaluate('probes.palePlaces()'), [])
  await first.getByRole('button', { name: 'Put version 1 back' }).press('Enter')
  await says(first, 'in the slot')
  await says(greet, 'version 1')
  await says(page.locator('.entry.news'), /greet\s*Version 2 was taken out.* Version 1 is back/)
  await send(page, 'greet', '"Bob"')
  await says(entry(page).locator('.answer'), 'Hello, Bob!')
})

test('[UI49] [UI50] plain words are shown as messages and then sent, and personas answer one after the other', async () => {
  const page = await visit('tally')
  await page.getByRole('button', { name: 'Say it in plain words' }).click()
  await page.getByLabel('What tally, or objects that you name, should do').fill('show the count')
  await page.getByRole('button', { name: 'Show the messages' }).click()
  await says(page.locator('.readings'), 'batos send tally count')
  assert.equal(await page.locator('.entry:not(.news)').count(), 0)
  await page.getByRole('button', { name: 'Send these' }).click()
  await says(entry(page).locator('.answer'), String(await countOf()))

  await page.goto(new URL('#/o/robin', world.page).href)
  await page
    .getByLabel('Ask robin', { exact: true })
    .and(page.locator('textarea'))
    .fill('Should a garden remember?')
  await page.getByLabel('Who builds on the answer').fill('brick')
  await page.getByRole('button', { name: 'Ask', exact: true }).click()
  await says(page.locator('.speech').first(), /ROBIN, hearth: .*Like frost\./s)
  await says(page.locator('.speech').last(), /BRICK, plumb-line: .*Frost is data\./s)
  assert.deepEqual(await page.evaluate('probes.poorControls()'), [])
  assert.deepEqual(await page.evaluate('probes.palePlaces()'), [])
})
