// Owns: the numbers of the judge, each with its unit and its reason.
// Laws: KN41 a source over a limit is refused and says which limit; KN58 no request holds the judge for ever.

/** The longest source of one method, in UTF-16 units: a person stops reading long before. */
export const SOURCE_LENGTH_MAX = 64 * 1024

/** The deepest nesting of a source, in levels of its tree: the type stripper's stack breaks between 256 and 512. */
export const DEPTH_MAX = 256

/** The largest tree, in nodes: a full source of short tokens has about this many. */
export const NODES_MAX = 40_000

/** Problems reported for one source: more would not be read. */
export const PROBLEMS_MAX = 20

/** The longest sentence of one problem, in UTF-16 units: types are told at any length. */
export const SENTENCE_LENGTH_MAX = 600

/** Facts of one kind kept for one method, in entries: a method that touches more is not described by its list. */
export const FACTS_MAX = 512

/** The longest declaration given for a type check, in UTF-16 units: a thousand slots of 256 characters. */
export const DECLARATION_LENGTH_MAX = 256 * 1024

/** Time for one request, in milliseconds: ordinary ones take under 100. */
export const REQUEST_MS_MAX = 5_000

/** Time for a new judge to start, or to warm its type checker, in milliseconds: about one second on a free core. */
export const START_MS_MAX = 60_000

/** Old space of the judge's heap, in MiB: the type checker and its libraries use about 150. */
export const HEAP_MIB = 512

/** Seconds of the judge's processor time, which the operating system ends: what it is at then is a problem of the judge. */
export const PROCESSOR_SECONDS = 24 * 3_600

/** Requests that may wait for the judge: each may hold a source of the largest size. */
export const WAITING_MAX = 1_024

/** Starts in a row that may fail before the judge answers that it cannot start. */
export const START_FAILURES_MAX = 3
