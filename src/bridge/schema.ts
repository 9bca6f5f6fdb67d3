// Owns: the text of the table of operations as JSON Schema, and the hash by which a client knows it again.
// Leaves: the table to protocol.ts; writing docs/formats/operations.json to tools/write-operations.ts.
// Laws: BR24 the file that is checked in is what this kernel answers, and Hello tells its hash.
import { createHash } from 'node:crypto'
import { describeOperations } from './protocol.ts'

/** Hexadecimal digits of the hash: enough that two tables do not meet by chance. */
const DIGITS = 32

/** The JSON Schema of all operations, by name, as it stands in docs/formats/operations.json. */
export function schemaText(): string {
  return `${JSON.stringify(describeOperations(), null, 2)}\n`
}

let known: string | undefined

/** The beginning of the SHA-256 of that text: what `sha256sum docs/formats/operations.json` begins with. */
export function schemaHash(): string {
  known ??= createHash('sha256').update(schemaText()).digest('hex').slice(0, DIGITS)
  return known
}
