// The door of the command line: one run of it, from what it is handed.
export type {
  Files,
  Machine,
  Output,
  Powers,
  Settings,
  VerifyAnswer,
  World,
  WorldOptions,
} from './powers.ts'
export { run } from './run.ts'
