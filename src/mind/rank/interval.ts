// Owns: how sure a share is: Wilson's interval, which holds for few tasks and for shares near nothing and all.
// Leaves: what is counted to totals.ts.
// Laws: RK2 every share is told with the interval in which the true one lies 95 times in 100.

/** Standard deviations on either side that hold 95 of 100. */
const Z = 1.959964

/** A count with its share and the interval of the share; shares are between 0 and 1. */
export interface Share {
  count: number
  of: number
  share: number
  low: number
  high: number
}

/** The share of `count` among `of`. Of nothing, nothing is known: the interval is everything. */
export function shareOf(count: number, of: number): Share {
  if (of === 0) return { count, of, share: 0, low: 0, high: 1 }
  const share = count / of
  const weight = Z ** 2 / of
  const middle = (share + weight / 2) / (1 + weight)
  const half = (Z / (1 + weight)) * Math.sqrt((share * (1 - share)) / of + weight / (4 * of))
  return { count, of, share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}
