// Owns: the rewriting of optional chains: what `?.` cuts short, and what it evaluates once.
// Leaves: everything else to rewrite.ts.
// Laws: KN49 a chain that meets nil answers undefined and evaluates nothing behind it.
import { RUNTIME } from './emit.ts'
import type { Rewriter } from './rewrite.ts'
import type { Tree } from './tree.ts'

type Link = Extract<Tree, { type: 'MemberExpression' | 'CallExpression' }>

/** The code of a chain, given the expression inside it or a part of that. */
export function renderChain(rewriter: Rewriter, expression: Tree): string {
  const links: Link[] = []
  let base = expression
  while (
    (base.type === 'MemberExpression' || base.type === 'CallExpression') &&
    !rewriter.isResend(base)
  ) {
    links.push(base)
    base = base.type === 'MemberExpression' ? base.object : base.callee
  }
  links.reverse()
  const code = rewriter.argument(base)
  const simple = base.type === 'Identifier' || links[0]?.type !== 'CallExpression'
  return renderLinks(rewriter, simple ? code : `(${code})`, links, false)
}

/** The links applied to `value`, which is code; `asked` when the first link's `?.` has been dealt with. */
function renderLinks(
  rewriter: Rewriter,
  value: string,
  links: readonly Link[],
  asked: boolean,
): string {
  const [link, next] = links
  if (link === undefined) return value
  if (link.optional && !asked) {
    const name = rewriter.name()
    return `${RUNTIME}.o(${value},${name}=>${renderLinks(rewriter, name, links, true)})`
  }
  if (link.type === 'CallExpression') {
    const code = `${value}(${rewriter.list(link)})`
    return renderLinks(rewriter, code, links.slice(1), false)
  }
  const object = value + rewriter.gap(link.object.end, link.property.start)
  const key = rewriter.key(link)
  if (next?.type !== 'CallExpression') {
    return renderLinks(rewriter, `${RUNTIME}.g(${object},${key})`, links.slice(1), false)
  }
  const after = rewriter.gap(link.property.end, next.arguments[0]?.start ?? next.end)
  const rest = links.slice(2)
  if (!next.optional) {
    return renderLinks(rewriter, rewriter.send(object, key + after, next), rest, false)
  }
  if (rest.length === 0) {
    return `${RUNTIME}.q(${object},${key}${after},()=>[${rewriter.list(next)}])`
  }
  // `o.f?.(x).y` stops when nobody holds f, but not when f answers nil: so the method is looked for first.
  const receiver = rewriter.name()
  const selector = rewriter.name()
  const found = rewriter.name()
  const sent = renderLinks(rewriter, rewriter.send(receiver, selector, next), rest, false)
  const body = `${RUNTIME}.o(${RUNTIME}.g(${receiver},${selector}),${found}=>${sent})`
  return `((${receiver},${selector})=>${body})(${object},${key}${after})`
}
