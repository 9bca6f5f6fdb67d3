// Owns: a small file that is looked at often and changes seldom.
// Leaves: what stands in it to whoever asks.
import { readFileSync, statSync } from 'node:fs'
import { clock } from './node-clock.ts'

/** Milliseconds in which a file system may give two changes the same time: a file as young as that is read again. */
const BLUR = 100

/** How to get a file's text, which is read again only when the file may have changed. Undefined while there is none. */
export function changingText(path: string): () => string | undefined {
  let state: string | undefined
  let text: string | undefined
  return () => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (found === undefined) {
      state = undefined
      text = undefined
      return text
    }
    const now = `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`
    if (now === state) return text
    text = readFileSync(path, 'utf8')
    const age = clock.now() - Number(found.ctimeNs / 1_000_000n)
    state = age > BLUR ? now : undefined
    return text
  }
}
