// Owns: which code judges methods, and its hash.
// Leaves: keeping the hash with methods and cases to governance and the kernel; reading files to powers.
// Laws: GO24 the hash covers all that a verdict, a probation or a quarantine hangs on, and no test.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { readTexts } from '#powers'

/**
 * Folders of sources, and the files of each that count; all, when none is named. Governance has the gates, the vote and probation; the
 * kernel parses, runs trials in the sandbox, counts calls and deaths, and has the numbers for both; an object's own limits end a trial.
 */
const JUDGING: readonly { folder: string; files?: readonly string[] }[] = [
  { folder: './governance' },
  { folder: './kernel/judge' },
  { folder: './kernel/sandbox' },
  { folder: './kernel', files: ['limits', 'trial', 'verify-report', 'versions', 'quarantine'] },
  { folder: './objects', files: ['limits'] },
]

/** Hexadecimal digits of the hash: enough to tell versions of a program apart. */
const HASH_LENGTH = 16

const TEST = /\.(test|fixture)\.[a-z]+$/

/**
 * Hash of the code that judges methods, which is kept with each: what another code let in is told apart. `root` is the folder of
 * sources, ending with a slash, and `extension` that of its files.
 */
export async function judgingHash(root: URL, extension: string): Promise<string> {
  const hash = createHash('sha256')
  for (const { folder, files } of JUDGING) {
    const wanted = files?.map((name) => `${name}${extension}`)
    const isWanted = (name: string) => !TEST.test(name) && (wanted?.includes(name) ?? true)
    const texts = await readTexts(fileURLToPath(new URL(folder, root)), extension, isWanted)
    for (const text of texts) hash.update(text)
  }
  return hash.digest('hex').slice(0, HASH_LENGTH)
}
