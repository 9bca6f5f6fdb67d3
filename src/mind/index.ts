// The door of the mind: models and how they are asked, and the learner that meets the need for a method.
export { DraftingLearner } from './learner.ts'
export type { ChatMessage, Completion, CompletionRequest, Provider } from './provider.ts'
