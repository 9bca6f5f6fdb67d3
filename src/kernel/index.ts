// The door of the kernel: messages in motion, the confined worker, trials, the judge, and the ZeroMQ socket.
export { awaken, complete } from './awaken.ts'
export { type ChildLike, codeExtension, readableCode, type SpawnChild } from './child.ts'
export type {
  Case,
  CaseDecision,
  CaseDraft,
  CaseGiven,
  CaseSummary,
  CaseVote,
  ShownCase,
} from './cases.ts'
export { kernelFault } from './faults.ts'
export { collectRefs } from './message.ts'
export { Head, type MethodView, type ObjectView } from './head.ts'
export {
  type CheckAnswer,
  type CheckRequest,
  compileMethod,
  Judge,
  type MethodFacts,
} from './judge/index.ts'
export {
  type Answer,
  type DurableChange,
  Kernel,
  type KernelOptions,
  type Listener,
  type Message,
} from './kernel.ts'
export type {
  KernelEvent,
  Learner,
  LearnOutcome,
  LearnTask,
  MethodNeedCall,
  Workbench,
} from './learner.ts'
export type { Example, Expected, PinnedCall } from './examples.ts'
export type { FetchPower } from './http.ts'
export type { Adviser, Routed, Spoken } from './inquiries.ts'
export { isPersona, type Persona, personaOf } from './personas.ts'
export { dumpPages, type DumpPage, type Dumping } from './dumping.ts'
export { loadDump } from './loading.ts'
export type { PackedByItself, PackingPolicy } from './automatic-packing.ts'
export type { Packed } from './packing.ts'
export { KERNEL_LIMITS } from './limits.ts'
export { placesIn } from './places.ts'
export { type MethodFields, type MethodVerdict, methodFields } from './method-record.ts'
export { type Policy, type PolicyEntry, strictest } from './policies.ts'
export type {
  Proposal,
  Proposed,
  ProposedDraft,
  ProposedQuestion,
  ProposedTest,
  ProposedTests,
} from './proposals.ts'
export { type TurnGiven, Turns } from './sandbox/turns.ts'
export { type Quarantined, sourceHash } from './quarantine.ts'
export { type RefusalKind, refusalOf, scan } from './scan.ts'
export type { Timers } from './timers.ts'
export type {
  CalledTurn,
  Supervisor,
  VersionEvent,
  VersionRow,
  Versions,
  VersionState,
} from './versions.ts'
export type { Candidate, Held, Probe, TrialReport } from './trial.ts'
export { connectDealer, type DealerOwner, type DealerWire } from './zmq/dealer.ts'
export {
  type CurveClient,
  type CurveKeys,
  type CurveServer,
  isCurveKey,
  makeCurveKeys,
} from './zmq/gate.ts'
export { bindRouter, type RouterConnection, type RouterWire } from './zmq/router.ts'
