// Owns: one source on its way into the package: types away, paths of sources made paths of what is built.
// Leaves: which files go where to build-dist.ts.
// Laws: PA3 only a relative string that ends in .ts and names a file that is built is rewritten.
import { stripTypeScriptTypes } from 'node:module'
import ts from 'typescript'

/**
 * JavaScript of a source. `isBuilt` says whether a relative path, as the source writes it, names a file that becomes
 * JavaScript too. Positions of lines are kept, so that a stack names lines of the source.
 */
export function toJavaScript(text: string, isBuilt: (specifier: string) => boolean): string {
  return rewrite(stripTypeScriptTypes(text, { mode: 'strip' }), isBuilt)
}

/** Replaces the ending of each string that is the path of a built file: in imports, workers and URLs alike. */
export function rewrite(text: string, isBuilt: (specifier: string) => boolean): string {
  const file = ts.createSourceFile('source.ts', text, ts.ScriptTarget.ESNext, true)
  const ends: number[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && /^\.{1,2}\/.*\.ts$/.test(node.text)) {
      if (isBuilt(node.text)) ends.push(node.end - 1)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  let out = text
  for (const end of ends.reverse()) out = `${out.slice(0, end - '.ts'.length)}.js${out.slice(end)}`
  return out
}
