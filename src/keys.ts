// Owns: the keys of an image that is served with CURVE: the kernel's pair, its owner's pair, and who else may connect.
// Leaves: the check of a client's key to the kernel's gate; files to the powers.
// Laws: BR45 an image's keys are made once, and only its owner can read them. BR46 the list is
// read at each connection. BR74 and whoever is not on it any more is not heard any more.
import { join } from 'node:path'
import { type CurveKeys, type CurveServer, isCurveKey, makeCurveKeys } from '#kernel'
import { changingText, readText, writePrivate } from '#powers'

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
    const isAllowed = (key: string) => allow.includes(key)
    return { publicKey, secretKey, allow: () => allow, isAllowed, onRefused }
  }
  const { publicKey, secretKey, owner } = await imageKeys(folder)
  const listed = keyList(changingText(join(folder, 'curve-allow')), onRefused)
  const isAllowed = (key: string) => {
    if (key === owner.publicKey) return true
    try {
      return listed().has(key)
    } catch (error) {
      onRefused(`the list of keys could not be read: ${String(error)}`)
      return false
    }
  }
  return {
    publicKey,
    secretKey,
    allow: () => [owner.publicKey, ...listed()],
    isAllowed,
    onRefused,
  }
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
function keyList(
  read: () => string | undefined,
  tell: (what: string) => void,
): () => ReadonlySet<string> {
  let known: { text: string; keys: ReadonlySet<string> } | undefined
  return () => {
    const text = read() ?? ''
    if (known?.text !== text) known = { text, keys: keysIn(text, tell) }
    return known.keys
  }
}

function keysIn(text: string, tell: (what: string) => void): ReadonlySet<string> {
  if (text.length > LIST_MAX) throw new Error('curve-allow has more than 1 MiB')
  const lines = text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#\s.*$/, '').trim())
    .filter((line) => line !== '')
  for (const line of lines) {
    if (!isCurveKey(line)) tell(`a line of curve-allow is no key: ${line.slice(0, 40)}`)
  }
  return new Set(lines.filter(isCurveKey))
}
