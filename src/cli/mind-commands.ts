// Owns: the declarations of the commands about personas and the Crucible.
// Leaves: parsing to program.ts; doing them to persona.ts and crucible.ts.
// Laws: CL7 every command has --help with an example.
import { Option } from 'commander'
import type { Declared } from './program.ts'

/** Adds a name to those of an option that may be given again. */
const names = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text]

export const PERSONA_COMMANDS: readonly Declared[] = [
  {
    words: 'ls',
    summary: 'the personas and their facets',
    examples: ['batos persona ls'],
    load: async () => (await import('./persona.ts')).personaLs,
  },
  {
    words: 'show <name>',
    summary: "a persona's voice, its facets, and which facet speaks when",
    examples: ['batos persona show robin'],
    load: async () => (await import('./persona.ts')).personaShow,
  },
  {
    words: 'ask <name> <text>',
    summary: 'ask a persona, or several one after the other',
    details:
      'With --with the next one is given the question and the words before, and builds on them or overturns them.\nA persona remembers nothing between two questions.',
    examples: [
      'batos persona ask robin "What should a garden remember?"',
      'batos persona ask robin --with brick "Is it wise to keep every version?"',
    ],
    options: [
      new Option('--with <name>', 'who speaks next; may be given again').argParser(names),
      new Option('--purpose <purpose>', 'what it is for: dialogue, review, code'),
      new Option('--model <name>', 'what speaks when no kernel runs'),
      new Option('-q, --quiet', 'do not say which facet speaks and why'),
    ],
    load: async () => (await import('./persona.ts')).personaAsk,
  },
]

export const CRUCIBLE_COMMANDS: readonly Declared[] = [
  {
    words: 'ls',
    summary: 'the newest cases',
    examples: ['batos crucible ls'],
    load: async () => (await import('./crucible.ts')).crucibleLs,
  },
  {
    words: 'show <id>',
    summary: 'a case: who drafted, each draft with its gate, the vote, the outcome',
    examples: ['batos crucible show c1'],
    load: async () => (await import('./crucible.ts')).crucibleShow,
  },
]
