// Owns: two texts beside each other, line by line, as `diff -u` shows them.
// Leaves: colours and places to whoever prints.
// Laws: CL87 each line that differs is shown with what it was and what it is.
//
// It is written here because it is small and nothing else in the program compares lines: the package `diff` would be one more to keep.

/** Cells of the table that is filled to find what two texts share: 16 MiB. Larger ones are shown as replaced. */
const CELLS = 4_000_000

/** Lines around a difference. */
const CONTEXT = 3

export interface DiffLine {
  sign: ' ' | '-' | '+' | '@'
  text: string
}

/** The lines of a unified diff, with a line `@@ … @@` before each part; none when the texts are the same. */
export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head++
  let tail = 0
  const most = Math.min(old.length, now.length) - head
  while (tail < most && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++
  const kept = (text: string): DiffLine => ({ sign: ' ', text })
  const lines = [
    ...old.slice(0, head).map(kept),
    ...between(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...old.slice(old.length - tail).map(kept),
  ]
  return inParts(lines)
}

/** A text's lines; the end of the last one does not begin another. */
function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function between(old: readonly string[], now: readonly string[]): DiffLine[] {
  const removed = old.map((text): DiffLine => ({ sign: '-', text }))
  const added = now.map((text): DiffLine => ({ sign: '+', text }))
  const width = now.length + 1
  if (removed.length === 0 || added.length === 0 || (old.length + 1) * width > CELLS) {
    return [...removed, ...added]
  }
  // How many lines the rests from (i, j) on have in common, in order.
  const common = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const [down, right] = [common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0]
      const both = (common[(i + 1) * width + j + 1] ?? 0) + 1
      common[i * width + j] = old[i] === now[j] ? both : Math.max(down, right)
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < old.length && j < now.length) {
    if (old[i] === now[j]) {
      lines.push({ sign: ' ', text: old[i++] as string })
      j++
    } else if ((common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) {
      lines.push(removed[i++] as DiffLine)
    } else lines.push(added[j++] as DiffLine)
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)]
}

/** The lines near a difference, each part under a line that says where it stands in both texts. */
function inParts(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Uint8Array(lines.length)
  for (const [at, { sign }] of lines.entries()) {
    if (sign !== ' ') near.fill(1, Math.max(0, at - CONTEXT), at + CONTEXT + 1)
  }
  const out: DiffLine[] = []
  let [old, now] = [1, 1]
  for (let at = 0; at < lines.length; ) {
    if (near[at] !== 1) {
      at++
      old++
      now++
      continue
    }
    let end = at
    while (end < lines.length && near[end] === 1) end++
    const part = lines.slice(at, end)
    const [olds, news] = [
      part.filter(({ sign }) => sign !== '+').length,
      part.filter(({ sign }) => sign !== '-').length,
    ]
    out.push({ sign: '@', text: `@@ -${span(old, olds)} +${span(now, news)} @@` }, ...part)
    old += olds
    now += news
    at = end
  }
  return out
}

/** Where a part stands, as `diff -u` has it: of an empty one the line before it. */
const span = (first: number, count: number) =>
  count === 1 ? `${first}` : `${count === 0 ? first - 1 : first},${count}`
