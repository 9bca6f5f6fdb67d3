// Owns: the mixed load of a soak: which messages, in which shares, from clients that stay and clients that come and go.
// Leaves: when what else happens to hour.ts; counting to traffic.ts.
import { type Client, connect } from '#batos'
import { count, type Traffic } from './traffic.ts'

export interface LoadOptions {
  endpoint: string
  token: string
  /** Messages a second, of all kinds. */
  rate: number
  /** A number from 0 to 1. */
  draw: () => number
  traffic: Traffic
}

/** Objects that are written to, and clients that stay for the whole run. */
const COUNTERS = 64
const CLIENTS = 8
/** Messages on their way at once: beyond them the load waits, so that a slow moment of the machine is no flood. */
const UNDER_WAY_MAX = 256
/** Milliseconds between two looks at how much is due. */
const BEAT = 20
/** Objects that a shelf holds; the oldest is dropped for a new one, and is garbage. */
const SHELF = 50
/** Objects that one large message makes; the next one drops them. */
const HERD = 2_000
/** Milliseconds by which a message for later is late at most. */
const LATER = 5_000

const METHODS: Record<string, string> = {
  increment: 'function increment(self, by: number = 1) { self.count += by; return self.count }',
  put: `function put(self, label: string) {
    const made = mirror.clone(self)
    made.label = label
    self.held.push(made)
    if (self.held.length > ${SHELF}) self.held.shift()
    return made
  }`,
  herd: `function herd(self, count: number) {
    const made = []
    for (let i = 0; i < count; i++) {
      const one = mirror.clone(self)
      one.number = i
      made.push(one)
    }
    self.newest = made
    return count
  }`,
  labels: 'function labels(self) { return self.held.map((one) => one.label) }',
}

type Work = (client: Client) => Promise<unknown>

export class Load {
  readonly #options: LoadOptions
  readonly #clients: Client[] = []
  readonly #counted = new Map<string, number>()
  readonly #mix: { share: number; what: string; work: Work }[]
  #later = 0
  #key = 0
  #keys: { key: string; target: string; answer: unknown }[] = []
  #label = 0
  #methodNumber = 0
  #valueNumber = 0
  #timer: NodeJS.Timeout | undefined
  /** Messages that were due and were not sent, because too many were on their way. */
  heldBack = 0

  constructor(options: LoadOptions) {
    this.#options = options
    this.#mix = [
      { share: 40, what: 'write', work: (client) => this.#increment(client) },
      { share: 26, what: 'read', work: (client) => client.send(this.#counter(), 'count') },
      { share: 8, what: 'new object', work: (client) => this.#put(client) },
      { share: 4, what: 'read of a shelf', work: (client) => client.send('shelf', 'labels') },
      { share: 5, what: 'later', work: (client) => this.#sendLater(client) },
      { share: 3, what: 'with a key', work: (client) => this.#keyed(client) },
      { share: 4, what: 'state', work: (client) => this.#state(client) },
      { share: 3, what: 'history', work: (client) => this.#history(client) },
      {
        share: 2,
        what: 'unknown message',
        work: (client) => client.send('shelf', 'no such thing'),
      },
      { share: 2, what: 'with a deadline', work: (client) => this.#withDeadline(client) },
      { share: 3, what: 'ping', work: (client) => client.request('PingCommand') },
    ]
  }

  /** The client for single deeds. */
  get first(): Client {
    return this.#clients[0] as Client
  }

  async connect(): Promise<Client> {
    const { endpoint, token } = this.#options
    return connect(endpoint, { token, client: 'soak', timeout: 30_000 })
  }

  /** Makes the objects and the clients that stay. */
  async prepare(): Promise<void> {
    for (let i = 0; i < CLIENTS; i++) this.#clients.push(await this.connect())
    for (const [name, source] of Object.entries(METHODS)) {
      await this.first.request('CreateMethodCommand', {
        target: 'genesis',
        method_name: name,
        source,
      })
    }
    const made: [string, Record<string, unknown>][] = [
      ['shelf', { held: [] }],
      ['toy', {}],
      ['herd', {}],
      ['undone', { value: 0 }],
      ['late', { count: 0 }],
    ]
    for (let i = 0; i < COUNTERS; i++) made.push([`counter-${i}`, { count: 0 }])
    for (const [name, slots] of made)
      await this.first.request('CreateObjectCommand', { name, slots })
  }

  start(): void {
    let last = performance.now()
    let due = 0
    this.#timer = setInterval(() => {
      const now = performance.now()
      due += ((now - last) / 1_000) * this.#options.rate
      last = now
      for (; due >= 1; due--) {
        if (this.#options.traffic.underWay >= UNDER_WAY_MAX) this.heldBack++
        else this.#one()
      }
    }, BEAT)
  }

  /** Sends no more; resolves when everything has its answer. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await new Promise<void>((resolve) => {
      const looking = setInterval(() => {
        if (this.#options.traffic.underWay > 0) return
        clearInterval(looking)
        resolve()
      }, BEAT)
    })
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  #below(limit: number): number {
    return Math.floor(this.#options.draw() * limit)
  }

  #counter(): string {
    return `counter-${this.#below(COUNTERS)}`
  }

  #one(): void {
    let left = this.#below(100)
    const chosen = this.#mix.find(({ share }) => {
      left -= share
      return left < 0
    })
    if (chosen === undefined) throw new Error('the shares of the load are less than a hundred')
    const client = this.#clients[this.#below(CLIENTS)] as Client
    void this.#options.traffic.ask(chosen.what, () => chosen.work(client))
  }

  async #increment(client: Client): Promise<void> {
    const name = this.#counter()
    const value = await client.send(name, 'increment')
    count(this.#counted, name)
    if (typeof value !== 'number')
      this.#options.traffic.violate(`increment answered ${String(value)}`)
  }

  async #put(client: Client): Promise<void> {
    const label = `label ${++this.#label}`
    await client.send('shelf', 'put', [label])
  }

  async #sendLater(client: Client): Promise<void> {
    const delay = 1 + this.#below(LATER)
    await client.send('late', 'after:send:', [delay, 'increment'])
    this.#later++
  }

  /** A new key, or, as often, one of the last ones again: that must be answered with what was answered first. */
  async #keyed(client: Client): Promise<void> {
    const { traffic } = this.#options
    const old = this.#keys[this.#below(64)]
    if (old !== undefined) {
      const { key, target, answer } = old
      const again = await client.send(target, 'increment', [], { key })
      if (again !== answer) traffic.violate(`key ${key}: ${String(answer)}, then ${String(again)}`)
      return
    }
    const key = `key-${++this.#key}`
    const target = this.#counter()
    const answer = await client.send(target, 'increment', [], { key })
    count(this.#counted, target)
    this.#keys.push({ key, target, answer })
    if (this.#keys.length > 32) this.#keys.shift()
  }

  async #state(client: Client): Promise<void> {
    if (this.#below(2) === 0)
      await client.request('GetFullStateCommand', { target: this.#counter() })
    else await client.request('ListObjectsCommand', { prefix: 'counter', limit: 20 })
  }

  async #history(client: Client): Promise<void> {
    await client.request('GetHistoryCommand', { target: this.#counter(), slot: 'count', limit: 5 })
  }

  async #withDeadline(client: Client): Promise<void> {
    await client.send(this.#counter(), 'count', [], { deadline: 1 + this.#below(10_000) })
  }

  /** Installs a method under a name that has one, and asks for it. */
  async install(): Promise<void> {
    const n = ++this.#methodNumber
    const source = `function flavour(self) { return ${n} }`
    const { traffic } = this.#options
    const fields = { target: 'toy', method_name: 'flavour', source }
    await traffic.ask('install', () => this.first.request('CreateMethodCommand', fields))
    const got = await traffic.ask('installed', () => this.first.send('toy', 'flavour'))
    if (got !== undefined && got !== n) traffic.violate(`method ${n} answered ${String(got)}`)
  }

  /** One message that makes many objects, which is as if many small ones had: memory of objects gets full sooner. */
  async herd(): Promise<void> {
    await this.#options.traffic.ask('herd', () => this.first.send('herd', 'herd', [HERD]))
  }

  /** Sets a slot, takes that back, and looks. */
  async undo(): Promise<void> {
    const { traffic } = this.#options
    const before = await traffic.ask('undone', () => this.first.send('undone', 'value'))
    const fields = { target: 'undone', slot: 'value', value: ++this.#valueNumber }
    const set = await traffic.ask('set', () => this.first.requestWithTid('SetSlotCommand', fields))
    if (set?.tid === undefined) return
    const { tid } = set
    const done = await traffic.ask('undo', () => this.first.request('UndoCommand', { tid }))
    const after = await traffic.ask('undone', () => this.first.send('undone', 'value'))
    const wanted = done === undefined ? fields.value : before
    if (after !== undefined && after !== wanted) {
      traffic.violate(`after an undo the slot has ${String(after)} and not ${String(wanted)}`)
    }
  }

  /** Follows a counter until it has changed, and ends following. */
  async follow(): Promise<void> {
    const { traffic } = this.#options
    const target = this.#counter()
    const client = this.#clients[this.#below(CLIENTS)] as Client
    let told: () => void = () => undefined
    const changed = new Promise<void>((resolve) => {
      told = resolve
    })
    const stop = await traffic.ask('subscribe', () => client.subscribe({ target }, () => told()))
    await traffic.ask('write that is followed', async () => {
      await client.send(target, 'increment')
      count(this.#counted, target)
    })
    await changed
    if (stop !== undefined) await traffic.ask('unsubscribe', stop)
  }

  /** A client comes, asks and goes; every other one leaves what it follows behind. */
  async visit(): Promise<void> {
    const { traffic } = this.#options
    const client = await traffic.ask('connect', () => this.connect())
    if (client === undefined) return
    const stop = await traffic.ask('subscribe', () => client.subscribe({}, () => undefined))
    await traffic.ask('read', () => client.send(this.#counter(), 'count'))
    if (this.#below(2) === 0 && stop !== undefined) await traffic.ask('unsubscribe', stop)
    client.close()
  }

  /** After `stop`: what every counter must have, and has. */
  async lookOver(): Promise<void> {
    const { traffic } = this.#options
    for (let i = 0; i < COUNTERS; i++) {
      const name = `counter-${i}`
      const has = await this.first.send(name, 'count')
      const answered = this.#counted.get(name) ?? 0
      if (has !== answered) traffic.violate(`${name} has ${String(has)}; ${answered} were answered`)
    }
    const late = await this.first.send('late', 'count')
    if (late !== this.#later)
      traffic.violate(`${String(late)} came later; ${this.#later} were sent`)
    const held = (await this.first.send('shelf', 'labels')) as unknown[]
    if (held.length > SHELF) traffic.violate(`the shelf holds ${held.length}`)
  }
}
