// Owns: the package's second door: the suites of the image's contract, and what a store is made with that is held to them.
// Leaves: all of it to image; how it is used to docs/image-contract.md.
export { Fault } from '#ground'
export {
  type Ability,
  checkGroup,
  connectionClaims,
  type Damage,
  type Group,
  type HeldClaim,
  IMAGE_LIMITS,
  imageFault,
  openMemoryStore,
  openOverlay,
  type PackProgress,
  type PackReport,
  type PackRequest,
  type RecordKind,
  type Revision,
  readOnly,
  runConnectionContract,
  runStoreContract,
  type Store,
  type StoreContract,
  storeClaims,
  type TableName,
  type TableWrite,
  type Transaction,
  type TransactionInfo,
  type VerifyReport,
} from '#image'
export type { Oid, Tid } from '#objects'
