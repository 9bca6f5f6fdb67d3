// Owns: the program of the image worker and of trials: runs turns in a locked-down process that has pipes and nothing else.
// Leaves: what the results are worth to the kernel, which verifies them.
// Laws: KN22 this process opens no file and no socket and reads no environment. KN23 one batch in, one batch out, in order.
import { getHeapStatistics } from 'node:v8'
import { lockDown } from './lockdown.ts'

const sandbox = lockDown()

// Loaded after the lockdown, so that nothing of ours is older than the frozen world it runs in.
const { Fault } = await import('#ground')
const { makeGlobals, makeRuntime, sealFault, World } = await import('#objects')
const { Pipe } = await import('./pipe.ts')
const { Turns } = await import('./turns.ts')

// Guest code catches faults, so their class is in its hands.
sandbox.harden(Fault)

type Compiled = import('#objects').CompiledMethod

/** Objects in memory after which the worker lets go of all of them: about half of its memory with ordinary objects. */
const OBJECTS_MAX = 200_000
/** The part of the heap in use after which it does so too, since objects may be large. */
const HEAP_PART_MAX = 0.6
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
const turns: import('./turns.ts').Turns = new Turns(world)
const runtime = makeRuntime(world)
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
    | { code: string; globals: string[] }
    | { fault: import('#ground').FaultRecord }
  if ('fault' in answer) throw sealFault(new Fault(answer.fault))
  const factory = sandbox.evaluate(answer.code) as (...parts: unknown[]) => Compiled
  // A function is an object: what one message left on it the next would find.
  return sandbox.harden(factory(runtime, holder, ...answer.globals.map((name) => globals[name])))
}

function isHeapFull(): boolean {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
  return used > limit * HEAP_PART_MAX
}

pipe.send(['ready'])
for (;;) {
  const work = pipe.nextWork()
  if (work === undefined) break
  if (work[0] === 'next') {
    world.clear()
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
    results.push(turns.run(turn))
  }
  pipe.send(['done', results])
  turns.bytes = 0
  turns.reported()
  if (world.size > OBJECTS_MAX || isHeapFull()) world.clear()
  if (methods.size > METHODS_MAX) methods.clear()
}
