// Owns: a program that runs a kernel on the image in the folder given, posts as many messages for later as it is told, and
// says what was posted and what arrived, until it is killed.
// Leaves: killing it to outbox.test.ts.
import { startOn } from './kernel.fixture.ts'

const [folder = '', count = '0'] = process.argv.slice(2)
const t = await startOn(folder, {
  methods: {
    note: 'function note(self, i) { self.all ??= []; self.all.push(i); return self.all.length }',
    post: 'function post(self, i, ms) { mirror.later(self, "note", [i], ms); return i }',
  },
})
t.kernel.follow(({ slots }) => {
  if (slots.includes('all')) process.stdout.write('.')
})
for (let i = 0; i < Number(count); i++) {
  void t.send('post', [i, i % 20], { key: `key-${i}` }).then(() => process.stdout.write(`${i}\n`))
}
