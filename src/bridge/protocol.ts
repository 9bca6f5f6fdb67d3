// Owns: the one table of operations: their fields, limits and summaries, and the shape of every reply.
// Leaves: bytes to kernel/frame.ts; doing them to bridge/dispatch.ts.
// Laws: BR1 an operation is declared here once; its check, its help and its schema come from this declaration.
// BR2 a field that is not declared is ignored, so that a newer client can talk to an older kernel.
import { z } from 'zod'

/** The version of the wire. A message with another one is refused. */
export const PROTOCOL_VERSION = 1

/** Everybody who may use the kernel is one principal: its owner. */
export const PRINCIPAL = 'owner'

/** Limits of the wire, with units. They are part of the answer to Hello. */
export const WIRE_LIMITS = {
  /** Largest frame from a client, bytes. */
  frameBytes: 16 * 1024 * 1024,
  /** Largest result of a message, bytes; its frame has a hundred or so more. */
  replyBytes: 8 * 1024 * 1024,
  /** Deepest nesting of arrays and maps in a frame. */
  depth: 32,
  /** Most values in one frame. */
  values: 200_000,
  /** Longest name or selector, UTF-16 units. */
  nameLength: 256,
  /** Most arguments of a message. */
  args: 64,
  /** Longest source of a method, UTF-16 units. */
  sourceLength: 65_536,
  /** Longest intent, UTF-16 units. */
  intentLength: 4_096,
  /** Most personas that speak to one text. */
  personas: 4,
  /** Longest text for a persona, UTF-16 units; the budget of its model is smaller. */
  askLength: 16_000,
  /** Most messages that one text is turned into. */
  toldMessages: 8,
  /** Most messages of one session that wait for an answer. */
  inFlight: 4_096,
  /** Most subscriptions of one session: each is told of every change. */
  following: 256,
  /** Longest span of history that a pack can be told to keep, milliseconds: a hundred years. */
  keep: 3_155_760_000_000,
  /** Longest deadline, milliseconds. */
  deadline: 3_600_000,
  /** Most entries in one page of a listing. */
  page: 1_000,
} as const

const target = z.string().min(1).max(WIRE_LIMITS.nameLength)
const selector = z.string().min(1).max(WIRE_LIMITS.nameLength)
const tidOrTime = z.string().min(1).max(64)
const expect = z.union([z.string().max(32), z.null()])
const args = z.union([z.array(z.any()).max(WIRE_LIMITS.args), z.record(z.string(), z.any())])
const policy = z.enum(['review', 'off'])
const proposal = z.string().min(1).max(32)
const version = z.int().min(1).max(1_000_000)
const page = z.int().min(1).max(WIRE_LIMITS.page)

/** Every operation: what it is for and what it takes. */
export const OPERATIONS = {
  HelloCommand: {
    summary: 'Introduce a client; over TCP and WebSocket the token comes first.',
    fields: z.object({
      client: z.string().max(128).optional(),
      token: z.string().max(256).optional(),
      session: z.string().max(128).optional(),
      schema: z.string().max(128).optional(),
      resume: z.boolean().optional(),
    }),
  },
  PingCommand: { summary: 'Answer at once.', fields: z.object({}) },
  DescribeCommand: { summary: 'The JSON Schema of all operations.', fields: z.object({}) },
  CancelCommand: {
    summary: 'End a message of this session that has no answer yet.',
    fields: z.object({ of: z.union([z.string(), z.int()]) }),
  },
  SendCommand: {
    summary: 'Send a message to an object; one that it does not understand is learnt.',
    fields: z.object({
      target,
      selector,
      args: args.optional(),
      intent: z.string().max(WIRE_LIMITS.intentLength).optional(),
      holder: target.optional(),
      policy: policy.optional(),
      deadline: z.int().min(1).max(WIRE_LIMITS.deadline).optional(),
      key: z.string().min(1).max(128).optional(),
      version: version.optional(),
    }),
  },
  TellCommand: {
    summary: 'Turn plain words into messages and send them in order; what is not sure is refused.',
    fields: z.object({
      text: z.string().min(1).max(WIRE_LIMITS.intentLength),
      target: target.optional(),
      key: z.string().min(1).max(128).optional(),
      preview: z.boolean().optional(),
      messages: z
        .array(
          z.object({
            target,
            selector,
            args: z.array(z.any()).max(WIRE_LIMITS.args).optional(),
            intent: z.string().max(WIRE_LIMITS.intentLength).optional(),
          }),
        )
        .min(1)
        .max(WIRE_LIMITS.toldMessages)
        .optional(),
    }),
  },
  GetFullStateCommand: {
    summary: 'All slots that an object has, its own and those of its parents.',
    fields: z.object({ target: target.optional(), at: tidOrTime.optional() }),
  },
  ListObjectsCommand: {
    summary: 'Named objects, in order of name.',
    fields: z.object({
      prefix: z.string().max(WIRE_LIMITS.nameLength).optional(),
      after: z.string().max(WIRE_LIMITS.nameLength).optional(),
      at: tidOrTime.optional(),
      limit: page.optional(),
    }),
  },
  CreateObjectCommand: {
    summary: 'Make an object, bind a name to it, give it parents and slots.',
    fields: z.object({
      name: z.string().min(1).max(WIRE_LIMITS.nameLength).optional(),
      parents: z.array(target).max(64).optional(),
      slots: z.record(z.string(), z.any()).optional(),
    }),
  },
  SetSlotCommand: {
    summary: 'Give a slot of an object a value.',
    fields: z.object({ target, slot: selector, value: z.any(), expect: expect.optional() }),
  },
  RemoveSlotCommand: {
    summary: "Remove an object's own slot.",
    fields: z.object({ target, slot: selector, expect: expect.optional() }),
  },
  CreateMethodCommand: {
    summary: 'Give an object a method, as TypeScript source, through the gates.',
    fields: z.object({
      target,
      method_name: selector,
      source: z.string().min(1).max(WIRE_LIMITS.sourceLength),
      comment: z.string().max(WIRE_LIMITS.intentLength).optional(),
      expect: expect.optional(),
      replace: z.enum(['checked', 'anyway']).optional(),
      preview: z.boolean().optional(),
    }),
  },
  GetHistoryCommand: {
    summary: 'Transactions, newest first: of the image, of an object, or of one slot.',
    fields: z.object({
      target: target.optional(),
      slot: selector.optional(),
      author: z.string().max(128).optional(),
      since: tidOrTime.optional(),
      at: tidOrTime.optional(),
      limit: page.optional(),
      before: z.string().max(32).optional(),
    }),
  },
  SubscribeCommand: {
    summary: 'Follow the changes of an object, or of all, from a transaction on.',
    fields: z.object({ target: target.optional(), from: z.string().max(32).optional() }),
  },
  UnsubscribeCommand: {
    summary: 'End a subscription of this session.',
    fields: z.object({ of: z.union([z.string(), z.int()]) }),
  },
  GetStatusCommand: { summary: 'Counts, queue, model, policy, budgets.', fields: z.object({}) },
  VerifyCommand: {
    summary: 'Read every record and report what is damaged.',
    fields: z.object({}),
  },
  DiffCommand: {
    summary: 'What differs between two states: objects slot by slot, and names.',
    fields: z.object({
      from: tidOrTime.optional(),
      to: tidOrTime.optional(),
      target: target.optional(),
    }),
  },
  UndoCommand: {
    summary:
      'Take a transaction back, or all up to another one, as one turn, unless something changed later.',
    fields: z.object({
      tid: z.string().min(1).max(32),
      to: z.string().min(1).max(32).optional(),
      preview: z.boolean().optional(),
    }),
  },
  PackCommand: {
    summary: 'Pack away history older than a span, and what nothing refers to.',
    fields: z.object({ keep: z.int().min(0).max(WIRE_LIMITS.keep).optional() }),
  },
  DumpCommand: {
    summary: 'The whole world as text, page by page, all as of one transaction.',
    fields: z.object({ at: tidOrTime.optional(), next: z.string().max(64).optional() }),
  },
  LoadCommand: {
    summary: 'Bring a dump into an image that has only its awakening; more says that text follows.',
    fields: z.object({ text: z.string(), more: z.boolean().optional() }),
  },
  ListProposalsCommand: {
    summary: 'Methods that wait for a person, and those decided of late.',
    fields: z.object({}),
  },
  GetProposalCommand: {
    summary: 'A proposal with its drafts, and the question that decides between two.',
    fields: z.object({ proposal }),
  },
  AcceptProposalCommand: {
    summary: 'Put a draft of a proposal, or a source of your own, in place; what waits runs again.',
    fields: z.object({
      proposal,
      draft: z.int().min(0).max(63).optional(),
      source: z.string().min(1).max(WIRE_LIMITS.sourceLength).optional(),
      despiteVeto: z.boolean().optional(),
    }),
  },
  AnswerProposalCommand: {
    summary:
      'Say what the call of a proposal must come to, and have drafts drawn anew; without value and fails only that.',
    fields: z.object({
      proposal,
      value: z.any().optional(),
      fails: z.boolean().optional(),
      draw: z.boolean().optional(),
    }),
  },
  RejectProposalCommand: {
    summary: 'Let nothing of a proposal in; what waits for it ends with a fault.',
    fields: z.object({ proposal, reason: z.string().max(WIRE_LIMITS.intentLength).optional() }),
  },
  ReviewProposalCommand: {
    summary: 'Have robin and then brick review a draft; what they object is tried.',
    fields: z.object({ proposal, draft: z.int().min(0).max(63).optional() }),
  },
  ListPersonasCommand: {
    summary: 'Named objects that are personas: those whose chain holds a voice and facets.',
    fields: z.object({}),
  },
  GetPersonaCommand: {
    summary: 'A persona with its voice, its facets, and which facet answers for which purpose.',
    fields: z.object({ persona: target }),
  },
  AskPersonaCommand: {
    summary:
      'Have personas speak to a text, one after the other: each is given the words before it.',
    fields: z.object({
      personas: z.array(target).min(1).max(WIRE_LIMITS.personas),
      text: z.string().min(1).max(WIRE_LIMITS.askLength),
      purpose: z.string().max(WIRE_LIMITS.nameLength).optional(),
    }),
  },
  ListCasesCommand: {
    summary: "The Crucible's newest cases, in short.",
    fields: z.object({}),
  },
  GetCaseCommand: {
    summary:
      'A case of the Crucible: who drafted, each draft with its gate, the vote, the outcome, and what became of its proposal.',
    fields: z.object({ case: z.string().min(1).max(32) }),
  },
  SetPolicyCommand: {
    summary: 'Say how methods are learnt, of an object, of a selector, of both or of all.',
    fields: z.object({
      policy: z.enum(['auto', 'review', 'off']),
      target: target.optional(),
      selector: selector.optional(),
    }),
  },
  ListVersionsCommand: {
    summary:
      'All versions of a method: which is in its slot, their states, who made them and how they fare.',
    fields: z.object({ target, selector }),
  },
  SwapBackCommand: {
    summary: 'Put an older version of a method back into its slot: the one before, or another.',
    fields: z.object({ target, selector, to: version.optional() }),
  },
  KeepVersionCommand: {
    summary: 'End the probation of the version in the slot: it stays.',
    fields: z.object({ target, selector }),
  },
  ReleaseVersionCommand: {
    summary: 'Let a quarantined version of a method run again.',
    fields: z.object({ target, selector, version: version.optional() }),
  },
  ListPoliciesCommand: {
    summary: 'The policy of this kernel, and those of objects and selectors.',
    fields: z.object({}),
  },
} as const

export type OperationName = keyof typeof OPERATIONS
export type FieldsOf<Op extends OperationName> = z.infer<(typeof OPERATIONS)[Op]['fields']>

/** The id that a client gives to a message; its reply carries the same. */
export type MessageId = string | number

/** One slot as GetFullStateCommand shows it. `holder` is the oid of the object that has it; `value` is a wire value. */
export interface SlotState {
  name: string
  kind: 'data' | 'method' | 'parent'
  value?: unknown
  source?: string
  comment?: string
  author?: string
  model?: string
  version?: number
  /** How the version stands, now: `probation`, `durable`, `degraded` or `quarantined`. */
  state?: string
  /** Drafts that behaved like it, and all that passed the gates, where it was generated. */
  votes?: number
  of?: number
  persona?: string
  holder: string
  tid: string
}

/** An object as GetFullStateCommand answers it; own slots first, then those of its parents in order of lookup. */
export interface FullState {
  oid: string
  name: string | null
  tid: string
  /** Every object of the delegation chain in the order of lookup, this one first. */
  chain: string[]
  slots: SlotState[]
}

/** What happens to a message before its answer. */
export type WireEvent =
  | { kind: 'queued' }
  | { kind: 'not-understood'; target: string; selector: string; holder: string }
  | { kind: 'drafting'; model: string; attempt: number }
  | { kind: 'token'; text: string }
  | { kind: 'trial'; attempt: number; ok: boolean; detail: string; source: string }
  | {
      kind: 'installed'
      holder: string
      selector: string
      version: number
      tid: string
      state?: string
    }
  | {
      kind: 'rolled-back' | 'quarantined' | 'released' | 'durable'
      holder: string
      selector: string
      version: number
      reason: string
      tid?: string
      /** The version that is in the slot from then on. */
      to?: number
    }
  | {
      kind: 'parked'
      proposal: string
      why: 'policy' | 'beyond' | 'undecided'
      reason: string
    }
  | {
      kind: 'proposal'
      proposal: string
      holder: string
      selector: string
      status: 'open' | 'accepted' | 'rejected' | 'superseded'
    }
  | { kind: 'speaking'; persona: string; facet: string | null; why: string; model: string }
  | { kind: 'progress'; detail: string }
  | {
      kind: 'message'
      index: number
      target: string
      oid: string
      selector: string
      args: unknown[]
      intent?: string
    }
  | { kind: 'answer'; index: number; result: unknown; tid: string | null }
  | { kind: 'change'; tid: string; oid: string; slots: string[] }

export interface WireFault {
  code: string
  message: string
  remedy: string
  retry: 'never' | 'transaction' | 'later'
  data?: Record<string, unknown>
}

/** Everything that a kernel sends: an event while work goes on, then one answer. */
export type WireReply =
  | { v: 1; id: MessageId | null; event: WireEvent }
  | { v: 1; id: MessageId | null; ok: true; result: unknown; tid?: string }
  | { v: 1; id: MessageId | null; ok: false; fault: WireFault }

/** The JSON Schema of all operations, by name. */
export function describeOperations(): Record<string, { summary: string; schema: unknown }> {
  const all: Record<string, { summary: string; schema: unknown }> = {}
  for (const [name, operation] of Object.entries(OPERATIONS)) {
    // Of what comes in: a field that is not declared is ignored, and no reason to refuse.
    const schema = z.toJSONSchema(operation.fields, { io: 'input' })
    all[name] = { summary: operation.summary, schema }
  }
  return all
}
