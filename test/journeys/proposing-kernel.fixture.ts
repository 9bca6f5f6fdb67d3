// Owns: a program that serves the image in the folder given, with a mind that says what its words say, until it is killed.
// Leaves: killing it to proposals.test.ts.
import { open } from '#batos'
import { ScriptedProvider } from '#mind'

const [folder = '', policy = 'auto', ...drafts] = process.argv.slice(2)
const script = drafts.map((code) => `\`\`\`ts\n${code}\n\`\`\``)
await open(folder, {
  provider: new ScriptedProvider(script),
  policy: policy as 'auto' | 'review',
  zmq: 'ipc',
})
process.stdout.write('serving\n')
