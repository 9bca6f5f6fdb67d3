// Owns: the soak as a command: which parts run, with which sizes, and the exit code.
// Leaves: each part to its file; what the figures mean to docs/soak.md.
//
//     npm run soak                                    every part, which takes hours
//     npm run soak -- --only hour --minutes 2         one part, or several with commas
import { parseArgs } from 'node:util'
import { hour, type PartReport } from './hour.ts'
import { kill } from './kill.ts'
import { frames, histories, killedWriters } from './programs.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    // kill: rounds on kernels and workers, and on a writer of the store alone
    rounds: { type: 'string', default: '10000' },
    'writer-rounds': { type: 'string', default: '1000' },
    parallel: { type: 'string', default: '2' },
    kernels: { type: 'string', default: '0.5' },
    frames: { type: 'string', default: '1000000' },
    histories: { type: 'string', default: '100000' },
    // hour
    minutes: { type: 'string', default: '60' },
    rate: { type: 'string', default: '500' },
    'sample-seconds': { type: 'string', default: '10' },
    'pack-seconds': { type: 'string', default: '180' },
    'keep-seconds': { type: 'string', default: '60' },
    'kill-seconds': { type: 'string', default: '120' },
    report: { type: 'string' },
    samples: { type: 'string' },
  },
})

/** The number of an option. A word that is none is a mistake that must not run for an hour. */
function number(name: Exclude<keyof typeof values, 'only' | 'report' | 'samples'>): number {
  const given = Number(values[name])
  if (!Number.isFinite(given) || given < 0) throw new Error(`--${name} takes a number`)
  return given
}

const say = (line: string) => process.stdout.write(`${line}\n`)
const seed = number('seed')

const PARTS: Record<string, () => Promise<PartReport>> = {
  kill: () => {
    const sizes = {
      rounds: number('rounds'),
      parallel: number('parallel'),
      kernels: number('kernels'),
    }
    return kill({ seed, ...sizes }, say)
  },
  writers: () => killedWriters({ seed, rounds: number('writer-rounds') }, say),
  frames: () => frames({ seed, frames: number('frames') }, say),
  histories: () => histories({ seed, histories: number('histories') }, say),
  hour: () =>
    hour(
      {
        seed,
        minutes: number('minutes'),
        rate: number('rate'),
        sampleSeconds: number('sample-seconds'),
        packSeconds: number('pack-seconds'),
        keepSeconds: number('keep-seconds'),
        killSeconds: number('kill-seconds'),
        ...(values.report === undefined ? {} : { report: values.report }),
        ...(values.samples === undefined ? {} : { samples: values.samples }),
      },
      say,
    ),
}

const chosen = values.only === undefined ? Object.keys(PARTS) : values.only.split(',')
for (const name of chosen) {
  if (PARTS[name] === undefined)
    throw new Error(`--only takes ${Object.keys(PARTS).join(', ')}; not ${name}`)
}
let violations = 0
for (const name of chosen) {
  say(`\n# ${name}, seed ${seed}`)
  const report = await (PARTS[name] as () => Promise<PartReport>)()
  say(`\n${report.text}`)
  violations += report.violations
}
say(violations === 0 ? '\nEverything held.' : `\n${violations} violations, seed ${seed}.`)
process.exitCode = violations === 0 ? 0 : 1
