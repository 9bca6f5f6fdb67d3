// Owns: how much text the page's fields take: what the wire takes, see WIRE_LIMITS of the protocol.

/** Characters of a name, of an intent, and of a value as JSON. */
export const WIRE_TEXT = { name: 256, intent: 4_096, value: 262_144 } as const
