// The door of objects: the object model, pure and synchronous, for the image worker, the kernel and tests.
export { decodeSlots, decodeValue, encodeSlots, encodeValue, type StoredSlot } from './codec.ts'
export { objectFault, sealFault } from './faults.ts'
export { GENESIS, type Oid, oidText, parseOid, parseTid, type Tid } from './identity.ts'
export {
  type Facet,
  type Heard,
  type Inquiry,
  type PersonaInquiry,
  readFacets,
  readInquiry,
} from './inquiry.ts'
export { OBJECT_LIMITS } from './limits.ts'
export { makeGlobals, seeded } from './mirror.ts'
export { type SlotKind, slotKind } from './object.ts'
export { type Parcel, type Posting, postingDelay } from './posting.ts'
export { type HttpRequest, isRead, isRepeatable, readRequest } from './request.ts'
export { makeRuntime, type Runtime, stopGrowth } from './runtime.ts'
export { type HttpNeed, type InquiryNeed, type MethodNeed, type Need, needKey } from './signal.ts'
export type {
  Change,
  NeedOutcome,
  Relied,
  RestoredName,
  RestoredSlot,
  SendRequest,
  TurnFrame,
  TurnOutcome,
  Write,
} from './turn.ts'
export {
  checkObjectName,
  checkSlotName,
  fromWire,
  isMap,
  isSelector,
  MethodRef,
  Ref,
  toStored,
  toWire,
} from './value.ts'
export { type CompiledMethod, World, type WorldHost } from './world.ts'
