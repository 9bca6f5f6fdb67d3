// Owns: making this process's JavaScript unchangeable before anything else runs in it, and compiling guest code.
// Leaves: what code may say to the judge, what it may name to objects (mirror.ts).
// Laws: KN20 guest code runs in a compartment whose globals are frozen and hold nothing of the host. KN29 what outlives a
// turn in this process is frozen: intrinsics, methods, our faults.
import 'ses'
import { type Growth, guardGrowth } from './growth.ts'

declare const lockdown: (options: Record<string, string>) => void
declare const Compartment: new (
  options: Record<string, unknown>,
) => { globalThis: Record<string, unknown>; evaluate(code: string): unknown }
declare const harden: <T>(value: T) => T

/** Locks the process down and answers the one compartment that guest code is compiled in. */
export function lockDown(growth: Growth): {
  globals: Record<string, unknown>
  evaluate(code: string): unknown
  harden: <T>(value: T) => T
} {
  removeHiddenWays()
  guardGrowth(growth)
  lockdown({
    errorTaming: 'safe',
    overrideTaming: 'severe',
    consoleTaming: 'unsafe',
    domainTaming: 'unsafe',
  })
  const compartment = new Compartment({ __options__: true })
  const globals = { ...ownValues(compartment.globalThis) }
  harden(compartment.globalThis)
  return { globals, evaluate: (code) => compartment.evaluate(code), harden }
}

/**
 * Takes away, before everything is frozen, what guest code could reach by a computed name and has no use for: accessors
 * on plain data, which would run in the midst of storing it, and a promise, whose rest would run after the turn.
 */
function removeHiddenWays(): void {
  const prototype = Object.prototype as unknown as Record<string, unknown>
  for (const name of [
    '__defineGetter__',
    '__defineSetter__',
    '__lookupGetter__',
    '__lookupSetter__',
  ]) {
    delete prototype[name]
  }
  delete (Array as unknown as Record<string, unknown>).fromAsync
}

function ownValues(object: Record<string, unknown>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const name of Object.getOwnPropertyNames(object)) values[name] = object[name]
  return values
}
