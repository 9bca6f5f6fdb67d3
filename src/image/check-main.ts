// Owns: the process that verifies an image, page by page and then through LMDB, and writes its report to stdout.
// Leaves: what a death of this process means to check.ts.
// Laws: IM83 LMDB opens the file only when its pages add up. IM122 of an image that is open the pages alone are read.
import { asFault } from '#ground'
import type { CheckOrder } from './check.ts'
import { unsound } from './lmdb/soundness.ts'
import { openLmdbStore } from './lmdb/store.ts'
import { openFile, verifyPages } from './lmdb/verify-pages.ts'
import { openMemoryStore } from './memory/store.ts'
import { placesOf } from './places.ts'
import { salvage } from './salvage.ts'
import type { Damage, VerifyReport } from './store.ts'

/** Bytes of an image whose objects are looked up by name when it is damaged: it is read into memory for that. */
const NAMED = 512 * 1024 * 1024

/** The report on a folder: that of the pages, and when they are sound, what LMDB adds. */
async function check({ folder, meta }: CheckOrder): Promise<VerifyReport> {
  try {
    const pages = verifyPages(folder, meta)
    // LMDB would read what its process has committed since, and be one more reader that keeps pages from being free.
    if (meta !== undefined) return pages
    // References to what is not there are no damage of pages; LMDB can open such an image.
    if (pages.damage.some(({ problem }) => !/which is not there\.$/.test(problem))) return pages
    const store = openLmdbStore(folder, { readOnly: true })
    const report = store.verify()
    await store.close()
    if (report.objects === pages.objects && report.revisions === pages.revisions) return report
    const problem = 'Through LMDB other records are read than lie on its pages.'
    return { ...report, damage: [...report.damage, { oid: undefined, tid: undefined, problem }] }
  } catch (error) {
    const fault = asFault(error)
    if (fault === undefined) throw error
    const damage: Damage[] = [{ oid: undefined, tid: undefined, problem: fault.message }]
    return { objects: 0, revisions: 0, transactions: 0, damage }
  }
}

/** The report with what people call the damaged objects, as far as what can be salvaged still says it. */
async function named(folder: string, report: VerifyReport): Promise<VerifyReport> {
  const hit = report.damage.map(({ oid }) => oid).filter((oid) => oid !== undefined)
  if (hit.length === 0) return report
  try {
    if (sizeOf(folder) > NAMED) return report
    const saved = openMemoryStore()
    await salvage(folder, saved)
    const places = placesOf(saved, hit)
    const damage = report.damage.map((one) => {
      const place = one.oid === undefined ? undefined : places.get(one.oid)
      return place === undefined ? one : { ...one, place }
    })
    return { ...report, damage }
  } catch {
    // The report is what was asked for; where not even this can be read, or is written meanwhile, it goes without.
    return report
  }
}

/** The first problem of the pages, null when there is none. */
function problemOf({ folder, meta }: CheckOrder): string | null {
  using file = openFile(folder)
  return unsound(file, meta) ?? null
}

function sizeOf(folder: string): number {
  using file = openFile(folder)
  return file.size
}

let input = ''
process.stdin.setEncoding('utf8')
for await (const chunk of process.stdin) input += chunk
const order = JSON.parse(input) as CheckOrder
const answer =
  order.pagesOnly === true
    ? { problem: problemOf(order) }
    : await named(order.folder, await check(order))
process.stdout.write(JSON.stringify(answer))
