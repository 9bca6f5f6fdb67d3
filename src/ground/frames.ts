// Owns: length-prefixed frames on a byte stream: a 4-byte big-endian length, then that many bytes.
// Leaves: what the bytes mean to the folder that sends them.
// Laws: a frame over the limit ends the stream, because what follows cannot be trusted.

/** The largest frame between two of our own processes, in bytes: a full group of turns with room to spare. */
export const FRAME_BYTES_MAX = 64 * 1024 * 1024

/** The bytes of one frame: header and body in one buffer. */
export function frame(body: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(4 + body.length)
  out.writeUInt32BE(body.length, 0)
  out.set(body, 4)
  return out
}

/** Collects chunks and gives whole frames, in order. */
export class FrameReader {
  #chunks: Buffer[] = []
  #bytes = 0

  /** Adds a chunk and returns every frame that is now complete. Throws when a length is over the limit. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    const frames: Buffer[] = []
    for (;;) {
      if (this.#bytes < 4) return frames
      let head = this.#chunks[0] as Buffer
      if (head.length < 4) head = this.#join()
      const length = head.readUInt32BE(0)
      if (length > FRAME_BYTES_MAX) throw new Error(`frame of ${length} bytes is over the limit`)
      if (this.#bytes < 4 + length) return frames
      if (head.length < 4 + length) head = this.#join()
      frames.push(head.subarray(4, 4 + length))
      const rest = head.subarray(4 + length)
      if (rest.length > 0) this.#chunks[0] = rest
      else this.#chunks.shift()
      this.#bytes -= 4 + length
    }
  }

  #join(): Buffer {
    const whole = Buffer.concat(this.#chunks, this.#bytes)
    this.#chunks = [whole]
    return whole
  }
}
