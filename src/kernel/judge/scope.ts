// Owns: which declaration each name in a tree means: hoisting, parameters, patterns, catch, loops, closures.
// Leaves: which free names are allowed to gate.ts.
// Laws: KN46 a name is free when no scope around it declares it; defaults of parameters do not see the body.
import type { Identifier } from 'acorn'
import { childrenOf, type Tree } from './tree.ts'

/** One region of names. `holder` is where `var` declares. */
export class Scope {
  readonly parent: Scope | undefined
  readonly holder: Scope
  readonly names = new Set<string>()

  constructor(parent: Scope | undefined, holdsVar: boolean) {
    this.parent = parent
    this.holder = holdsVar || parent === undefined ? this : parent.holder
  }

  /** The nearest scope that declares the name. */
  find(name: string): Scope | undefined {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.parent) {
      if (scope.names.has(name)) return scope
    }
    return undefined
  }
}

/** A use of a name; `home` is the scope that declares it, undefined when it is free. */
export interface Reference {
  node: Identifier
  write: boolean
  home: Scope | undefined
}

export interface Names {
  references: Reference[]
  /** The scope of each function's parameters. */
  parameters: Map<Tree, Scope>
}

type FunctionTree = Extract<
  Tree,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>

/** Nodes that declare names for what is inside them only. */
type RegionTree = Extract<
  Tree,
  {
    type:
      | 'FunctionExpression'
      | 'BlockStatement'
      | 'ForStatement'
      | 'ForInStatement'
      | 'ForOfStatement'
      | 'SwitchStatement'
      | 'CatchClause'
  }
>

/** Resolves every name in a tree. */
export function resolveNames(root: Tree): Names {
  const walk = new Walk()
  walk.visit(root, new Scope(undefined, true))
  const references = walk.uses.map(({ node, write, scope }) => {
    return { node, write, home: scope.find(node.name) }
  })
  return { references, parameters: walk.parameters }
}

class Walk {
  readonly uses: { node: Identifier; write: boolean; scope: Scope }[] = []
  readonly parameters = new Map<Tree, Scope>()

  visit(node: Tree, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.uses.push({ node, write: false, scope })
        return
      case 'FunctionDeclaration':
        if (node.id !== null) scope.names.add(node.id.name)
        this.#function(node, scope)
        return
      case 'ArrowFunctionExpression':
        this.#function(node, scope)
        return
      case 'FunctionExpression':
      case 'BlockStatement':
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
      case 'SwitchStatement':
      case 'CatchClause':
        this.#region(node, scope, new Scope(scope, false))
        return
      case 'VariableDeclaration':
        for (const one of node.declarations) {
          this.#pattern(one.id, scope, node.kind === 'var' ? scope.holder : scope)
          if (one.init) this.visit(one.init, scope)
        }
        return
      case 'LabeledStatement':
        this.visit(node.body, scope)
        return
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
        return
      case 'MemberExpression':
        this.visit(node.object, scope)
        if (node.computed) this.visit(node.property, scope)
        return
      case 'Property':
        if (node.computed) this.visit(node.key, scope)
        this.visit(node.value, scope)
        return
      case 'AssignmentExpression':
        this.#pattern(node.left, scope, undefined)
        this.visit(node.right, scope)
        return
      case 'UpdateExpression':
        this.#pattern(node.argument, scope, undefined)
        return
      default:
        this.#all(childrenOf(node), scope)
    }
  }

  /** Walks a node that has a region of its own, `own`, inside `outer`. */
  #region(node: RegionTree, outer: Scope, own: Scope): void {
    switch (node.type) {
      case 'FunctionExpression':
        if (node.id) own.names.add(node.id.name)
        this.#function(node, own)
        return
      case 'BlockStatement':
        this.#all(node.body, own)
        return
      case 'ForStatement':
        for (const part of [node.init, node.test, node.update]) if (part) this.visit(part, own)
        this.visit(node.body, own)
        return
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.left.type === 'VariableDeclaration') this.visit(node.left, own)
        else this.#pattern(node.left, own, undefined)
        this.visit(node.right, own)
        this.visit(node.body, own)
        return
      case 'SwitchStatement':
        this.visit(node.discriminant, outer)
        for (const one of node.cases) {
          if (one.test) this.visit(one.test, own)
          this.#all(one.consequent, own)
        }
        return
      case 'CatchClause':
        if (node.param) this.#pattern(node.param, own, own)
        this.visit(node.body, own)
        return
    }
  }

  #all(nodes: readonly Tree[], scope: Scope): void {
    for (const node of nodes) this.visit(node, scope)
  }

  #function(node: FunctionTree, scope: Scope): void {
    const parameters = new Scope(scope, true)
    this.parameters.set(node, parameters)
    for (const parameter of node.params) this.#pattern(parameter, parameters, parameters)
    if (node.body.type !== 'BlockStatement') this.visit(node.body, parameters)
    else this.#all(node.body.body, new Scope(parameters, true))
  }

  /** Walks a pattern; its names are declared in `declares`, or written to when that is undefined. */
  #pattern(node: Tree, scope: Scope, declares: Scope | undefined): void {
    switch (node.type) {
      case 'Identifier':
        if (declares === undefined) this.uses.push({ node, write: true, scope })
        else declares.names.add(node.name)
        return
      case 'ObjectPattern':
        for (const property of node.properties) {
          if (property.type === 'RestElement') this.#pattern(property, scope, declares)
          else {
            if (property.computed) this.visit(property.key, scope)
            this.#pattern(property.value, scope, declares)
          }
        }
        return
      case 'ArrayPattern':
        for (const element of node.elements) if (element) this.#pattern(element, scope, declares)
        return
      case 'RestElement':
        this.#pattern(node.argument, scope, declares)
        return
      case 'AssignmentPattern':
        this.#pattern(node.left, scope, declares)
        this.visit(node.right, scope)
        return
      default:
        this.visit(node, scope)
    }
  }
}
