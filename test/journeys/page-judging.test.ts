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
const TAKES = 'function take(self, n) { self.count -= n; return self.count }'
const HALF = 'function half(self) { return self.count / 2 }'

/** What the mind says in turn to a prompt for one of these; the last again and again. */
const DRAFTS: Readonly<Record<string, readonly string[]>> = {
  add: [ADDS, TELLS, ADDS, TELLS, ADDS, TELLS, ADDS, TELLS],
  greet: ['function greet(self, who) { return nobody }', GREET],
  rest: [REST],
  half: [HALF],
  take: ['function take(self, n) { return nobody }'],
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
    const all = messages.map(({ content }) => content).join(' ')
    if (/VETO/.test(all)) {
      if (!/half\(/.test(all)) return 'It does what it says.'
      return /ROBIN says/.test(all) ? 'NO VETO' : 'VETO {"args": [], "fails": true}'
    }
    if (/remember\?/.test(prompt))
      return /ROBIN says/.test(prompt) ? 'Frost is data.' : 'Like frost.'
    if (/Must hold: .*\btake\(/.test(prompt)) return `\`\`\`ts\n${TAKES}\n\`\`\``
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

test('[UI66] where no draft passed a person says what the call should answer, and the message that is sent next answers so', async () => {
  await world.request('CreateObjectCommand', { name: 'purse', slots: { count: 5 } })
  const page = await visit('purse')
  await send(page, 'take', '2')
  await says(entry(page), 'GENERATION_FAILED')
  const ask = page.locator('.ask')
  await says(ask, /purse[^]*none of 6 drafts of take passed the gates/)
  await says(ask.locator('.ask-body'), /What is right with .*take\(2\)/)
  assert.deepEqual(await page.evaluate('probes.poorControls()'), [])
  assert.deepEqual(await page.evaluate('probes.palePlaces()'), [])
  await ask.getByLabel('It should answer').fill('{')
  await ask.getByRole('button', { name: 'Answer so' }).click()
  await ask.getByRole('alert').waitFor()
  await ask.getByLabel('It should answer').fill('3')
  await ask.getByLabel('It should answer').press('Enter')
  await ask.waitFor({ state: 'detached' })
  await send(page, 'take', '2')
  await says(entry(page).locator('.answer'), '3')
  await says(row(page, 'count'), '3')
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

test('[UI54] a method is edited in its row: what is wrong with it is said, a change in between is shown, nothing typed is lost', async () => {
  await world.request('CreateObjectCommand', { name: 'scale', slots: { mass: 2 } })
  const weigh = (source: string) => ({ target: 'scale', method_name: 'weigh', source })
  const first = 'function weigh(self, n) { return self.mass * n }'
  await world.request('CreateMethodCommand', { ...weigh(first), comment: 'Weighs.' })
  const page = await visit('scale')
  const at = row(page, 'weigh')
  await at.getByRole('button', { name: 'Edit weigh' }).click()
  const source = at.getByLabel('Source, one function')
  assert.equal(await source.inputValue(), first)
  await source.fill('function weigh(self, n) { return nobody }')
  await at.getByRole('button', { name: 'Give it', exact: true }).click()
  await says(at.locator('.fault'), /METHOD_FAILED.*nobody/)
  assert.equal(await source.inputValue(), 'function weigh(self, n) { return nobody }')

  const mine = 'function weigh(self, n) { return n * self.mass + 1 }'
  await source.fill(mine)
  await at.getByRole('button', { name: 'Look first' }).click()
  await says(at.locator('.given'), /It would be version 2 of weigh, compared on \d+ calls/)
  await says(at.locator('.given'), /it answers 15; the version in place answers 14/)
  assert.equal(await world.send('scale', 'weigh', [3]), 6)
  await at.getByRole('button', { name: 'Versions of weigh' }).click()
  await world.request('CreateMethodCommand', weigh(first.replace('* n', '* n * 1')))
  await says(at.locator('.version'), 'Version 2')
  await at.getByRole('button', { name: 'Edit weigh' }).click()
  await says(at.locator('.conflict'), /changed while you were writing.*\* n \* 1/)
  assert.equal(await source.inputValue(), mine)
  await at.getByRole('button', { name: 'Give it', exact: true }).click()
  await says(at.locator('.fault'), 'CONFLICT')
  assert.deepEqual(await page.evaluate('probes.poorControls()'), [])
  assert.deepEqual(await page.evaluate('probes.palePlaces()'), [])
  await page.setViewportSize({ width: 320, height: 800 })
  assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 320)
  await at.getByRole('button', { name: 'Go on with mine' }).click()
  await at.getByRole('button', { name: 'Give it', exact: true }).press('Enter')
  await says(at.locator('.given'), /weigh given: version 3, transaction \d+/)
  await says(at, 'version 3')
  await says(at, 'Weighs.')
  assert.equal(await world.send('scale', 'weigh', [3]), 7)
})

test('[UI54] [GO68] what a person answered speaks against a method, and the person may overrule it by one button', async () => {
  const page = await visit('tally')
  const add = row(page, 'add')
  const before = await countOf()
  await add.getByRole('button', { name: 'Edit add' }).click()
  await add.getByLabel('Source, one function').fill(TELLS)
  await add.getByRole('button', { name: 'Give it', exact: true }).click()
  await says(
    add.locator('.conflict'),
    /It is not given.* must answer 4, as a person said, and it answers 3/,
  )
  assert.equal(await add.getByLabel('Source, one function').inputValue(), TELLS)
  await says(add, 'version 1')
  await add.getByRole('button', { name: 'Give it all the same' }).click()
  await says(add.locator('.given'), /add given: version 2.*Overruled: .* must answer 4/)
  assert.equal(await world.send('tally', 'add', [0]), 0)
  assert.equal(await countOf(), before)
  await add.getByRole('button', { name: 'Versions of add' }).click()
  await says(add.locator('[data-version="2"]'), /Decided by .*: given although .* must answer 4/)
})

test('[UI54] a new method is given beside the slots, and never in the place of one that is there', async () => {
  const page = await visit('scale')
  await page.getByRole('button', { name: 'Add a method' }).click()
  const form = page.getByRole('group', { name: 'Add a method' })
  const name = form.getByLabel('Name of the method')
  await name.fill('mass')
  await says(form.locator('.conflict'), /There is a slot of this name already.*a data slot/)
  await form.getByRole('button', { name: 'Give it', exact: true }).click()
  await says(form.locator('.fault'), 'CONFLICT')
  await name.fill('twice')
  const source = form.getByLabel('Source, one function')
  assert.equal(await source.inputValue(), 'function twice(self) {\n  \n}\n')
  await source.fill('function twice(self) { return self.mass * 2 }')
  await form.getByRole('button', { name: 'Give it', exact: true }).click()
  await says(page.locator('.given'), /twice given: version 1/)
  await says(row(page, 'twice'), 'version 1')
  await says(row(page, 'mass'), '2')
  assert.equal(await world.send('scale', 'twice'), 4)
})

test('[UI60] [UI61] [UI62] the Crucible’s card lists cases that wait or were decided, and a vetoed draft takes a second button', async () => {
  const page = await visit('careful')
  await send(page, 'half')
  const ask = page.locator('.ask')
  await says(ask, /careful/)
  await page.getByRole('button', { name: 'Have robin and brick read it' }).click()
  await says(ask, /robin:.*The veto holds: the draft answered 1/i)
  await says(ask, /A veto stands: ROBIN says that half\(\) must refuse, and the draft answered 1/i)

  const crucible = await visit('crucible')
  const newest = crucible.locator('.case-list > li').first()
  await says(
    newest,
    /careful half, \d drafts? of .*, \d passed, waits for a person as proposal p\d/,
  )
  await newest.locator('summary').first().click()
  await says(newest, /asked for as a method of a class/)
  await says(newest, /A method comes in without a person when at least 3 drafts behave alike/)
  await says(newest, 'The veto holds')

  await page.getByRole('button', { name: 'Install it…' }).click()
  await page.getByRole('button', { name: 'No', exact: true }).click()
  await page.getByRole('button', { name: 'Install it…' }).click()
  assert.deepEqual(await page.evaluate('probes.poorControls()'), [])
  assert.deepEqual(await page.evaluate('probes.palePlaces()'), [])
  await page.getByRole('button', { name: 'Yes, despite the veto' }).click()
  await says(entry(page).locator('.answer'), '1')
  await says(newest, /which is accepted/)
  await says(newest, /Despite a veto: ROBIN says that half\(\) must refuse/i)
  assert.deepEqual(await crucible.evaluate('probes.poorControls()'), [])
  assert.deepEqual(await crucible.evaluate('probes.palePlaces()'), [])
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
