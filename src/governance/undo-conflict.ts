// Owns: what was changed after the transactions that an undo takes back: where, by which transaction, by whom.
// Leaves: finding it to undo.ts.
// Laws: BR61 what was changed later is a CONFLICT that names the object, the slot, the transaction and its author.
import { type Head, placesIn } from '#kernel'
import { decodeSlots, type Oid, oidText, type Tid } from '#objects'
import { governanceFault } from './faults.ts'
import type { UndoSpan } from './undo.ts'

/** Later changes that a fault lists; the others are counted. */
const LISTED = 20
/** Revisions or transactions looked at to find who removed a slot or bound a name anew. */
const LOOKED_AT = 2_000

/** One later change, as a fault's data has it; of a name `slot` is null, of a slot `name`. */
interface Later {
  oid: string | null
  slot: string | null
  name: string | null
  tid: string | null
  author: string | null
  note: string | null
}

export class LaterChanges {
  readonly #head: Head
  readonly #span: UndoSpan
  readonly #slots: { oid: Oid; slot: string; tid: Tid | undefined }[] = []
  readonly #names: string[] = []

  constructor(head: Head, span: UndoSpan) {
    this.#head = head
    this.#span = span
  }

  /** A slot that was given anew, or removed when there is no `tid`. */
  slot(oid: Oid, slot: string, tid: Tid | undefined): void {
    this.#slots.push({ oid, slot, tid })
  }

  name(name: string): void {
    this.#names.push(name)
  }

  /** Faults CONFLICT when there is any. */
  refuse(): void {
    const count = this.#slots.length + this.#names.length
    if (count === 0) return
    const places = placesIn(
      this.#head,
      this.#slots.slice(0, LISTED).map(({ oid }) => oid),
    )
    const called = (oid: Oid) => {
      const text = oidText(oid)
      return places[text] === undefined ? text : `${places[text]} (${text})`
    }
    const slots = this.#slots.slice(0, LISTED).map(({ oid, slot, tid }) => {
      const by = tid ?? this.#removal(oid, slot)
      const how = tid === undefined ? 'was removed' : 'was changed'
      const about = { oid: oidText(oid), slot, name: null, ...this.#of(by) }
      return { sentence: `${slot} of ${called(oid)} ${how}${byText(about)}`, about }
    })
    const names = this.#names.slice(0, LISTED - slots.length).map((name) => {
      const about = { oid: null, slot: null, name, ...this.#of(this.#binding(name)) }
      return { sentence: `the name ${JSON.stringify(name)} was bound anew${byText(about)}`, about }
    })
    const [first] = [...slots, ...names] as [{ sentence: string; about: Later }]
    const { from, to } = this.#span
    const after = from === to ? `transaction ${from}` : `transactions ${from} to ${to}`
    const others = count === 1 ? '' : `, and ${count - 1} more`
    const message = `${first.sentence} after ${after}${others}, so nothing was undone`
    throw governanceFault('CONFLICT', message, {
      ...first.about,
      conflicts: [...slots, ...names].map(({ about }) => about),
      count,
    })
  }

  #of(tid: Tid | undefined): Pick<Later, 'tid' | 'author' | 'note'> {
    const info = tid === undefined ? undefined : this.#head.store.transaction(tid)
    if (tid === undefined) return { tid: null, author: null, note: null }
    return { tid: String(tid), author: info?.author ?? null, note: info?.note ?? null }
  }

  /** The transaction that removed a slot: the first after the span's last in which it is not there. */
  #removal(oid: Oid, slot: string): Tid | undefined {
    let removed: Tid | undefined
    for (const revision of this.#head.store.revisions(oid, { limit: LOOKED_AT })) {
      if (revision.tid <= this.#span.to || revision.kind !== 'object') return removed
      if (decodeSlots(revision.payload).some(({ name }) => name === slot)) return removed
      removed = revision.tid
    }
    return removed
  }

  #binding(name: string): Tid | undefined {
    const newest = this.#head.store.transactions({ limit: LOOKED_AT })
    return newest.find(({ tid, names }) => tid > this.#span.to && names.includes(name))?.tid
  }
}

function byText({ tid, author, note }: Later): string {
  if (tid === null) return ''
  const who = author === null || author === '' ? '' : ` of ${author}`
  return ` by transaction ${tid}${who}${note === null || note === '' ? '' : ` (${note})`}`
}
