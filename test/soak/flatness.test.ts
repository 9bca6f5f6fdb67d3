// Owns: the tests of the judgement over courses of samples that are made up.
// Leaves: what is sampled to the soak itself.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded } from '#objects'
import { judge, type Point } from './flatness.ts'

const HOUR = 3_600

/** A sample every ten seconds of an hour. */
function course(value: (at: number) => number): Point[] {
  return Array.from({ length: 360 }, (_, i) => ({ at: i * 10, value: value(i * 10) }))
}

test('[SO1] a level with noise is flat, and one that gains a tenth over the last half is not', () => {
  const random = seeded(1)
  const noise = () => (random() - 0.5) * 20
  const level = judge(
    course(() => 100 + noise()),
    HOUR,
    { slack: 0 },
  )
  assert.deepEqual([level.isFlat, Math.round(level.half / 10)], [true, 10])
  const leak = judge(
    course((at) => 90 + (20 * at) / HOUR + noise()),
    HOUR,
    { slack: 0 },
  )
  assert.equal(leak.isFlat, false)
  assert.match(leak.why ?? '', /over the last half; 4.97 allowed/)
})

test('[SO1] what climbs during the first quarter and then stays is flat', () => {
  const warm = judge(
    course((at) => Math.min(at, 900)),
    HOUR,
    { slack: 0 },
  )
  assert.equal(warm.isFlat, true)
})

test('[SO1] a rise below the slack is flat, and the same rise with less slack is not', () => {
  const two = course((at) => 10 + (4 * at) / HOUR)
  assert.equal(judge(two, HOUR, { slack: 2.1 }).isFlat, true)
  assert.equal(judge(two, HOUR, { slack: 1 }).isFlat, false)
})

test('[SO2] pauses at the end do not make a level a leak, and a fall there does not hide one', () => {
  const pauses = (at: number) => (at > 3_000 && at % 50 === 0 ? 5_000 : 100)
  assert.equal(judge(course(pauses), HOUR, { slack: 0 }).isFlat, true)
  const hidden = (at: number) => (at > 3_500 ? 0 : 100 + at / 20)
  assert.equal(judge(course(hidden), HOUR, { slack: 0 }).isFlat, false)
})

test('[SO3] too few samples are not flat, whatever they say', () => {
  const few = [0, 600, 1_200, 1_800, 2_400, 3_000, 3_590].map((at) => ({ at, value: 1 }))
  assert.equal(judge(few, HOUR, { slack: 5 }).isFlat, false)
  assert.equal(judge([], HOUR, { slack: 5 }).isFlat, false)
  assert.equal(judge(course(() => 1).slice(0, 12), 120, { slack: 5 }).isFlat, true)
})

test('[SO4] a saw whose valleys stay is flat by windows, and one whose valleys climb is not', () => {
  // Teeth of three minutes, and the run ends amid the last one.
  const saw = (at: number) => 100 + (at % 180) * 3
  const windows = { slack: 0, lowestOf: 270 }
  assert.equal(judge(course(saw), HOUR, windows).isFlat, true)
  assert.equal(
    judge(
      course((at) => saw(at) + at / 60),
      HOUR,
      windows,
    ).isFlat,
    false,
  )
})

test('[SO5] messages that become fewer are not flat, and ones that become more are', () => {
  const falling = course((at) => 500 - at / 20)
  const rising = course((at) => 500 + at / 20)
  assert.equal(judge(falling, HOUR, { slack: 5, mustNotFall: true }).isFlat, false)
  assert.equal(judge(rising, HOUR, { slack: 5, mustNotFall: true }).isFlat, true)
})

test('[SO1] [SO2] a stretch that begins later judges only what is in it', () => {
  const fresh = (at: number) => (at < 1_800 ? at : 100)
  assert.equal(judge(course(fresh), HOUR, { slack: 0, from: 0.5 }).isFlat, true)
})
