// Owns: the bench as a command: which parts run, and the order of what is printed.
// Leaves: measuring to the files beside it; what the numbers mean to docs/benchmarks.md.
//
//     npm run bench                           every table, in less than four minutes
//     npm run bench -- --only durable         one part: durable, inside or scale
//     npm run bench -- --only scale --objects 10000000     images of a thousand and of ten million objects
//     npm run bench -- --profile              where the kernel's time goes at 512 in flight
//     npm run bench -- --peer FOLDER          where kernel.py and load.py of the Python peer are
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { durable } from './durable.ts'
import { inside } from './inside.ts'
import { profile } from './profile.ts'
import { scale } from './scale.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    objects: { type: 'string' },
    profile: { type: 'boolean', default: false },
    peer: {
      type: 'string',
      default: fileURLToPath(new URL('../../shared/baseline', import.meta.url)),
    },
  },
})

const say = (text: string) => process.stderr.write(`${text}\n`)
const began = performance.now()
const objects = values.objects === undefined ? undefined : Number(values.objects)
const wants = (part: string) => values.only === undefined || values.only === part

if (values.profile) console.log(await profile(say))
else {
  console.log(`Node ${process.versions.node}, ${availableParallelism()} cores; medians.\n`)
  if (wants('durable')) console.log(`${await durable(values.peer, say)}\n`)
  if (wants('inside')) console.log(`${await inside(say)}\n`)
  if (wants('scale')) console.log(`${await scale(say, objects)}\n`)
  console.log(`${Math.round((performance.now() - began) / 1000)} s in all.`)
}
