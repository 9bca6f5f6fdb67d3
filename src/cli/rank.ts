// Owns: `model rank`: which models and which tasks, and the table that they come to.
// Leaves: doing the tasks to what is handed in; which model a text means to models.ts.
// Laws: CL64 a ranking is one table on stdout, a column for each model, the best first, every share with its interval;
// what happens meanwhile is told on stderr. CL65 a model or a task file that cannot be had ends it before anything is asked.
import type { RankCategory, Ranking, RankResult, Share, Suite } from '#mind'
import type { Command } from './command.ts'
import { cliFault } from './faults.ts'
import { type ChosenModel, chosenModel, type LazyProvider, providerOf } from './models.ts'
import { plain, type Stream } from './terminal.ts'

interface RankWords {
  tasks?: string[]
  only?: RankCategory
  limit?: number
  completions?: string
  fresh?: boolean
}

/** Models that one ranking compares at most: more do not fit beside each other. */
const MODELS_MAX = 8
/** Columns of a task's name on stderr, and of a reason. */
const NAME_WIDTH = 28

/** `batos model rank [MODEL…]` */
export async function modelRank(
  command: Command,
  names: string[],
  options: Record<string, unknown>,
): Promise<void> {
  const words = options as RankWords
  if (names.length > MODELS_MAX) {
    throw cliFault('FIELD_INVALID', `${names.length} models are more than ${MODELS_MAX}`)
  }
  const suite = cut(await suiteOf(command, words.tasks), words)
  const asked = names.length === 0 ? [undefined] : names
  const models = await Promise.all(asked.map((name) => chosenModel(command, name)))
  const contestants: Contestant[] = []
  for (const model of models) contestants.push(await contestantOf(command, model))
  const rankings: Ranking[] = []
  for (const one of contestants) rankings.push(await rankOne(command, one, suite, words))
  rankings.sort((a, b) => b.score - a.score)
  command.print({ models: rankings }, () => {
    for (const line of table(rankings)) command.terminal.out.line(line)
  })
}

interface Contestant {
  name: string
  identity: string
  provider: LazyProvider
}

async function contestantOf(command: Command, model: ChosenModel): Promise<Contestant> {
  const { files } = command.powers
  const provider = providerOf(command, model, false, command.terminal.err)
  // A model of the catalogue is its bytes wherever it lies; a file of one's own is known by its place and length.
  const bytes = model.path === undefined ? undefined : (await files.lookAt(model.path))?.bytes
  const identity = model.entry?.sha256 ?? model.server ?? `${model.path} ${bytes}`
  if (model.entry !== undefined && model.path === undefined) await provider.open()
  return { name: model.name, identity, provider }
}

async function suiteOf(command: Command, paths: string[] | undefined): Promise<Suite> {
  const { addTaskFile, emptySuite } = await import('#mind')
  const { files, openTasks } = command.powers
  const suite = emptySuite()
  if (paths === undefined) {
    for (const { name, text } of await openTasks()) addTaskFile(suite, name, text)
    return suite
  }
  for (const path of paths) {
    const text = await files.readText(files.absolute(path))
    if (text === undefined) {
      throw cliFault('TARGET_UNKNOWN', `there is no file ${path}`, { path }, 'Look at the path.')
    }
    addTaskFile(suite, path, text)
  }
  return suite
}

/** The tasks that were asked for: of one category, and of each so many, spread evenly, since like ones lie together. */
function cut(suite: Suite, { only, limit }: RankWords): Suite {
  const some = <T>(category: RankCategory, tasks: T[]): T[] => {
    if (only !== undefined && only !== category) return []
    const every = Math.max(1, tasks.length / (limit ?? tasks.length))
    return tasks.filter((_, i) => Math.floor(i / every) !== Math.floor((i - 1) / every))
  }
  const left = {
    code: some('code', suite.code),
    persona: some('persona', suite.persona),
    calls: some('calls', suite.calls),
    flow: some('flow', suite.flow),
  }
  if (countOf(left) > 0) return left
  throw cliFault('FIELD_INVALID', `there is no task${only === undefined ? '' : ` of ${only}`}`)
}

const countOf = (suite: Suite) => Object.values(suite).reduce((sum, { length }) => sum + length, 0)

async function rankOne(
  command: Command,
  { name, identity, provider }: Contestant,
  suite: Suite,
  words: RankWords,
): Promise<Ranking> {
  const { files, settings } = command.powers
  const { err } = command.terminal
  const all = countOf(suite)
  let done = 0
  err.line(`${plain(name)}: ${all} ${all === 1 ? 'task' : 'tasks'}.`)
  try {
    const ranking = await command.powers.rankModel({
      model: { name, identity, open: provider.open },
      suite,
      completions:
        words.completions === undefined ? settings.completions : files.absolute(words.completions),
      fresh: words.fresh === true,
      signal: command.signal,
      onResult: (result) => tell(err, result, ++done, all),
    })
    const { completions, reused } = ranking
    err.line(`${plain(name)}: ${completions} completions, ${reused} of them from earlier runs.`)
    return ranking
  } finally {
    await provider.close()
  }
}

/** One line for one task. */
function tell(err: Stream, result: RankResult, done: number, all: number): void {
  const place = `${String(done).padStart(String(all).length)}/${all}`
  const first = result.kind !== 'code' || result.first === (result.outcome === 'right')
  const draft = first
    ? ''
    : `first draft ${(result as { first: boolean }).first ? 'right' : 'wrong'}`
  const asked = result.kind === 'code' && result.asked !== null ? `question ${result.asked}` : ''
  const parts = [
    place,
    plain(result.id).padEnd(NAME_WIDTH),
    result.outcome.padEnd(9),
    seconds(result.seconds).padStart(7),
    [draft, asked, plain(result.why)].filter((text) => text !== '').join('; '),
  ]
  err.line(parts.join('  ').trimEnd().slice(0, err.edge))
}

type Row = [label: string, cell: (ranking: Ranking) => string]

const NONE = '–'

const ofCode = (cell: (code: NonNullable<Ranking['code']>) => string) => (ranking: Ranking) =>
  ranking.code === null ? NONE : cell(ranking.code)

const ofScore = (category: RankCategory) => (ranking: Ranking) => {
  const score = ranking.scores[category]
  return score === undefined ? NONE : share(score)
}

const ROWS: readonly Row[] = [
  ['first draft right (pass@1)', ofCode(({ first }) => share(first))],
  ['right after the gates', ofCode(({ right }) => share(right))],
  ['accepted', ofCode(({ accepted }) => share(accepted))],
  ['wrong of those accepted', ofCode(({ wrongOfAccepted }) => share(wrongOfAccepted))],
  ['abstained', ofCode(({ abstained }) => share(abstained))],
  ['right draft in the question', ofCode(({ asked }) => share(asked))],
  ['seconds a task, median', ofCode((code) => seconds(code.seconds.median))],
  ['seconds a task, worst', ofCode((code) => seconds(code.seconds.worst))],
  ['tokens written a task', ofCode((code) => String(Math.round(code.tokens)))],
  ['', () => ''],
  ['code generation', ofScore('code')],
  ['persona response', ofScore('persona')],
  ['function calling', ofScore('calls')],
  ['control flow', ofScore('flow')],
  ['mean of the categories', ({ score }) => percent(score)],
]

/** The table, a column for each model. */
export function table(rankings: readonly Ranking[]): string[] {
  const rows: Row[] = [['', ({ model }) => plain(model)], ...ROWS]
  const cells = rows.map(([label, cell]) => [label, ...rankings.map(cell)])
  const widths = (cells[0] ?? []).map((_, at) => Math.max(...cells.map((row) => width(row[at]))))
  const lines = cells.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return [...lines, '', 'In brackets: where the true share lies 95 times in 100 (Wilson).']
}

const width = (cell: string | undefined) => cell?.length ?? 0

/** `12 of 30   40 % (25–58)` */
function share({ count, of, share, low, high }: Share): string {
  if (of === 0) return NONE
  const numbers = `${Math.round(low * 100)}–${Math.round(high * 100)}`
  return `${count} of ${of}  ${percent(share).padStart(5)} ${`(${numbers})`.padStart(8)}`
}

const percent = (part: number) => `${Math.round(part * 100)} %`
const seconds = (value: number) => `${value.toFixed(1)} s`
