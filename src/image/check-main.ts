// Owns: the process that verifies an image, page by page and then through LMDB, and writes its report to stdout.
// Leaves: what a death of this process means to check.ts.
// Laws: IM83 LMDB opens the file only when its pages add up.
import { asFault } from '#ground'
import { openLmdbStore } from './lmdb/store.ts'
import { verifyPages } from './lmdb/verify-pages.ts'
import type { Damage, VerifyReport } from './store.ts'

/** The report on a folder: that of the pages, and when they are sound, what LMDB adds. */
async function check(folder: string): Promise<VerifyReport> {
  try {
    const pages = verifyPages(folder)
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

let input = ''
process.stdin.setEncoding('utf8')
for await (const chunk of process.stdin) input += chunk
const { folder } = JSON.parse(input) as { folder: string }
process.stdout.write(JSON.stringify(await check(folder)))
