// Owns: the worker's end of its pipe to the kernel: whole frames, read and written without returning to an event loop.
// Leaves: what the frames say to worker.ts and link.ts.
// Laws: KN131 a question is asked where there is room for its answer. KN21 an answer to a question is the next frame that is not work; work that arrives first waits its turn.
import { readSync, writeSync } from 'node:fs'
import { FrameReader, frame } from '#ground'
import { decodeValue, encodeValue } from '#objects'

const STDIN = 0
const STDOUT = 1
/** Bytes read at once: a full group of turns usually fits. */
const READ_BYTES = 256 * 1024
/** Arguments of a call that takes 64 KiB of stack, several times what a question and its answer do, or fails. */
const ROOM = new Array<undefined>(8_192).fill(undefined)
const NOTHING = (): void => undefined

export class Pipe {
  readonly #reader = new FrameReader()
  readonly #chunk = Buffer.allocUnsafe(READ_BYTES)
  readonly #waiting: unknown[][] = []
  readonly #work: unknown[][] = []

  /** The next frame of work; undefined when the kernel has closed the pipe. */
  nextWork(): unknown[] | undefined {
    for (;;) {
      const work = this.#work.shift()
      if (work !== undefined) return work
      const message = this.#next()
      if (message === undefined) return undefined
      if (message[0] !== 'answer') return message
      throw new Error('an answer that nobody asked for')
    }
  }

  /** Asks the kernel and waits for its answer; the process ends when the kernel is gone. */
  ask(question: unknown[]): unknown {
    // A stack that ends between a question and its answer would leave the answer to whoever asks next.
    Reflect.apply(NOTHING, undefined, ROOM)
    this.send(question)
    for (;;) {
      const message = this.#next()
      if (message === undefined) process.exit(0)
      if (message[0] === 'answer') return message[1]
      this.#work.push(message)
    }
  }

  send(message: unknown[]): void {
    const bytes = frame(encodeValue(message))
    let done = 0
    while (done < bytes.length) done += retrying(() => writeSync(STDOUT, bytes, done))
  }

  #next(): unknown[] | undefined {
    for (;;) {
      const message = this.#waiting.shift()
      if (message !== undefined) return message
      const length = retrying(() => readSync(STDIN, this.#chunk, 0, READ_BYTES, null))
      if (length === 0) return undefined
      // A copy of what was read: a large frame comes in small pieces, each of which would keep a whole chunk.
      const piece = Buffer.from(this.#chunk.subarray(0, length))
      for (const bytes of this.#reader.push(piece)) {
        this.#waiting.push(decodeValue(bytes) as unknown[])
      }
    }
  }
}

/** A pipe that the kernel's end set to non-blocking answers EAGAIN; then this end waits without spinning hard. */
function retrying(action: () => number): number {
  for (;;) {
    try {
      return action()
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 1)
    }
  }
}
const pause = new Int32Array(new SharedArrayBuffer(4))
