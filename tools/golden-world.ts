// Owns: the world of a golden image that a kernel made: every table of the kernel has rows in it, as the program writes them.
// Leaves: writing the files to make-golden.ts; opening them for ever to test/journeys/golden.test.ts.
// Laws: IM81 what a later program changes of the forms told here has a layout of its own.
import { open } from '#batos'
import { type Store, TABLES, type TableName } from '#image'
import { ScriptedProvider } from '#mind'
import { decodeValue, isMap, MethodRef, Ref } from '#objects'

const ADDS = 'function add(self, n) { self.count += n; return self.count }'
const TELLS = 'function add(self, n) { self.count += n; return n }'
const TWICE = 'function add(self, n) { self.count += n * 2; return n }'
const INCREMENT = 'function increment(self) { self.count += 1; return self.count }'
const FASTER = 'function increment(self) { self.count = self.count + 1; return self.count }'
const POST = 'function post(self) { mirror.later(self, "increment", [], 2592000000); return 1 }'
/** Not fuel ends it but the kernel, which kills its worker; twice, and it runs no more. */
const HANG = 'function hang(self) { return /^(a+)+$/.test("a".repeat(40) + "b") }'

/** Milliseconds between two looks whether a source is quarantined, and how many. */
const LOOK = 250
const LOOKS = 400

/** Has a kernel fill a new image: what was learnt, asked, answered, posted, replaced and quarantined, and a message that waits. */
export async function fillGoldenWorld(folder: string): Promise<void> {
  const script = [ADDS, TELLS, ADDS, TELLS, TWICE].map((code) => `\`\`\`ts\n${code}\n\`\`\``)
  const world = await open(folder, { provider: new ScriptedProvider(script), policy: 'auto' })
  try {
    for (const name of ['tally', 'counter']) {
      await world.request('CreateObjectCommand', { name, slots: { count: 1 } })
    }
    const give = (method_name: string, source: string) =>
      world.request('CreateMethodCommand', { target: 'counter', method_name, source })
    for (const [name, source] of [
      ['increment', INCREMENT],
      ['increment', FASTER],
      ['post', POST],
      ['hang', HANG],
    ] as const) {
      await give(name, source)
    }
    await world.send('counter', 'increment', [], { key: 'once' })
    await world.send('counter', 'post')
    await world.send('counter', 'hang').catch(() => undefined)
    await quarantined(() => world.request('GetStatusCommand', {}))
    // Drafts that disagree make a question, whose answer is kept as an example.
    const asked = await parked(world.send('tally', 'add', [3], { key: 'asked' }))
    await world.request('AcceptProposalCommand', { proposal: asked, draft: 0 })
    await world.request('SetPolicyCommand', { policy: 'review', target: 'counter' })
    await parked(world.send('counter', 'add', [5], { key: 'waits' }))
  } finally {
    await world.close()
  }
}

/** The proposal for which a message waits. */
async function parked(sent: Promise<unknown>): Promise<string> {
  const fault = await sent.then(
    () => undefined,
    (error: { data?: { proposal?: unknown } }) => error,
  )
  const proposal = fault?.data?.proposal
  if (typeof proposal !== 'string') throw new Error(`no proposal came of it: ${String(fault)}`)
  return proposal
}

async function quarantined(status: () => Promise<unknown>): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const { quarantined } = (await status()) as { quarantined?: number }
    if (quarantined === 1) return
    await new Promise((resolve) => setTimeout(resolve, LOOK))
  }
  throw new Error('what hangs was not quarantined')
}

/** Tables in the order of their names, each with the forms of its rows: what an older program would have to understand. */
export function formsOf(store: Store): string {
  const lines: string[] = []
  for (const table of (Object.keys(TABLES) as TableName[]).toSorted()) {
    const forms = new Set(store.scan(table, { limit: 1_000 }).map(({ value }) => formIn(value)))
    lines.push(`${table}${forms.size === 0 ? ' has no row' : ''}`)
    for (const form of [...forms].toSorted()) lines.push(`  ${form}`)
  }
  return `${lines.join('\n')}\n`
}

function formIn(bytes: Uint8Array): string {
  try {
    return formOf(decodeValue(bytes))
  } catch {
    // Compiled code is no value of the world; that it is bytes is all that its table says.
    return 'bytes'
  }
}

/** What kind of value this is; of a map the keys and the forms of their values, of a list each part's, or the one that all have. */
function formOf(value: unknown): string {
  if (value instanceof Ref) return 'reference'
  if (value instanceof MethodRef) return 'method'
  if (value instanceof Uint8Array) return 'bytes'
  if (Array.isArray(value)) {
    const parts = value.map(formOf)
    return `[${[...(new Set(parts).size > 1 ? parts : new Set(parts))].join(', ')}]`
  }
  if (typeof value !== 'object' || value === null || !isMap(value)) {
    return value === null ? 'null' : typeof value
  }
  const parts = Object.entries(value).map(([key, part]) => `${key}: ${formOf(part)}`)
  return `{${parts.toSorted().join(', ')}}`
}
