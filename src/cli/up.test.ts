// `up`, with a world of the test's own: what it says, and how it goes on when something is missing.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Fault } from '#ground'
import { type Handed, handed } from './powers.fixture.ts'
import type { World } from './powers.ts'
import { run } from './run.ts'

/** Ways to write a page's address: enough for the text. */
const SERVED = { endpoint: 'ipc:///x', page: 'http://127.0.0.1:7717/#token=t', awakened: true }
/** A model that needs no fetching, and is never asked here. */
const SERVER = ['--model', 'http://127.0.0.1:1/v1#far']

/** Runs `up` until it serves, then ends it. */
async function ran(words: string[], send: World['send'], given: Handed = {}) {
  let shut = 0
  const hands = handed({
    world: () => ({
      ...SERVED,
      send,
      shut: async () => {
        shut++
      },
    }),
    ...given,
    words: ['up', ...words],
  })
  const serving = new Promise<void>((resolve) => {
    const { write } = hands.powers.out
    const notes = hands.powers.err.write
    const look = (text: string) => {
      if (text.startsWith('Ctrl-C ends it')) resolve()
    }
    hands.powers.out.write = (text) => {
      write(text)
      look(text)
    }
    hands.powers.err.write = (text) => {
      notes(text)
      look(text)
    }
  })
  const done = run(hands.powers)
  await Promise.race([serving, done])
  hands.signal('SIGTERM')
  return {
    code: await done,
    out: hands.out(),
    err: hands.err(),
    opened: hands.opened,
    shut: () => shut,
  }
}

const newcomer: World['send'] = async (target, selector, _args, options) => {
  assert.equal(target, 'genesis')
  if (selector === 'respondsTo:') return false
  const tell = options?.onEvent as (event: Record<string, unknown>) => void
  const source = 'function display_yourself(self) {\n  return "I am genesis"\n}'
  tell({ kind: 'queued' })
  tell({ kind: 'not-understood', target: '#1', selector, holder: '#1' })
  tell({ kind: 'drafting', model: 'far', attempt: 1 })
  tell({ kind: 'trial', attempt: 1, ok: true, detail: 'every gate was passed', source })
  tell({ kind: 'installed', holder: '#1', selector, version: 1, tid: '2' })
  return 'I am genesis\nand I see myself'
}

const acquaintance: World['send'] = async (_target, selector, _args, options) => {
  // Nothing may be generated on the way to an old acquaintance.
  assert.equal(options?.policy, 'off')
  return selector === 'respondsTo:' ? true : ['I am genesis', 'still']
}

test('[CL80] a new image holds the whole conversation, then shows the page and what to do next', async () => {
  const { code, out, err } = await ran(SERVER, newcomer)
  assert.equal(code, 0)
  const expected = [
    'BAT OS 1.2.3',
    'A new image awoke in ./live_image. It holds genesis, from which all else is cloned.',
    '',
    'The First Conversation',
    '',
    'You say to genesis: display_yourself',
    'genesis does not understand display_yourself.',
    'far writes it:',
    '    function display_yourself(self) {',
    '      return "I am genesis"',
    '    }',
    'Tried on a copy of the world: every gate was passed.',
    'Installed in genesis: version 1, transaction 2.',
    'Genesis answers:',
    '',
    '    I am genesis',
    '    and I see myself',
    '',
    'It took 0.0 s to learn. From now on genesis knows it, also after a restart.',
    '',
    'The page:  http://127.0.0.1:7717/#token=t',
    '',
  ].join('\n')
  assert.ok(out.startsWith(expected), out)
  assert.match(out, /\n {4}npx batos send genesis clone: account\n/)
  // The signal's own word is a note.
  assert.match(err, /^(The model is not ready: .*\n)?Stopping\.\n$/)
})

test('[CL80] one that knows the message says that it remembers, and nothing is generated', async () => {
  const { out } = await ran(SERVER, acquaintance, {
    world: () => ({ ...SERVED, awakened: false, send: acquaintance }),
  })
  assert.match(out, /The image \.\/live_image is open, as it was left\.\n/)
  assert.match(out, /\n {4}I am genesis\n {4}still\n/)
  assert.match(out, /Genesis remembers: it answered in \d+\.\d ms, and no model was asked\.\n/)
})

test('[CL80] with --json stdout has one line for programs, and the story goes to stderr', async () => {
  const { out, err } = await ran([...SERVER, '--json'], newcomer)
  assert.deepEqual(JSON.parse(out), {
    image: '/here/live_image',
    id: 'image-1',
    endpoint: 'ipc:///x',
    page: 'http://127.0.0.1:7717/#token=t',
    pid: 1,
  })
  assert.equal(out.trimEnd().split('\n').length, 1)
  assert.match(err, /The First Conversation/)
})

test('[CL81] a conversation that fails is told with its remedy, and the page is served all the same', async () => {
  const { code, out } = await ran(SERVER, async (_target, selector) => {
    if (selector === 'respondsTo:') return false
    throw new Fault({
      code: 'GENERATION_FAILED',
      message: 'no draft passed the gates',
      remedy: 'Say what it should do.',
      retry: 'later',
    })
  })
  assert.equal(code, 0)
  assert.match(
    out,
    /Genesis could not learn it this time\. GENERATION_FAILED: no draft passed the gates\n {2}Say what it should do\.\n/,
  )
  assert.match(out, /The page: {2}http:/)
})

test('[CL82] with policy off there is no model and no conversation, and it is said', async () => {
  const { out, opened } = await ran(['--policy', 'off'], async () => false)
  assert.equal(opened[0]?.provider, undefined)
  assert.equal(opened[0]?.policy, 'off')
  assert.match(out, /Genesis has not learnt to display itself, and without a model it cannot\.\n/)
})

test('[CL83] the usual port when it is free, another with a word when it is not', async () => {
  const free = await ran(['--policy', 'off'], async () => false)
  assert.deepEqual(free.opened[0]?.page, { port: 7717 })
  const taken = await ran(['--policy', 'off'], async () => false, {
    world: () => SERVED,
    machine: { isPortFree: async () => false },
  })
  assert.deepEqual(taken.opened[0]?.page, { port: 0 })
  assert.match(taken.err, /^Port 7717 is taken/)
})

test('[CL83] a port that was asked for is taken or refused', async () => {
  const error = Object.assign(new Error('listen EADDRINUSE: 127.0.0.1:80'), { code: 'EADDRINUSE' })
  const { code, err, opened } = await ran(['--policy', 'off', '--port', '80'], async () => false, {
    world: () => {
      throw error
    },
    machine: { isPortFree: async () => false },
  })
  assert.deepEqual(
    opened.map(({ page }) => page),
    [{ port: 80 }],
  )
  assert.equal(code, 1)
  assert.match(err, /EADDRINUSE.*\n {2}Another program listens there; choose another port\./)
})

test('[CL84] SIGTERM shuts the world and ends with 0', async () => {
  const { code, shut } = await ran(['--policy', 'off'], async () => false)
  assert.deepEqual([code, shut()], [0, 1])
})

test('[CL86] hosts that methods may ask are those named, and what is no host is refused', async () => {
  const hosts = async (...words: string[]) =>
    await ran(['--policy', 'off', ...words], async () => false)
  assert.deepEqual((await hosts()).opened[0]?.allowHosts, [])
  const named = ['--allow-host', 'api.example.com', '--allow-host', '[::1]:8080']
  const { opened } = await hosts(...named)
  assert.deepEqual(opened[0]?.allowHosts, ['api.example.com', '[::1]:8080'])
  for (const wrong of ['http://a.test', 'a.test/x', '*', 'a b', 'a.test:99999', '']) {
    const { code, err } = await hosts('--allow-host', wrong)
    assert.deepEqual([code, /It takes a host/.test(err)], [2, true], wrong)
  }
})

test('[CL95] the number of generations within a minute is the one that was asked for, or refused', async () => {
  const up = async (...words: string[]) => await ran([...SERVER, ...words], async () => true)
  assert.equal((await up()).opened[0]?.generations, undefined)
  assert.equal((await up('--generations', '5')).opened[0]?.generations, 5)
  for (const wrong of ['0', '1001', 'many', '2.5', '-1']) {
    const { code } = await up('--generations', wrong)
    assert.equal(code, 2, wrong)
  }
})

test('[CL114] tests of what goes to a person are written when they were asked for', async () => {
  const up = async (...words: string[]) => await ran([...SERVER, ...words], async () => true)
  assert.equal((await up()).opened[0]?.tests, undefined)
  assert.equal((await up('--tests')).opened[0]?.tests, true)
})
