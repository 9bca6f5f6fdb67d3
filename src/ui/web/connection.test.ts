// Owns: proof that the page comes back after a loss, without missing or repeating anything.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { Packr } from 'msgpackr'
import { WebSocket as NodeWebSocket, type WebSocket as ServerSocket, WebSocketServer } from 'ws'
import {
  Connection,
  type ConnectionState,
  FaultError,
  laterTid,
  type Notice,
} from './connection.ts'

const packr = new Packr({ useRecords: false, mapsAsObjects: true })

interface Asked {
  id: number
  op: string
  socket: ServerSocket
  [field: string]: unknown
}

describe('a connection', () => {
  let server: WebSocketServer
  let connection: Connection
  let token: string | undefined
  let asked: Asked[] = []
  let waiting: { op: string; resolve(message: Asked): void }[] = []

  /** The next message of that kind that was not taken yet; Hello is answered by the server itself. */
  function next(op: string): Promise<Asked> {
    const at = asked.findIndex((message) => message.op === op)
    const [found] = at < 0 ? [] : asked.splice(at, 1)
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve) => waiting.push({ op, resolve }))
  }
  function reply(to: Asked, body: Record<string, unknown>): void {
    to.socket.send(packr.pack({ v: 1, id: to.id, ...body }))
  }
  function receive(message: Asked): void {
    if (message.op === 'HelloCommand') {
      if (message['token'] === 'right') {
        reply(message, { ok: true, result: { server: 's', image: 'i', session: 'p' } })
        return
      }
      const fault = { code: 'UNAUTHENTICATED', message: 'no', remedy: '', retry: 'never' }
      reply(message, { ok: false, fault })
      message.socket.close(1008)
      return
    }
    const at = waiting.findIndex(({ op }) => op === message.op)
    const [waiter] = at < 0 ? [] : waiting.splice(at, 1)
    if (waiter === undefined) asked.push(message)
    else waiter.resolve(message)
  }
  function reached(kind: ConnectionState['kind']): Promise<void> {
    if (connection.state.kind === kind) return Promise.resolve()
    return new Promise((resolve) => {
      const end = connection.onState((state) => {
        if (state.kind !== kind) return
        end()
        resolve()
      })
    })
  }

  beforeEach(async () => {
    asked = []
    waiting = []
    token = 'right'
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket) => {
      socket.on('message', (data) => {
        receive({ ...(packr.unpack(data as Buffer) as Omit<Asked, 'socket'>), socket } as Asked)
      })
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    connection = new Connection(
      () => new NodeWebSocket(`ws://127.0.0.1:${port}/`) as unknown as WebSocket,
      { session: 'tab', token: () => token },
    )
    connection.start()
  })
  afterEach(async () => {
    connection.close()
    for (const socket of server.clients) socket.terminate()
    server.close()
    await once(server, 'close')
  })

  test('[UI10] [B2] after a loss a subscription goes on from the last transaction seen', async () => {
    const notices: Notice[] = []
    let heard = (): void => {}
    connection.subscribe('#9', '4', (notice) => {
      notices.push(notice)
      heard()
    })
    const first = await next('SubscribeCommand')
    assert.deepEqual([first['target'], first['from']], ['#9', '4'])
    reply(first, { ok: true, result: { tid: '5' } })
    const hears = new Promise<void>((resolve) => {
      heard = resolve
    })
    reply(first, { event: { kind: 'change', tid: '11', oid: '#9', slots: ['a'] } })
    await hears
    first.socket.terminate()
    await reached('lost')
    const second = await next('SubscribeCommand')
    assert.deepEqual([second['target'], second['from']], ['#9', '11'])
    assert.equal(notices.length, 1)
  })

  test('[UI51] the whole world is followed once, and changes and news reach all who listen', async () => {
    const told: string[] = []
    let enough = (): void => {}
    const hears = new Promise<void>((resolve) => {
      enough = resolve
    })
    const listen = (who: string) =>
      connection.subscribe(undefined, undefined, ({ kind }) => {
        told.push(`${who} ${kind}`)
        if (told.length === 3) enough()
      })
    const ends = [listen('a'), listen('b')]
    const first = await next('SubscribeCommand')
    reply(first, { ok: true, result: { tid: '5' } })
    reply(first, { event: { kind: 'change', tid: '6', oid: '#1', slots: ['s'] } })
    const news = { kind: 'proposal', proposal: 'p1', holder: '#1', selector: 'f', status: 'open' }
    reply(first, { event: news })
    await hears
    assert.deepEqual(told.slice(0, 3), ['a change', 'b change', 'a proposal'])
    for (const end of ends) end()
    const over = await next('UnsubscribeCommand')
    assert.equal(over['of'], first.id)
    assert.equal(asked.length, 0)
  })

  test('[UI10] [B2] when the point is not to be had any more, the listener hears of the gap', async () => {
    const notices: Notice[] = []
    connection.subscribe(undefined, '1', (notice) => notices.push(notice))
    const first = await next('SubscribeCommand')
    const fault = { code: 'LIMIT', message: 'packed', remedy: '', retry: 'never' }
    reply(first, { ok: false, fault })
    const second = await next('SubscribeCommand')
    assert.equal(second['from'], undefined)
    assert.deepEqual(notices, [{ kind: 'gap' }])
  })

  test('[UI10] an ended subscription is given up at the kernel and does not come back', async () => {
    const end = connection.subscribe('#9', undefined, () => assert.fail('nobody listens'))
    const subscribed = await next('SubscribeCommand')
    end()
    const ended = await next('UnsubscribeCommand')
    assert.equal(ended['of'], subscribed.id)
    ended.socket.terminate()
    await reached('lost')
    const read = connection.read('GetStatusCommand', {})
    reply(await next('GetStatusCommand'), { ok: true, result: 1 })
    await read
    assert.ok(!asked.some((message) => message.op === 'SubscribeCommand'))
  })

  test('[UI11] what may be repeated is sent again after a loss, under its id, and answered once', async () => {
    const events: string[] = []
    const call = connection.call(
      'SendCommand',
      { target: 'genesis', selector: 'f', key: 'k' },
      { resend: true, onEvent: (event) => events.push(event.kind) },
    )
    const first = await next('SendCommand')
    first.socket.terminate()
    const second = await next('SendCommand')
    assert.deepEqual([second.id, second['key']], [first.id, 'k'])
    reply(second, { event: { kind: 'queued' } })
    reply(second, { ok: true, result: 42, tid: '3' })
    assert.deepEqual(await call.answer, { result: 42, tid: '3' })
    assert.deepEqual(events, ['queued'])
  })

  test('[UI11] what may not be repeated ends with CONNECTION_LOST', async () => {
    await reached('open')
    const { answer } = connection.call('SetSlotCommand', { target: '#9', slot: 'a', value: 1 })
    const lost = assert.rejects(answer, (error) => {
      assert.ok(error instanceof FaultError)
      assert.equal(error.fault.code, 'CONNECTION_LOST')
      return true
    })
    const first = await next('SetSlotCommand')
    first.socket.terminate()
    await lost
    await reached('open')
    assert.ok(!asked.some((message) => message.op === 'SetSlotCommand'))
  })

  test('[UI12] a refused token ends the attempts, and another token begins anew', async () => {
    await reached('open')
    token = 'wrong'
    const gone = once(server.clients.values().next().value as ServerSocket, 'close')
    connection.start()
    await gone
    await reached('refused')
    const cut = [...server.clients].map((socket) => once(socket, 'close'))
    await Promise.all(cut)
    assert.equal(connection.state.kind, 'refused')
    token = 'right'
    connection.start()
    await reached('open')
  })

  test('[UI10] tids are compared as numbers', () => {
    assert.equal(laterTid('9', '10'), '10')
    assert.equal(laterTid('11', '10'), '11')
    assert.equal(laterTid(undefined, '1'), '1')
    assert.equal(laterTid('2', undefined), '2')
  })
})
