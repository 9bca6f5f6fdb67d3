// Owns: how much the image keeps in one place, with units and the reason for each number.
// Leaves: the checks to group.ts and the stores.
// Laws: IM12 what is over a limit is refused whole, with a sentence that names the limit.

export const IMAGE_LIMITS = {
  /** Largest payload of one record, bytes: one conflict, one read and one checksum stay short. */
  payloadBytes: 256 * 1024,
  /** Most references of one record: a payload of that size cannot usefully hold more. */
  refs: 32_768,
  /** Longest name, UTF-8 bytes: with its transaction it must fit a key, which LMDB holds to 1978. */
  nameBytes: 1_024,
  /** Longest key of a table, UTF-8 bytes, for the same reason. */
  tableKeyBytes: 1_024,
  /** Largest value of a table, bytes: a stored reply may be as large as the largest frame, 16 MiB. */
  tableValueBytes: 20 * 1024 * 1024,
  /** Longest author of a transaction, UTF-16 units. */
  authorLength: 1_024,
  /** Longest note of a transaction, UTF-16 units: a sentence and perhaps a diff, not an archive. */
  noteLength: 65_536,
  /** Most revisions in one group: beyond it the memory of one write is no longer small. */
  groupRevisions: 65_536,
  /** Largest group, bytes of payloads and table values: as much as one frame between our processes. */
  groupBytes: 64 * 1024 * 1024,
  /** Most bytes handed to commit and not yet durable: a disk that stalls must push back on the kernel. */
  inFlightBytes: 256 * 1024 * 1024,
  /** Entries of a listing whose caller names no limit: one page of the wire. */
  page: 1_000,
  /** Damaged places that one verify lists; a ruined image would otherwise fill the memory. */
  damageListed: 1_000,
  /** Largest blob, bytes: a file that a person can still copy in a few minutes. */
  blobBytes: 16 * 1024 * 1024 * 1024,
  /** Blobs that one unit of work may have changed: each has a file of its own until it is committed. */
  blobsChanged: 1_000,
  /** Memory map of a new image, bytes. It grows by itself; this spares small images all growing. */
  mapBytes: 1024 * 1024 * 1024,
} as const
