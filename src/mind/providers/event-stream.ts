// Owns: the data of a stream of server-sent events.
// Leaves: what the data mean to openai.ts.
// Laws: MI24 data are the same however the network cuts the bytes: lines end in LF, CR LF or CR; an event at an empty line.
import { MIND_LIMITS } from '../limits.ts'

/** The data of each event, in order. Throws when a line is over the limit. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  let data: string[] = []
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    // A CR at the very end may be half of a CR LF: it waits for what follows.
    const held = rest.endsWith('\r') ? 1 : 0
    const lines = rest.slice(0, rest.length - held).split(/\r\n|\n|\r/)
    rest = (lines.pop() as string) + rest.slice(rest.length - held)
    if (rest.length > MIND_LIMITS.serverLine)
      throw new Error('the server sent a line without an end')
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
      if (line !== '' || data.length === 0) continue
      yield data.join('\n')
      data = []
    }
  }
  // A server that closes without the last empty line has still said what it said.
  const last = rest.replace(/\r$/, '')
  if (last.startsWith('data:')) data.push(last.slice(last[5] === ' ' ? 6 : 5))
  if (data.length > 0) yield data.join('\n')
}
