// Owns: source text with its words coloured, so that a method is easy to read.
// Leaves: understanding the language to the kernel; this only tells comments, text, words and numbers apart.
// Laws: UI27 the characters shown are exactly those of the source.
import { type ComponentChildren, h, type JSX } from 'preact'

/** Pieces beyond which the rest stays uncoloured: a method of usual size has a few hundred. */
const PIECES_MAX = 4_000

const PIECE =
  /(\/\/[^\n]*|\/\*[\s\S]*?\*\/)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\b(const|let|function|return|if|else|for|of|in|while|do|switch|case|break|continue|new|typeof|throw|try|catch|finally|null|undefined|true|false|this|self|resend)\b|\b(\d[\w.]*)\b/g

const CLASSES = ['', 'c-comment', 'c-text', 'c-word', 'c-number']

/** The parts of a source: `kind` is a class of CLASSES, or empty for plain text. */
export function pieces(source: string): { kind: string; text: string }[] {
  const parts: { kind: string; text: string }[] = []
  let at = 0
  for (const match of source.matchAll(PIECE)) {
    if (parts.length > PIECES_MAX) break
    if (match.index > at) parts.push({ kind: '', text: source.slice(at, match.index) })
    const group = [1, 2, 3, 4].find((index) => match[index] !== undefined) ?? 0
    parts.push({ kind: CLASSES[group] as string, text: match[0] })
    at = match.index + match[0].length
  }
  if (at < source.length) parts.push({ kind: '', text: source.slice(at) })
  return parts
}

export function SourceCode(props: { source: string; label: string }): JSX.Element {
  const children: ComponentChildren[] = pieces(props.source).map((part, index) =>
    part.kind === '' ? part.text : h('span', { key: index, class: part.kind }, part.text),
  )
  // Long lines scroll by themselves, so the box must be reachable by keyboard.
  return h(
    'pre',
    { class: 'source', tabIndex: 0, role: 'group', 'aria-label': props.label },
    h('code', null, children),
  )
}
