// The door of image: the store's contract, its two stores, the lock, and the suite that every store passes.
export { type BackupReport, backup, restore, verifyBackup, type Watch } from './backup.ts'
export type { BlobFacts, BlobFile, BlobMode } from './blob-file.ts'
export { type Blobs, openBlobStore } from './blobs.ts'
export { type CheckChild, checkImage, requireSound, type SpawnCheck } from './check.ts'
export type { Connection } from './connection.ts'
export { connectionClaims, runConnectionContract } from './connection-contract.ts'
export type { Warning } from './connection-limits.ts'
export type { Ability, HeldClaim, StoreContract } from './contract-parts.ts'
export {
  type Database,
  type DatabaseOptions,
  type Description,
  type OpenOptions,
  openDatabase,
  type PastPoint,
} from './database.ts'
export { type CopyReport, copyStore } from './copy.ts'
export type { Decider } from './decider.ts'
export { imageFault } from './faults.ts'
export { type CheckedGroup, checkGroup, type Head, TABLES } from './group.ts'
export { IMAGE_LIMITS } from './limits.ts'
export { describeGolden, fillGolden } from './golden/golden.ts'
export { LAYOUT_VERSION } from './lmdb/schema.ts'
export { openLmdbStore } from './lmdb/store.ts'
export { verifyPages } from './lmdb/verify-pages.ts'
export { holdLock, type ImageLock } from './lock.ts'
export { MERGE_SLOT, type MergeHook, mergeCounter, mergeKeyed } from './merge.ts'
export { openMemoryStore } from './memory/store.ts'
export { type OpenedImage, type OpeningOptions, openImage, requireSoundFile } from './opening.ts'
export { openOverlay } from './overlay/store.ts'
export { type ObjectState, Persistent } from './persistent.ts'
export { type PlacesSource, placesOf } from './places.ts'
export { readOnly } from './read-only.ts'
export { currentObjects, lastInvalidations } from './replay.ts'
export { decodeRecord, encodeRecord, RECORD_FORMAT } from './record.ts'
export { WeakRefTo } from './slot-values.ts'
export { type CommitInfo, Storage, type TransactionRecord, type Validity } from './storage.ts'
export { type SalvageReport, salvage } from './salvage.ts'
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
export { runStoreContract, storeClaims } from './store-contract.ts'
export { DUMP_FORMAT, dump } from './text/dump.ts'
export { type LoadRequest, load } from './text/load.ts'
export {
  type Resource,
  type Savepoint,
  type Transaction as ObjectTransaction,
  TransactionManager,
  transact,
} from './transaction.ts'
