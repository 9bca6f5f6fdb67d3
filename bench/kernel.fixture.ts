// Owns: a kernel in a process of its own, with counters to send to, until its standard input ends.
// Leaves: sending to load.fixture.ts.
//
//     node kernel.fixture.ts FOLDER COUNTERS      prints {endpoint, token} when it is ready
import { open } from '#batos'
import { tuneEngine } from '#powers'

// As the command does; a program that opens a world keeps its own settings.
tuneEngine()

const folder = process.argv[2] as string
const counters = Number(process.argv[3])

const INCREMENT = `function increment(self, by: number = 1) {
  self.count += by
  return self.count
}`

const world = await open(folder, { zmq: 'tcp://127.0.0.1:*' })
await world.request('CreateMethodCommand', {
  target: 'genesis',
  method_name: 'increment',
  source: INCREMENT,
})
await Promise.all(
  Array.from({ length: counters }, (_, i) =>
    world.request('CreateObjectCommand', { name: `counter-${i}`, slots: { count: 0 } }),
  ),
)
process.stdout.write(`${JSON.stringify({ endpoint: world.endpoint, token: world.token })}\n`)
process.stdin.resume()
process.stdin.on('end', () => void world.close())
