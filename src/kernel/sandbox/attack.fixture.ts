// Owns: what every attack on the sandbox must leave behind: the host alive, globals as they were, the image as committed,
// the next message answered; and, unless it was answered, the whole graph as it was before it.
// Leaves: the attacks to the tests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultRecord } from '#ground'
import { decodeValue, Ref, slotKind, toWire } from '#objects'
import { startKernel, type TestKernel } from '../kernel.fixture.ts'

/** Methods of the object that is attacked, and a second object that it can reach. */
const METHODS = {
  ping: 'function ping(self) { return "pong" }',
  boom: 'function boom(self) { throw new RangeError("boom") }',
  apply: 'function apply(self, f, ...all) { return f(...all) }',
  reset: `function reset(self) {
    self.n = 1
    self.list = [3, 1, 2]
    self.map = { a: { b: [1] } }
    self.when = new Date(1000)
    self.bytes = new Uint8Array([1, 2, 3])
    self.text = 'abc'
    return self
  }`,
  view: `function view(self) {
    const own = {}
    for (const { name, kind, value } of mirror.slots(self)) if (kind === 'data') own[name] = value
    return own
  }`,
  // An object as this process has it: each own slot with its kind and, unless it is a method, its value; and who has the names.
  seen: `function seen(self, of) {
    const slots = mirror.slots(of).map(({ name, kind, value }) => [name, kind, value])
    return { slots, named: [mirror.object('it') === self, mirror.object('other') === of] }
  }`,
  // What guest code can see of the language, as text: names, what is frozen, and what would change if it were not.
  language: `function language(self) {
    const all = { JSON, Object, Array, String, Number, Boolean, Map, Set, RegExp, BigInt, Date, Math, Error }
    const more = { TypeError, RangeError, Uint8Array, parseInt, isNaN, encodeURI, mirror }
    const lines = []
    for (const [name, value] of Object.entries({ ...all, ...more })) {
      const names = Object.getOwnPropertyNames(value).sort().join()
      const inner = value.prototype === undefined ? '' : Object.getOwnPropertyNames(value.prototype).sort()
      const frozen = [Object.isFrozen(value), Object.isFrozen(value.prototype ?? 1)]
      lines.push(name + ' ' + names + ' / ' + inner + ' / ' + frozen)
    }
    lines.push(Object.keys({}).length, [].length, String(/x/), RegExp('x').lastIndex, typeof {}.polluted)
    return lines
  }`,
}

/** What an attack comes to: refused by the judge, a fault, or an answer. */
export type Outcome =
  | { kind: 'refused'; message: string }
  | { kind: 'fault'; fault: FaultRecord }
  | { kind: 'answer'; answer: unknown }

export class Target {
  readonly t: TestKernel
  #count = 0
  #language = ''

  constructor(t: TestKernel) {
    this.t = t
  }

  static async start(silence?: number): Promise<Target> {
    const t = await startKernel({ methods: METHODS, ...(silence === undefined ? {} : { silence }) })
    await t.send('clone:', ['other'])
    const target = new Target(t)
    target.#language = JSON.stringify(await t.send('language'))
    return target
  }

  /**
   * Installs a source the ordinary way and sends its message twice, so that what the first left would be seen; answers
   * what both came to. One that was ended by force left nothing, and is not worth its time again.
   */
  async attack(source: string, args: unknown[] = []): Promise<[Outcome, Outcome]> {
    const selector = `attack${++this.#count}`
    const before = await this.#graph()
    try {
      await this.t.put(selector, source)
    } catch (thrown) {
      const refused = { kind: 'refused', message: (thrown as Error).message } as const
      assert.equal(await this.#graph(), before, 'what is refused changes nothing')
      return [refused, refused]
    }
    const other = new Ref(this.t.oid('other'))
    const once = async (): Promise<Outcome> => {
      await this.t.send('reset')
      const graph = await this.#graph()
      const given = args.length === 0 ? [other] : args
      const answer = await this.t.answer(selector, given, { policy: 'off' })
      if (!answer.ok) {
        assert.equal(await this.#graph(), graph, 'what faults changes nothing')
        return { kind: 'fault', fault: answer.fault }
      }
      return { kind: 'answer', answer: decodeValue(answer.result) }
    }
    const first = await once()
    return [first, first.kind === 'fault' && first.fault.code === 'FUEL' ? first : await once()]
  }

  /** The graph once everything that was written before is durable, so that what is written late is seen too. */
  async #graph(): Promise<string> {
    await this.t.kernel.durable()
    return this.t.graph()
  }

  /** Asserts that nothing but what was committed has changed: all that a process has of both objects is what the record has. */
  async assertUnharmed(): Promise<void> {
    assert.equal(await this.t.send('ping'), 'pong')
    assert.equal(JSON.stringify(await this.t.send('language')), this.#language)
    for (const target of ['it', 'other']) {
      const of = new Ref(this.t.oid(target))
      const seen = (await this.t.send('seen', [of])) as { slots: unknown[][]; named: boolean[] }
      assert.deepEqual(seen.named, [true, target === 'other'])
      const kept = this.t.kernel.head.object(of.oid).slots.map(({ name, value }) => {
        const kind = slotKind(name, value)
        return [name, kind, kind === 'method' ? null : toWire(value)]
      })
      // The worker's memory and the record agree: nothing that was not committed is remembered.
      assert.deepEqual(inOrder(seen.slots), inOrder(kept), target)
    }
    assert.deepEqual(this.t.kernel.head.store.verify().damage, [])
  }
}

/** Slots by name, with values that compare. */
const inOrder = (slots: readonly unknown[][]) =>
  slots
    .map(([name, kind, value]) => [name, kind, plain(value)])
    .sort(([one], [other]) => (String(one) < String(other) ? -1 : 1))

/** Bytes as they are, not as a view of the decoder's buffer. */
const plain = (value: unknown) => (value instanceof Uint8Array ? new Uint8Array(value) : value)

/** How an attack must end: refused with a sentence, a fault with a code or a sentence, or an answer. */
export type Expected =
  | { refused: RegExp }
  | { fault: string | readonly string[] | RegExp }
  | { answer: unknown }

/** `[name, source, how it must end, both times]`. */
export type Attack = [name: string, source: string, expected: Expected]

export function assertOutcome(outcome: Outcome, expected: Expected): void {
  const told = JSON.stringify(outcome)
  if ('refused' in expected) {
    assert.equal(outcome.kind, 'refused', told)
    assert.match(outcome.kind === 'refused' ? outcome.message : '', expected.refused)
  } else if ('fault' in expected) {
    assert.equal(outcome.kind, 'fault', told)
    if (outcome.kind !== 'fault') return
    const { code, message } = outcome.fault
    if (expected.fault instanceof RegExp) assert.match(message, expected.fault)
    else assert.ok([expected.fault].flat().includes(code), told)
  } else {
    assert.equal(outcome.kind, 'answer', told)
    if (outcome.kind === 'answer') assert.deepEqual(outcome.answer, expected.answer)
  }
}

/** A test for each attack, on one kernel, which is closed behind them. */
export async function runAttacks(attacks: readonly Attack[], silence?: number): Promise<void> {
  const target = await Target.start(silence)
  for (const [name, source, expected] of attacks) {
    test(`[KN33] [KN34] ${name}`, async () => {
      const [first, second] = await target.attack(source)
      assertOutcome(first, expected)
      assertOutcome(second, expected)
      await target.assertUnharmed()
    })
  }
}
