// Owns: how things are compared: in rounds, taking turns, so that noise of the machine hits all; the median of each.
// Leaves: what a round does to those who enter.

/** One that is measured. `round` answers its figure; what the figure counts is the table's business. */
export interface Entrant {
  name: string
  round(): Promise<number> | number
}

/** The median figure of each entrant. The first round of each warms up and is not counted. */
export async function contest(entrants: Entrant[], rounds: number): Promise<Map<string, number>> {
  const figures = new Map<string, number[]>(entrants.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, round: run } of entrants) {
      const figure = await run()
      if (round > 0) figures.get(name)?.push(figure)
    }
  }
  return new Map([...figures].map(([name, all]) => [name, median(all)]))
}

export function median(figures: number[]): number {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length % 2 === 1) return sorted[middle] as number
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Runs `one` so many times, `depth` of them at a time; answers how many a second. */
export async function perSecond(
  count: number,
  depth: number,
  one: (n: number) => Promise<unknown>,
): Promise<number> {
  let next = 0
  const start = performance.now()
  const lane = async () => {
    while (next < count) await one(next++)
  }
  await Promise.all(Array.from({ length: depth }, lane))
  return (count / (performance.now() - start)) * 1000
}

/** A table in Markdown; every column after the first is right-aligned. */
export function table(head: string[], rows: string[][]): string {
  const all = [head, ...rows]
  const widths = head.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)))
  const line = (row: string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => (i === 0 ? `-${'-'.repeat(width)}-` : `-${'-'.repeat(width)}:`)).join('|')}|`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

/** A figure as people read it: three digits that matter, thousands apart. */
export function figure(value: number | undefined): string {
  if (value === undefined) return 'absent'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toPrecision(3).replace(/\.0+$/, '')
}

/** How many times `value` is `other`: as a percentage below one. */
export function ratio(value: number | undefined, other: number | undefined): string {
  if (value === undefined || other === undefined) return ''
  const times = value / other
  if (times < 1) return `${(times * 100).toPrecision(2)} %`
  return `${times < 100 ? times.toPrecision(3) : Math.round(times)} ×`
}
