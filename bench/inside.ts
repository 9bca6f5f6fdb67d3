// Owns: what happens inside: reads, writes and sends of guest code in a real worker, and whole messages in this process.
// Leaves: messages over sockets to durable.ts.
// Laws: guest code is what the real judge made of the source below, in the confined worker; a loop that does nothing is
// measured as well and taken off, for guest and native code alike.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open, type OpenWorld } from '#batos'
import { contest, figure, perSecond, ratio, table } from './contest.ts'

/** Operations in one message: enough that the message itself does not count, well within its fuel. */
const OPERATIONS = 1_000_000
const ROUNDS = 5
/** Nanoseconds that a loop cannot tell from nothing: the engine has compiled the operation away. */
const NOTHING = 0.5

/** Guest methods by name. `touch` is held three objects above the one that gets it. */
const METHODS: Record<string, string> = {
  empty:
    'function empty(self, n) { let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum }',
  reads:
    'function reads(self, n) { let sum = 0; for (let i = 0; i < n; i++) sum += self.count; return sum }',
  writes:
    'function writes(self, n) { for (let i = 0; i < n; i++) self.count = i; return self.count }',
  sends:
    'function sends(self, n) { let sum = 0; for (let i = 0; i < n; i++) sum += self.touch(i); return sum }',
  touch: 'function touch(self, i) { return i }',
  increment: 'function increment(self, by = 1) { self.count += by; return self.count }',
}

interface Peer {
  count: number
  touch(i: number): number
}

// The same three levels in plain JavaScript.
class Grandparent {
  count = 1
  touch(i: number): number {
    return i
  }
}
class Parent extends Grandparent {}
class Child extends Parent {}

function forwarding(target: Peer): Peer {
  return new Proxy(target, {
    get: (object, name) => Reflect.get(object, name),
    set: (object, name, value) => Reflect.set(object, name, value),
  })
}

/** Loops of their own for each receiver, so that the engine does not compile one for all kinds. */
function loops(receiver: Peer): Record<string, (n: number) => number> {
  const make = (body: string) =>
    new Function('self', 'n', `let sum = 0; for (let i = 0; i < n; i++) ${body}; return sum`)
  const bodies = {
    empty: 'sum += i',
    reads: 'sum += self.count',
    writes: 'self.count = i',
    sends: 'sum += self.touch(i)',
  }
  return Object.fromEntries(
    Object.entries(bodies).map(([name, body]) => {
      const loop = make(body)
      return [name, (n: number) => loop(receiver, n) as number]
    }),
  )
}

/** Runs both contests and answers their tables. */
export async function inside(say: (text: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'batos-bench-inside-'))
  const world = await open(folder)
  await prepare(world)
  say('reads, writes and sends inside a turn')
  const operations = await operationsTable(world)
  say('messages in one process')
  const messages = await messagesTable(world)
  await world.close()
  await rm(folder, { recursive: true, force: true })
  return [operations, messages].join('\n\n')
}

async function prepare(world: OpenWorld): Promise<void> {
  // genesis <- top <- upper <- middle <- object: what top holds is found three objects up.
  for (const [name, parent] of [
    ['top', 'genesis'],
    ['upper', 'top'],
    ['middle', 'upper'],
    ['object', 'middle'],
  ] as const) {
    await world.request('CreateObjectCommand', { name, parents: [parent], slots: { count: 1 } })
  }
  for (const [method_name, source] of Object.entries(METHODS)) {
    await world.request('CreateMethodCommand', { target: 'top', method_name, source })
  }
}

async function operationsTable(world: OpenWorld): Promise<string> {
  const kinds = {
    guest: (name: string) => world.send('object', name, [OPERATIONS]),
    proxy: runner(forwarding(new Child())),
    native: runner(new Child()),
  }
  const names = ['empty', 'reads', 'writes', 'sends']
  const entrants = names.flatMap((name) =>
    Object.entries(kinds).map(([kind, run]) => ({
      name: `${kind} ${name}`,
      round: async () => {
        const start = performance.now()
        await run(name)
        return performance.now() - start
      },
    })),
  )
  const times = await contest(entrants, ROUNDS)
  const cost = (kind: string, name: string) => {
    const rest = (times.get(`${kind} ${name}`) ?? 0) - (times.get(`${kind} empty`) ?? 0)
    return (Math.max(rest, 0) / OPERATIONS) * 1e6
  }
  const rows = [
    ['reads', 'read of an own slot'],
    ['writes', 'write of an own slot'],
    ['sends', 'send, the method three parents up'],
  ].map(([name, what]) => {
    const of = (kind: string) => cost(kind, name as string)
    const [guest, proxy] = [of('guest'), of('proxy')]
    const native = Math.max(of('native'), NOTHING)
    const sign = native === NOTHING ? ['<', '>'] : ['', '']
    return [
      what as string,
      figure(guest),
      figure(proxy),
      ratio(guest, proxy),
      `${sign[0]} ${figure(native)}`.trim(),
      `${sign[1]} ${ratio(guest, native)}`.trim(),
    ]
  })
  const head = ['nanoseconds', 'BAT OS', 'forwarding Proxy', 'to it', 'native', 'to it']
  return table(head, rows)
}

function runner(receiver: Peer): (name: string) => number {
  const all = loops(receiver)
  return (name) => (all[name] as (n: number) => number)(OPERATIONS)
}

async function messagesTable(world: OpenWorld): Promise<string> {
  const send = (selector: string) => () => world.send('object', selector)
  const rates = await contest(
    [
      { name: 'read 1', round: () => perSecond(1_000, 1, send('count')) },
      { name: 'read 512', round: () => perSecond(15_000, 512, send('count')) },
      { name: 'write 1', round: () => perSecond(300, 1, send('increment')) },
      { name: 'write 512', round: () => perSecond(12_000, 512, send('increment')) },
    ],
    3,
  )
  const row = (key: string, what: string) => {
    const rate = rates.get(key)
    return [what, figure(rate), figure(rate === undefined ? undefined : 1e6 / rate)]
  }
  return table(
    ['a message in one process, end to end', 'a second', 'microseconds each'],
    [
      row('read 1', 'reading, one at a time'),
      row('read 512', 'reading, 512 in flight'),
      row('write 1', 'durable, one at a time'),
      row('write 512', 'durable, 512 in flight'),
    ],
  )
}
