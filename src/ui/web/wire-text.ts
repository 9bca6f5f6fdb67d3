// Owns: how much text the page's fields take: what the wire takes, see WIRE_LIMITS of the protocol.

/** Characters of a name, of an intent, of a value as JSON, and of a source. */
export const WIRE_TEXT = { name: 256, intent: 4_096, value: 262_144, source: 65_536 } as const
