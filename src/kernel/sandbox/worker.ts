// Owns: the program of the image worker and of trials: runs turns in a locked-down process that has pipes and nothing else.
// Leaves: what the results are worth to the kernel, which verifies them.
// Laws: KN22 this process opens no file and no socket and reads no environment. KN23 one batch in, one batch out, in order.
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { lockDown } from './lockdown.ts'

// A context of its own shows the collector, and this one never does.
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

const growth: import('./growth.ts').Growth = {
  limit: Number.POSITIVE_INFINITY,
  told: () => {
    throw new RangeError('what is loaded makes nothing large')
  },
}
const sandbox = lockDown(growth)

// Loaded after the lockdown, so that nothing of ours is older than the frozen world it runs in.
const { Fault } = await import('#ground')
const { makeGlobals, makeRuntime, OBJECT_LIMITS, sealFault, stopGrowth, World } = await import(
  '#objects'
)
const { Pipe } = await import('./pipe.ts')
const { Turns } = await import('./turns.ts')
const { Watching } = await import('./watching.ts')

// Guest code catches faults, so their class is in its hands.
sandbox.harden(Fault)

type Compiled = import('#objects').CompiledMethod

/** Objects in memory after which the worker lets go of all of them: about half of its memory with ordinary objects. */
const OBJECTS_MAX = 200_000
/** The part of the heap in use after which it does so too, since objects may be large. */
const HEAP_PART_MAX = 0.6
/** Bytes in and outside of the heap after which garbage is collected at once: more than a full heap, less than there may be. */
const BYTES_MAX = 320 * 1024 * 1024
/** Bytes of reports that go before the batch is done: with the largest of one more turn, 24 MiB, they are within a frame. */
const PART_BYTES = 36 * 1024 * 1024
/** Compiled methods kept, for the same reason. */
const METHODS_MAX = 20_000

const pipe = new Pipe()
const methods = new Map<string, Compiled>()

const world = new World(
  {
    fetch: (oid): Uint8Array | undefined =>
      turns.payload(oid) ?? (answered(pipe.ask(['fetch', oid])) as Uint8Array | undefined),
    lookup: (name) => answered(pipe.ask(['lookup', name])) as number | undefined,
    method: (oid, holder) => {
      const key = `${oid}:${holder}`
      let method = methods.get(key)
      if (method === undefined) {
        method = compile(oid, holder)
        methods.set(key, method)
      }
      return method
    },
  },
  { oid: 0, tid: 0 },
)
const watching: import('./watching.ts').Watching = new Watching(world.fuel, (frame) =>
  pipe.send(frame),
)
const turns: import('./turns.ts').Turns = new Turns(world, watching)
const runtime = sandbox.harden(makeRuntime(world))
growth.limit = OBJECT_LIMITS.stringLength
growth.told = (name, size) => stopGrowth(world, name, size)
const globals = makeGlobals(world, sandbox.harden, sandbox.globals)

/** An answer of the kernel: nil is nothing, a fault is thrown. */
function answered(answer: unknown): unknown {
  if (answer === null || answer instanceof Uint8Array || typeof answer === 'number') {
    return answer ?? undefined
  }
  throw sealFault(new Fault((answer as { fault: import('#ground').FaultRecord }).fault))
}

function compile(oid: number, holder: number): Compiled {
  const answer = pipe.ask(['method', oid]) as
    | { code: string; globals: string[]; watched?: true }
    | { fault: import('#ground').FaultRecord }
  if ('fault' in answer) throw sealFault(new Fault(answer.fault))
  const factory = sandbox.evaluate(answer.code) as (...parts: unknown[]) => Compiled
  // A function is an object: what one message left on it the next would find.
  const run = factory(runtime, holder, ...answer.globals.map((name) => globals[name]))
  return sandbox.harden(watching.over(oid, sandbox.harden(run), answer.watched === true))
}

/** Lets go of what nobody has any more: the engine does not know how few bytes the operating system grants. */
function makeRoom(): void {
  const { external_memory: outside, total_heap_size: inside } = getHeapStatistics()
  if (outside + inside > BYTES_MAX) collect()
}

function isHeapFull(): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used > limit * HEAP_PART_MAX
}

pipe.send(['ready'])
for (;;) {
  const work = pipe.nextWork()
  if (work === undefined) break
  if (work[0] === 'unwatch') {
    watching.unwatch(work[1] as number)
    continue
  }
  if (work[0] === 'trace') {
    watching.trace(work[1] === true)
    // What was compiled is wrapped for the way things were.
    methods.clear()
    world.clear()
    continue
  }
  if (work[0] === 'next') {
    world.clear()
    if (work[3] === true) turns.emptied()
    world.nextOid = work[1] as number
    world.nextTid = work[2] as number
    continue
  }
  if (work.length > 2) turns.give(work[2] as number, work[3] as unknown[])
  let results: unknown[] = []
  for (const turn of work[1] as import('./turns.ts').TurnGiven[]) {
    if (turns.bytes > PART_BYTES) {
      pipe.send(['some', results])
      results = []
      turns.bytes = 0
    }
    const reported = turns.run(turn)
    // One that failed may have done so at the end of memory, which the next one needs.
    if (reported[1] === 'fault') makeRoom()
    results.push(reported)
  }
  pipe.send(['done', results])
  makeRoom()
  turns.bytes = 0
  turns.reported()
  if (world.size > OBJECTS_MAX || isHeapFull()) world.clear()
  if (methods.size > METHODS_MAX) methods.clear()
}
