// The door of ground: what every folder may lean on. No domain word, no I/O.
export { assert } from './assert.ts'
export { asFault, Fault, type FaultRecord, type FaultRule, faultsOf, type Retry } from './fault.ts'
export { FRAME_BYTES_MAX, FrameReader, frame } from './frames.ts'
