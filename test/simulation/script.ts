// Owns: a short scene with something of everything: keys, waiting messages, messages for later, undo, a pack.
// Leaves: interrupting it at every point to sweep.ts.
import type { Deed } from './bank.ts'
import type { Clients } from './clients.ts'

/** Something that happens at a time, in milliseconds. */
export interface Scripted {
  at: number
  what: string
  act: (clients: Clients, pack: () => void) => void
}

const does = (at: number, deed: Deed, hasKey = false): Scripted => ({
  at,
  what: 'a client acts',
  act: (clients) => {
    // Between two kernels nobody can send.
    if (clients.kernel !== undefined) clients.begin(deed, { hasKey, hasDeadline: false })
  },
})

/** Sends once more what has this kind, as somebody does who lost patience. */
const again = (at: number, kind: Deed['kind']): Scripted => ({
  at,
  what: 'a client asks again',
  act: (clients) => {
    for (const operation of clients.operations.values()) {
      if (operation.deed.kind === kind && operation.key !== undefined) clients.send(operation)
    }
  },
})

/** Takes back the first that has this kind and was kept. */
const undoes = (at: number, kind: Deed['kind']): Scripted => ({
  at,
  what: 'a client takes back',
  act: (clients) => {
    for (const { deed, heard } of clients.operations.values()) {
      const tid = heard[0]?.tid
      if (deed.kind !== kind || tid === undefined || tid === null) continue
      if (clients.kernel === undefined) return
      const undo: Deed = { kind: 'undo', target: deed.target, tid }
      clients.begin(undo, { hasKey: false, hasDeadline: false })
      return
    }
  },
})

export const SCENE: readonly Scripted[] = [
  does(0, { kind: 'inc', target: 'counter1', by: 5 }, true),
  does(0, { kind: 'post', target: 'counter1', id: 1, by: 2, milliseconds: 0 }, true),
  does(0, { kind: 'post', target: 'counter2', id: 2, by: 3, milliseconds: 300 }),
  does(0, { kind: 'post', target: 'counter3', id: 3, by: 4, milliseconds: 900 }),
  again(1, 'inc'),
  does(2, { kind: 'learn', target: 'counter2', selector: 'learnt1' }, true),
  does(2, { kind: 'help', target: 'counter3', selector: 'learnt1' }),
  does(3, { kind: 'ask', target: 'counter1', id: 4 }, true),
  does(60, { kind: 'give', target: 'account1', to: 'account2', amount: 30 }, true),
  does(60, { kind: 'mix', target: 'list1', steps: [['list1', 5], ['list2'], ['list2', 6]] }, true),
  does(61, { kind: 'spoil', target: 'counter1', by: 1 }, true),
  does(62, { kind: 'edit', target: 'counter1', value: 7, expect: undefined }),
  does(63, { kind: 'nest', target: 'counter2', n: 8 }),
  does(64, { kind: 'breed', target: 'counter3', name: 'child1', id: 9 }, true),
  again(150, 'post'),
  does(400, { kind: 'callOff', target: 'counter3' }),
  does(401, { kind: 'lend', target: 'counter2', to: 'counter1' }, true),
  { at: 402, what: 'somebody packs', act: (_, pack) => pack() },
  undoes(500, 'edit'),
  does(501, { kind: 'inc', target: 'counter2', by: 1 }),
  undoes(620, 'inc'),
  again(700, 'give'),
]
