// Owns: a kernel over a new image, with the real judge, worker and probation, for the tests of this folder.
// Leaves: what is asked of it to the tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { openLmdbStore, openMemoryStore, type Store } from '#image'
import { type Answer, awaken, Judge, Kernel, type Message } from '#kernel'
import { decodeValue, type Oid } from '#objects'
import { readTexts, spawnNode } from '#powers'
import { Probation, putMethod } from './index.ts'

const WORLD = new URL('../../world', import.meta.url).pathname

/** A world with an object named `it`. */
export class TestWorld {
  readonly kernel: Kernel
  readonly probation: Probation
  readonly #store: Store

  constructor(store: Store, silence: number | undefined) {
    this.#store = store
    this.kernel = new Kernel({
      store,
      spawn: spawnNode,
      judge: new Judge({ spawn: spawnNode, eager: false }),
      learner: {
        name: 'none',
        learn: () => Promise.reject(new Error('nothing is learnt here')),
      },
      policy: 'off',
      now: Date.now,
      random: () => 7,
      ...(silence === undefined ? {} : { silence }),
    })
    this.probation = new Probation(this.kernel)
  }

  oid(name: string): Oid {
    return this.kernel.head.resolve(name)
  }

  #answer(selector: string, args: unknown[], more: Partial<Message>): Promise<Answer> {
    return new Promise((answer) => {
      const message = { principal: 'test', author: 'test', selector, args, ...more }
      const target = more.target ?? this.oid('it')
      this.kernel.send({ ...message, target }, { event: () => undefined, answer })
    })
  }

  /** The answer of a message; its fault is thrown. */
  async send(selector: string, args: unknown[] = [], more: Partial<Message> = {}) {
    const answer = await this.#answer(selector, args, more)
    if (!answer.ok) throw answer.fault
    return decodeValue(answer.result)
  }

  /** The fault of a message, which must have one. */
  async fault(selector: string, args: unknown[] = []) {
    const answer = await this.#answer(selector, args, {})
    if (answer.ok) throw new Error(`${selector} answered ${decodeValue(answer.result)}`)
    return answer.fault
  }

  /** Gives `it` a method, as a person does. */
  give(selector: string, source: string) {
    const swap = { holder: this.oid('it'), selector, source, comment: '', author: 'ann' }
    return putMethod(this.kernel.workbench, swap)
  }

  /** Authors and notes of the newest transactions, newest first. */
  notes(): string[] {
    const found = this.kernel.head.store.transactions({ limit: 5 })
    return found.map(({ author, note }) => `${author}: ${note}`)
  }

  async close(): Promise<void> {
    open.delete(this)
    await this.probation.close()
    await this.kernel.close()
    await this.#store.close()
  }
}

/** Worlds that a failed test left open would keep its process from ending. */
const open = new Set<TestWorld>()
const folders: string[] = []
after(async () => {
  await Promise.all([...open].map((one) => one.close()))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'batos-governance-'))
  folders.push(folder)
  return folder
}

/** Opens the world in a folder, or a new one in memory. A bare one has its awakening alone. */
export async function openTestWorld(
  options: { folder?: string; silence?: number; isBare?: boolean } = {},
): Promise<TestWorld> {
  const { folder, silence, isBare } = options
  const store = folder === undefined ? openMemoryStore() : openLmdbStore(folder)
  const judge = new Judge({ spawn: spawnNode, eager: false })
  await awaken(store, judge, await readTexts(WORLD, '.ts'), 1_000)
  await judge.close()
  const world = new TestWorld(store, silence)
  open.add(world)
  if (isBare !== true && world.kernel.head.name('it') === undefined) {
    await world.send('clone:', ['it'], { target: world.oid('genesis') })
  }
  return world
}
