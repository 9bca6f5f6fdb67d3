// Owns: which names a method may use without declaring them, and why the best-known others are not there.
// Leaves: giving the allowed ones their values to the sandbox.
// Laws: KN45 a free name is one of the allowed globals. KN47 names of the runtime cannot be written in a source.

/** The globals a method may use, in the order in which compiled code takes them. */
export const ALLOWED_GLOBALS: readonly string[] = [
  'Math',
  'JSON',
  'Object',
  'Array',
  'String',
  'Number',
  'Boolean',
  'Date',
  'Map',
  'Set',
  'RegExp',
  'Error',
  'TypeError',
  'RangeError',
  'BigInt',
  'parseInt',
  'parseFloat',
  'isNaN',
  'isFinite',
  'encodeURIComponent',
  'decodeURIComponent',
  'encodeURI',
  'decodeURI',
  'Uint8Array',
  'mirror',
]

/** Constants that need no parameter, and the expression that stands for each. */
export const CONSTANTS: ReadonlyMap<string, string> = new Map([
  ['undefined', '(void 0)'],
  ['NaN', '(0/0)'],
  ['Infinity', '(1/0)'],
])

/** The word that sends to the holder's parents. */
export const RESEND = 'resend'

const NO_IO =
  'a method has no world outside the image; send a message to an object that asks for it'
const NO_CODE = 'code is made only by methods that pass the gates'
const NO_WAITING =
  'a method runs to its end without waiting; what must happen later is sent as a message'
const NO_SHARED = 'nothing is shared between methods but the objects of the image'
const NO_HOOKS = 'a method may not change how the language reads, prints or iterates values'

const REASONS: ReadonlyMap<string, string> = new Map([
  ['console', 'what a method has to say is its answer'],
  ['fetch', NO_IO],
  ['XMLHttpRequest', NO_IO],
  ['WebSocket', NO_IO],
  ['process', NO_IO],
  ['require', NO_IO],
  ['module', NO_IO],
  ['exports', NO_IO],
  ['Buffer', 'bytes are Uint8Array here'],
  ['crypto', 'the random seed belongs to the message, so that a turn can run again'],
  ['performance', 'the time belongs to the message, so that a turn can run again'],
  ['setTimeout', NO_WAITING],
  ['setInterval', NO_WAITING],
  ['setImmediate', NO_WAITING],
  ['clearTimeout', NO_WAITING],
  ['queueMicrotask', NO_WAITING],
  ['Promise', NO_WAITING],
  ['Atomics', NO_WAITING],
  ['SharedArrayBuffer', NO_SHARED],
  ['globalThis', NO_SHARED],
  ['global', NO_SHARED],
  ['window', NO_SHARED],
  ['self', 'the receiver is the first parameter, under the name it has there'],
  ['document', 'a method has no page; an object shows itself by answering a view'],
  ['Symbol', NO_HOOKS],
  ['Proxy', NO_HOOKS],
  ['Reflect', NO_HOOKS],
  ['WeakRef', 'whether an object is still in memory is not visible here'],
  ['WeakMap', 'use a Map, or a slot'],
  ['WeakSet', 'use a Set, or a slot'],
  ['FinalizationRegistry', 'whether an object is still in memory is not visible here'],
  ['WebAssembly', NO_CODE],
  ['Function', NO_CODE],
  ['eval', NO_CODE],
])

/** The sentence that refuses a free name. */
export function whyNotFree(name: string): string {
  const reason = REASONS.get(name)
  if (reason !== undefined) return `\`${name}\` is not there: ${reason}.`
  return `\`${name}\` is not declared here and is not one of the globals a method may use.`
}

/** Whether a name belongs to the runtime. */
export function isPrivateName(name: string): boolean {
  return name.startsWith('$rt') || name === '$h' || name === '$v' || /^\$t[0-9]+$/.test(name)
}
