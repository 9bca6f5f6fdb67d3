// Owns: a kernel over a new image, with the real judge and worker, for the tests of this folder and of governance.
// Leaves: what is asked of it to the tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import type { FaultRecord } from '#ground'
import { type Group, openLmdbStore, openMemoryStore, type Store } from '#image'
import { decodeSlots, decodeValue, type Oid, oidText } from '#objects'
import { readTexts, spawnNode } from '#powers'
import { awaken } from './awaken.ts'
import type { SpawnChild } from './child.ts'
import { Judge } from './judge/index.ts'
import { type Answer, Kernel, type KernelOptions, type Message } from './kernel.ts'
import type { KernelEvent, Learner } from './learner.ts'
import type { Ending } from './link.ts'

const WORLD = new URL('../../world', import.meta.url).pathname

/** A store whose commits can be held back and made to fail. Reads are those of the store inside. */
export function holding(inner: Store) {
  const waiting: (() => void)[] = []
  let failure: Error | undefined
  let isHeld = false
  const commit = async (group: Group) => {
    if (isHeld) await new Promise<void>((go) => waiting.push(go))
    const error = failure
    failure = undefined
    if (error !== undefined) throw error
    await inner.commit(group)
  }
  const store = new Proxy(inner, {
    get: (target, name) => {
      if (name === 'commit') return commit
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
  return {
    store,
    /** Commits wait from now on. */
    hold: () => void (isHeld = true),
    /** Lets those that wait go, the first of them with an error if one is given, and later ones pass. */
    release: (error?: Error) => {
      isHeld = false
      failure = error
      for (const go of waiting.splice(0)) go()
    },
    get held() {
      return waiting.length
    },
  }
}

/** Kernels that a failed test left open would keep its process from ending. */
const open = new Set<TestKernel>()
after(async () => {
  await Promise.all([...open].map((one) => one.close()))
  await judge?.close()
})

/** The judge of all kernels of a file: starting one takes longer than most tests. */
let judge: Judge | undefined

function sharedJudge(): Judge {
  judge ??= new Judge({ spawn: spawnNode, eager: false })
  const close = async () => undefined
  return new Proxy(judge, {
    get: (target, name) => {
      if (name === 'close') return close
      const member = Reflect.get(target, name)
      return typeof member === 'function' ? member.bind(target) : member
    },
  })
}

export interface TestOptions extends Partial<KernelOptions> {
  /** The methods of an object named `it`, by selector. */
  methods?: Record<string, string>
}

export class TestKernel {
  readonly kernel: Kernel
  readonly judge: Judge
  readonly pids: number[] = []
  readonly endings: Ending[] = []
  readonly events: KernelEvent[] = []

  constructor(judge: Judge, options: TestOptions & { store: Store }) {
    this.judge = judge
    const spawn: SpawnChild = (entry, how) => {
      const child = (options.spawn ?? spawnNode)(entry, how)
      if (child.pid !== undefined) this.pids.push(child.pid)
      return child
    }
    const { methods: _, ...rest } = options
    open.add(this)
    this.kernel = new Kernel({
      learner: refusing,
      policy: options.learner === undefined ? 'off' : 'auto',
      now: Date.now,
      random: () => 7,
      onWorkerEnd: (ending) => this.endings.push(ending),
      ...rest,
      judge,
      spawn,
    })
  }

  oid(target: string): Oid {
    return this.kernel.head.resolve(target)
  }

  /** Sends and answers what came, undecoded. */
  answer(selector: string, args: unknown[] = [], more: Partial<Message> = {}): Promise<Answer> {
    return this.start(selector, args, more).answer
  }

  /** Sends and answers what came and how to cancel it. */
  start(selector: string, args: unknown[] = [], more: Partial<Message> = {}) {
    let answers = 0
    let cancel = () => false
    const answer = new Promise<Answer>((resolve, reject) => {
      const message: Message = {
        principal: 'test',
        author: 'test',
        target: more.target ?? this.oid('it'),
        selector,
        args,
        ...more,
      }
      const sent = this.kernel.send(message, {
        event: (event) => this.events.push(event),
        answer: (got) => {
          if (++answers > 1) reject(new Error('a message was answered twice'))
          resolve(got)
        },
      })
      cancel = sent.cancel
    })
    return { answer, cancel: () => cancel() }
  }

  /** Sends; the answer's value, or its fault thrown. */
  async send(selector: string, args: unknown[] = [], more: Partial<Message> = {}) {
    const answer = await this.answer(selector, args, more)
    if (!answer.ok) throw answer.fault
    return decodeValue(answer.result)
  }

  /** The fault of a message; throws when there is none. */
  async fault(selector: string, args: unknown[] = [], more: Partial<Message> = {}) {
    const answer = await this.answer(selector, args, more)
    if (answer.ok)
      throw new Error(`${selector} answered ${JSON.stringify(decodeValue(answer.result))}`)
    return answer.fault
  }

  /** Puts a method into an object's slot, after the judge compiled it. Throws the judge's first problem. */
  async put(selector: string, source: string, target = 'it'): Promise<Oid> {
    const compiled = await this.judge.compile(source)
    if ('problems' in compiled) throw new Error(compiled.problems[0]?.message)
    const holder = this.oid(target)
    const slots = this.kernel.head.object(holder).slots
    const expect = slots.find(({ name }) => name === selector)?.tid ?? null
    const fields = { selector, source, comment: '', author: 'test', version: 1, holder }
    return (await this.kernel.install(fields, expect)).oid
  }

  /** The whole graph as text: names, the slots of every object, the record of every method. Equal texts are equal graphs. */
  graph(): string {
    const { store } = this.kernel.head
    const lines = store.names({ limit: 100_000 }).map(({ name, oid }) => `${name} ${oidText(oid)}`)
    for (const { oid, kind, payload } of store.objects()) {
      lines.push(`${oidText(oid)} ${kind} ${JSON.stringify(decodeSlots(payload), inText)}`)
    }
    return lines.join('\n')
  }

  async close(): Promise<void> {
    open.delete(this)
    await this.kernel.close()
  }
}

const inText = (_: string, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)

/** Meets no need. */
export const refusing: Learner = {
  name: 'none',
  learn: async () => ({
    kind: 'fault',
    fault: faultOf('GENERATION_FAILED', 'nothing drafts here'),
  }),
}

export const faultOf = (code: string, message: string): FaultRecord => ({
  code,
  message,
  remedy: 'none',
  retry: 'never',
})

/** A learner that installs the source it has for a selector, when `go` says so. Counts what it was asked. */
export function scripted(
  sources: Record<string, string>,
  go: () => Promise<void> = async () => {},
) {
  const asked: string[] = []
  const learner: Learner = {
    name: 'scripted',
    learn: async ({ need }, bench) => {
      asked.push(need.selector)
      await go()
      const source = sources[need.selector]
      if (source === undefined) {
        return {
          kind: 'fault',
          fault: faultOf('GENERATION_REFUSED', `no draft of ${need.selector}`),
        }
      }
      const { selector, learner: holder } = need
      const fields = { selector, source, comment: '', author: 'test', version: 1, holder }
      await bench.install(fields, null)
      return { kind: 'installed' }
    },
  }
  return { learner, asked }
}

/** A folder that is gone after `remove`. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'batos-kernel-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** A kernel with an object `it` that has the methods given. */
export async function startKernel(options: TestOptions = {}): Promise<TestKernel> {
  const store = options.store ?? openMemoryStore()
  const judge = sharedJudge()
  await awaken(store, judge, await readTexts(WORLD, '.ts'), 1_000)
  const test = new TestKernel(judge, { ...options, store })
  if (test.kernel.head.name('it') === undefined) {
    await test.send('clone:', ['it'], { target: test.oid('genesis') })
  }
  for (const [selector, source] of Object.entries(options.methods ?? {})) {
    await test.put(selector, source)
  }
  return test
}

/** Opens the image in a folder and starts a kernel on it. Closing it closes the store. */
export async function startOn(folder: string, options: TestOptions = {}): Promise<TestKernel> {
  const store = openLmdbStore(folder)
  const test = await startKernel({ ...options, store })
  const close = test.close.bind(test)
  test.close = async () => {
    await close()
    await store.close()
  }
  return test
}
