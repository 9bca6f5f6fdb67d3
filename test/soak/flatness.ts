// Owns: whether a course of samples is flat: the line through it, how far it climbs, and the verdict.
// Leaves: what is sampled to samples.ts; showing it to table.ts.
// Laws: SO1 a rise over half of the run is below a twentieth, or below a slack. SO2 the line is the median of slopes. SO3 too
// few samples are no verdict in favour. SO4 the lowest of each window. SO5 what must not fall is judged by its fall.

/** One sample: when, in seconds from the beginning, and how much. */
export interface Point {
  at: number
  value: number
}

/** How a course is judged. */
export interface Measure {
  /** How much more, in the course's own unit, is still nothing: one page of memory is no leak. */
  slack: number
  /** Where the judged stretch begins, as a share of the run; the first quarter warms up. */
  from?: number
  /** Seconds of a window of which the lowest value counts. */
  lowestOf?: number
  /** True for what must not fall. */
  mustNotFall?: boolean
}

export interface Verdict {
  isFlat: boolean
  /** The line's value at half of the run and at its end. */
  half: number
  end: number
  /** What was judged. */
  points: number
  /** Why it is not flat, or undefined. */
  why?: string
}

/** A rise that is not told from none: what allocators and page sizes do by themselves. */
export const FLAT_SHARE = 0.05

/** Points below which a line through them says nothing. */
export const POINTS_MIN = 6

/** Judges a course over a run of so many seconds. */
export function judge(course: readonly Point[], seconds: number, measure: Measure): Verdict {
  const from = (measure.from ?? 0.25) * seconds
  const stretch = course.filter(({ at }) => at >= from)
  const points = measure.lowestOf === undefined ? stretch : lowest(stretch, measure.lowestOf)
  const { length } = points
  if (length < POINTS_MIN) {
    const why = `${length} samples; ${POINTS_MIN} are needed`
    return { isFlat: false, half: Number.NaN, end: Number.NaN, points: length, why }
  }
  const { slope, base } = lineThrough(points)
  const half = base + (slope * seconds) / 2
  const end = base + slope * seconds
  const rise = measure.mustNotFall === true ? half - end : end - half
  const allowed = Math.max(Math.abs(half) * FLAT_SHARE, measure.slack)
  const isFlat = rise <= allowed
  const verdict = { isFlat, half, end, points: length }
  return isFlat
    ? verdict
    : { ...verdict, why: `${round(rise)} over the last half; ${round(allowed)} allowed` }
}

/** The lowest point of each window. A window that is cut short at the end may have missed its lowest, so it is left out. */
function lowest(points: readonly Point[], seconds: number): Point[] {
  const found: Point[] = []
  const start = points[0]?.at ?? 0
  const last = points.at(-1)?.at ?? 0
  for (const point of points) {
    const window = Math.floor((point.at - start) / seconds)
    if (start + (window + 1) * seconds > last + 1e-9) break
    const so = found[window]
    if (so === undefined || point.value < so.value) found[window] = point
  }
  return found.filter((point) => point !== undefined)
}

/** The median of the slopes of all pairs, and the median of what is left at zero. */
export function lineThrough(points: readonly Point[]): { slope: number; base: number } {
  const slopes: number[] = []
  for (const [i, one] of points.entries()) {
    for (const other of points.slice(i + 1)) {
      if (other.at !== one.at) slopes.push((other.value - one.value) / (other.at - one.at))
    }
  }
  const slope = median(slopes)
  return { slope, base: median(points.map(({ at, value }) => value - slope * at)) }
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2
}

const round = (value: number) => Number(value.toPrecision(3))
