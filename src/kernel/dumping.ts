// Owns: a dump of the image in pages, each as of the same transaction.
// Leaves: the text to image/text/dump.ts.
// Laws: BR65 the pages of a dump, one after another, are the text of one state.
import { dump } from '#image'
import type { Tid } from '#objects'
import type { Head } from './head.ts'

/** Characters after which a page ends: a few frames of a socket, and far below the longest reply. */
const PAGE = 1024 * 1024

/** A dump that goes on; whoever asks keeps it between two pages. */
export interface Dumping {
  tid: Tid
  /** Pieces given so far. */
  given: number
  pieces: Generator<string, void, undefined>
}

/** One page, and the dump that goes on after it. */
export interface DumpPage {
  text: string
  goesOn: Dumping | undefined
}

/** The page after `given` pieces of the dump as of `tid`; `known` spares making again what was given before. */
export function dumpPages(
  head: Head,
  { tid, given }: { tid: Tid; given: number },
  known: Dumping | undefined,
): DumpPage {
  let dumping = known?.tid === tid && known.given === given ? known : undefined
  if (dumping === undefined) {
    dumping = { tid, given: 0, pieces: dump(head.store, tid) }
    while (dumping.given < given && dumping.pieces.next().done !== true) dumping.given++
  }
  let text = ''
  while (text.length < PAGE) {
    const { done, value } = dumping.pieces.next()
    if (done === true) return { text, goesOn: undefined }
    text += value
    dumping.given++
  }
  return { text, goesOn: dumping }
}
