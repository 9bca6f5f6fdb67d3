// Owns: a program that runs a kernel on the image in the folder given and says which messages were answered, until it is killed.
// Leaves: killing it to worker-death.test.ts.
import { startOn } from './kernel.fixture.ts'

const [folder = '', count = '0'] = process.argv.slice(2)
const t = await startOn(folder, {
  methods: {
    note: 'function note(self, i) { self.all ??= []; self.all.push(i); return self.all.length }',
  },
})
for (let i = 0; i < Number(count); i++) {
  void t.send('note', [i], { key: `key-${i}` }).then(() => process.stdout.write(`${i}\n`))
}
