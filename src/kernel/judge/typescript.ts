// Owns: the one place where the TypeScript compiler is loaded, and only when it is first asked for.
// Leaves: parsing to parse.ts, checking to typing.ts.
// Reason: the compiler costs a quarter of a second and 60 MiB, and the kernel, which holds the client, needs none of it.
import { createRequire } from 'node:module'

export type TypeScript = typeof import('typescript')

let loaded: TypeScript | undefined

/** The TypeScript compiler. */
export function typescript(): TypeScript {
  loaded ??= createRequire(import.meta.url)('typescript') as TypeScript
  return loaded
}
