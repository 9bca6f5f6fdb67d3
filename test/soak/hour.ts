// Owns: a run of mixed load on a kernel as `batos up` starts it: what happens when, samples of it, and the verdict.
// Leaves: the messages to load.ts, the look to samples.ts, the judgement to courses.ts.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyPages } from '#image'
import { seeded } from '#objects'
import { Place, type Running } from '../journeys/processes.ts'
import { pointsOf, verdicts } from './courses.ts'
import { Load } from './load.ts'
import { look, lookAfterPack, type Sample, type Watched, workerOf } from './samples.ts'
import { staying } from './staying.ts'
import { figure, plot, table } from './table.ts'
import { Traffic } from './traffic.ts'

export interface HourOptions {
  minutes: number
  seed: number
  /** Messages a second. */
  rate: number
  sampleSeconds: number
  /** Seconds between two packs, and between two deaths of the worker; 0 for none. */
  packSeconds: number
  killSeconds: number
  /** Seconds of history that a pack keeps. */
  keepSeconds: number
  /** Where the table goes, and every sample as a line of JSON. */
  report?: string
  samples?: string
}

/** What a run came to: the table, and the number of violations. */
export interface PartReport {
  text: string
  violations: number
}

const PROBE = new URL('./probe.ts', import.meta.url).href

/** Deeds that come again and again, and the seconds between two of each. */
const EVERY = { install: 5, undo: 7, follow: 1, visit: 2, herd: 10 } as const

/** Seconds that the end may take: what is for later arrives, and the kernel closes. */
const END_SECONDS = 60

export async function hour(options: HourOptions, say: (line: string) => void): Promise<PartReport> {
  await using place = new Place()
  const run = new Run(options, place, say)
  return await run.whole()
}

interface Deeds {
  packs: number
  packMs: number
  kills: number
}

class Run {
  readonly #options: HourOptions
  readonly #place: Place
  readonly #say: (line: string) => void
  readonly #traffic = new Traffic()
  readonly #samples: Sample[] = []
  readonly #deeds: Deeds = { packs: 0, packMs: 0, kills: 0 }
  readonly #loops: { stop(): Promise<void> }[] = []
  readonly #seconds: number
  #began = 0
  #staying = ''

  constructor(options: HourOptions, place: Place, say: (line: string) => void) {
    this.#options = options
    this.#place = place
    this.#say = say
    this.#seconds = options.minutes * 60
  }

  async whole(): Promise<PartReport> {
    const { options, probe } = {
      options: this.#options,
      probe: join(this.#place.folder, 'probe.json'),
    }
    const running = this.#place.start(
      ['up', '--json', '--port', '0', '--policy', 'off', '--zmq', 'tcp://127.0.0.1:*'],
      {
        NODE_OPTIONS: `--import=${PROBE}`,
        BATOS_SOAK_PROBE: probe,
        BATOS_SOAK_PROBE_MS: String(options.sampleSeconds * 1_000),
      },
    )
    const about = JSON.parse(await running.firstLine) as { endpoint: string; pid: number }
    const { token } = JSON.parse(readFileSync(join(this.#place.image, 'kernel.json'), 'utf8'))
    const load = new Load({
      endpoint: about.endpoint,
      token,
      rate: options.rate,
      draw: seeded(options.seed),
      traffic: this.#traffic,
    })
    await load.prepare()
    const data = join(this.#place.image, 'data')
    const watched: Watched = { pid: about.pid, data, probe, client: load.first }
    this.#say(
      `kernel ${about.pid}, seed ${options.seed}, ${options.minutes} minutes, ${options.rate}/s`,
    )
    await this.#during(load, watched)
    await this.#end(load, watched, running)
    return this.#report(load)
  }

  async #during(load: Load, watched: Watched): Promise<void> {
    const { packSeconds, killSeconds, sampleSeconds } = this.#options
    this.#began = performance.now()
    load.start()
    for (const [deed, seconds] of Object.entries(EVERY)) {
      this.#every(seconds, () => load[deed as keyof typeof EVERY]())
    }
    if (packSeconds > 0) this.#every(packSeconds, () => this.#pack(load, watched))
    // After the first third the worker lives, so that its memory is seen over a long life.
    if (killSeconds > 0)
      this.#every(killSeconds, async () => this.#at < this.#seconds / 3 && this.#kill(watched.pid))
    this.#every(sampleSeconds, () => this.#sample(watched))
    await elapsed(this.#seconds * 1_000)
    await Promise.all(this.#loops.map((loop) => loop.stop()))
    await load.stop()
  }

  get #at(): number {
    return (performance.now() - this.#began) / 1_000
  }

  /** Does something every so many seconds, never twice at once, until the run stops it. */
  #every(seconds: number, deed: () => unknown): void {
    let under: Promise<void> | undefined
    const timer = setInterval(() => {
      under ??= Promise.resolve()
        .then(deed)
        .catch((error: unknown) => this.#traffic.violate(String(error)))
        .then(() => {
          under = undefined
        })
    }, seconds * 1_000)
    this.#loops.push({
      stop: async () => {
        clearInterval(timer)
        await under
      },
    })
  }

  async #pack(load: Load, watched: Watched): Promise<void> {
    const keep = this.#options.keepSeconds * 1_000
    const began = performance.now()
    const report = await this.#traffic.ask('pack', () =>
      load.first.request('PackCommand', { keep }),
    )
    if (report === undefined) return
    this.#keep(lookAfterPack(watched.data, this.#at, this.#traffic.sent.get('install') ?? 0))
    this.#deeds.packs++
    this.#deeds.packMs = Math.max(this.#deeds.packMs, performance.now() - began)
  }

  #kill(pid: number): void {
    const worker = workerOf(pid)
    if (worker === undefined) return
    try {
      process.kill(worker, 'SIGKILL')
      this.#deeds.kills++
    } catch (error) {
      // It died between the look and the kill.
      if ((error as { code?: string }).code !== 'ESRCH') throw error
    }
  }

  #keep(sample: Sample): void {
    const { samples } = this.#options
    this.#samples.push(sample)
    if (samples !== undefined) appendFileSync(samples, `${JSON.stringify(sample)}\n`)
  }

  async #sample(watched: Watched): Promise<void> {
    const { sampleSeconds } = this.#options
    const sample = await look(watched, this.#at, this.#traffic.window(), sampleSeconds)
    this.#keep(sample)
    const shown = [
      'messages/s',
      'p99 ms',
      'file MiB',
      'pages used',
      'kernel RSS MiB',
      'kernel heap MiB',
    ]
    const words = [...shown, 'worker RSS MiB', 'queue', 'outbox'].map(
      (name) => `${name} ${figure(sample[name] ?? Number.NaN)}`,
    )
    this.#say(`${String(Math.round(sample.at)).padStart(5)} s  ${words.join('  ')}`)
  }

  /** Lets what is for later arrive, looks everything over, and closes the kernel in order. */
  async #end(load: Load, watched: Watched, running: Running): Promise<void> {
    const violate = (sentence: string) => this.#traffic.violate(sentence)
    const until = performance.now() + END_SECONDS * 1_000
    const status = async () =>
      (await load.first.request('GetStatusCommand')) as Record<string, number>
    for (let now = await status(); (now.outbox ?? 0) > 0; now = await status()) {
      if (performance.now() > until) {
        violate(`${now.outbox} messages for later have not arrived`)
        break
      }
      await elapsed(100)
    }
    await load.lookOver()
    const report = (await load.first.request('VerifyCommand')) as { damage: unknown[] }
    for (const one of report.damage) violate(`verify found ${JSON.stringify(one)}`)
    load.close()
    running.child.kill('SIGTERM')
    const { code, err } = await running.ended
    if (code !== 0) violate(`the kernel ended with ${code}: ${err.slice(-500)}`)
    this.#staying = await staying(watched.data)
    const pages = verifyPages(watched.data)
    for (const one of pages.damage) violate(`page by page: ${JSON.stringify(one)}`)
  }

  #report(load: Load): PartReport {
    const { report, minutes, seed, rate } = this.#options
    const traffic = this.#traffic
    const judged = verdicts(this.#samples, this.#seconds, this.#options)
    const rows = [...judged].map(([name, { isFlat, half, end, why }]) => {
      const values = pointsOf(this.#samples, name).map(({ value }) => value)
      const course =
        values.length === 0
          ? ''
          : `${figure(Math.min(...values))} ${plot(values)} ${figure(Math.max(...values))}`
      return [
        name,
        figure(half),
        figure(end),
        isFlat ? 'flat' : `**not flat**: ${why}`,
        `\`${course}\``,
      ]
    })
    const notFlat = [...judged.values()].filter(({ isFlat }) => !isFlat).length
    const counted = [...traffic.sent].map(([what, count]) => `${what} ${count}`).join(', ')
    const faults = [...traffic.faults].map(([what, count]) => `${what} ${count}`).join(', ')
    const text = [
      `${figure(minutes)} minutes, ${rate} messages/s asked for, seed ${seed}.`,
      '',
      table(['figure', 'half', 'end', 'verdict', 'course: lowest, plot, highest'], rows),
      '',
      `${traffic.answers} answers: ${counted}.`,
      '',
      `Faults: ${faults === '' ? 'none' : faults}. Held back: ${load.heldBack}.`,
      '',
      this.#staying,
      '',
      `${this.#deeds.packs} packs, the longest ${figure(this.#deeds.packMs)} ms; the worker killed ${this.#deeds.kills} times.`,
      '',
      `${traffic.violated} violations, ${notFlat} of ${judged.size} figures not flat.`,
      ...traffic.violations.map((sentence) => `- ${sentence}`),
    ].join('\n')
    if (report !== undefined) writeFileSync(report, `${text}\n`)
    return { text, violations: traffic.violated + notFlat }
  }
}

function elapsed(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(() => resolve(), milliseconds))
}
