// The library: `open` a world in this process, or `connect` to one that runs.
export { type Client, type ConnectOptions, connect, type SendOptions } from '#bridge'
export { Fault } from '#ground'
export { makeCurveKeys as curveKeyPair } from '#kernel'
export type { Provider } from '#mind'
export { type OpenOptions, type OpenWorld, openWorld as open } from './compose.ts'
export { openModel } from './models.ts'
