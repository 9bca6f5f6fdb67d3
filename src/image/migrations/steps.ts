// Owns: the steps that were ever needed from one layout of the image to the next. Steps are added at the end and never
// changed, because images of every age are out there.
// Leaves: running them to lmdb/schema.ts; what a step is to migration.ts.
// Laws: IM82 each step's layout has a golden image in golden/ that is opened by a test for ever.
import type { Databases } from '../lmdb/schema.ts'
import type { Migration } from './migration.ts'

export const MIGRATIONS: readonly Migration<Databases>[] = [
  {
    from: 1,
    sentence:
      'The number alone changes: there may be rows of messages for later, proposals, answers of people, policies, cases, versions and quarantined sources, which the first program would pass over.',
  },
]
