// Owns: a client as a process of its own, that can be stopped and killed: it asks often, and connects again when it is lost.
// Leaves: who starts and stops it to the journeys.
//
//     node far-client.ts ENDPOINT TOKEN       prints `ready`, then `lost` and `again` for each loss; ends with its stdin
import { type Client, connect } from '#batos'

const [endpoint, token] = process.argv.slice(2) as [string, string]
let client: Client | undefined
let over = false

async function come(word: string): Promise<void> {
  client = await connect(endpoint, { token, client: 'far process' })
  await client.subscribe({}, () => undefined)
  process.stdout.write(`${word}\n`)
}

const asking = setInterval(async () => {
  const asked = client
  if (asked === undefined) return
  try {
    await asked.request('PingCommand')
  } catch {
    // Whatever ended the connection, the next one is a new beginning; those who asked at the same time are told too.
    if (asked !== client || over) return
    client = undefined
    process.stdout.write('lost\n')
    asked.close()
    await come('again')
  }
}, 100)

process.stdin.on('end', () => {
  over = true
  clearInterval(asking)
  client?.close()
})
process.stdin.resume()
await come('ready')
