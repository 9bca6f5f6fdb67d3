// The door of ui: the files of the page, for the bridge to serve.
export { pageFiles } from './page-files.ts'
