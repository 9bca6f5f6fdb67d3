// Owns: the smallest ROUTER there is: every frame goes back as it came.
// Leaves: everything else; this is what a message costs before anybody looks at it.
//
//     node echo.fixture.ts      prints its endpoint when it is ready
import { Router } from 'zeromq'

const marks = { sendHighWaterMark: 0, receiveHighWaterMark: 0 }
const socket = new Router({ linger: 0, sendTimeout: 0, ...marks })
await socket.bind('tcp://127.0.0.1:*')
process.stdout.write(`${JSON.stringify({ endpoint: socket.lastEndpoint })}\n`)
process.stdin.resume()
process.stdin.on('end', () => socket.close())
for await (const parts of socket) await socket.send(parts)
