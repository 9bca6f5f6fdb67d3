// Owns: writing docs/formats/operations.json, the table of operations as JSON Schema, after a change of the table.
// Leaves: its text to src/bridge/schema.ts, whose test holds the file to it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { schemaText } from '#bridge'
import { ROOT } from './tidy.ts'

writeFileSync(join(ROOT, 'docs/formats/operations.json'), schemaText())
