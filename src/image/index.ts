// The door of image: the store's contract, its two stores, the lock, and the suite that every store passes.
export type { StoreContract } from './contract-parts.ts'
export { imageFault } from './faults.ts'
export { IMAGE_LIMITS } from './limits.ts'
export { openLmdbStore } from './lmdb/store.ts'
export { holdLock, type ImageLock } from './lock.ts'
export { openMemoryStore } from './memory/store.ts'
export { openOverlay } from './overlay/store.ts'
export { readOnly } from './read-only.ts'
export { currentObjects, lastInvalidations } from './replay.ts'
export { decodeRecord, encodeRecord, RECORD_FORMAT } from './record.ts'
export type {
  Damage,
  Group,
  PackProgress,
  PackReport,
  PackRequest,
  RecordKind,
  Revision,
  Store,
  TableName,
  TableWrite,
  Transaction,
  TransactionInfo,
  VerifyReport,
} from './store.ts'
export { runStoreContract } from './store-contract.ts'
