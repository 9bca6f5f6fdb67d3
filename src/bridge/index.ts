// The door of the bridge: the image to the outside: sessions, clients, the page's server.
export { Client, type SendOptions, type Transport } from './client.ts'
export { connect, type ConnectOptions, type Welcome } from './connect.ts'
export type { Dispatcher } from './dispatch.ts'
export { bridgeFault } from './faults.ts'
export { type Page, type PageFile, type PageFiles, type PageOptions, servePage } from './page.ts'
export { OPERATIONS, PROTOCOL_VERSION, WIRE_LIMITS } from './protocol.ts'
export { serve, type Served } from './serve.ts'
export type { BridgePeer } from './session.ts'
