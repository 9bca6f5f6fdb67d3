// Owns: the words of the verbs about versions of a method, and how `--version N` is told from the program's own.
// Leaves: what they do to swap.ts.
import { InvalidArgumentError, Option } from 'commander'
import type { Declared } from './program.ts'

const number = (text: string) => {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It takes the number of a version, as `batos swap ls` lists it.')
}

/** `--version N` of a method; the word alone is the program's. */
export const versionOption = () =>
  new Option('--of-version <n>', 'this version of the method; --version N is the same').argParser(
    number,
  )

export const SWAP_COMMANDS: readonly Declared[] = [
  {
    words: 'ls <target> <selector>',
    summary: 'all versions of a method: states, makers, how they fare',
    details: 'A star marks the one in the slot.',
    examples: ['batos swap ls account deposit', 'batos swap ls account deposit --json'],
    load: async () => (await import('./swap.ts')).swapLs,
  },
  {
    words: 'back <target> <selector>',
    summary: 'put an older version back: the one before, or another',
    examples: ['batos swap back account deposit', 'batos swap back account deposit --to 1'],
    options: [new Option('--to <n>', 'the number of the version').argParser(number)],
    load: async () => (await import('./swap.ts')).swapBack,
  },
  {
    words: 'keep <target> <selector>',
    summary: 'end the probation of the version in the slot: it stays',
    examples: ['batos swap keep account deposit'],
    load: async () => (await import('./swap.ts')).swapKeep,
  },
  {
    words: 'release <target> <selector>',
    summary: 'let a version run again that was on the stack at two deaths of a worker',
    examples: [
      'batos swap release account search',
      'batos swap release account search --version 2',
    ],
    options: [versionOption()],
    load: async () => (await import('./swap.ts')).swapRelease,
  },
]

/** Verbs with an option `--version N`: anywhere else that word asks for the version of the program. */
const VERSIONED = new Set(['source', 'send', 'release'])

/** `--version N` as the parser knows it, where it says which version of a method is meant. */
export function withVersion(words: readonly string[]): string[] {
  const verb = words.findIndex((word) => VERSIONED.has(word))
  const end = words.indexOf('--')
  return words.flatMap((word, i) => {
    if (verb < 0 || i <= verb || (end >= 0 && i > end)) return [word]
    if (word === '--version' && /^\d+$/.test(words[i + 1] ?? '')) return ['--of-version']
    const given = /^--version=(\d+)$/.exec(word)?.[1]
    return given === undefined ? [word] : ['--of-version', given]
  })
}
