// Owns: what an image keeps for longer than a pack's span, by decision: how many entries, and bytes of each kind.
// Leaves: why to docs/soak.md.
import { openLmdbStore, type TableName } from '#image'
import { figure, table } from './table.ts'

/** The tables of the kernel, and what removes an entry of each. */
const TABLES: Record<TableName, string> = {
  replies: 'a reply by key, for 24 hours',
  code: 'what the judge made of a source, until the rewriter changes',
  waiting: 'a message that waits, until it is answered',
  outbox: 'a message for later, until it has arrived',
  refused: 'a generation that failed, for a while',
  facts: 'single facts of the image',
  proposals: 'a method that waits for a person, and the newest that were decided',
  examples: 'an answer that a person gave, for ever',
  cases: 'what the Crucible did with one need, until newer ones push it out',
  versions: 'a version of a method and how it fares, for ever',
  quarantine: 'a source that was on the stack when a worker died, for ever',
  policies: 'a policy of an object or a selector, until it is taken away',
}

/** Entries of each table of an image that nobody has open, and its transactions, in Markdown. */
export async function staying(folder: string): Promise<string> {
  const store = openLmdbStore(folder, { readOnly: true })
  const rows = Object.entries(TABLES).map(([name, what]) => {
    let entries = 0
    let bytes = 0
    for (let from = ''; ; ) {
      const page = store.scan(name as TableName, { from })
      for (const { key, value } of page) bytes += key.length + value.length
      entries += page.length
      const last = page.at(-1)?.key
      if (last === undefined) break
      from = `${last} `
    }
    return [what, String(entries), figure(bytes / 1024)]
  })
  const { tid } = store.head()
  await store.close()
  return table(
    ['kept', 'entries', 'KiB'],
    [['the description of a transaction, always', String(tid), ''], ...rows],
  )
}
