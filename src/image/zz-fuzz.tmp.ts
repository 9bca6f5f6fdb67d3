// Owns: scratch
import assert from 'node:assert/strict'
import { seeded } from '#objects'
import { openDatabase } from './database.ts'
import { openMemoryStore } from './memory/store.ts'
import { Persistent } from './persistent.ts'
import { asFault } from '#ground'
type M = Map<number, Record<string, unknown>>
async function run(seed: number) {
  const r = seeded(seed), int = (n: number) => Math.floor(r() * n)
  const store = openMemoryStore()
  let time = 1
  const db = openDatabase(store, { now: () => ++time, cache: { count: 3 } })
  let c = db.open()
  const N = 6
  await db.run((k) => { const root = new Persistent(); for (let i = 0; i < N; i++) root.set('o' + i, new Persistent({ v: 0, l: [] })); k.bind('root', root) })
  const other = db.open()
  c.sync()
  const snap = (k: typeof c) => { const root = k.name('root')!; return root.names().map((n) => { const o = root.get(n) as Persistent; return [n, o.get('v'), structuredClone(o.get('l'))] }) }
  type S = unknown
  let model = snap(c) as any[]
  let base: S = structuredClone(model)
  let sps: { sp: any; m: any }[] = []
  let failed = false
  const find = (n: string) => model.find((e) => e[0] === n)
  let fresh = 0
  for (let step = 0; step < 200; step++) {
    const root = c.name('root')!
    const op = int(13)
    const entry = model[int(model.length)]
    const obj = root.get(entry[0]) as Persistent
    switch (op) {
      case 0: case 1: { const v = int(100); obj.set('v', v); entry[1] = v; break }
      case 2: case 3: { const v = int(100); (obj.get('l') as number[]).push(v); entry[2].push(v); break }
      case 4: { const n = 'n' + fresh++; root.set(n, new Persistent({ v: 1, l: [2] })); model.push([n, 1, [2]]); break }
      case 5: if (model.length > 3 && entry[0][0] === 'n') { root.delete(entry[0]); model = model.filter((e) => e !== entry) } break
      case 6: sps.push({ sp: c.manager.savepoint(), m: structuredClone(model) }); break
      case 7: if (sps.length) { const i = int(sps.length); sps[i]!.sp.rollback(); model = structuredClone(sps[i]!.m); sps.length = i + 1 } break
      case 8: await c.manager.commit(); base = structuredClone(model); sps = []; other.sync(); assert.deepEqual(snap(other), model); break
      case 9: c.manager.abort(); model = structuredClone(base) as any; sps = []; break
      case 10: c.minimize(); break
      case 11: { assert.deepEqual(snap(other), base); break }
      case 12: { // conflict elsewhere
        if (int(4)) break
        await db.run((k) => { const o = k.name('root')!.get('o0') as Persistent; o.set('v', step) })
        const mine = structuredClone(model)
        const dirty = JSON.stringify(find('o0')) !== JSON.stringify((base as any[]).find((e: any) => e[0] === 'o0'))
        try { await c.manager.commit(); base = structuredClone(mine); (base as any[]).find((e: any) => e[0] === 'o0')[1] = step }
        catch (e) { if (asFault(e)?.code !== 'CONFLICT') throw e; c.manager.abort(); (base as any[]).find((e: any) => e[0] === 'o0')[1] = step }
        void dirty
        model = structuredClone(base) as any; sps = []; other.sync(); break }
    }
    assert.deepEqual(snap(c), model, `seed ${seed} step ${step} op ${op}`)
  }
  c.manager.abort(); 
  assert.equal(store.verify().damage.length, 0)
}
const from = Number(process.argv[2] ?? 1)
for (let s = from; s < from + 400; s++) { try { await run(s) } catch (e) { console.log('seed', s, e instanceof Error ? e.stack?.slice(0, 900) : e); process.exit(1) } }
console.log('ok')
