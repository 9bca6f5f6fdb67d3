// Owns: which forms and names a method may use.
// Leaves: what a method touches to facts.ts; types to typing.ts; what a refusal costs to the kernel.
// Laws: KN42 refused forms. KN43 `__proto__` is not written, `constructor` neither read nor assigned.
// KN44 `resend` only sends. KN45 free names are allowed globals. KN47 names of the runtime are refused.
import { collectFacts, type MethodFacts, receiversOf, resendPositions } from './facts.ts'
import { PROBLEMS_MAX } from './limits.ts'
import { ALLOWED_GLOBALS, CONSTANTS, isPrivateName, RESEND, whyNotFree } from './names.ts'
import { HTML_COMMENT, type ParsedMethod } from './parse.ts'
import { type Problem, type ProblemCode, problemAt, Refusal } from './problem.ts'
import { type Names, resolveNames } from './scope.ts'
import { childrenOf, staticName, type Tree } from './tree.ts'

export interface GatedMethod {
  globals: string[]
  /** Free uses of `resend` and of constants such as `undefined`, which the rewriter replaces. */
  free: ReadonlySet<Tree>
  facts: MethodFacts
}

const NO_CLASS = 'There are no classes: an object is cloned from another.'
const NO_IMPORT = 'A method imports nothing: it sends messages.'
const NO_EXPORT = 'Only the method itself may follow `export`.'

/** Forms that have no place in a method, however they are written. */
const REFUSED_FORMS: ReadonlyMap<Tree['type'], [ProblemCode, string]> = new Map<
  Tree['type'],
  [ProblemCode, string]
>([
  ['AwaitExpression', ['ASYNC', 'Methods are synchronous: `await` has no place.']],
  ['YieldExpression', ['GENERATOR', 'Methods are not generators.']],
  ['ClassDeclaration', ['CLASS', NO_CLASS]],
  ['ClassExpression', ['CLASS', NO_CLASS]],
  ['PrivateIdentifier', ['CLASS', 'Private names belong to classes, which are refused.']],
  ['ImportExpression', ['MODULE', NO_IMPORT]],
  ['ImportDeclaration', ['MODULE', NO_IMPORT]],
  ['ExportAllDeclaration', ['MODULE', NO_EXPORT]],
  ['ExportDefaultDeclaration', ['MODULE', NO_EXPORT]],
  ['ExportNamedDeclaration', ['MODULE', NO_EXPORT]],
  ['WithStatement', ['WITH', 'A `with` statement hides where names come from.']],
  ['TaggedTemplateExpression', ['TAGGED_TEMPLATE', 'A template is not a call: write the call.']],
  ['DebuggerStatement', ['DEBUGGER', 'There is no debugger to stop for.']],
  ['Super', ['SUPER', 'Write `resend.selector(…)` to reach the parents.']],
])

/** Checks a parsed method. Throws Refusal with every problem found, the first of each place first. */
export function gateMethod(parsed: ParsedMethod): GatedMethod {
  const gate = new Gate(parsed)
  return gate.run()
}

class Gate {
  readonly #parsed: ParsedMethod
  readonly #problems: Problem[] = []
  readonly #literals: { start: number; end: number }[] = []

  constructor(parsed: ParsedMethod) {
    this.#parsed = parsed
  }

  run(): GatedMethod {
    const { method, self } = this.#parsed
    this.#form(method, undefined)
    this.#openingMarks()
    // Scopes are those of methods, so forms that are no part of methods end the check here.
    this.#stopIfRefused()
    const names = resolveNames(method)
    const globals = this.#freeNames(names)
    this.#receiver()
    this.#stopIfRefused()
    const home = names.parameters.get(method)
    const receiver = new Set<Tree>()
    const free = new Set<Tree>()
    for (const use of names.references) {
      if (use.home === undefined) free.add(use.node)
      else if (use.home === home && use.node.name === self) receiver.add(use.node)
    }
    return {
      globals: ALLOWED_GLOBALS.filter((name) => globals.has(name)),
      free,
      facts: collectFacts(this.#parsed, receiver, free),
    }
  }

  #refuse(offset: number, code: ProblemCode, message: string): void {
    if (this.#problems.length >= PROBLEMS_MAX) return
    this.#problems.push(problemAt(this.#parsed.source, offset, code, message))
  }

  #stopIfRefused(): void {
    if (this.#problems.length > 0) throw new Refusal(this.#problems)
  }

  #form(node: Tree, parent: Tree | undefined): void {
    const refused = REFUSED_FORMS.get(node.type)
    if (refused !== undefined) this.#refuse(node.start, ...refused)
    // A class is refused whole: what is inside would be told in words that are not about classes.
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return
    if (node.type === 'MetaProperty') {
      const { meta, property } = node
      const code = meta.name === 'import' ? 'MODULE' : 'META_PROPERTY'
      const name = `${meta.name}.${property.name}`
      this.#refuse(node.start, code, `\`${name}\` has no meaning in a method.`)
      return
    }
    this.#use(node, parent)
    for (const child of childrenOf(node)) {
      // A name after a dot or before a colon names a slot, where `arguments` is as good as any.
      if (isKey(node, child))
        this.#privateName(child.type === 'Identifier' ? child.name : '', child.start)
      else this.#form(child, node)
    }
  }

  /** Forms that have a place in methods, but not in every way in which they can be written. */
  #use(node: Tree, parent: Tree | undefined): void {
    switch (node.type) {
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        if (node.async) {
          this.#refuse(node.start, 'ASYNC', 'Methods are synchronous: `async` has no place.')
        }
        if (node.generator) {
          this.#refuse(node.start, 'GENERATOR', 'Methods are not generators.')
        }
        break
      case 'ForOfStatement':
        if (node.await) {
          this.#refuse(node.start, 'ASYNC', 'Methods are synchronous: `for await` has no place.')
        }
        break
      case 'VariableDeclaration':
        if (node.kind !== 'var' && node.kind !== 'let' && node.kind !== 'const') {
          this.#refuse(node.start, 'SYNTAX', '`using` calls hidden methods: call them yourself.')
        }
        break
      case 'Property':
        this.#property(node, parent)
        break
      case 'MemberExpression':
        this.#member(node)
        break
      case 'NewExpression':
        if (node.callee.type !== 'Identifier') {
          this.#refuse(
            node.start,
            'NEW',
            '`new` takes a plain name; an object of the world is made by `clone()`.',
          )
        }
        break
      case 'UnaryExpression':
        if (node.operator === 'delete' && node.argument.type !== 'MemberExpression') {
          this.#refuse(node.start, 'DELETE', '`delete` takes a plain member, such as `self.x`.')
        }
        break
      case 'Identifier':
        this.#identifier(node.name, node.start)
        break
      case 'Literal':
      case 'TemplateElement':
        this.#literals.push({ start: node.start, end: node.end })
        break
      default:
    }
  }

  #identifier(name: string, offset: number): void {
    if (name === 'arguments') {
      this.#refuse(offset, 'ARGUMENTS', 'Name the parameters, or take `...rest`, not `arguments`.')
    }
    this.#privateName(name, offset)
  }

  #privateName(name: string, offset: number): void {
    if (!isPrivateName(name)) return
    this.#refuse(offset, 'PRIVATE_NAME', `\`${name}\` is a name of the runtime.`)
  }

  #property(node: Extract<Tree, { type: 'Property' }>, parent: Tree | undefined): void {
    if (node.kind !== 'init') {
      this.#refuse(node.start, 'ACCESSOR', 'There are no getters and setters: write a method.')
    }
    const name = staticName(node.key, node.computed)
    if (name === '__proto__') {
      this.#refuse(node.start, 'PROTO', 'Parents are slots whose names end in `*`.')
    }
    if (name === 'constructor' && parent?.type === 'ObjectPattern') {
      this.#refuse(node.start, 'CONSTRUCTOR', 'Objects have no constructor: they are cloned.')
    }
  }

  #member(node: Extract<Tree, { type: 'MemberExpression' }>): void {
    const name = staticName(node.property, node.computed)
    if (name === '__proto__') {
      this.#refuse(node.property.start, 'PROTO', 'Parents are slots whose names end in `*`.')
    } else if (name === 'constructor') {
      this.#refuse(
        node.property.start,
        'CONSTRUCTOR',
        'Objects have no constructor: they are cloned.',
      )
    }
  }

  /** `a<!--b` is a comparison to a module and a comment to a script, which is what runs. */
  #openingMarks(): void {
    const { method, text } = this.#parsed
    for (const { index } of text.matchAll(/<!--/g)) {
      if (index < method.start || index >= method.end) continue
      if (this.#literals.some(({ start, end }) => start <= index && index < end)) continue
      this.#refuse(index, 'HTML_COMMENT', HTML_COMMENT)
    }
  }

  /** The allowed globals in use; refuses the rest, and every misuse of a free name. */
  #freeNames(names: Names): Set<string> {
    const globals = new Set<string>()
    const resends = resendPositions(this.#parsed.method)
    for (const { node, write, home } of names.references) {
      if (home !== undefined) continue
      const name = node.name
      if (write) {
        this.#refuse(
          node.start,
          'ASSIGN_GLOBAL',
          `\`${name}\` is not declared here, so it cannot be assigned: use a slot or a \`let\`.`,
        )
      } else if (name === RESEND) {
        if (resends.has(node)) continue
        this.#refuse(
          node.start,
          'RESEND',
          '`resend` only sends, to a selector that stands in the source, and not in a parameter.',
        )
      } else if (ALLOWED_GLOBALS.includes(name)) {
        globals.add(name)
      } else if (!CONSTANTS.has(name)) {
        this.#refuse(node.start, 'FREE_NAME', whyNotFree(name))
      }
    }
    return globals
  }

  /** The receiver gets its second name, for \`this\` and \`resend\`, where the body begins. */
  #receiver(): void {
    const { method, self } = this.#parsed
    for (const parameter of method.params) {
      for (const found of receiversOf(parameter)) {
        this.#refuse(
          found.start,
          'THIS_PARAMETER',
          `In a parameter, write \`${self}\`: \`this\` begins with the body.`,
        )
      }
    }
    if (method.body.type !== 'BlockStatement') return
    for (const statement of method.body.body) {
      if (statement.type === 'FunctionDeclaration' && statement.id.name === self) {
        this.#refuse(statement.start, 'SELF_PARAMETER', `A function may not replace \`${self}\`.`)
      }
    }
  }
}

/** Whether a child is the name of a slot, which no scope declares. */
function isKey(node: Tree, child: Tree): boolean {
  if (child.type !== 'Identifier') return false
  if (node.type === 'MemberExpression') return !node.computed && child === node.property
  return node.type === 'Property' && !node.computed && !node.shorthand && child === node.key
}
