// Owns: a GGUF file of random weights, small enough to be made and loaded in a moment: the real engine can be tried
// with it where the answers do not matter.
// Leaves: sense to real models; writing the file to the test.
// Laws: the same seed gives the same bytes.

const WIDTH = 32
const HIDDEN = 64
const HEADS = 2
const CONTEXT = 2_048
const ALIGNMENT = 32

/** Numbers of value types in a GGUF file. */
const TYPE = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const

type Meta = [key: string, type: keyof typeof TYPE, value: unknown, element?: keyof typeof TYPE]

/** The bytes of the model's file. */
export function tinyModel(seed = 1): Buffer {
  const tokens = ['<unk>', '<s>', '</s>']
  for (let byte = 0; byte < 256; byte++) {
    tokens.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  }
  // Unknown is 2, control 3, a byte 6.
  const kinds = tokens.map((_, at) => (at === 0 ? 2 : at < 3 ? 3 : 6))
  const meta: Meta[] = [
    ['general.architecture', 'string', 'llama'],
    ['general.name', 'string', 'tiny'],
    ['general.file_type', 'uint32', 0],
    ['llama.context_length', 'uint32', CONTEXT],
    ['llama.embedding_length', 'uint32', WIDTH],
    ['llama.block_count', 'uint32', 1],
    ['llama.feed_forward_length', 'uint32', HIDDEN],
    ['llama.attention.head_count', 'uint32', HEADS],
    ['llama.attention.head_count_kv', 'uint32', HEADS],
    ['llama.attention.layer_norm_rms_epsilon', 'float32', 1e-5],
    ['llama.rope.dimension_count', 'uint32', WIDTH / HEADS],
    ['llama.vocab_size', 'uint32', tokens.length],
    ['tokenizer.ggml.model', 'string', 'llama'],
    ['tokenizer.ggml.tokens', 'array', tokens, 'string'],
    ['tokenizer.ggml.scores', 'array', tokens.map(() => 0), 'float32'],
    ['tokenizer.ggml.token_type', 'array', kinds, 'int32'],
    ['tokenizer.ggml.bos_token_id', 'uint32', 1],
    ['tokenizer.ggml.eos_token_id', 'uint32', 2],
    ['tokenizer.ggml.unknown_token_id', 'uint32', 0],
  ]
  const tensors: [name: string, shape: number[]][] = [
    ['token_embd.weight', [WIDTH, tokens.length]],
    ['output_norm.weight', [WIDTH]],
    ['output.weight', [WIDTH, tokens.length]],
    ['blk.0.attn_norm.weight', [WIDTH]],
    ['blk.0.attn_q.weight', [WIDTH, WIDTH]],
    ['blk.0.attn_k.weight', [WIDTH, WIDTH]],
    ['blk.0.attn_v.weight', [WIDTH, WIDTH]],
    ['blk.0.attn_output.weight', [WIDTH, WIDTH]],
    ['blk.0.ffn_norm.weight', [WIDTH]],
    ['blk.0.ffn_gate.weight', [WIDTH, HIDDEN]],
    ['blk.0.ffn_up.weight', [WIDTH, HIDDEN]],
    ['blk.0.ffn_down.weight', [HIDDEN, WIDTH]],
  ]
  const head: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(meta.length)]
  for (const [key, type, value, element] of meta) {
    head.push(text(key), u32(TYPE[type]), valueBytes(type, value, element))
  }
  const random = randomOf(seed)
  const bodies: Buffer[] = []
  let offset = 0
  for (const [name, shape] of tensors) {
    head.push(text(name), u32(shape.length), ...shape.map(u64), u32(0), u64(offset))
    const body = Buffer.alloc(padded(4 * shape.reduce((a, b) => a * b)))
    const count = shape.reduce((a, b) => a * b)
    // Rows of zeros for the first three tokens: the model never ends by itself, so tests say when.
    const zeros = name === 'output.weight' ? 3 * WIDTH : 0
    for (let at = 0; at < count; at++) body.writeFloatLE(at < zeros ? 0 : random() - 0.5, 4 * at)
    bodies.push(body)
    offset += body.length
  }
  const before = Buffer.concat(head)
  return Buffer.concat([before, Buffer.alloc(padded(before.length) - before.length), ...bodies])
}

function valueBytes(type: keyof typeof TYPE, value: unknown, element?: keyof typeof TYPE): Buffer {
  if (type === 'string') return text(String(value))
  if (type === 'array' && element !== undefined) {
    const values = (value as unknown[]).map((one) => valueBytes(element, one))
    return Buffer.concat([u32(TYPE[element]), u64(values.length), ...values])
  }
  const bytes = Buffer.alloc(4)
  if (type === 'float32') bytes.writeFloatLE(Number(value))
  else bytes.writeUInt32LE(Number(value))
  return bytes
}

const padded = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  return Buffer.concat([u64(bytes.length), bytes])
}

/** A linear congruential generator: numbers from 0 to 1, the same for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
