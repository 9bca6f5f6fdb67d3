// Owns: the process that holds the embedded model: reads asks on stdin, writes answers on stdout, one at a time.
// Leaves: generating to engine.ts; starting, watching and ending this process to embedded.ts.
// Laws: MI17 it runs below the priority of everything that answers people. MI18 it ends when its stdin ends.
import { setPriority } from 'node:os'
import { FrameReader } from '#ground'
import type { Engine } from './engine.ts'
import { encodeHostFrame, type HostAsk, type HostSay } from './host-frames.ts'

/** How nice the host is: against one busy program on a core it gets a quarter of it. At 10 it got a tenth, and starved. */
const NICE = 5

// Threads inherit the priority of the one that starts them, so this comes before anything that starts threads.
try {
  setPriority(0, NICE)
} catch (error) {
  process.stderr.write(`the priority stays as it is: ${String(error)}\n`)
}

const reader = new FrameReader()
const NEVER = new AbortController().signal
const cancels = new Map<number, AbortController>()
let engine: Engine | undefined
let work: Promise<void> = Promise.resolve()

function say(message: HostSay): void {
  process.stdout.write(encodeHostFrame(message))
}

function needEngine(): Engine {
  if (engine === undefined) throw new Error('no model is loaded')
  return engine
}

async function answer(ask: HostAsk, signal: AbortSignal): Promise<void> {
  const { id } = ask
  switch (ask.ask) {
    case 'load': {
      if (engine !== undefined) throw new Error('a model is loaded already')
      const { Engine } = await import('./engine.ts')
      engine = await Engine.open(ask.load)
      return say({ id, say: 'done', stats: engine.stats() })
    }
    case 'warm':
      return say({ id, say: 'done', warmed: await needEngine().warm(ask.messages) })
    case 'complete': {
      const onToken = (text: string) => say({ id, say: 'token', text })
      const completion = await needEngine().complete(ask.request, onToken, signal)
      return say({ id, say: 'done', completion })
    }
    case 'stats':
      return say({ id, say: 'done', stats: needEngine().stats() })
    case 'cancel':
      return say({ id, say: 'done' })
  }
}

/** Runs after all asks before it; a failure is its answer and ends nothing else. */
function enqueue(ask: HostAsk): void {
  const cancel = new AbortController()
  cancels.set(ask.id, cancel)
  work = work.then(async () => {
    try {
      cancel.signal.throwIfAborted()
      await answer(ask, cancel.signal)
    } catch (error) {
      say({
        id: ask.id,
        say: 'failed',
        reason: error instanceof Error ? error.message : String(error),
      })
    } finally {
      cancels.delete(ask.id)
    }
  })
}

process.stdin.on('data', (chunk: Buffer) => {
  for (const body of reader.push(chunk)) {
    const ask = JSON.parse(body.toString('utf8')) as HostAsk
    // A cancel overtakes the work it is about.
    if (ask.ask === 'cancel') cancels.get(ask.of)?.abort(new Error('cancelled'))
    // A look at a host that works must not wait for the work.
    else if (ask.ask === 'stats' && engine !== undefined) void answer(ask, NEVER)
    else enqueue(ask)
  }
})
process.stdin.on('end', () => process.exit(0))
