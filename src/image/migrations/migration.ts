// Owns: how an image of an older layout becomes one of ours: steps in order, each whole or not at all.
// Leaves: the steps to steps.ts; when an image is opened to lmdb/schema.ts.
// Laws: IM82 a step and the number of its layout are written in one transaction of the disk; where no way leads on, nothing
// is written.
import { imageFault } from '../faults.ts'

/**
 * One step from a layout to the next. `run` changes everything in the databases that it is given; without it nothing changes but the
 * number, which keeps older programs from an image that they would half understand.
 */
export interface Migration<Image> {
  /** The layout that it begins with; it ends with the next number. */
  from: number
  /** What it changes, in a sentence for the person whose image it is. */
  sentence: string
  run?(image: Image): void
}

/**
 * The steps from one layout to another, in order. Faults IMAGE_DAMAGED when the image is of a newer layout than `to`, or
 * when a step is missing.
 */
export function stepsBetween<Image>(
  from: number,
  to: number,
  migrations: readonly Migration<Image>[],
): Migration<Image>[] {
  const refuse = (remedy?: string) =>
    imageFault(
      'IMAGE_DAMAGED',
      `The image has layout ${from}; this program reads ${to}.`,
      { version: from },
      remedy ?? 'Open the image with the version of batos that wrote it, or a newer one.',
    )
  if (from > to) throw refuse()
  const steps: Migration<Image>[] = []
  for (let version = from; version < to; version++) {
    const step = migrations.find((migration) => migration.from === version)
    if (step === undefined) throw refuse('Dump it with the version of batos that wrote it.')
    steps.push(step)
  }
  return steps
}
