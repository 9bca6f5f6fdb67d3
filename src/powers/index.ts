// The door of powers: the only makers of authority. Only the composition root imports them.
export { changingText } from './changing-file.ts'
export { clock } from './node-clock.ts'
export { type CommandAnswer, commandRunner } from './node-command.ts'
export { editorFor } from './node-editor.ts'
export { tuneEngine } from './node-engine.ts'
export {
  makeFolder,
  makePrivateFolder,
  moveFolder,
  readText,
  readTexts,
  removeFile,
  removeFolder,
  temporaryFolder,
  writePrivate,
} from './node-files.ts'
export {
  freeBytes,
  homeFolder,
  isAlive,
  isPortFree,
  listens,
  lookAt,
  machine,
} from './node-machine.ts'
export { fetchUrl } from './node-network.ts'
export { spawnNode, systemLimits } from './node-process.ts'
