// Owns: a program that serves the image in the folder given, with a mind that reads words and drafts methods as its own words
// say, until it is killed. A draft `hang` never comes.
// Leaves: killing it to tell.test.ts.
import { open } from '#batos'
import { ScriptedProvider } from '#mind'

const [folder = '', policy = 'auto', script = '{}'] = process.argv.slice(2)
const { reads = {}, drafts = [] } = JSON.parse(script) as {
  /** Answers to the words of a person, one for each time that they are asked for; the last again and again. */
  reads?: Record<string, string[]>
  drafts?: string[]
}
const asked = new Map<string, number>()
let drafted = 0
await open(folder, {
  provider: new ScriptedProvider(({ messages }, _, signal) => {
    const question = messages.at(-1)?.content ?? ''
    const words = /\nThe person says: (.*)$/.exec(question)?.[1]
    if (words === undefined) {
      const code = drafts[drafted++] ?? drafts.at(-1) ?? ''
      if (code !== 'hang') return `\`\`\`ts\n${code}\n\`\`\``
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      )
    }
    const nth = asked.get(words) ?? 0
    asked.set(words, nth + 1)
    return reads[words]?.[nth] ?? reads[words]?.at(-1) ?? 'nobody taught me that'
  }),
  policy: policy as 'auto' | 'review',
  zmq: 'ipc',
})
process.stdout.write('serving\n')
