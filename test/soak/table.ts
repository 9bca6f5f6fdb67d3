// Owns: tables in Markdown, and plots of a line of text.
// Leaves: what is in them to the parts of the soak.

const BLOCKS = '▁▂▃▄▅▆▇█'

/** A table whose columns are as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) =>
    Math.max(cell.length, ...rows.map((row) => (row[i] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`
  return [
    line(head),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

/** Three digits that count, and no more than one decimal place of what is large. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

/** Values in order as a line of blocks from the lowest to the highest; what falls into one column is its mean. */
export function plot(values: readonly number[], columns = 48): string {
  if (values.length === 0) return ''
  const count = Math.min(columns, values.length)
  const means = Array.from({ length: count }, (_, i) => {
    const part = values.slice(
      Math.floor((i * values.length) / count),
      Math.floor(((i + 1) * values.length) / count),
    )
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
  const low = Math.min(...means)
  const high = Math.max(...means)
  const step = high === low ? 0 : (BLOCKS.length - 1) / (high - low)
  return means.map((value) => BLOCKS[Math.round((value - low) * step)]).join('')
}
