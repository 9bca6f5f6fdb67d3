// Owns: the steps that were ever needed from one layout of the image to the next. Steps are added at the end and never
// changed, because images of every age are out there.
// Leaves: running them to lmdb/schema.ts; what a step is to migration.ts.
// Laws: IM82 each step's layout has a golden image in golden/ that is opened by a test for ever.
import type { Databases } from '../lmdb/schema.ts'
import type { Migration } from './migration.ts'

/** None yet: layout 1 is the first. */
export const MIGRATIONS: readonly Migration<Databases>[] = []
