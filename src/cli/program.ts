// Owns: the commands as a person types them: words, options, help with examples, suggestions for typing errors.
// Leaves: doing them to the verbs, which are loaded when they are wanted.
// Laws: CL7 every command has --help with an example, and -h anywhere shows help alone. CL8 a word that is no command
// is answered with exit code 2 and the nearest that is.
import { CommanderError, InvalidArgumentError, Option, Command as Program } from 'commander'
import { Command, type CommonOptions, DEFAULT_IMAGE } from './command.ts'
import { EXIT, EXIT_WORDS } from './exit-codes.ts'
import { METHOD_COMMAND } from './method-words.ts'
import { CRUCIBLE_COMMANDS, PERSONA_COMMANDS } from './mind-commands.ts'
import type { Powers } from './powers.ts'
import { bytesIn } from './size.ts'
import { SWAP_COMMANDS, versionOption, withVersion } from './swap-commands.ts'
import type { Terminal } from './terminal.ts'
import { spanOf, withoutAt } from './when.ts'

type Verb = (
  command: Command,
  words: string[],
  options: Record<string, unknown>,
) => Promise<unknown>

/** One command: its words, its help, its options, and where it is done. */
export interface Declared {
  /** `show <target>`; commander reads it. */
  words: string
  summary: string
  details?: string
  examples: readonly string[]
  options?: readonly Option[]
  load: () => Promise<Verb>
}

/** Parses the words and does what they say; answers the exit code. */
export async function parse(
  powers: Powers,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const program = makeProgram(powers, terminal)
  let code: number = EXIT.done
  const attach = (parent: Program, declared: Declared) => {
    const child = parent.command(declared.words).summary(declared.summary)
    child.description([declared.summary, declared.details ?? ''].join('\n').trim())
    for (const option of declared.options ?? []) child.addOption(option)
    const examples = declared.examples.map((line) => `  ${line}`).join('\n')
    child.addHelpText('after', `\nExample:\n${examples}`)
    child.action(async () => {
      const verb = await declared.load()
      const { options, own } = split(child.optsWithGlobals(), powers)
      const command = new Command({ powers, terminal, options, signal })
      const answer = await verb(command, child.processedArgs.flat().filter(isText), own)
      if (typeof answer === 'number') code = answer
    })
  }
  for (const declared of COMMANDS) attach(program, declared)
  const model = program.command('model').summary('the models that write methods')
  model.description('The models that write methods: which there are, fetching one, choosing one.')
  for (const declared of MODEL_COMMANDS) attach(model, declared)
  const proposal = program.command('proposal').summary('methods that wait for a person')
  proposal.description('Methods that wait for a person: which there are, and deciding about them.')
  for (const declared of PROPOSAL_COMMANDS) attach(proposal, declared)
  const persona = program.command('persona').summary('the voices that can be asked')
  persona.description('Personas are objects with a voice and facets: list, show and ask them.')
  for (const declared of PERSONA_COMMANDS) attach(persona, declared)
  const crucible = program.command('crucible').summary('how drafts were judged of late')
  crucible.description("The Crucible's cases: which drafts there were, and how each fared.")
  for (const declared of CRUCIBLE_COMMANDS) attach(crucible, declared)
  const swap = program.command('swap').summary('versions of a method')
  swap.description('Versions of a method: which there are, putting one back, keeping one.')
  for (const declared of SWAP_COMMANDS) attach(swap, declared)
  try {
    const words = powers.words.length === 0 ? ['--help'] : withVersion(withoutAt(powers.words))
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and the version end the parsing too, with code 0; a command that lacks its words shows its help.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
}

const isText = (word: unknown): word is string => typeof word === 'string'

function makeProgram(powers: Powers, terminal: Terminal): Program {
  const codes = EXIT_WORDS.map(([number, words]) => `${number} ${words}`).join(' · ')
  return new Program('batos')
    .description('A live world of objects that learn the messages they do not understand.')
    .version(powers.version, '-V, --version', 'print the version')
    .option('--image <dir>', `the image's folder (default: BATOS_IMAGE, else ${DEFAULT_IMAGE})`)
    .option('--json', 'print one JSON document, with the fields of the wire')
    .option('--no-color', 'print without colour (as NO_COLOR does)')
    .option('--debug', 'print the stack of an error')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true, helpWidth: terminal.out.columns })
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'batos: ')),
      getOutHasColors: () => terminal.out.colored,
      getErrHasColors: () => terminal.err.colored,
    })
    .showHelpAfterError(
      '  `batos --help` lists the commands; `--help` after a command shows an example.',
    )
    .exitOverride()
    .addHelpText(
      'after',
      [
        '\nExamples:',
        '  batos up                                       start, and open the page it prints',
        '  batos send genesis clone: account              make an object',
        '  batos send account setSlot:value: balance 0    give it a slot',
        '  batos send account deposit 50                  it does not know how: it learns',
        `\nA TARGET is a name (genesis, accounts/alice) or an oid ('#1').`,
        `Exit codes: ${codes}.`,
      ].join('\n'),
    )
}

/** The common options, and those of the command alone. */
function split(
  all: Record<string, unknown>,
  powers: Powers,
): { options: CommonOptions; own: Record<string, unknown> } {
  const { image, json, debug, color: _, ...own } = all
  const folder = typeof image === 'string' ? image : powers.settings.image
  return {
    options: { image: folder || DEFAULT_IMAGE, json: json === true, debug: debug === true },
    own,
  }
}

/** Reads a whole number of an option within bounds. */
const whole = (least: number, most: number) => (text: string) => {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`)
}

/** Adds a host to those of an option that may be given again. */
const hosts = (text: string, before: string[] | undefined): string[] => {
  if (/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.test(text) && URL.canParse(`http://${text}`)) {
    return [...(before ?? []), text]
  }
  throw new InvalidArgumentError('It takes a host: its name, or its name and port as name:port.')
}

/** Reads a span of time as milliseconds. */
const span = (text: string) => {
  const milliseconds = spanOf(text)
  if (milliseconds !== undefined) return milliseconds
  throw new InvalidArgumentError(
    'It takes days, hours, minutes or seconds as 7d, 12h, 30m, 45s; or 0.',
  )
}

/** Reads what `up` keeps of history: a span, or all of it. */
const spanOrAll = (text: string) => (text === 'all' ? ('all' as const) : span(text))

/** Reads a number of bytes such as 512MiB. */
const size = (text: string) => {
  const bytes = bytesIn(text)
  if (bytes !== undefined) return bytes
  throw new InvalidArgumentError('It takes bytes as 512MiB, 1GiB or 1048576.')
}

/** Milliseconds: the longest deadline of the wire. */
const DEADLINE_MAX = 3_600_000
/** Generations a minute: those of ten minutes are held in memory. */
const GENERATIONS_MAX = 1_000
/** Transactions that one command lists: they are held in memory. */
const LIMIT_MAX = 100_000

const limitOption = new Option('--limit <n>', 'how many, newest first')
  .argParser(whole(1, LIMIT_MAX))
  .default(20)
const beforeOption = new Option('--before <tid>', 'only those before this transaction').argParser(
  (text) => String(whole(1, Number.MAX_SAFE_INTEGER)(text)),
)
const authorOption = new Option('--author <name>', 'only those of this author, such as cli')
const sinceOption = new Option('--since <when>', 'only those after this transaction or time')
const atOption = () => new Option('--at <when>', 'as it was at a transaction or a time')

/** How a WHEN is written. */
const WHEN =
  'A WHEN is a transaction (12), a time as log prints it (2026-01-31 09:05:00, or 09:05 today),\nor how long ago (2h, 7d).'

const COMMANDS: readonly Declared[] = [
  {
    words: 'up',
    summary: 'start the kernel, hold the First Conversation on a new image, serve the page',
    examples: ['batos up', 'batos up --port 8080 --image ./another_world'],
    options: [
      new Option('--port <n>', 'port of the page on 127.0.0.1; 0 takes any that is free').argParser(
        whole(0, 65_535),
      ),
      new Option('--zmq <endpoint>', "ZeroMQ endpoint (default: a socket in the image's folder)"),
      new Option('--curve', "let in only clients whose key is in the image's curve-allow"),
      new Option('--model <name>', 'a model by name, a GGUF file, or URL#name of a server'),
      new Option(
        '--allow-host <host>',
        'a host that methods may ask, name or name:port; may be given again',
      ).argParser(hosts),
      new Option('--policy <policy>', 'how methods are learnt').choices(['auto', 'review', 'off']),
      new Option(
        '--generations <n>',
        'methods that may be begun within a minute (default: 60)',
      ).argParser(whole(1, GENERATIONS_MAX)),
      new Option(
        '--tests',
        'have BRICK, who sees no draft, write tests for what goes to a person; they decide nothing',
      ),
      new Option(
        '--keep <span>',
        'history that stays once the image is large: 7d, 12h, 30m, 0; all never packs by itself (default: 7d)',
      ).argParser(spanOrAll),
      new Option(
        '--pack-above <size>',
        'from which size on older history goes by itself: 512MiB, 1GiB (default: 1GiB)',
      ).argParser(size),
    ],
    load: async () => (await import('./up.ts')).up,
  },
  {
    words: 'awaken',
    summary: 'make or open the image, and print its genesis',
    examples: ['batos awaken', 'batos awaken --image ./another_world --json'],
    load: async () => (await import('./show.ts')).awaken,
  },
  {
    words: 'send <target> <selector> [arg...]',
    summary: 'send a message to an object and print its reply',
    details:
      'An ARG is JSON if it parses as JSON, else a string. After -- everything is an ARG.\nA message whose method waits for a person asks you at once on a terminal. Elsewhere, and when you leave it, it\nends with 5 and the message stays parked: it runs when its proposal is accepted, and with --key the same command\nthen has its reply. With --deadline it waits that long, and no longer.',
    examples: [
      'batos send genesis clone: account',
      `batos send genesis setSlot:value: greeting '"hello"'`,
      'batos send account deposit 50 --intent "Add the amount to balance and answer it"',
    ],
    options: [
      new Option('--intent <text>', 'what the message should do, where its name says too little'),
      new Option('--holder <target>', 'the object that learns the method'),
      new Option('--policy <policy>', 'tighten how it may be learnt').choices(['review', 'off']),
      new Option('--deadline <ms>', 'milliseconds until an answer is no longer wanted').argParser(
        whole(1, DEADLINE_MAX),
      ),
      new Option('--key <id>', 'do it once however often it is sent: the reply is kept for a day'),
      versionOption(),
      new Option('--model <name>', 'what writes the method when no kernel runs'),
      new Option('-q, --quiet', 'say nothing of what happens meanwhile'),
    ],
    load: async () => (await import('./send.ts')).send,
  },
  {
    words: 'tell <text...>',
    summary: 'say in plain words what you want; it becomes messages, shown before they are sent',
    details:
      'Each message is shown as a `batos send` before it is sent, then its reply. What is not sure is not sent: on a terminal\nyou are asked which of the readings you mean, elsewhere it ends with 7. `batos undo` takes a message back.',
    examples: [
      'batos tell "deposit 5 to alice and show bob"',
      'batos tell "how much is in there?" --target alice',
      'batos tell "deposit 5 to alice" --dry-run',
    ],
    options: [
      new Option('--target <target>', 'the object that is meant'),
      new Option('--dry-run', 'show the messages, and send none'),
      new Option('--key <id>', 'do it once however often it is told: replies are kept for a day'),
      new Option('--model <name>', 'what reads the words when no kernel runs'),
      new Option('-q, --quiet', 'say nothing of what happens meanwhile'),
    ],
    load: async () => (await import('./tell.ts')).tell,
  },
  {
    words: 'show <target>',
    summary: 'slots, kinds and parents of an object, and who holds what',
    details: WHEN,
    examples: ['batos show genesis', 'batos show account --at 12', "batos show '#1' --json"],
    options: [atOption()],
    load: async () => (await import('./show.ts')).show,
  },
  {
    words: 'source <target> <selector>',
    summary: "the method's source as the image holds it",
    examples: ['batos source genesis clone:', 'batos source account deposit --version 1'],
    options: [atOption(), versionOption()],
    load: async () => (await import('./show.ts')).source,
  },
  METHOD_COMMAND,
  {
    words: 'ls [prefix]',
    summary: 'the named objects',
    examples: ['batos ls', 'batos ls accounts/'],
    options: [atOption()],
    load: async () => (await import('./listing.ts')).ls,
  },
  {
    words: 'status',
    summary: 'what runs, on which image, with which model',
    examples: ['batos status', 'batos status --json'],
    load: async () => (await import('./status.ts')).status,
  },
  {
    words: 'log',
    summary: 'the newest transactions of the image, or of an object or author',
    details: WHEN,
    examples: ['batos log --limit 5', 'batos log --object account --author cli --since 2h'],
    options: [
      limitOption,
      beforeOption,
      sinceOption,
      authorOption,
      new Option('--object <target>', 'only those that changed this object'),
      atOption(),
    ],
    load: async () => (await import('./listing.ts')).log,
  },
  {
    words: 'history <target> [slot]',
    summary: 'the transactions of an object, or of one of its slots',
    details: 'The slot may also follow a dot: account.balance.',
    examples: ['batos history genesis', 'batos history account.balance --since 7d'],
    options: [limitOption, beforeOption, sinceOption, authorOption, atOption()],
    load: async () => (await import('./listing.ts')).history,
  },
  {
    words: 'at <when> <command...>',
    summary: 'ask about the past: show, source, ls, dump, log and history as of then',
    details: WHEN,
    examples: ['batos at 12 show account', 'batos at 2h ls', "batos at '2026-01-31 09:05:00' log"],
    load: async () => (await import('./when.ts')).at,
  },
  {
    words: 'diff [from] [to]',
    summary: 'what differs between two transactions, slot by slot, methods line by line',
    details: `Without TO it goes to now; without both it is what the newest transaction changed. ${WHEN}`,
    examples: [
      'batos diff',
      'batos diff 12 15',
      'batos diff 2h',
      'batos diff --object account',
      'batos diff 12 15 --json',
    ],
    options: [new Option('--object <target>', 'of this object alone')],
    load: async () => (await import('./changes.ts')).diff,
  },
  {
    words: 'undo <tid>',
    summary: 'take a transaction back, or several in a row, unless something changed later',
    details:
      'All of it or nothing. Undo the undo to do it again. A method comes back as a new version.\nSeveral in a row are written 12..15. A load is undone whole; the awakening is not undone.',
    examples: ['batos undo 12 --dry-run', 'batos undo 12', 'batos undo 12..15'],
    options: [new Option('--dry-run', 'show what it would change, and change nothing')],
    load: async () => (await import('./changes.ts')).undo,
  },
  {
    words: 'pack',
    summary: 'pack away old history, and objects that nothing refers to',
    examples: ['batos pack', 'batos pack --keep 12h', 'batos pack --keep 0'],
    options: [
      new Option('--keep <span>', 'history that stays: 7d, 12h, 30m or 0 (default: 7d)').argParser(
        span,
      ),
    ],
    load: async () => (await import('./upkeep.ts')).pack,
  },
  {
    words: 'dump <file>',
    summary: 'write the whole world as text; - is stdout',
    details: 'Equal worlds give equal texts, byte by byte.',
    examples: ['batos dump world.txt', 'batos dump - --at 12 | less'],
    options: [atOption()],
    load: async () => (await import('./upkeep.ts')).dump,
  },
  {
    words: 'load <file>',
    summary: 'bring a dump into an image that has only its awakening; - is stdin',
    details: 'Objects keep their oids. Every method is judged first; nothing is loaded otherwise.',
    examples: ['batos load world.txt --image ./another_world'],
    load: async () => (await import('./upkeep.ts')).load,
  },
  {
    words: 'verify',
    summary: 'read every record of the image and list what is damaged',
    examples: ['batos verify'],
    load: async () => (await import('./status.ts')).verify,
  },
  {
    words: 'salvage <into>',
    summary: 'make an image that opens out of a damaged one, and list what is lost',
    details:
      'INTO is a folder without an image. The damaged image is only read.\nThe report is printed, and kept in INTO/salvage.json.',
    examples: ['batos salvage ./saved_image', 'batos verify --image ./saved_image'],
    load: async () => (await import('./rescue.ts')).salvage,
  },
  {
    words: 'backup <file>',
    summary: 'write the whole history to a file, or what came after another backup',
    details:
      'It works while a kernel runs. What was cut off is gone on with when the same command is given.\nFILE must not be there yet.',
    examples: ['batos backup monday', 'batos backup tuesday --after monday'],
    options: [
      new Option('--after <file>', 'only what came after this backup'),
      new Option('--since <tid>', 'only what came after this transaction').argParser(
        whole(1, Number.MAX_SAFE_INTEGER),
      ),
    ],
    load: async () => (await import('./rescue.ts')).backup,
  },
  {
    words: 'restore <file...>',
    summary: 'make an image out of a backup and those that go on from it',
    details:
      'The image must not be there yet, and is there when it is whole. What was cut off is gone on with.',
    examples: ['batos restore monday tuesday --image ./restored_image'],
    load: async () => (await import('./rescue.ts')).restore,
  },
  {
    words: 'policy [policy] [target] [selector]',
    summary: 'how methods are learnt, of an object, a selector, or all',
    details:
      'auto installs what passes and agrees, review leaves it to a person, off learns nothing; auto takes back what was set.\nOf all that match the strictest holds. A dot as TARGET is every object. Without a POLICY they are listed.',
    examples: [
      'batos policy',
      'batos policy review account',
      'batos policy off account withdraw',
      'batos policy review . transfer',
    ],
    load: async () => (await import('./proposal.ts')).policy,
  },
  {
    words: 'doctor',
    summary: 'look whether everything that is needed is there',
    examples: ['batos doctor'],
    load: async () => (await import('./doctor.ts')).doctor,
  },
]

const MODEL_COMMANDS: readonly Declared[] = [
  {
    words: 'ls',
    summary: 'the models that are known by name',
    examples: ['batos model ls'],
    load: async () => (await import('./model.ts')).modelLs,
  },
  {
    words: 'pull [name]',
    summary: 'fetch a model and check it',
    details: 'Without a name it is the one that is in use.',
    examples: ['batos model pull', 'batos model pull qwen2.5-coder-0.5b'],
    load: async () => (await import('./model.ts')).modelPull,
  },
  {
    words: 'use <name>',
    summary: 'take a model from now on: a name, a GGUF file, or URL#name of a server',
    examples: [
      'batos model use qwen2.5-coder-0.5b',
      'batos model use ./my-model.gguf',
      'batos model use http://127.0.0.1:8080/v1#my-model',
    ],
    load: async () => (await import('./model.ts')).modelUse,
  },
  {
    words: 'rank [model...]',
    summary: 'have models do the open tasks, and compare how they fare',
    details:
      'A MODEL is what `model use` takes; without one it is the one that is in use.\nAnswers are kept: a second run asks only what was not asked before. The folder may be removed at any time.',
    examples: [
      'batos model rank',
      'batos model rank qwen2.5-coder-0.5b qwen2.5-coder-1.5b --only code --limit 20',
      'batos model rank http://127.0.0.1:8080/v1#my-model --tasks ./my-tasks.json --json',
    ],
    options: [
      new Option('--tasks <file...>', 'files of tasks, instead of the open ones'),
      new Option('--only <category>', 'one category of tasks').choices([
        'code',
        'persona',
        'calls',
        'flow',
      ]),
      new Option('--limit <n>', 'so many tasks of each category').argParser(whole(1, 100_000)),
      new Option('--completions <dir>', 'where answers are kept, instead of the cache'),
      new Option('--fresh', 'ask everything anew'),
    ],
    load: async () => (await import('./rank.ts')).modelRank,
  },
]

const PROPOSAL_COMMANDS: readonly Declared[] = [
  {
    words: 'ls',
    summary: 'the proposals that are open, and those decided of late',
    examples: ['batos proposal ls'],
    load: async () => (await import('./proposal.ts')).proposalLs,
  },
  {
    words: 'show <id>',
    summary: 'a proposal with its drafts, and the question that decides',
    examples: ['batos proposal show p1'],
    load: async () => (await import('./proposal.ts')).proposalShow,
  },
  {
    words: 'accept <id>',
    summary: 'install a draft, the likeliest unless told otherwise; what waits runs',
    examples: [
      'batos proposal accept p1',
      'batos proposal accept p1 --draft 1',
      'batos proposal accept p1 --source deposit.ts',
      'batos proposal accept p1 --despite-veto',
    ],
    options: [
      new Option('--draft <n>', 'which draft, by the number that show has').argParser(whole(0, 63)),
      new Option('--source <file>', 'a source of your own instead; - is stdin'),
      new Option('--despite-veto', 'also when a reviewer has shown a call on which it is wrong'),
    ],
    load: async () => (await import('./proposal.ts')).proposalAccept,
  },
  {
    words: 'review <id>',
    summary: 'have robin and then brick review a draft; what they object is tried',
    examples: ['batos proposal review p1', 'batos proposal review p1 --draft 1'],
    options: [
      new Option('--draft <n>', 'which draft, by the number that show has').argParser(whole(0, 63)),
      new Option('--model <name>', 'what reviews when no kernel runs'),
    ],
    load: async () => (await import('./proposal.ts')).proposalReview,
  },
  {
    words: 'answer <id> [value]',
    summary: 'say what the call must answer; the answer is kept, and drafts are drawn anew',
    examples: [
      'batos proposal answer p1 7',
      'batos proposal answer p1 --fails',
      'batos proposal answer p1 \'["a", "b"]\' --no-draw',
    ],
    options: [
      new Option('--fails', 'it must refuse the call'),
      new Option('--no-draw', 'keep the answer only; what waits stays parked'),
    ],
    load: async () => (await import('./proposal.ts')).proposalAnswer,
  },
  {
    words: 'draw <id>',
    summary: 'have drafts drawn anew, on what is there now; what waits asks for them',
    examples: ['batos proposal draw p1'],
    load: async () => (await import('./proposal.ts')).proposalDraw,
  },
  {
    words: 'reject <id>',
    summary: 'install nothing; what waits ends with a fault',
    examples: ['batos proposal reject p1', 'batos proposal reject p1 --reason "it must not ask"'],
    options: [new Option('--reason <text>', 'told to those who waited')],
    load: async () => (await import('./proposal.ts')).proposalReject,
  },
]
