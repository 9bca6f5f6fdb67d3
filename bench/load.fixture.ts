// Owns: the load: messages from one DEALER in a process of its own, so many in flight; told what to do line by line.
// Leaves: what answers to whoever is at the endpoint; what the numbers mean to run.ts.
// Laws: frames are packed once and their ids patched in place, so that what is measured is the other side.
//
// A line in is {endpoint, token, count, depth, objects}; a line out is {perSecond, p50, p99, failed}, latencies in ms.
import { createInterface } from 'node:readline'
import { Packr } from 'msgpackr'
import { Dealer } from 'zeromq'

export interface LoadOrder {
  endpoint: string
  /** Says Hello first where there is one. */
  token: string | null
  count: number
  depth: number
  objects: number
}

export interface LoadReport {
  perSecond: number
  /** Milliseconds. */
  p50: number
  p99: number
  failed: number
}

const packr = new Packr({ useRecords: false, mapsAsObjects: true })
/** Packs as five bytes, so that every id has its place. */
const ID_BASE = 0x1000_0000

interface Frame {
  bytes: Buffer
  /** Where the four bytes of the id are. */
  at: number
}

/** One frame for each object, with room for ids. */
function framesFor(objects: number): Frame[] {
  return Array.from({ length: objects }, (_, i) => {
    const command = { v: 1, id: ID_BASE, op: 'SendCommand', target: `counter-${i}` }
    const bytes = Buffer.from(packr.pack({ ...command, selector: 'increment', args: [] }))
    const at = bytes.indexOf(Buffer.from([0xce, ID_BASE >>> 24, 0, 0, 0])) + 1
    return { bytes, at }
  })
}

/** Keys of a reply that is good: `ok: true`. An echo has none, and is good by coming back. */
const OK = Buffer.from([0xa2, 0x6f, 0x6b, 0xc3])
const REFUSED = Buffer.from([0xa2, 0x6f, 0x6b, 0xc2])
/** Longest distance of the id from a frame's beginning, bytes: the map's head, `v` and the key. */
const ID_WITHIN = 32

async function load(order: LoadOrder): Promise<LoadReport> {
  const { count, depth, objects } = order
  const marks = { sendHighWaterMark: 0, receiveHighWaterMark: 0 }
  const socket = new Dealer({ linger: 0, sendTimeout: 0, receiveTimeout: 30_000, ...marks })
  socket.connect(order.endpoint)
  if (order.token !== null) await hello(socket, order.token)
  const frames = framesFor(objects)
  const began = new Float64Array(count)
  const latency = new Float64Array(count)
  let sent = 0
  let done = 0
  let failed = 0
  let trouble: unknown
  const sendOne = () => {
    const frame = frames[sent % objects] as Frame
    frame.bytes.writeUInt32BE(ID_BASE + sent, frame.at)
    began[sent] = performance.now()
    sent++
    // The bytes are copied, because the same frame goes again before the first may have left.
    socket.send(Buffer.from(frame.bytes)).catch((error: unknown) => {
      trouble = error
    })
  }
  const start = performance.now()
  while (sent < Math.min(depth, count)) sendOne()
  for await (const parts of socket) {
    const reply = parts.at(-1) as Buffer
    const now = performance.now()
    const n = reply.readUInt32BE(reply.indexOf(0xce) + 1) - ID_BASE
    if (trouble !== undefined) throw trouble
    if (n < 0 || n >= sent) throw new Error('a reply to no message')
    latency[n] = now - (began[n] as number)
    const head = reply.subarray(0, ID_WITHIN)
    if (head.includes(REFUSED) && !head.includes(OK)) failed++
    if (sent < count) sendOne()
    if (++done === count) break
  }
  const seconds = (performance.now() - start) / 1000
  socket.close()
  latency.sort()
  const at = (share: number) => latency[Math.min(count - 1, Math.floor(count * share))] as number
  return { perSecond: count / seconds, p50: at(0.5), p99: at(0.99), failed }
}

async function hello(socket: Dealer, token: string): Promise<void> {
  await socket.send(packr.pack({ v: 1, id: 0, op: 'HelloCommand', client: 'load', token }))
  const [reply] = await socket.receive()
  const { ok } = packr.unpack(reply as Buffer) as { ok?: boolean }
  if (ok !== true) throw new Error('the kernel refused the load')
}

for await (const line of createInterface({ input: process.stdin })) {
  const report = await load(JSON.parse(line) as LoadOrder)
  process.stdout.write(`${JSON.stringify(report)}\n`)
}
