// Owns: a kernel that serves the image in a folder until it is killed, or its standard input ends.
// Leaves: what is asked of it, and killing it, to victim.ts.
//
//     node kill-kernel.fixture.ts FOLDER      prints {endpoint, token} when it serves
import { open } from '#batos'

const world = await open(process.argv[2] as string, { zmq: 'tcp://127.0.0.1:*' })
const { endpoint, token } = world
process.stdout.write(`${JSON.stringify({ endpoint, token })}\n`)
process.stdin.resume()
process.stdin.on('end', () => void world.close())
