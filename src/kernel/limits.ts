// Owns: the numbers of the kernel, each with its unit and its reason.

export const KERNEL_LIMITS = {
  /** Turns sent to the worker in one batch: large enough to share one commit, small enough that a read waits little. */
  batchTurns: 256,
  /** Bytes of one batch, roughly: a frame between our processes holds four times as much. */
  batchBytes: 16 * 1024 * 1024,
  /** Batches in the worker's pipe at once: one runs while the next is read. */
  batchesInFlight: 2,
  /** Messages not yet run; the next is refused with BUSY. */
  queueLength: 16_384,
  /** Bytes of all messages not yet run, roughly; the next is refused with BUSY. */
  queueBytes: 256 * 1024 * 1024,
  /** Methods that wait for a person: more than anybody reads in a day. */
  proposalsOpen: 256,
  /** Of those that have no draft and for which no message waits: the oldest gives way. */
  questionsOpen: 32,
  /** Bytes of all of them, which this process holds. */
  proposalsBytes: 16 * 1024 * 1024,
  /** Decided ones that are still shown; older ones go. */
  proposalsDecided: 64,
  /** Reviews of one proposal beside the newest: whoever asks more often looks for another answer. */
  reviews: 15,
  /** Cases of the Crucible that are kept: a day of a person who works with an image that learns. */
  cases: 64,
  /** UTF-16 units of one source, or of one sentence, in a case. */
  caseText: 8_192,
  /** Answers that people gave for one selector of one object: each is a call in every trial. */
  examples: 32,
  /** Bytes of one such answer with the state that it holds for. */
  exampleBytes: 256 * 1024,
  /** Calls, and sessions that made them, after which a method on probation has proven itself. */
  probationCalls: 10,
  probationSessions: 2,
  /** Calls of a replacement on which the version before it is run too: each is a process for a moment. */
  shadowRuns: 8,
  /** Calls that wait for that; those beyond are not compared, since a busy method has others soon. */
  shadowsWaiting: 4,
  /** Sentences that are kept of what spoke against a version. */
  evidence: 8,
  /** Versions of one selector of an object that are listed. */
  versions: 1_000,
  /** Deaths of workers with a source on the stack, after which it does not run any more. */
  quarantineDeaths: 2,
  /** Policies of objects and selectors, all of which this process holds. */
  policies: 1_024,
  /** Messages that wait for a need; the next is refused with BUSY. */
  waitingLength: 4_096,
  /** Records in a group of turns: what the image keeps at once, less one turn's. */
  groupRecords: 40_000,
  /** Bytes in a group, for the same reason. */
  groupBytes: 32 * 1024 * 1024,
  /** Milliseconds without a word from a worker that has work, after which it is killed: far above what fuel allows. */
  silence: 3_000,
  /** MiB of the worker's heap; a turn that needs more ends the worker and is charged. */
  workerHeap: 256,
  /** MiB of data that a child may have beyond its heap: 620 that the engine sets aside, and bytes that guest code makes. */
  beyondHeap: 1_024,
  /**
   * Seconds of a worker's processor time, which the operating system ends: one that nobody watches any more does not run for
   * ever, and a new one costs a quarter of a second.
   */
  workerProcessor: 3_600,
  /** The same for a trial, which has `trialTime` by the clock and a few threads. */
  trialProcessor: 60,
  /** Files, pipes and sockets that a child has open: Node itself takes about 25. */
  childFiles: 64,
  /** Objects that a worker was given or made, after which its memory is emptied: about 50 bytes each are kept here. */
  knownObjects: 100_000,
  /** Questions of a worker within one batch: far above what all turns of a batch may ask, so it is not asking for them. */
  questions: 5_000_000,
  /** Bytes of answers that a worker has not read: one that does not listen must not fill this process. */
  unreadBytes: 128 * 1024 * 1024,
  /** Workers in a row that end before they are ready, after which what waits is refused until something is asked again. */
  failedStarts: 3,
  /** MiB of a trial's heap: one message of one object. */
  trialHeap: 128,
  /** Milliseconds that a trial may take, its start included: one second on a free core, and a busy machine is no draft's fault. */
  trialTime: 30_000,
  /** Processes that the probes of one candidate may end; what is left of them then counts as ended too. */
  trialDeaths: 2,
  /** Needs that one message may meet, so that a method cannot ask for ever. */
  needs: 16,
  /** Deaths of a worker with a turn in hand, the last of them with no other, after which the turn is charged. */
  deaths: 2,
  /** Workers in a row that are asked from outside to end before they finish a batch; those after it count as deaths. */
  signals: 64,
  /** Messages for later that wait for their time; beyond it a turn may post none. Each takes memory here. */
  outboxLength: 65_536,
  /** Bytes of all of them, which lie on the disk. */
  outboxBytes: 512 * 1024 * 1024,
  /** Messages for later that have left and not arrived: so many share a commit, and the queue stays free for others. */
  outboxUnderWay: 256,
  /** Milliseconds after which one that could not be taken in leaves again. */
  outboxAgain: 1_000,
  /** Milliseconds of the longest timer of the outbox: a clock that was set, or a machine that slept, is noticed then. */
  outboxTimer: 60_000,
  /** Requests to other hosts at a time; those beyond it wait. */
  requests: 32,
  /** Milliseconds for a request, from its beginning to the end of its answer. */
  requestTime: 15_000,
  /** Bytes of an answer's body. */
  responseBytes: 1024 * 1024,
  /** Headers of an answer, and UTF-16 units of each: what Node takes of them is bounded too. */
  responseHeaders: 64,
  responseHeaderLength: 8_192,
  /** Bytes of the record of a waiting message with the answers it has: the table takes 20 MiB. */
  waitingBytes: 18 * 1024 * 1024,
  /** Milliseconds for which a stored reply answers its key. */
  keyLife: 24 * 3_600_000,
  /** Milliseconds for which a failed generation is not tried again. */
  refusalLife: 20_000,
  /** Failed generations that are remembered; beyond it the oldest is forgotten, and may then be tried again. */
  refusals: 1_024,
  /** Generations that one message may begin: what it needs beyond that is no slip of a name. */
  generationsMessage: 8,
  /** Generations that may begin within a minute in an image: one a second, about 200 calls of a model a minute. */
  generationsMinute: 60,
  /** Generations of one method of one object within a span, whatever the intents: each was in vain, or was taken back. */
  generationsMethod: 12,
  /** Milliseconds of that span. */
  generationsSpan: 600_000,
  /** Milliseconds that a client told BUSY is asked to wait. */
  retryAfter: 250,
} as const
