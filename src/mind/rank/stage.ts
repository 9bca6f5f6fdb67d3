// Owns: the objects of a task in a running world: made, named, given their slots and methods, and unnamed again.
// Leaves: what is sent to them to learning.ts and hidden-checks.ts.
// Laws: RK5 every run of a task and every check of it has objects of its own, as the task describes them.
import { Fault } from '#ground'
import { putMethod } from '#governance'
import type { Answer, Kernel } from '#kernel'
import { decodeValue, fromWire, GENESIS, type Oid, oidText, parseOid, Ref } from '#objects'
import type { MethodCheck, MethodTask } from './task-file.ts'

/** Who appears in the history of a world that nobody reads. */
const AUTHOR = 'rank'

/** The objects of one task. */
export interface Stage {
  receiver: Oid
  /** Who learns what the receiver lacks: its first parent, else itself. */
  learner: Oid
  /** Objects by their names in the task. */
  oids: ReadonlyMap<string, Oid>
  /** Names that were bound in the world. */
  names: readonly { name: string; oid: Oid }[]
}

/** What differs from the task's own description. */
type Instead = Pick<MethodCheck, 'slots' | 'objectMethods'>

class Maker {
  readonly #kernel: Kernel
  readonly #isNamed: boolean
  readonly oids = new Map<string, Oid>()
  readonly names: { name: string; oid: Oid }[] = []

  constructor(kernel: Kernel, isNamed: boolean) {
    this.#kernel = kernel
    this.#isNamed = isNamed
  }

  /** Makes an object, by the first of the names that is free, if objects get names. */
  async make(names: readonly string[], parents: Oid[]): Promise<Oid> {
    const { head } = this.#kernel
    const name = this.#isNamed ? names.find((one) => head.name(one) === undefined) : undefined
    const change = { kind: 'create', parents, slots: [] as [string, unknown][] } as const
    const answer = await this.#kernel.change(name === undefined ? change : { ...change, name }, BY)
    const { $ref } = decodeValue(resultOf(answer)) as { $ref: string }
    const oid = parseOid($ref) as Oid
    if (name !== undefined) this.names.push({ name, oid })
    return oid
  }

  async fill(target: Oid, slots: Record<string, unknown>): Promise<void> {
    for (const [slot, given] of Object.entries(slots)) {
      const value = valueOf(given, this.oids)
      resultOf(await this.#kernel.change({ kind: 'set', target, slot, value }, BY))
    }
  }

  /** A task's own methods pass the gates that a person's do. */
  async teach(holder: Oid, methods: Record<string, string> = {}): Promise<void> {
    for (const [selector, source] of Object.entries(methods)) {
      const swap = { holder, selector, source, comment: '', author: AUTHOR }
      await putMethod(this.#kernel.workbench, swap)
    }
  }
}

const BY = { author: AUTHOR, note: 'task' }

/** Makes the objects of a task; with names when a model is to see them. */
export async function setStage(
  kernel: Kernel,
  task: MethodTask,
  isNamed: boolean,
  instead: Instead = {},
): Promise<Stage> {
  const maker = new Maker(kernel, isNamed)
  const { oids } = maker
  const objects = Object.entries(task.objects ?? {})
  const parents = task.parents ?? []
  const receiver = { oid: 0 as Oid }
  // The receiver's name goes first, because it is the one that the message is sent to.
  receiver.oid = await maker.make([task.object], [GENESIS])
  for (const [name, { object }] of objects) {
    oids.set(name, await maker.make([object ?? name, name], [GENESIS]))
  }
  let heir = receiver.oid
  const above: Oid[] = []
  for (const name of parents) {
    const known = oids.get(name)
    const oid = known ?? (await maker.make([name], [GENESIS]))
    // Methods of a task with a parent that says nothing of itself are that parent's.
    if (known === undefined && heir === receiver.oid) heir = oid
    above.push(oid)
  }
  if (above.length > 0) await inherit(kernel, receiver.oid, above)
  for (const [name, { slots, methods }] of objects) {
    const oid = oids.get(name) as Oid
    await maker.fill(oid, slots)
    await maker.teach(oid, { ...methods, ...instead.objectMethods?.[name] })
  }
  await maker.fill(receiver.oid, instead.slots ?? task.slots)
  await maker.teach(heir, task.methods)
  return {
    receiver: receiver.oid,
    learner: above[0] ?? receiver.oid,
    oids,
    names: maker.names,
  }
}

async function inherit(kernel: Kernel, target: Oid, parents: readonly Oid[]): Promise<void> {
  for (const [i, parent] of parents.entries()) {
    const slot = i === 0 ? 'parent*' : `parent${i + 1}*`
    resultOf(await kernel.change({ kind: 'set', target, slot, value: new Ref(parent) }, BY))
  }
}

/** Lets go of the names, so that the next task can have them. */
export async function clearStage(kernel: Kernel, stage: Stage): Promise<void> {
  const names = stage.names.map(({ name, oid }) => ({ name, oid: null, expect: oid }))
  if (names.length === 0) return
  resultOf(await kernel.change({ kind: 'restore', slots: [], names }, BY))
}

function resultOf(answer: Answer): Uint8Array {
  if (!answer.ok) throw new Fault(answer.fault)
  return answer.result
}

/** A task's value in stored form: `{"$ref": name}` is an object of the task, `{"$date": text}` a date. */
export function valueOf(given: unknown, oids: ReadonlyMap<string, Oid>): unknown {
  return fromWire(wireOf(given, oids))
}

function wireOf(given: unknown, oids: ReadonlyMap<string, Oid>): unknown {
  if (typeof given !== 'object' || given === null) return given
  if (Array.isArray(given)) return given.map((part) => wireOf(part, oids))
  const { $ref: to, $date: date } = given as { $ref?: string; $date?: string }
  if (to !== undefined) return { $ref: oidText(oids.get(to) as Oid) }
  if (date !== undefined) return new Date(date)
  const entries = Object.entries(given).map(([key, part]) => [key, wireOf(part, oids)])
  return Object.fromEntries(entries)
}
