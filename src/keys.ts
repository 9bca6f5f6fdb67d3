// Owns: the keys of an image that is served with CURVE: the kernel's pair, its owner's pair, and who else may connect.
// Leaves: the check of a client's key to the kernel's gate; files to the powers.
// Laws: BR45 an image's keys are made once, and only its owner can read them. BR46 the list is read at each connection.
import { join } from 'node:path'
import { type CurveKeys, type CurveServer, isCurveKey, makeCurveKeys } from '#kernel'
import { readText, writePrivate } from '#powers'

/** Largest list of keys, characters: twenty thousand of them, far more than one owner's programs. */
const LIST_MAX = 1024 * 1024

/** What `curve.json` holds: the kernel's pair, and the pair with which the owner's own commands connect. */
interface KeyFile extends CurveKeys {
  owner: CurveKeys
}

/** Keys that were handed in, with those of all clients. */
export interface GivenKeys extends CurveKeys {
  /** Public keys that may connect. */
  allow: readonly string[]
}

/** The server's side of CURVE, from keys that were given or, when `true`, from the image's folder. */
export async function curveServer(
  folder: string,
  given: GivenKeys | true,
  onRefused: (what: string) => void,
): Promise<CurveServer> {
  if (given !== true) {
    const { publicKey, secretKey, allow } = given
    return { publicKey, secretKey, allow: () => allow, onRefused }
  }
  const { publicKey, secretKey, owner } = await imageKeys(folder)
  const allow = async () => [owner.publicKey, ...(await readList(folder, onRefused))]
  return { publicKey, secretKey, allow, onRefused }
}

/** The keys in an image's folder, made when there are none. */
async function imageKeys(folder: string): Promise<KeyFile> {
  const path = join(folder, 'curve.json')
  const text = await readText(path)
  if (text !== undefined) return JSON.parse(text) as KeyFile
  const keys: KeyFile = { ...makeCurveKeys(), owner: makeCurveKeys() }
  await writePrivate(path, `${JSON.stringify(keys, null, 2)}\n`)
  return keys
}

/** The keys in `curve-allow`, one a line; `#` begins a remark, as no line of keys has a space before one. */
async function readList(folder: string, tell: (what: string) => void): Promise<string[]> {
  const text = (await readText(join(folder, 'curve-allow'))) ?? ''
  if (text.length > LIST_MAX) throw new Error('curve-allow has more than 1 MiB')
  const lines = text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#\s.*$/, '').trim())
    .filter((line) => line !== '')
  for (const line of lines) {
    if (!isCurveKey(line)) tell(`a line of curve-allow is no key: ${line.slice(0, 40)}`)
  }
  return lines.filter(isCurveKey)
}
