// The library: `open` a world in this process, or `connect` to one that runs.
export { type Client, connect, type ConnectOptions } from '#bridge'
export { Fault } from '#ground'
export { type OpenOptions, openWorld as open, type OpenWorld } from './compose.ts'
