// The door of powers: the only makers of authority. Only the composition root imports them.
export {
  makeFolder,
  makePrivateFolder,
  readText,
  readTexts,
  removeFile,
  writePrivate,
} from './node-files.ts'
export { spawnNode } from './node-process.ts'
