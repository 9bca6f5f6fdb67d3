// Owns: the calibration of the reviewers: how often they let a body pass that is wrong on purpose, and object to a right one.
// Leaves: the bodies to the open tasks; what a reviewer is asked to the mind.
// Laws: a verdict is the reviewer's own word: no trial helps it, and none is held against it.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openModel } from '#batos'
import { objectionIn, PersonaAdviser, reviewText, VOICES } from '#mind'
import { readTexts } from '#powers'

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'qwen2.5-coder-1.5b' },
    limit: { type: 'string', default: '20' },
  },
})

interface Task {
  id: string
  selector: string
  args?: unknown[]
  intent?: string
  /** A body that is right, and some that are not. */
  ref: string
  mutants?: string[]
}

/** The first body of each task that is right, and its first that is wrong. */
async function bodies(): Promise<{ task: Task; source: string; isRight: boolean }[]> {
  const texts = await readTexts(join(import.meta.dirname, '../tasks/missing-methods'), '.json')
  const tasks = texts.flatMap((text) => (JSON.parse(text) as { tasks: Task[] }).tasks)
  return tasks
    .filter(({ mutants }) => mutants?.[0] !== undefined)
    .slice(0, Number(values.limit))
    .flatMap((task) => [
      { task, source: task.ref, isRight: true },
      { task, source: task.mutants?.[0] as string, isRight: false },
    ])
}

const { open } = await openModel(values.model)
const provider = await open()
const adviser = new PersonaAdviser(values.model, async () => provider)
const counts = { right: 0, refused: 0, wrong: 0, accepted: 0 }
const signal = new AbortController().signal
for (const { task, source, isRight } of await bodies()) {
  const { selector, intent, args = [] } = task
  const about = { selector, args, ...(intent === undefined ? {} : { intent }) }
  const text = reviewText(about, source)
  const asked = { of: 'persona', text, purpose: 'review' } as const
  const quiet = () => undefined
  const first = await adviser.speak({ ...asked, ...VOICES.robin, heard: [] }, quiet, signal)
  const heard = [{ name: first.persona, text: first.text }]
  const second = await adviser.speak({ ...asked, ...VOICES.brick, heard }, quiet, signal)
  // One objection of either is a refusal.
  const refuses = [first, second].some((one) => objectionIn(one.text) !== undefined)
  if (isRight) {
    counts.right++
    if (refuses) counts.refused++
  } else {
    counts.wrong++
    if (!refuses) counts.accepted++
  }
  console.log(`${task.id} ${isRight ? 'right' : 'wrong'}: ${refuses ? 'refused' : 'accepted'}`)
}
await provider.close()
const percent = (part: number, of: number) =>
  `${part} of ${of} (${Math.round((100 * part) / of)} %)`
// A judge that lets wrong bodies pass must not decide alone, and one that refuses right ones helps nobody.
console.log(`false accepts: ${percent(counts.accepted, counts.wrong)}`)
console.log(`false refusals: ${percent(counts.refused, counts.right)}`)
