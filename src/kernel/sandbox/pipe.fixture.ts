// Owns: a worker whose other end is a test, and turns of code in it that no judge has seen.
// Leaves: what is said to it, and what the code does, to the tests.
import { type FaultRecord, FrameReader, frame } from '#ground'
import { decodeValue, encodeSlots, encodeValue, MethodRef, type Oid } from '#objects'
import { spawnNode } from '#powers'
import type { ChildLike } from '../child.ts'
import { KERNEL_LIMITS } from '../limits.ts'
import { workerEntry, workerOptions } from './entry.ts'

/** A worker whose other end is the test. */
export class Pipe {
  readonly child: ChildLike
  readonly ended: Promise<number | null>
  readonly #reader = new FrameReader()
  readonly #heard: unknown[][] = []
  #wake: () => void = () => undefined

  constructor() {
    this.child = spawnNode(workerEntry(), workerOptions(KERNEL_LIMITS.trialHeap))
    this.ended = new Promise((resolve) => this.child.onExit((code) => resolve(code)))
    this.child.stdout.on('data', (chunk: Buffer) => {
      for (const bytes of this.#reader.push(chunk))
        this.#heard.push(decodeValue(bytes) as unknown[])
      this.#wake()
    })
  }

  say(...messages: unknown[][]): void {
    // In one write, so that all of them are there before the first is answered.
    this.child.stdin.write(Buffer.concat(messages.map((one) => frame(encodeValue(one)))))
  }

  async hear(): Promise<unknown[]> {
    while (this.#heard.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#heard.shift() as unknown[]
  }
}

/** What a turn of unjudged code came to. */
export type Raw = { answer: unknown } | { fault: FaultRecord }

/**
 * A worker that is given whatever code a test likes, as if a judge had let it in. Objects are `it`, #5, and `other`, #6;
 * every object understands the same methods.
 */
export class RawWorker {
  readonly pipe = new Pipe()
  readonly #codes = new Map<Oid, string>()
  #turns = 0

  async start(): Promise<this> {
    await this.pipe.hear()
    return this
  }

  /** Runs the body of a function of `self` and `$rt`; its free names are the compartment's. */
  async run(body: string): Promise<Raw> {
    const method = 100 + ++this.#turns
    const code = `(function($rt,$h,mirror){"use strict";return function f(self){${body}}})`
    this.#codes.set(method, code)
    // The numbers make the worker forget everything, so it asks for the record that has the new method.
    this.pipe.say(
      ['next', 1000, 50],
      [
        'run',
        [
          [
            this.#turns,
            'send',
            { now: 1, seed: 1, fuel: 100_000, target: 5, selector: 'f', args: [] },
          ],
        ],
      ],
    )
    for (;;) {
      const [kind, ...rest] = await this.pipe.hear()
      if (kind === 'fetch') this.pipe.say(['answer', this.#record(method)])
      else if (kind === 'method') {
        this.pipe.say(['answer', { code: this.#codes.get(rest[0] as Oid), globals: ['mirror'] }])
      } else if (kind === 'lookup') this.pipe.say(['answer', rest[0] === 'other' ? 6 : null])
      else if (kind === 'done') return outcomeOf((rest[0] as unknown[][])[0] as unknown[])
      else throw new Error(`the worker said ${String(kind)}`)
    }
  }

  async end(): Promise<void> {
    this.pipe.child.kill('SIGKILL')
    await this.pipe.ended
  }

  #record(method: Oid): Uint8Array {
    return encodeSlots([
      { name: 'f', tid: 1, value: new MethodRef(method) },
      { name: 'n', tid: 1, value: 1 },
      { name: 'map', tid: 1, value: { a: 1 } },
      { name: 'list', tid: 1, value: [1, 2] },
    ])
  }
}

function outcomeOf([, how, what]: unknown[]): Raw {
  if (how === 'kept') return { answer: decodeValue(what as Uint8Array) }
  if (how === 'fault') return { fault: what as FaultRecord }
  throw new Error(`the turn came to ${String(how)}`)
}
