// Owns: the numbers of the object model, each with its unit and its reason.

export const OBJECT_LIMITS = {
  /** Ticks of one turn: a tick is a function entry or a round of a loop, so this is about half a second of work. */
  fuel: 10_000_000,
  /** Sends inside sends: well below where the engine's own stack ends with the frames of the runtime between them. */
  sendDepth: 400,
  /** Objects visited by one lookup: more is a mistake in the parents, and each costs every message. */
  delegation: 256,
  /** Nesting of arrays and maps in a slot or a reply: what the wire takes as well. */
  valueDepth: 32,
  /** Containers and values in one slot or one reply. */
  valueNodes: 200_000,
  /** Bytes of one object's record; beyond it use several objects. */
  recordBytes: 256 * 1024,
  /** Bytes of one reply: less than the largest frame, so that it always fits one. */
  replyBytes: 8 * 1024 * 1024,
  /** UTF-16 units of a string that a built-in may make at once; a slot could not hold more anyway. */
  stringLength: 1_000_000,
  /** Elements that a built-in may make at once. */
  arrayLength: 1_000_000,
  /** UTF-16 units of a slot's or an object's name. */
  nameLength: 256,
  /** Objects that one turn may make. */
  births: 10_000,
  /** Objects and names that one turn may ask its surroundings for; each takes about 20 µs, and what was read stays. */
  questions: 50_000,
  /** Objects that one turn may change or make: the image keeps so many at once several times over. */
  turnWrites: 20_000,
  /** Bytes of all records that one turn writes: a group of turns still fits one commit of the image. */
  turnBytes: 16 * 1024 * 1024,
  /** Bytes of one Uint8Array that guest code makes: a reply could not hold more. */
  bytesLength: 8 * 1024 * 1024,
  /** Bytes of all of them in one turn. They lie outside the engine's heap, whose limit does not hold them. */
  bytesMade: 64 * 1024 * 1024,
  /** Messages for later that one turn may post. */
  postings: 256,
  /** Arguments of one of them: what a message over the wire may have. */
  postingArgs: 64,
  /** Bytes of the arguments, or of the request, of one of them: many are kept for long. */
  postingBytes: 256 * 1024,
  /** Milliseconds that a message may be sent later by: a year. */
  postingDelay: 365 * 24 * 3_600_000,
  /** UTF-16 units of a request's address: what servers commonly take. */
  urlLength: 8_000,
  /** UTF-16 units of a request's body, so that with all else it fits a posting. */
  bodyLength: 64 * 1024,
  /** Headers of a request. */
  headers: 32,
  /** UTF-16 units of one header, its name included: half of what servers commonly take for all. */
  headerLength: 4_000,
  /** UTF-16 units of a persona's voice, and of a facet's text: what a small model reads along with each question. */
  voiceLength: 4_000,
  /** Facets of a persona. */
  facets: 16,
  /** UTF-16 units of a question to a persona, and of what it is told was said before; a model's budget is smaller. */
  askLength: 16_000,
  /** Things said before that one question can tell. */
  heard: 8,
  /** UTF-16 units of a sentence that guest code throws. */
  sentenceLength: 2_000,
} as const
