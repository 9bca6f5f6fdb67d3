// Owns: the receiver and the message as a class with a method that is missing: the form in which models have read most code.
// Leaves: how much is shown to context.ts; the rules to prompt.ts.
// Laws: MI27 the text keeps to its budget. MI28 the message and the intent are never left out.
import { maskSource } from './code-scan.ts'
import {
  type DraftContext,
  fitted,
  functionNameOf,
  type MethodContext,
  type PeerContext,
  type ShownContext,
  type SlotContext,
  typeName,
  typeOf,
} from './context.ts'
import { MIND_LIMITS } from './limits.ts'
import { propertyName } from './shape.ts'

/** The text about the receiver and the message, ending where the method's parameters begin. */
export function describeClass(
  context: DraftContext,
  budget: number = MIND_LIMITS.contextTokens,
): string {
  return fitted(context, budget, (shown) => render(context, shown))
}

/** Without it a method that acts is drafted with nothing to return. The worked examples have it too. */
const RETURNS = '   * @returns what is asked for, else the new value'

function render(context: DraftContext, shown: ShownContext) {
  const { slots, methods, peers, args, intent, known } = shown
  const seen = new Set<string>()
  const lines = peers.flatMap((peer) => {
    const name = typeName(peer.object)
    if (seen.has(name)) return []
    seen.add(name)
    return [`class ${name} {`, ...members(peer.slots, peer.methods, []), '}']
  })
  const name = functionNameOf(context.selector)
  lines.push(`class ${typeName(context.object)} {`, ...members(slots, methods, peers), '  /**')
  // What would end the comment would begin code.
  const said = intent === '' ? known : [intent, ...known]
  lines.push(...said.map((one) => `   * ${one.replaceAll('*/', '* /')}`))
  lines.push(`   * Called as: ${name}(${args.join(', ')})`, RETURNS, '   */', `  ${name}(`, '}')
  return lines.join('\n')
}

function members(
  slots: readonly SlotContext[],
  methods: readonly MethodContext[],
  peers: readonly PeerContext[],
): string[] {
  const isPeer = ({ name }: SlotContext) =>
    peers.some(({ slot }) => slot === name || slot === `${name}[]`)
  return [
    ...slots.map((slot) => {
      const value = isPeer(slot) ? '' : ` = ${slot.sample}`
      return `  ${propertyName(slot.name)}: ${typeOf(slot, peers)}${value}`
    }),
    ...methods.map(({ source }) => asMethod(source).replace(/^/gm, '  ')),
  ]
}

/** A function whose first parameter is self as a method that uses this. */
function asMethod(source: string): string {
  const mask = maskSource(source)
  const named = [...mask.matchAll(/\bself\b/g)].reduceRight(
    (text, { index }) => `${text.slice(0, index)}this${text.slice(index + 'self'.length)}`,
    source,
  )
  return named.replace(/^\s*function\s+/, '').replace(/\(\s*this\s*(?::[^,)]*)?,?\s*/, '(')
}
