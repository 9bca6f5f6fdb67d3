// Owns: how the kernel waits: what it asks of whoever counts time, and what the process itself has for it.
// Leaves: what time it is to the clock handed in; what is waited for to those who wait.
// Laws: KN90 whoever hands in these, the clock, chance, the store and the children decides everything that happens.

/** Ways to wait, in milliseconds. What runs, runs from the top of the event loop, once, and never within the call. */
export interface Timers {
  setTimeout(run: () => void, ms: number): unknown
  /** Undefined, and what has run already, are let be. */
  clearTimeout(timer: unknown): void
  /** Runs soon, after what is under way. */
  setImmediate(run: () => void): void
}

/** Those of the process. */
export const processTimers: Timers = {
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  setImmediate: (run) => {
    setImmediate(run)
  },
}
