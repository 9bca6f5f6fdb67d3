// Owns: the numbers that bound what a person says and what it is turned into, each with its unit and its reason.
// Leaves: what a draft of a method may cost to the mind's own limits.

export const TELL_LIMITS = {
  /** Objects that a model is shown: more of them made small models take the wrong one. */
  objects: 6,
  /** Objects that are looked at for one that a message could be meant for. */
  looked: 64,
  /** Names read to find those that a person mentions; in a larger image the others are named with --target. */
  names: 10_000,
  /** Messages of one object that a model is shown, those that share words with the text first. */
  messages: 16,
  /** Characters about all objects together: about 1,500 tokens, which are read in 25 s on two cores. */
  shown: 5_000,
  /** Characters of what a message does, or of the value that a slot has. */
  about: 80,
  /** Objects of a chain that are looked at for messages. */
  chain: 16,
  /** Tokens of an answer: eight messages. */
  tokens: 192,
  /** Messages in one answer: what a person says in a sentence or two. */
  calls: 8,
  /** Nesting of a value in a message. */
  depth: 4,
} as const
