// Owns: comparing the image with what the model comes to: every slot, every name, and that nothing refers to nothing.
// Leaves: how the model came to be to model.ts.
// Laws: KN91 KN93 the objects are what the deeds made of them. KN25 what is referred to is there.
import type { Store } from '#image'
import { decodeSlots, type Oid, Ref } from '#objects'
import { NAMES, textOf, TOTAL } from './bank.ts'
import type { BankState } from './bank-state.ts'
import { violated } from './violation.ts'

/** Objects of the world that no deed changes but by learning. */
const STILL = new Set(['genesis', 'counter', 'account', 'list'])

export function checkPortrait(store: Store, state: BankState): void {
  const names = new Map(store.names().map(({ name, oid }) => [name, oid]))
  let sum = 0
  for (const [name, oid] of names) {
    if (STILL.has(name)) continue
    if (name.startsWith('child')) {
      if (state.value(name, 'name') === undefined) {
        violated('KN93', `${name} is bound, and nobody's deed bound it`)
      }
      continue
    }
    checkObject(store, state, name, oid)
    if (NAMES.accounts.includes(name)) sum += state.value(name, 'balance') as number
  }
  if (sum !== TOTAL) {
    violated('KN93', `the accounts have ${sum} together, and began with ${TOTAL}`)
  }
  for (const place of state.slots.keys()) {
    const [name = '', slot] = place.split(' ')
    if (slot === 'name' && !names.has(name)) violated('KN91', `${name} is not bound`)
  }
  const [damage] = store.verify().damage
  if (damage !== undefined) violated('KN25', damage.problem)
}

function checkObject(store: Store, state: BankState, name: string, oid: Oid): void {
  const payload = store.read(oid)?.payload
  if (payload === undefined) return violated('KN91', `${name} is not there`)
  const found = new Map(decodeSlots(payload).map((slot) => [slot.name, slot]))
  for (const [place, due] of state.slots) {
    const [owner, slot = ''] = place.split(' ')
    if (owner !== name) continue
    const is = found.get(slot)
    found.delete(slot)
    const value = is?.value instanceof Ref ? numberOf(store, is.value.oid) : is?.value
    if (textOf(value) !== textOf(due.value)) {
      const [has, should] = [textOf(value), textOf(due.value)]
      violated('KN93', `${slot} of ${name} is ${has} and should be ${should}`)
    }
    // What it began with is of the transaction of the beginning.
    if (due.tid > 0 && is?.tid !== due.tid) {
      violated('KN93', `${slot} of ${name} is of ${is?.tid} and should be of ${due.tid}`)
    }
  }
  for (const slot of found.keys()) {
    if (!slot.startsWith('parent')) violated('KN93', `${name} has ${slot}, which nobody set`)
  }
}

/** What the object of a reference says that it is; undefined when it is not there. */
function numberOf(store: Store, oid: Oid): unknown {
  const payload = store.read(oid)?.payload
  if (payload === undefined) return undefined
  return decodeSlots(payload).find(({ name }) => name === 'n')?.value
}
