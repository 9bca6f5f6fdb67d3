// Owns: the commands as a person types them: words, options, help with examples, suggestions for typing errors.
// Leaves: doing them to the verbs, which are loaded when they are wanted.
// Laws: CL7 every command has --help with an example, and -h anywhere shows help alone. CL8 a word that is no command
// is answered with exit code 2 and the nearest that is.
import { Command as Program, CommanderError, InvalidArgumentError, Option } from 'commander'
import { Command, type CommonOptions, DEFAULT_IMAGE } from './command.ts'
import { EXIT, EXIT_WORDS } from './exit-codes.ts'
import type { Powers } from './powers.ts'
import type { Terminal } from './terminal.ts'
import { spanOf } from './upkeep.ts'

type Verb = (
  command: Command,
  words: string[],
  options: Record<string, unknown>,
) => Promise<unknown>

/** One command: its words, its help, its options, and where it is done. */
interface Declared {
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
  try {
    const words = powers.words.length === 0 ? ['--help'] : [...powers.words]
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
  throw new InvalidArgumentError('It takes days, hours or minutes as 7d, 12h or 30m; or 0.')
}

/** Milliseconds: the longest deadline of the wire. */
const DEADLINE_MAX = 3_600_000
/** Entries: the most that one page of the wire holds. */
const LIMIT_MAX = 1_000

const limitOption = new Option('--limit <n>', 'how many, newest first')
  .argParser(whole(1, LIMIT_MAX))
  .default(20)
const beforeOption = new Option('--before <tid>', 'only those before this transaction')

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
    details: 'An ARG is JSON if it parses as JSON, else a string. After -- everything is an ARG.',
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
      new Option('--model <name>', 'what writes the method when no kernel runs'),
      new Option('-q, --quiet', 'say nothing of what happens meanwhile'),
    ],
    load: async () => (await import('./send.ts')).send,
  },
  {
    words: 'show <target>',
    summary: 'slots, kinds and parents of an object, and who holds what',
    examples: ['batos show genesis', 'batos show account --at 12', "batos show '#1' --json"],
    options: [new Option('--at <when>', 'as it was at a transaction or a time')],
    load: async () => (await import('./show.ts')).show,
  },
  {
    words: 'source <target> <selector>',
    summary: "the method's source as the image holds it",
    examples: ['batos source genesis clone:'],
    options: [new Option('--at <when>', 'as it was at a transaction or a time')],
    load: async () => (await import('./show.ts')).source,
  },
  {
    words: 'ls [prefix]',
    summary: 'the named objects',
    examples: ['batos ls', 'batos ls accounts/'],
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
    summary: 'the newest transactions of the image',
    examples: ['batos log --limit 5'],
    options: [limitOption, beforeOption],
    load: async () => (await import('./listing.ts')).log,
  },
  {
    words: 'history <target> [slot]',
    summary: 'the transactions of an object, or of one of its slots',
    examples: ['batos history genesis', 'batos history account balance'],
    options: [limitOption, beforeOption],
    load: async () => (await import('./listing.ts')).history,
  },
  {
    words: 'diff <from> <to>',
    summary: 'what differs between two transactions, slot by slot',
    details: 'FROM and TO are transactions or times; --json has the sources of methods too.',
    examples: ['batos diff 12 15', 'batos diff 2026-01-31T09:00:00Z 15 --json'],
    load: async () => (await import('./changes.ts')).diff,
  },
  {
    words: 'undo <tid>',
    summary: 'take a transaction back, unless something changed later',
    details:
      'All of it or nothing. Undo the undo to do it again. A method comes back as a new version.',
    examples: ['batos undo 12', 'batos log --limit 5'],
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
    options: [new Option('--at <when>', 'as it was at a transaction or a time')],
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
    details: 'INTO is a folder without an image. The damaged image is only read.',
    examples: ['batos salvage ./saved_image', 'batos verify --image ./saved_image'],
    load: async () => (await import('./rescue.ts')).salvage,
  },
  {
    words: 'backup <file>',
    summary: 'write the whole history to a file, or what came after a transaction',
    examples: ['batos backup monday', 'batos backup tuesday --since 120'],
    options: [
      new Option('--since <tid>', 'only what came after this transaction').argParser(
        whole(1, Number.MAX_SAFE_INTEGER),
      ),
    ],
    load: async () => (await import('./rescue.ts')).backup,
  },
  {
    words: 'restore <file...>',
    summary: 'make an image out of a backup and those that go on from it',
    examples: ['batos restore monday tuesday --image ./restored_image'],
    load: async () => (await import('./rescue.ts')).restore,
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
]
