// Owns: worlds with an account in them whose mind says what a script says, and their folders.
// Leaves: what is sent to them to the tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { type OpenWorld, open } from '#batos'
import { type Script, ScriptedProvider } from '#mind'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** A folder that goes with the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'batos-scripted-'))
  folders.push(folder)
  return folder
}

/** A world with an account in it whose mind says what the script says; in a folder that has one it is the same account. */
export async function withWorld(
  script: Script,
  use: (world: OpenWorld, provider: ScriptedProvider) => Promise<void>,
  { folder = temporaryFolder(), policy = 'auto' as 'auto' | 'review' } = {},
): Promise<void> {
  const provider = new ScriptedProvider(script)
  const world = await open(folder, { provider, policy })
  try {
    const { objects } = (await world.request('ListObjectsCommand', {})) as {
      objects: { name: string }[]
    }
    if (!objects.some(({ name }) => name === 'account')) {
      await world.send('genesis', 'clone:', ['account'])
      await world.send('account', 'setSlot:value:', ['balance', 10])
    }
    await use(world, provider)
  } finally {
    await world.shut()
  }
}

/** Code as a model answers it. */
export const fenced = (code: string) => `\`\`\`ts\n${code}\n\`\`\``
