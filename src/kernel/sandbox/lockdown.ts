// Owns: making this process's JavaScript unchangeable before anything else runs in it, and compiling guest code.
// Leaves: what code may say to the judge, what it may name to objects (mirror.ts).
// Laws: KN20 guest code runs in a compartment whose globals are frozen and hold nothing of the host.
import 'ses'

declare const lockdown: (options: Record<string, string>) => void
declare const Compartment: new (
  options: Record<string, unknown>,
) => { globalThis: Record<string, unknown>; evaluate(code: string): unknown }
declare const harden: <T>(value: T) => T

/** Locks the process down and answers the one compartment that guest code is compiled in. */
export function lockDown(): {
  globals: Record<string, unknown>
  evaluate(code: string): unknown
  harden: <T>(value: T) => T
} {
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

function ownValues(object: Record<string, unknown>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const name of Object.getOwnPropertyNames(object)) values[name] = object[name]
  return values
}
