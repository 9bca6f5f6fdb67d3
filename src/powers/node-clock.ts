// Owns: the clock of this machine.
// Leaves: what time means to whoever it is handed to.

/** Milliseconds since 1970, and milliseconds that only ever grow. */
export const clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
}
