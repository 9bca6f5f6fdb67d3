// Owns: the page in a real browser, over a real kernel; only the model is a script.
// Leaves: the door's refusals to bridge/page.test.ts; values and arguments to the tests beside them.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { open, type OpenWorld } from '#batos'
import type { Provider } from '#mind'
import { launchBrowser } from './browser.ts'

/** Milliseconds that the page may take for anything; the machine may be busy with other tests. */
const PATIENCE_MS = 20_000

const HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>'

const GREET = (whom: string) => `function greet(self, who: string) {
  // A friendly word.
  return "Hello, " + ${whom} + "!"
}`

const DISPLAY = `function display_yourself(self) {
  self.shown = (self.shown ?? 0) + 1
  return { component: 'grid', props: { columns: 2 }, children: [
    { component: 'number', props: { value: self.balance, label: 'Balance' } },
    { component: 'text', props: { text: self.note } },
    { component: 'sparkline', children: [{ component: 'text', props: { text: 'inside' } }] },
    { component: 'button', props: { label: 'Deposit 5', selector: 'deposit', args: [5] } },
    { component: 'key-value', props: { items: { parent: self['parent*'] } } },
  ] }
}`

const DEPOSIT = `function deposit(self, amount: number) {
  self.balance = self.balance + amount
  return self.balance
}`

/** What has the focus, as page-probes.js tells it. */
interface Focus {
  name: string
  outline: string
  covered: boolean
}

let folder: string
let world: OpenWorld
let browser: Browser
let context: BrowserContext
/** What went wrong in any page of the visit under test. */
let complaints: string[] = []
/** Lets the scripted model go on when it waits. */
let release: () => void = () => {}

/** What the model says: the first draft of `greet` is wrong, `slow` comes when it is let. */
function script(prompt: string, nth: number): string | Promise<string> {
  if (/\bslow\b/.test(prompt)) {
    return new Promise((resolve) => {
      release = () => resolve('function slow(self) {\n  return "at last"\n}')
    })
  }
  return /\bgreet\b/.test(prompt) ? GREET(nth === 0 ? 'nobody' : 'who') : 'I do not know.'
}

/** A model that says what the script says, word by word. */
function scriptedProvider(): Provider {
  let asked = 0
  return {
    name: 'scripted',
    complete: async ({ messages }, onToken, signal) => {
      const prompt = messages.map(({ content }) => content).join('\n')
      const text = await script(prompt, asked++)
      signal.throwIfAborted()
      const words = text.match(/\s*\S+/g) ?? []
      for (const word of words) onToken(word)
      const promptTokens = prompt.length
      return { text, promptTokens, completionTokens: words.length, milliseconds: 0 }
    },
    warm: async () => {},
    close: async () => {},
  }
}

/** Opens the page as a person does, and then shows an object of that name. */
async function visit(name = 'genesis', viewport = { width: 1280, height: 900 }): Promise<Page> {
  const page = await context.newPage()
  await page.setViewportSize(viewport)
  page.setDefaultTimeout(PATIENCE_MS)
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(world.page as string)
  await page.locator('h1', { hasText: 'genesis' }).waitFor()
  await show(page, name)
  return page
}

async function show(page: Page, name: string): Promise<void> {
  await page.goto(new URL(`#/o/${name}`, world.page).href)
  await page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
}

const row = (page: Page, slot: string): Locator => page.locator(`[data-slot="${slot}"]`)
const entry = (page: Page): Locator => page.locator('.entry').first()

async function send(page: Page, selector: string, args = ''): Promise<void> {
  await page.getByLabel('Message', { exact: true }).fill(selector)
  await page.getByLabel('Arguments').fill(args)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
}

/** Waits until the locator's text holds the words. */
async function says(locator: Locator, words: string | RegExp): Promise<void> {
  await locator.filter({ hasText: words }).first().waitFor()
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'batos-page-'))
  world = await open(join(folder, 'image'), {
    provider: scriptedProvider(),
    page: { port: 0 },
  })
  await world.send('genesis', 'clone:', ['accounts/account'])
  await world.send('accounts/account', 'setSlot:value:', ['currency', 'EUR'])
  const methods = { deposit: DEPOSIT, display_yourself: DISPLAY }
  for (const [method_name, source] of Object.entries(methods)) {
    await world.request('CreateMethodCommand', { target: 'accounts/account', method_name, source })
  }
  await world.send('accounts/account', 'clone:', ['accounts/alice'])
  await world.send('accounts/alice', 'setSlot:value:', ['balance', 42])
  await world.send('accounts/alice', 'setSlot:value:', ['note', HOSTILE])
  await world.send('genesis', 'clone:', ['accounts/plain'])
  await world.send('accounts/plain', 'setSlot:value:', ['rate', 1])
  await world.request('CreateMethodCommand', {
    target: 'accounts/plain',
    method_name: 'display_yourself',
    source: 'function display_yourself(self) {\n  return "rate " + self.rate\n}',
  })
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

describe('opening the page', () => {
  test('[UI13] the token leaves the address, and a reload works without it', async () => {
    const page = await visit()
    assert.ok((world.page as string).includes('#token='))
    assert.equal(page.url(), new URL('#/o/genesis', world.page).href)
    await page.reload()
    await page.locator('h1', { hasText: 'genesis' }).waitFor()
    await page.getByText('live', { exact: true }).waitFor()
  })

  test('[UI12] without the token the page says how to come in, and then lets in', async () => {
    const page = await context.newPage()
    await page.goto(new URL('#/o/genesis', world.page).href)
    await says(page.getByRole('alert'), 'Open the address that the kernel printed')
    assert.equal(await page.locator('h1').count(), 0)
    await page.goto(world.page as string)
    await page.locator('h1', { hasText: 'genesis' }).waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
  })

  test('[UI18] a card tells the path, the parents, and what kind each slot is', async () => {
    const page = await visit('accounts/alice')
    await page.getByRole('heading', { level: 1, name: 'accounts/alice' }).waitFor()
    await says(row(page, 'balance'), /balance\s*data/)
    await says(row(page, 'deposit'), /deposit\s*method/)
    await says(row(page, 'parent*'), /parent\*\s*parent/)
    await page.locator('.parents').getByRole('link', { name: 'accounts/account' }).click()
    await page.getByRole('heading', { level: 1, name: 'accounts/account' }).waitFor()
  })

  test('[UI36] own slots come first, then those of each holder in the order of lookup', async () => {
    const page = await visit('accounts/alice')
    await row(page, 'clone:').waitFor()
    const heads = await page.locator('.slot-groups h3').allTextContents()
    assert.deepEqual(heads, [
      'Own slots',
      'Inherited from accounts/account',
      'Inherited from genesis',
    ])
  })

  test('[UI30] the address names the object, so reload and back show the same', async () => {
    const page = await visit()
    await page.getByRole('link', { name: 'accounts/alice' }).click()
    await row(page, 'balance').waitFor()
    assert.ok(page.url().endsWith('#/o/accounts/alice'))
    await page.reload()
    await row(page, 'balance').waitFor()
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'genesis' }).waitFor()
    const oid = (await page.locator('.card .oid').textContent()) as string
    await page.goto(new URL(`#/o/${encodeURIComponent(oid)}`, world.page).href)
    await page.getByRole('heading', { level: 1, name: 'genesis' }).waitFor()
  })

  test('[UI38] an empty list and a missing object say what to do', async () => {
    const page = await visit()
    await page.getByLabel('Names that begin with').fill('nothing/like/this')
    await page.getByText('No name begins with “nothing/like/this”.').waitFor()
    await page.getByRole('button', { name: 'Show all names' }).click()
    await page.getByRole('link', { name: 'accounts/alice' }).waitFor()

    await show(page, 'accounts/bob')
    await page.getByText('There is no object of this name yet.').waitFor()
    await page.getByLabel('Parent', { exact: true }).fill('accounts/account')
    await page.getByRole('button', { name: 'Create', exact: true }).click()
    await says(row(page, 'currency'), 'EUR')
    await page.getByRole('link', { name: 'accounts/bob' }).waitFor()
  })
})

describe('sending messages', () => {
  test('[UI34] a message that is not understood is learnt before the eyes of the person', async () => {
    const page = await visit()
    await page.getByText('This is a world of objects.').waitFor()
    await page.getByRole('button', { name: 'greet somebody' }).click()
    await page.getByText('Nobody here understands greet yet.').waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await says(entry(page).locator('.answer'), 'Hello, Ada!')
    const steps = await entry(page).locator('.step-title').allTextContents()
    // One that fails, and three that do alike.
    const passed = Array.from({ length: 3 }, () => ['Wrote', 'Trial passed']).flat()
    assert.deepEqual(
      steps.filter((title) => title !== 'Queued'),
      ['Not understood', 'Wrote', 'Trial failed', ...passed, 'Learnt'],
    )
    await says(entry(page), /Wrote scripted · attempt 1/)
    await says(entry(page), /Learnt greet, version 1, held by genesis/)

    await says(row(page, 'greet'), /method/)
    await says(row(page, 'greet'), 'version 1, written by scripted')
    await row(page, 'greet').getByRole('button', { name: 'Source of greet' }).click()
    await says(row(page, 'greet').locator('.source'), '// A friendly word.')

    await send(page, 'greet', '"Bob"')
    await says(entry(page).locator('.answer'), 'Hello, Bob!')
    assert.equal(await entry(page).locator('.step.drafting').count(), 0)
  })

  test('[UI34] a fault is told with code, sentence and remedy', async () => {
    const page = await visit('accounts/alice')
    await row(page, 'balance').waitFor()
    await send(page, 'balance', '1')
    await says(entry(page).locator('.fault-code'), /^[A-Z_]+$/)
    assert.notEqual(await entry(page).locator('.fault-remedy').textContent(), '')
  })

  test('[UI34] a message without an answer can be cancelled', async () => {
    const page = await visit()
    await send(page, 'slow')
    await says(entry(page), 'The model is reading…')
    await entry(page).getByRole('button', { name: 'Cancel' }).click()
    await says(entry(page).locator('.fault-code'), 'CANCELLED')
    assert.equal(await entry(page).getByRole('button', { name: 'Cancel' }).count(), 0)
    release()
  })

  test('[UI33] arguments that cannot be read are not sent, and the form says why', async () => {
    const page = await visit()
    await send(page, 'slotNames', '1, two')
    await says(page.locator('form.send .hint'), 'Argument 2: two is no JSON')
    assert.equal(await page.locator('.entry').count(), 0)
    await page.locator('input:focus[aria-invalid="true"]').waitFor()
  })

  test('[UI29] the page says who writes methods, and says where nobody does', async () => {
    const page = await visit()
    await says(page.locator('.mind'), 'scripted writes what is missing')
    const mute = await open(join(folder, 'mute'), { page: { port: 0 } })
    await page.goto(mute.page as string)
    await says(page.locator('.mind'), 'learning is off')
    await page.getByText('Learning is off here').waitFor()
    await page.close()
    await mute.shut()
  })

  test('[UI39] what happens is said in one polite region', async () => {
    const page = await visit()
    await send(page, 'respondsTo:', '"clone"')
    await says(page.locator('#live'), 'respondsTo: was answered')
    assert.equal(await page.locator('[aria-live]').count(), 1)
    assert.equal(await page.locator('#live').getAttribute('aria-live'), 'polite')
  })

  test('[UI28] a card and a message can be had as a command line', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const page = await visit('accounts/alice')
    await row(page, 'balance').waitFor()
    const clipboard = (): Promise<string> => page.evaluate('navigator.clipboard.readText()')
    await page.locator('.card-head').getByRole('button', { name: 'Copy as CLI' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    assert.equal(await clipboard(), 'batos show accounts/alice')
    await send(page, 'deposit', '0')
    await entry(page).getByRole('button', { name: 'Copy as CLI' }).click()
    await entry(page).getByRole('button', { name: 'Copied' }).waitFor()
    assert.equal(await clipboard(), 'batos send accounts/alice deposit 0')
  })
})

describe('the life of a card', () => {
  test('[UI19] a change from elsewhere appears without a reload, and is marked for a while', async () => {
    const page = await visit('accounts/alice')
    await says(row(page, 'currency'), 'EUR')
    await world.send('accounts/account', 'setSlot:value:', ['currency', 'CHF'])
    await says(row(page, 'currency'), 'CHF')
    await says(row(page, 'currency'), 'changed')
    await row(page, 'currency').locator('.mark').waitFor({ state: 'detached' })
    await says(page.locator('#live'), 'One slot changed in accounts/alice')
    await world.send('accounts/account', 'setSlot:value:', ['currency', 'EUR'])
  })

  test('[UI31] Enter accepts and tells the transaction, Escape restores, Tab accepts and goes on', async () => {
    const page = await visit('accounts/alice')
    const field = page.getByLabel('Value of balance, as JSON')
    const edit = row(page, 'balance').getByRole('button', { name: 'Edit balance' })
    const balance = (): Promise<unknown> => world.send('accounts/alice', 'balance')
    const before = await balance()

    await edit.click()
    await field.fill('1000')
    await page.keyboard.press('Escape')
    await says(row(page, 'balance').locator('.value'), String(before))
    assert.equal(await balance(), before)
    await page.locator('button.edit:focus[aria-label="Edit balance"]').waitFor()

    await edit.click()
    await field.fill('not json')
    await page.keyboard.press('Enter')
    await says(row(page, 'balance').locator('.hint'), 'no JSON')
    await field.fill('50')
    await page.keyboard.press('Enter')
    await says(row(page, 'balance').locator('.saved'), /saved in \d+/)
    assert.equal(await balance(), 50)

    await edit.click()
    await field.fill('51')
    await page.keyboard.press('Tab')
    await says(row(page, 'balance').locator('.value'), '51')
    await page.locator('button.edit:focus[aria-label="Edit note"]').waitFor()
    assert.equal(await balance(), 51)
  })

  test('[UI32] when another change came first, both values are shown and the person decides', async () => {
    const page = await visit('accounts/alice')
    const conflict = page.getByRole('group', { name: 'Conflict about balance' })
    await row(page, 'balance').getByRole('button', { name: 'Edit balance' }).click()
    await world.send('accounts/alice', 'setSlot:value:', ['balance', 99])
    await page.getByLabel('Value of balance, as JSON').fill('7')
    await page.keyboard.press('Enter')
    await says(conflict, /Yours\s*7/)
    await says(conflict, /In the image\s*99/)
    assert.equal(await world.send('accounts/alice', 'balance'), 99)
    await conflict.getByRole('button', { name: 'Write mine' }).click()
    await says(row(page, 'balance').locator('.value'), '7')
    assert.equal(await world.send('accounts/alice', 'balance'), 7)
  })

  test('[UI37] a new slot is added, and never in the place of one that is there', async () => {
    const page = await visit('accounts/alice')
    const form = page.getByRole('form', { name: 'Add a slot' })
    const add = async (name: string, value: string): Promise<void> => {
      if ((await form.count()) === 0) {
        await page.getByRole('button', { name: 'Add a slot' }).click()
      }
      await form.getByLabel('Name').fill(name)
      await form.getByLabel('Value, as JSON').fill(value)
      await form.getByRole('button', { name: 'Add', exact: true }).click()
    }
    await row(page, 'balance').waitFor()
    await add('owner', '#1')
    await row(page, 'owner').getByRole('link', { name: 'genesis' }).waitFor()
    await add('balance', '0')
    await says(form.locator('.fault-code'), 'CONFLICT')
    assert.notEqual(await world.send('accounts/alice', 'balance'), 0)
  })

  test('[UI10] a lost connection is told, and coming back shows what happened meanwhile', async () => {
    const page = await context.newPage()
    let cut: () => Promise<void> = async () => {}
    let isCut = false
    await page.routeWebSocket(/\/ws$/, (socket) => {
      if (isCut) {
        void socket.close({ code: 1012 })
        return
      }
      const server = socket.connectToServer()
      cut = async () => {
        isCut = true
        await server.close()
        await socket.close({ code: 1012 })
      }
    })
    await page.goto(world.page as string)
    await page.locator('h1', { hasText: 'genesis' }).waitFor()
    await show(page, 'accounts/alice')
    await row(page, 'balance').waitFor()
    await cut()
    await says(page.locator('.banner'), 'The kernel does not answer.')
    await world.send('accounts/alice', 'setSlot:value:', ['balance', 1234])
    isCut = false
    await says(row(page, 'balance').locator('.value'), '1234')
    await page.locator('.banner').waitFor({ state: 'detached' })
  })
})

describe('what an object shows of itself', () => {
  test('[UI35] a view is drawn, sends, and is drawn again after changes but not in circles', async () => {
    const page = await visit('accounts/alice')
    await world.send('accounts/alice', 'setSlot:value:', ['balance', 10])
    await says(row(page, 'balance').locator('.value'), '10')
    await page.clock.install()
    await page.getByRole('button', { name: 'Display', exact: true }).click()
    await says(page.locator('.view .v-figure-value'), '10')
    // Each asking writes a slot, so a page that answered its own changes would ask for ever.
    await says(row(page, 'shown').locator('.value'), '1')
    await page.clock.runFor(10_000)
    await send(page, 'respondsTo:', '"deposit"')
    await says(entry(page).locator('.answer'), 'true')
    assert.equal(await world.send('accounts/alice', 'shown'), 1)

    await page.locator('.view').getByRole('button', { name: 'Deposit 5' }).click()
    await says(row(page, 'balance').locator('.value'), '15')
    await page.clock.runFor(1_000)
    await says(page.locator('.view .v-figure-value'), '15')
    assert.equal(await world.send('accounts/alice', 'shown'), 2)
  })

  test('[UI35] a view that only looks is drawn again after a change of what it shows', async () => {
    const page = await visit('accounts/plain')
    await page.getByRole('button', { name: 'Display', exact: true }).click()
    await says(page.locator('.view'), 'rate 1')
    await world.send('accounts/plain', 'setSlot:value:', ['rate', 2])
    await says(page.locator('.view'), 'rate 2')
  })

  test('[UI24] hostile text in a value and in a view stays text', async () => {
    const page = await visit('accounts/alice')
    await says(row(page, 'note').locator('.value'), HOSTILE)
    await page.getByRole('button', { name: 'Display', exact: true }).click()
    await says(page.locator('.view'), HOSTILE)
    await page.locator('.view').getByRole('link', { name: 'accounts/account' }).waitFor()
    const made = await page.locator('#page img, #page script, #page iframe').count()
    assert.equal(made, 0)
    assert.equal(await page.evaluate('"hacked" in window'), false)
  })

  test('[UI25] an unknown component is named in its place, and the rest is drawn', async () => {
    const page = await visit('accounts/alice')
    await page.getByRole('button', { name: 'Display', exact: true }).click()
    const unknown = page.locator('.view').getByRole('note')
    await says(unknown, 'Unknown component: sparkline')
    await says(unknown, 'inside')
    await page.locator('.view').getByRole('button', { name: 'Deposit 5' }).waitFor()
  })
})

describe('for everybody', () => {
  test('[UI40] every control is large enough and has a name, light and dark, wide and narrow', async () => {
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [320, 'dark'],
    ] as const) {
      const page = await visit('accounts/alice', { width, height: 800 })
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await row(page, 'clone:').waitFor()
      await page.getByRole('button', { name: 'Display', exact: true }).click()
      await page.locator('.view').waitFor()
      const poor = await page.evaluate<string[]>('probes.poorControls()')
      assert.deepEqual(poor, [])
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      assert.ok(wide <= width, `${wide} px wide at ${width}`)
      const moving = await page.evaluate('document.getAnimations().length')
      assert.equal(moving, 0)
      await page.close()
    }
  })

  test('[UI40] the whole card is reached by Tab, and the focus is always seen', async () => {
    const page = await visit('accounts/alice')
    await row(page, 'clone:').waitFor()
    const reached = new Set<string>()
    for (let count = 0; count < 200; count++) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate<Focus | null>('probes.focus()')
      if (at === null) break
      assert.notEqual(at.outline, 'none', at.name)
      assert.equal(at.covered, false, `${at.name} is covered`)
      reached.add(at.name)
    }
    for (const name of ['Send', 'Edit balance', 'Add a slot', 'Source of deposit', 'New object']) {
      assert.ok(reached.has(name), `${name} is not reached`)
    }
  })

  test('[UI40] text is told apart from its ground, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await visit()
      await page.emulateMedia({ colorScheme })
      await row(page, 'clone:').waitFor()
      const pale = await page.evaluate<string[]>('probes.palePlaces()')
      assert.deepEqual(pale, [])
      await page.close()
    }
  })
})
