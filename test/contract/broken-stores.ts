// Owns: stores that are wrong on purpose, each in one way in which a store of somebody's own may be wrong.
// Leaves: everything else to the store in memory below; holding them to the suites to broken-stores.test.ts.
// Laws: none of its own.
import {
  type Group,
  openMemoryStore,
  type Revision,
  type Store,
  type Transaction,
} from '#image-contract'

/** How some calls of a store are instead. */
export type Change = (below: Store) => Partial<Store>

/** A new store in memory with some calls changed. */
export function changed(change: Change): Store {
  const below = openMemoryStore()
  const calls = change(below)
  return new Proxy(below, {
    get: (_, name: keyof Store) => calls[name] ?? below[name]?.bind(below),
  })
}

const eachTransaction = (group: Group, act: (one: Transaction) => Transaction): Group => ({
  ...group,
  transactions: group.transactions.map(act),
})

const committed =
  (act: (one: Transaction) => Transaction): Change =>
  (below) => ({ commit: (group) => below.commit(eachTransaction(group, act)) })

function* each<In, Out>(found: Iterable<In>, act: (one: In) => Out): Generator<Out> {
  for (const one of found) yield act(one)
}

const seen =
  (act: (found: Revision) => Revision): Change =>
  (below) => ({
    read(oid, at) {
      const found = below.read(oid, at)
      return found === undefined ? undefined : act(found)
    },
    revisions: (oid, options) => below.revisions(oid, options).map(act),
    objects: (options) => each(below.objects(options), act),
  })

/** One way to be wrong: the rules of which a claim must fail, in each suite, and what is done instead. */
export interface Broken {
  store: readonly string[]
  connections?: readonly string[]
  change: Change
}

/** What is wrong, in words. */
export const BROKEN: Readonly<Record<string, Broken>> = {
  'answers the newest revision for the past': {
    store: ['IM4', 'IM20', 'IM74'],
    connections: ['IM39', 'IM69', 'IM67'],
    change: (below) => ({ read: (oid) => below.read(oid) }),
  },
  'answers the past without what was current then': {
    store: ['IM4', 'IM20'],
    connections: ['IM39', 'IM38'],
    change: (below) => ({
      read: (oid, at) => below.read(oid, at === undefined ? undefined : at - 1),
    }),
  },
  'loses the second record of a transaction': {
    store: ['IM1', 'IM4', 'IM72'],
    connections: ['IM33', 'IM51', 'IM67'],
    change: committed((one) => ({
      ...one,
      revisions: one.revisions.filter((_, index) => index !== 1),
    })),
  },
  'loses the second transaction of a group': {
    store: ['IM1', 'IM8', 'IM18'],
    change: (below) => ({
      commit: (group) =>
        below.commit({
          ...group,
          transactions: group.transactions.filter((_, index) => index !== 1),
        }),
    }),
  },
  'loses references': {
    store: ['IM1', 'IM4'],
    connections: ['IM43', 'IM51'],
    change: seen((found) => ({ ...found, refs: [] })),
  },
  'takes a method for an object': {
    store: ['IM20'],
    connections: ['IM49'],
    change: seen((found) => (found.kind === 'method' ? { ...found, kind: 'object' } : found)),
  },
  'cuts a record at its first zero byte': {
    store: ['IM4'],
    connections: ['IM59'],
    change: seen((found) => {
      const end = found.payload.indexOf(0)
      return end < 0 ? found : { ...found, payload: found.payload.slice(0, end) }
    }),
  },
  'takes an object that is gone for one that never was': {
    store: ['IM20', 'IM73'],
    connections: ['IM67'],
    change: (below) => ({
      read(oid, at) {
        const found = below.read(oid, at)
        return found?.kind === 'gone' ? undefined : found
      },
    }),
  },
  'keeps in the head only what is there': {
    store: ['IM17', 'IM73'],
    change: (below) => ({
      head: () => ({
        tid: below.head().tid,
        oid: [...below.objects()].filter(({ kind }) => kind !== 'gone').at(-1)?.oid ?? 0,
      }),
    }),
  },
  'lists history oldest first': {
    store: ['IM20'],
    connections: ['IM67'],
    change: (below) => ({
      revisions: (oid, options) => below.revisions(oid, options).toReversed(),
    }),
  },
  'includes the transaction before which a listing ends': {
    store: ['IM4', 'IM15', 'IM20'],
    connections: ['IM67'],
    change: (below) => ({
      revisions: (oid, options = {}) =>
        below.revisions(oid, {
          ...options,
          ...(options.before === undefined ? {} : { before: options.before + 1 }),
        }),
      transactions: (options = {}) =>
        below.transactions({
          ...options,
          ...(options.before === undefined ? {} : { before: options.before + 1 }),
        }),
    }),
  },
  'forgets where a name led before': {
    store: ['IM14', 'IM74'],
    connections: ['IM67'],
    change: (below) => ({ name: (name) => below.name(name) }),
  },
  'lists names in the order of UTF-16': {
    store: ['IM14'],
    change: (below) => ({
      names: (options) =>
        below.names(options).sort((one, other) => (one.name < other.name ? -1 : 1)),
    }),
  },
  'lists one name too many in a page': {
    store: ['IM14'],
    change: (below) => ({
      names: (options = {}) =>
        below.names({
          ...options,
          ...(options.limit === undefined ? {} : { limit: options.limit + 1 }),
        }),
    }),
  },
  'loses what is not ASCII in a note': {
    store: ['IM15'],
    connections: ['IM37'],
    change: committed((one) => ({ ...one, note: Buffer.from(one.note, 'latin1').toString() })),
  },
  'sorts the objects of a description': {
    store: ['IM15'],
    change: (below) => ({
      transaction(tid) {
        const info = below.transaction(tid)
        return info === undefined ? undefined : { ...info, oids: info.oids.toSorted() }
      },
    }),
  },
  'lets times fall': {
    store: ['IM8'],
    connections: ['IM33'],
    change: fallingTimes,
  },
  'keeps the first of two values for one key': {
    store: ['IM16'],
    change: (below) => ({
      commit: (group) => below.commit({ ...group, tables: group.tables.toReversed() }),
    }),
  },
  'mixes two tables': {
    store: ['IM1', 'IM16'],
    change: (below) => ({
      get: (_, key) => below.get('facts', key) ?? below.get('waiting', key),
    }),
  },
  'forgets table values that are empty': {
    store: ['IM16'],
    change: (below) => ({
      get(table, key) {
        const value = below.get(table, key)
        return value?.length === 0 ? undefined : value
      },
    }),
  },
  'keeps a group although it faults': {
    store: ['IM1', 'IM3'],
    change: keptInPart,
  },
  'takes a number twice': {
    store: ['IM3'],
    change: numbersTwice,
  },
  'takes what is over a limit': {
    store: ['IM1', 'IM12'],
    change: overLimits,
  },
  'answers a commit before it is kept': {
    store: ['IM1', 'IM5', 'IM6'],
    connections: ['IM34'],
    change: answersEarly,
  },
  'keeps groups in another order': {
    store: ['IM5'],
    change: outOfOrder,
  },
  'shows a group before it is durable': {
    store: ['IM6'],
    change: showsEarly,
  },
  'hands out its own bytes': {
    store: ['IM19'],
    change: ownBytes,
  },
  'keeps the bytes it was handed': {
    store: ['IM19'],
    change: handedBytes,
  },
  'goes on after it was closed': {
    store: ['IM7'],
    change: () => ({ close: async () => {} }),
  },
  'walks over what is committed meanwhile': {
    store: ['IM20', 'IM72'],
    change: (below) => ({
      objects: (options) => walkingNow(below, options?.at),
      replay: (options) => replayingNow(below, options),
    }),
  },
  'replays without the last transaction': {
    store: ['IM72'],
    change: (below) => ({
      replay: ({ start, stop } = {}) =>
        below.replay({
          ...(start === undefined ? {} : { start }),
          stop: (stop ?? below.head().tid) - 1,
        }),
    }),
  },
  'keeps a transaction only if it changes something': {
    store: ['IM18'],
    connections: ['IM37'],
    change: (below) => ({
      commit: (group) =>
        below.commit({
          ...group,
          transactions: group.transactions.filter(
            ({ revisions, names }) => revisions.length + names.length > 0,
          ),
        }),
    }),
  },
  'finds nothing wrong': {
    store: ['IM13'],
    change: (below) => ({ verify: () => ({ ...below.verify(), damage: [] }) }),
  },
  'counts what is gone': {
    store: ['IM13'],
    change: (below) => ({
      verify() {
        const report = below.verify()
        return { ...report, objects: [...below.objects()].length, damage: [] }
      },
    }),
  },
  'packs without looking at what is named': {
    store: ['IM73'],
    connections: ['IM67'],
    change: packsNamed,
  },
  'removes an object that changed behind the pack time': {
    store: ['IM73'],
    connections: ['IM67'],
    change: packsTooMuch,
  },
  'removes nothing when it packs': {
    store: ['IM73', 'IM76'],
    connections: ['IM40', 'IM68'],
    change: (below) => ({ pack: (request) => below.pack({ ...request, checkOnly: true }) }),
  },
  'packs when it should only check': {
    store: ['IM78'],
    change: (below) => ({ pack: (request) => below.pack({ ...request, checkOnly: false }) }),
  },
  'removes objects although it should keep them': {
    store: ['IM73'],
    change: (below) => ({ pack: (request) => below.pack({ ...request, gc: true }) }),
  },
  'packs twice at once': {
    store: ['IM76'],
    change: packsTwice,
  },
  'answers something older for the packed past': {
    store: ['IM74'],
    connections: ['IM40'],
    change: pastAfterPack,
  },
  'forgets what it is told to keep': {
    store: ['IM73', 'IM98'],
    change: (below) => ({
      pack: ({ keep: _, onBegin: __, ...request }, progress) => below.pack(request, progress),
    }),
  },
  'says nothing of its size': {
    store: ['IM97'],
    change: () => ({ bytes: () => 1_000_000_000 }),
  },
}

const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code

function fallingTimes(below: Store): Partial<Store> {
  const times = new Map<number, number>()
  const given = <Info extends { tid: number; time: number }>(info: Info): Info => ({
    ...info,
    time: times.get(info.tid) ?? info.time,
  })
  return {
    commit(group) {
      for (const { tid, time } of group.transactions) times.set(tid, time)
      return below.commit(group)
    },
    transaction(tid) {
      const info = below.transaction(tid)
      return info === undefined ? undefined : given(info)
    },
    transactions: (options) => below.transactions(options).map(given),
    tidAt(time) {
      below.head()
      return [...times].findLast(([, at]) => at <= time)?.[0] ?? 0
    },
  }
}

function keptInPart(below: Store): Partial<Store> {
  return {
    async commit(group) {
      const [kept] = await Promise.allSettled([below.commit(group)])
      if (kept.status === 'fulfilled') return
      const transactions = group.transactions.slice(0, 1)
      await Promise.allSettled([below.commit({ ...group, transactions })])
      throw kept.reason
    },
  }
}

/** A commit that fails with this code is taken for one that was kept. */
function swallowing(below: Store, code: string): Partial<Store> {
  return {
    async commit(group) {
      const [kept] = await Promise.allSettled([below.commit(group)])
      if (kept.status === 'rejected' && codeOf(kept.reason) !== code) throw kept.reason
    },
  }
}

function numbersTwice(below: Store): Partial<Store> {
  return swallowing(below, 'CONFLICT')
}

function overLimits(below: Store): Partial<Store> {
  return swallowing(below, 'LIMIT')
}

function answersEarly(below: Store): Partial<Store> {
  return {
    async commit(group) {
      setImmediate(() => void Promise.allSettled([below.commit(group)]))
    },
  }
}

function outOfOrder(below: Store): Partial<Store> {
  let calls = 0
  return {
    async commit(group) {
      const isLate = calls++ % 2 === 0
      await below.commit(group)
      if (isLate) await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

function showsEarly(below: Store): Partial<Store> {
  const early = new Map<number, Revision>()
  return {
    commit(group) {
      for (const { revisions } of group.transactions) {
        for (const one of revisions) early.set(one.oid, one)
      }
      return below.commit(group).finally(() => early.clear())
    },
    read: (oid, at) => (at === undefined ? early.get(oid) : undefined) ?? below.read(oid, at),
  }
}

function ownBytes(below: Store): Partial<Store> {
  const handed = new Map<string, Revision>()
  return {
    read(oid, at) {
      const found = below.read(oid, at)
      if (found === undefined) return undefined
      const key = `${oid}@${found.tid}`
      if (!handed.has(key)) handed.set(key, found)
      return handed.get(key)
    },
  }
}

function handedBytes(below: Store): Partial<Store> {
  const handed = new Map<string, Uint8Array>()
  return {
    commit(group) {
      for (const { revisions } of group.transactions) {
        for (const { oid, tid, payload } of revisions) handed.set(`${oid}@${tid}`, payload)
      }
      return below.commit(group)
    },
    read(oid, at) {
      const found = below.read(oid, at)
      if (found === undefined) return undefined
      return { ...found, payload: handed.get(`${oid}@${found.tid}`) ?? found.payload }
    },
  }
}

function* walkingNow(below: Store, at: number | undefined): Generator<Revision> {
  const oids = [...below.objects(at === undefined ? {} : { at })].map(({ oid }) => oid)
  for (const oid of oids) {
    const found = below.read(oid, at)
    if (found !== undefined) yield found
  }
}

function* replayingNow(
  below: Store,
  { start = 0, stop }: { start?: number; stop?: number } = {},
): Generator<Transaction> {
  for (let next = start; ; ) {
    const [one] = below.replay({ start: next, ...(stop === undefined ? {} : { stop }) })
    if (one === undefined) return
    yield one
    next = one.tid + 1
  }
}

/** After a pack these objects are not there any more. */
function losingInPack(below: Store, choose: () => number[]): Partial<Store> {
  const lost = new Set<number>()
  return {
    async pack(request, progress) {
      const report = await below.pack(request, progress)
      if (request.checkOnly !== true) for (const oid of choose()) lost.add(oid)
      return report
    },
    read: (oid, at) => (lost.has(oid) ? undefined : below.read(oid, at)),
    revisions: (oid, options) => (lost.has(oid) ? [] : below.revisions(oid, options)),
    objects: (options) => [...below.objects(options)].filter(({ oid }) => !lost.has(oid)),
  }
}

function packsNamed(below: Store): Partial<Store> {
  return losingInPack(below, () => below.names().map(({ oid }) => oid))
}

function packsTooMuch(below: Store): Partial<Store> {
  return losingInPack(below, () => [...(below.transactions({ limit: 1 })[0]?.oids ?? [])])
}

function packsTwice(below: Store): Partial<Store> {
  return {
    async pack(request, progress) {
      try {
        return await below.pack(request, progress)
      } catch (error) {
        if (codeOf(error) !== 'BUSY') throw error
        return await below.pack({ ...request, before: 0, checkOnly: true }).catch(() => ({
          packedTo: below.packedTo(),
          objectsRemoved: 0,
          revisionsRemoved: 0,
          objectsKept: 0,
          missing: [],
        }))
      }
    },
  }
}

function pastAfterPack(below: Store): Partial<Store> {
  const orNow = <Found>(ask: (at: number | undefined) => Found, at: number | undefined): Found => {
    try {
      return ask(at)
    } catch (error) {
      if (codeOf(error) !== 'CONFLICT') throw error
      return ask(below.packedTo())
    }
  }
  return {
    read: (oid, at) => orNow((time) => below.read(oid, time), at),
    name: (name, at) => orNow((time) => below.name(name, time), at),
  }
}
