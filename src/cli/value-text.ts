// Owns: wire values as people and programs read them, and the arguments that people type.
// Leaves: which values there are to objects/value.ts.
// Laws: CL20 an argument is JSON if it parses as JSON, else a string; no digit of a whole number is lost.
// CL21 --json shows dates as ISO strings, bytes as base64, large integers as {"$int"}, objects as {"$ref"}.
import { cliFault } from './faults.ts'
import { plain } from './terminal.ts'

/** Reads one argument of a message as it was typed. Faults FIELD_INVALID for a number that is none. */
export function readArgument(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text, exactNumber as (key: string, value: unknown) => unknown)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
  return value
}

/** Whole numbers beyond what a double holds become `{"$int"}`; a double that overflows is refused. */
function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? String(value)
  if (/^-?\d+$/.test(source)) return { $int: source }
  if (!Number.isFinite(value)) {
    throw cliFault('FIELD_INVALID', `${source} is beyond what a number can hold`)
  }
  return value
}

/** A wire value as JSON has it. */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return { $int: value.toString() }
  if (typeof value !== 'object' || value === null) return value ?? null
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(toJson)
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]))
}

const BARE_KEY = /^[\p{L}_$][\p{L}\p{N}_$]*$/u

/** What people call an object, by its oid. */
export type Called = (oid: string) => string

/** A wire value in one line: like JSON, with bare keys, objects as they are called, and no control characters. */
export function inline(value: unknown, called: Called = plain): string {
  if (typeof value === 'string') return plain(JSON.stringify(value))
  if (typeof value !== 'object' || value === null)
    return String(value ?? 'nil').replace('null', 'nil')
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return bytesText(value)
  if (Array.isArray(value)) return `[${value.map((part) => inline(part, called)).join(', ')}]`
  const special = specialText(value as Record<string, unknown>, called)
  if (special !== undefined) return special
  const entries = entriesOf(value as Record<string, unknown>)
  if (entries.length === 0) return '{}'
  return `{ ${entries.map(([key, part]) => `${keyText(key)}: ${inline(part, called)}`).join(', ')} }`
}

/** A wire value over as many lines as it needs, none longer than `columns` where that can be helped. */
export function outline(
  value: unknown,
  columns: number,
  indent = '',
  called: Called = plain,
): string {
  const one = inline(value, called)
  if (indent.length + one.length <= columns || typeof value !== 'object' || value === null)
    return one
  if (value instanceof Date || value instanceof Uint8Array) return one
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    const parts = value.map((part) => `${inner}${outline(part, columns, inner, called)}`)
    return `[\n${parts.join(',\n')}\n${indent}]`
  }
  if (specialText(value as Record<string, unknown>, called) !== undefined) return one
  const parts = entriesOf(value as Record<string, unknown>).map(
    ([key, part]) => `${inner}${keyText(key)}: ${outline(part, columns, inner, called)}`,
  )
  return `{\n${parts.join(',\n')}\n${indent}}`
}

/** One line of at most `columns`, cut with a sign of it. */
export function clip(text: string, columns: number): string {
  const line = text.replace(/\s*\n\s*/g, ' ')
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`
}

const keyText = (key: string) => (BARE_KEY.test(key) ? key : plain(JSON.stringify(key)))

function bytesText(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, 24)).toString('base64')
  return `<${bytes.length} bytes ${shown}${bytes.length > 24 ? '…' : ''}>`
}

/** The wire's own shapes: a reference reads as its oid, a large integer as its digits. */
function specialText(map: Record<string, unknown>, called: Called): string | undefined {
  const keys = Object.keys(map)
  if (keys.length !== 1) return undefined
  if (typeof map.$ref === 'string') return called(map.$ref)
  if (typeof map.$int === 'string') return plain(map.$int)
  return undefined
}

function entriesOf(map: Record<string, unknown>): [string, unknown][] {
  const only = Object.keys(map).length === 1 ? map.$map : undefined
  return Array.isArray(only) ? (only as [string, unknown][]) : Object.entries(map)
}
