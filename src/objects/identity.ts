// Owns: object ids and transaction ids: whole numbers inside, `#` and base 36 outside.
// Laws: OB1 an oid is a safe integer above zero, its text begins with `#`, and no name does.

/** An object's identity in one image: a whole number from 1, never used again. */
export type Oid = number

/** A transaction's number in one image: 1, 2, 3 … in the order of commits. */
export type Tid = number

/** The oid of genesis, the first object of every image. */
export const GENESIS: Oid = 1

/** The text of an oid, for the wire and for people: `#1`, `#zz`. */
export function oidText(oid: Oid): string {
  return `#${oid.toString(36)}`
}

/** The oid in a text, or undefined when the text is not one. Shape: `#` and 1 to 11 base-36 digits. */
export function parseOid(text: string): Oid | undefined {
  if (!/^#[0-9a-z]{1,11}$/.test(text)) return undefined
  const oid = Number.parseInt(text.slice(1), 36)
  return Number.isSafeInteger(oid) && oid > 0 && oidText(oid) === text ? oid : undefined
}

/** The tid in a text of decimal digits, or undefined. */
export function parseTid(text: string): Tid | undefined {
  if (!/^[0-9]{1,15}$/.test(text)) return undefined
  return Number(text)
}
