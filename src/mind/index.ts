// The door of the mind: models and how they are asked, and the learner that meets the need for a method.
export { DraftingLearner } from './learner.ts'
export { PersonaAdviser } from './persona/adviser.ts'
export { personaMessages } from './persona/persona-prompt.ts'
export { objectionIn, type Reviewed, review, reviewText } from './persona/review.ts'
export { TestingLearner, testsIn, testText } from './persona/tester.ts'
export { VOICES } from './persona/voices.ts'
export {
  chooseModel,
  DEFAULT_MODEL,
  type HubSource,
  type ModelChoice,
  type ModelEntry,
  type ModelSource,
  MODELS,
  modelPath,
  type PackageSource,
} from './catalogue.ts'
export {
  type DraftContext,
  describeContext,
  estimateTokens,
  functionNameOf,
  type MethodContext,
  type PeerContext,
  type SlotContext,
} from './context.ts'
export { type DownloadOptions, downloadModel, findModel, verifyModel } from './download.ts'
export { type Draft, extractDraft } from './draft.ts'
export { mindFault } from './faults.ts'
export type { Fetch } from './hub.ts'
export { MIND_LIMITS } from './limits.ts'
export type { RunCommand } from './packages.ts'
export {
  classMessages,
  DRAFT_STOPS,
  draftMessages,
  fixedMessages,
  promptHash,
  repairMessages,
  warmUps,
} from './prompt.ts'
export { describeReceiver, namesOf } from './receiver.ts'
export type { ChatMessage, Completion, CompletionRequest, Provider } from './provider.ts'
export { type EmbeddedOptions, EmbeddedProvider } from './providers/embedded.ts'
export type { HostStats, Warmed } from './providers/host-frames.ts'
export { nativeRuntime } from './providers/native.ts'
export { promptNotes } from './providers/prompt-notes.ts'
export { type OpenAiOptions, OpenAiProvider } from './providers/openai.ts'
export { type Script, ScriptedProvider } from './providers/scripted.ts'
export { sampleOfValue, selfDeclaration, typeOfValue } from './shape.ts'
export { RecordingProvider } from './rank/completions.ts'
export type { CompletionShelf } from './rank/completions.ts'
export { runChecks } from './rank/hidden-checks.ts'
export { clearStage, setStage, type Stage, valueOf } from './rank/stage.ts'
export type { Share } from './rank/interval.ts'
export type { CodeResult } from './rank/learning.ts'
export {
  RANK_CATEGORIES,
  rank,
  type RankCategory,
  type Ranking,
  rankingOf,
  type RankOrder,
  type RankResult,
} from './rank/ranking.ts'
export { addTaskFile, emptySuite, type MethodTask, type Suite } from './rank/task-file.ts'
export { callMessages, type CallTool, readCall, type ReadCall } from './tell/call-messages.ts'
export { type Decision, decide, type Drawn } from './tell/deciding.ts'
export { type Named } from './tell/call-text.ts'
export type { TellCall, Told } from './tell/sureness.ts'
export { COMMON, signatureOf } from './tell/surroundings.ts'
export type { TellMessage, TellObject } from './tell/tell-messages.ts'
export { type TellOrder, type TellPlace, Teller, type ToldMessage } from './tell/teller.ts'
