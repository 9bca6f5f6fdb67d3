// Owns: a program that runs a kernel on the image in the folder given, posts as many messages for later as it is told, and
// says what arrived, until it is killed; or that posts one for tomorrow and ends by itself.
// Leaves: killing it to outbox.test.ts.
import { startOn } from './kernel.fixture.ts'

const [folder = '', task = '', count = '0'] = process.argv.slice(2)
const t = await startOn(folder, {
  methods: {
    note: `function note(self, i) { self.all ??= []; self.all.push(i); return self.all.length }`,
    post: `function post(self, i, ms) { mirror.later(self, 'note', [i], ms); return i }`,
  },
})
if (task === 'tomorrow') {
  await t.send('post', [1, 86_400_000])
  await t.send('post', [2, 0])
  await t.close()
  process.stdout.write('closed\n')
} else {
  t.kernel.follow(({ slots }) => {
    if (slots.includes('all')) process.stdout.write('.')
  })
  for (let i = 0; i < Number(count); i++) {
    void t.send('post', [i, i % 20], { key: `key-${i}` }).then(() => process.stdout.write(`${i}\n`))
  }
}
