// Owns: the words of `method`, which gives an object a method.
// Leaves: what it does to method.ts.
import { InvalidArgumentError, Option } from 'commander'
import type { Declared } from './program.ts'

/** Reads what the slot is expected to be: the transaction of its last change, or that it is not there. */
const expectation = (text: string): string => {
  if (text === 'none' || /^[1-9]\d{0,15}$/.test(text)) return text
  throw new InvalidArgumentError(
    'It takes the transaction that changed the slot last, as `batos source` prints it, or none.',
  )
}

export const METHOD_COMMAND: Declared = {
  words: 'method <target> <selector> [file]',
  summary: 'give an object a method of your own, or a better one in the place of another',
  details:
    'FILE has the source, one function; - is stdin. Without FILE a terminal opens $VISUAL or $EDITOR on the source as it is.\nA method that does not keep to an answer which a person gave is refused, unless you say --anyway; that is kept with it.\nWhat it does otherwise than the one in place, and what takes more than twice the steps, is told on stderr.',
  examples: [
    'batos method account deposit deposit.ts',
    'batos method account deposit deposit.ts --dry-run',
    'batos method account deposit --expect 12 -m "No negative amounts"',
    'batos source account deposit | sed s/5/7/ | batos method account deposit -',
  ],
  options: [
    new Option(
      '--expect <tid>',
      'only if the slot was changed last in this transaction, or none: if it is not there',
    ).argParser(expectation),
    new Option('-m, --message <text>', 'what the method does, for people; --comment is the same'),
    new Option('--comment <text>', 'what the method does, for people').hideHelp(),
    new Option('--anyway', 'also where it does not keep to what a person answered'),
    new Option('--dry-run', 'say what would come of it, and change nothing'),
  ],
  load: async () => (await import('./method.ts')).method,
}
