// Owns: the Crucible: one case, in which the drafts of one method pass the gates and are compared by what they do.
// Leaves: drafting to the mind; parsing and types to the judge; running to the trial; each gate to its file.
// Laws: GO1 a draft that fails a gate is refused with the gate's name and a sentence that says what to change.
// GO2 no gate runs the draft outside a trial. GO3 what passed is what is installed, byte for byte.
import type {
  Candidate,
  CheckAnswer,
  Example,
  MethodNeedCall,
  Probe,
  TrialReport,
  Workbench,
} from '#kernel'
import { type Oid, oidText, type Posting, type Relied } from '#objects'
import { type Party, partiesOf, type Question, questionOf, type Voter, waysOf } from './ballot.ts'
import { type Behaviour, behaviourOf, changesOf } from './behaviour.ts'
import { refuseBehaviour, showing, type Trial, TRIAL_FUEL } from './behaviour-gates.ts'
import { examplesFor, probeOfExample, refuseExamples } from './examples.ts'
import { invariantOf, refuseBroken } from './invariant.ts'
import { probesFor } from './probes.ts'
import { firstRefusal, type Refusal } from './refusal.ts'
import { type Scene, sceneOf } from './scene.ts'
import { refuseReturned, reliedOn } from './reliance.ts'
import { refuseSource } from './source-gates.ts'
import { type Wishes, wishesOf } from './words.ts'

/** What a draft did in its trial, once it passed. */
export interface Verdict {
  source: string
  /** What the call answered; nil when the method refused it on purpose. */
  reply: unknown
  /** Objects that it changed on any probe and that were there before. */
  wrote: Oid[]
  /** Messages for later that it left for objects that were there before, and requests. */
  posted: Posting[]
  /** Ticks that the call took. */
  fuel: number
  /** True when it changed nothing and left nothing on any probe, and answered texts. */
  shows: boolean
  /** True when it refuses the very call that brought the need, whatever the arguments, and the intent speaks of no error. */
  refuses: boolean
}

/** A need and what its drafts are judged by. */
export interface CaseGiven {
  call: MethodNeedCall
  /** TypeScript text that declares `interface Self`. */
  declaration: string
  argTypes: string[]
  intent: string | undefined
}

/** How the drafts that passed so far stand. */
export interface Vote {
  /** Drafts that passed the gates. */
  passed: number
  /** How many of them behave like the likeliest. */
  alike: number
  /** In how many ways those were asked for. */
  ways: number
  leader: Verdict
  probes: number
}

interface Tried extends Voter {
  candidate: Candidate
  /** What it did on the examples. */
  answers: readonly TrialReport[]
  trial: Trial
}

/** What a source did on the calls of a case. */
export interface Observed {
  behaviour: Behaviour
  reports: readonly TrialReport[]
  probes: readonly Probe[]
  /** The first thing that people said and it does not keep to. */
  refusal: Refusal | undefined
  /** Every answer of a person that it does not give, and the invariant that it breaks. */
  unlike: readonly Refusal[]
  broken: Refusal | undefined
}

/** Puts the drafts of one method through the gates and counts which of them behave alike. */
export class Case {
  readonly #bench: Workbench
  readonly #given: CaseGiven
  readonly #scene: Scene
  readonly #relies: readonly Relied[]
  readonly #wishes: Wishes
  readonly #words: Set<string | number>
  /** What people have answered, as far as it can still be asked. */
  readonly #examples: readonly Example[]
  /** What the receiver is asked before and after each call. */
  readonly #invariant: string | undefined
  #probes: readonly Probe[]
  #passed: Tried[] = []
  /** Drafts that answered something else than the example in the words. */
  #unlikeExample = 0

  constructor(bench: Workbench, given: CaseGiven) {
    const { call, intent } = given
    this.#bench = bench
    this.#given = given
    this.#scene = sceneOf(bench.head, call)
    this.#relies = reliedOn(bench.head, call)
    const own = this.#scene.slots.filter(({ of }) => of === call.receiver)
    this.#wishes = wishesOf(
      intent,
      own.map(({ name }) => name),
    )
    this.#examples = examplesFor(bench, call)
    this.#invariant = invariantOf(bench.head, call)
    this.#words = new Set<string | number>(this.#wishes.quoted)
    addNumbers(intent ?? '', this.#words)
    for (const source of this.#scene.siblings.values()) addWords(source, this.#words)
    this.#probes = probesFor(this.#scene, [...this.#words])
  }

  /**
   * Puts a draft through the gates: why it is refused, or how the vote stands with it. `way` says how the draft was asked for,
   * in any word that is the same for the same way.
   */
  async consider(source: string, way = ''): Promise<Refusal | Vote> {
    const { call, intent, declaration, argTypes } = this.#given
    const { selector } = call
    const checked = await this.#bench.check({ source, selector, declaration, argTypes })
    const scene = this.#scene
    const wishes = this.#wishes
    let trying: Promise<Tried> | undefined
    const tried = () => {
      trying ??= this.#learnWords(source).then(() => this.#try(source, this.#candidate(compiled())))
      return trying
    }
    // Only what parses comes past the first step.
    const passed = () => checked as Exclude<CheckAnswer, { problems: unknown }>
    const compiled = () => ({ code: passed().code, globals: passed().globals })
    const refusal = await firstRefusal({
      judge: () => judged(checked, call.args.length),
      history: () => refuseReturned(this.#bench, call, source),
      source: () => refuseSource({ source, facts: passed().facts, scene, intent, wishes }),
      said: async () => this.#refuseSaid(await tried()),
      behaviour: async () => refuseBehaviour((await tried()).trial),
      example: async () => this.#refuseByExample(await tried()),
    })
    if (refusal !== undefined) return refusal
    this.#passed.push({ ...(await tried()), way })
    return this.#vote()
  }

  /**
   * What a source that is in place does on the calls of this case; no gate is asked, and it has no vote. `refusal` is what people
   * said that it does not keep to. Undefined when it does not compile.
   */
  async observe(source: string): Promise<Observed | undefined> {
    const { selector } = this.#given.call
    const { declaration, argTypes } = this.#given
    const checked = await this.#bench.check({ source, selector, declaration, argTypes })
    if ('problems' in checked) return undefined
    const { code, globals } = checked
    const tried = await this.#try(source, this.#candidate({ code, globals }))
    const { behaviour, reports, answers } = tried
    const refusal = this.#refuseSaid(tried)
    const broken = refuseBroken(reports, this.#probes, this.#scene)
    const unlike = this.#examples.flatMap((one, i) => {
      const report = answers[i] as TrialReport
      return refuseExamples([report], [one], this.#scene) ?? []
    })
    return { behaviour, reports, probes: this.#probes, refusal, unlike, broken }
  }

  /** Lets the texts and numbers of a source, which need be no draft, make probes. */
  learn(source: string): Promise<void> {
    return this.#learnWords(source)
  }

  /** What the draft that passed last did. */
  get latest(): Observed | undefined {
    const tried = this.#passed.at(-1)
    if (tried === undefined) return undefined
    const { behaviour, reports } = tried
    const passed = { refusal: undefined, unlike: [], broken: undefined }
    return { behaviour, reports, probes: this.#probes, ...passed }
  }

  /** The parties as they stand, the likeliest first. */
  parties(): Party[] {
    return partiesOf(this.#passed)
  }

  /** The smallest question whose answer decides; undefined when all drafts behave alike. */
  question(): Question | undefined {
    return questionOf(this.parties(), this.#probes)
  }

  /** What stands for election: a draft of each party with its votes, what it answers to the call, and what it did. */
  standing(): { source: string; votes: number; report: TrialReport; verdict: Verdict }[] {
    return partiesOf(this.#passed).map(({ voters }) => {
      const tried = voters[0] as Tried
      const [report] = tried.reports as [TrialReport]
      return { source: tried.source, votes: voters.length, report, verdict: verdictOf(tried) }
    })
  }

  /** What must not have moved when one of the drafts is installed. */
  get relies(): readonly Relied[] {
    return this.#relies
  }

  get scene(): Scene {
    return this.#scene
  }

  get call(): MethodNeedCall {
    return this.#given.call
  }

  /**
   * An example in the words is believed to be of the call at hand while nothing speaks against it: a few drafts that
   * answer otherwise are refused, unless one has answered it, when all are.
   */
  #refuseByExample({ reports: [first] }: Tried): Refusal | undefined {
    const { example } = this.#wishes
    if (example === undefined || first?.kind !== 'kept' || typeof first.reply !== 'string') return
    if (first.reply === example) {
      this.#unlikeExample = -Infinity
      return undefined
    }
    if (this.#unlikeExample >= EXAMPLE_REFUSALS) return undefined
    this.#unlikeExample++
    return {
      gate: 'intent',
      sentence: `the intent says ${JSON.stringify(example)}, but the call answered ${JSON.stringify(first.reply)}`,
    }
  }

  /** Texts that a draft compares with make probes for all: those that passed before are tried on them too. */
  async #learnWords(source: string): Promise<void> {
    const before = this.#words.size
    addWords(source, this.#words)
    if (this.#words.size === before) return
    this.#probes = probesFor(this.#scene, [...this.#words])
    const again: Tried[] = []
    for (const one of this.#passed) {
      again.push({ ...(await this.#try(one.source, one.candidate)), way: one.way })
    }
    this.#passed = again
  }

  #candidate(code: Candidate['code']): Candidate {
    const { call } = this.#given
    const { receiver: target, selector, args, learner, frame } = call
    const fuel = Math.min(frame.fuel, TRIAL_FUEL)
    const request = { ...frame, fuel, target, selector, args, holder: learner }
    const invariant = this.#invariant
    return { learner, selector, code, request, ...(invariant === undefined ? {} : { invariant }) }
  }

  /** The first thing that people said and a source does not keep to: an answer, or an invariant. */
  #refuseSaid({ answers, reports }: Tried): Refusal | undefined {
    return (
      refuseExamples(answers, this.#examples, this.#scene) ??
      refuseBroken(reports, this.#probes, this.#scene)
    )
  }

  async #try(source: string, candidate: Candidate): Promise<Tried> {
    const probes = this.#probes
    const examples = this.#examples.map(probeOfExample)
    const all: readonly TrialReport[] = await this.#bench.trial(candidate, [...probes, ...examples])
    const reports = all.slice(0, probes.length)
    const answers = all.slice(probes.length)
    const { intent, call } = this.#given
    const trial = {
      selector: call.selector,
      source,
      intent,
      wishes: this.#wishes,
      scene: this.#scene,
      probes,
      reports,
    }
    const behaviour = behaviourOf(reports, probes, this.#scene)
    return { source, way: '', candidate, trial, behaviour, reports, answers }
  }

  #vote(): Vote {
    const [party] = this.parties() as [Party]
    const { voters } = party
    return {
      passed: this.#passed.length,
      alike: voters.length,
      ways: waysOf(party),
      leader: verdictOf(voters[0] as Tried),
      probes: this.#probes.length,
    }
  }
}

/** Texts in quotation marks, short enough to be states or names, and numbers. */
function addWords(source: string, into: Set<string | number>): void {
  for (const match of source.matchAll(/(["'`])((?:(?!\1)[^\\\n$]){1,24})\1/g)) {
    const word = match[2] as string
    if (/[a-z0-9]/i.test(word) && into.size < WORDS_MAX) into.add(word)
  }
  addNumbers(source, into)
}

/** Numbers that are compared with or counted by; none, one and two are tried anyway. */
function addNumbers(text: string, into: Set<string | number>): void {
  for (const [digits] of text.matchAll(/(?<![\w.#"'`])\d{1,9}(?:\.\d{1,6})?(?![\w"'`])/g)) {
    const number = Number(digits)
    if (number > 2 && into.size < WORDS_MAX) into.add(number)
  }
}

/** Drafts that an example may refuse before it counts as one of another call. */
const EXAMPLE_REFUSALS = 2

/** Texts of sources that probes are made with. */
const WORDS_MAX = 24

function verdictOf({ source, trial, reports }: Tried): Verdict {
  const [first] = reports as [TrialReport]
  const shown = showing(trial)
  const kept = reports.flatMap((report, i) =>
    report.kind === 'kept' ? [{ report, probe: trial.probes[i] as Probe }] : [],
  )
  const wrote = new Set<Oid>()
  const posted: Posting[] = []
  let isQuiet = true
  for (const { report, probe } of kept) {
    const born = new Set(report.wrote.flatMap((one) => (one.born ? [one.oid] : [])))
    for (const { oid } of changesOf(report, probe, trial.scene)) if (!born.has(oid)) wrote.add(oid)
    for (const one of report.posted) {
      if (one.kind === 'request' || !born.has(one.target)) posted.push(one)
    }
    isQuiet &&= born.size === 0 && report.posted.length === 0
  }
  return {
    source,
    reply: first.kind === 'kept' ? first.reply : null,
    wrote: [...wrote],
    posted,
    fuel: 'fuel' in shown ? shown.fuel : 0,
    refuses: first.kind === 'fault' && !trial.wishes.throws && !answersOtherArgs(trial),
    shows: isQuiet && wrote.size === 0 && kept.every(({ report }) => isText(report.reply)),
  }
}

/** Whether other arguments alone are enough for an answer, as for a smaller amount from a small account. */
const answersOtherArgs = ({ probes, reports }: Trial) =>
  probes.some(({ sets }, i) => sets === undefined && reports[i]?.kind === 'kept')

const isText = (reply: unknown) => typeof reply === 'string'

function judged(checked: CheckAnswer, given: number): Refusal | undefined {
  if ('problems' in checked) {
    const problem = checked.problems[0]
    return { gate: 'parse', sentence: problem?.message ?? 'it does not parse' }
  }
  const { least, most } = checked.arity
  // The receiver is not counted; a default or rest parameter may be missing from the call.
  if (least > given) {
    return {
      gate: 'shape',
      sentence: `the message has ${given} arguments, but the function takes ${least} after self`,
    }
  }
  if (most !== null && most < given) {
    return {
      gate: 'shape',
      sentence: `the message has ${given} arguments; give the function a parameter after self for each`,
    }
  }
  const problem = checked.typeProblems[0]
  return problem === undefined ? undefined : { gate: 'types', sentence: problem.message }
}

/** Why a method that passed may not be installed without a person: what it did beyond the receiver and the arguments. */
export function beyondAuto(
  verdict: Verdict,
  call: MethodNeedCall,
  args: ReadonlySet<Oid>,
): string | undefined {
  const isStrange = (oid: Oid) => oid !== call.receiver && !args.has(oid)
  const changed = verdict.wrote.find(isStrange)
  if (changed !== undefined) {
    return `its trial changed ${oidText(changed)}, which is neither the receiver nor an argument`
  }
  if (verdict.posted.some(({ kind }) => kind === 'request')) return 'its trial asks another host'
  const told = verdict.posted.find(({ target }) => isStrange(target))?.target
  if (told === undefined) return undefined
  return `its trial left a message for ${oidText(told)}, which is neither the receiver nor an argument`
}
