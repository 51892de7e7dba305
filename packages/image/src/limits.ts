/**
 * What one image may cost. Each limit stands against a hostile archive; passing one is a reported gap.
 * Bytes, unless the name says otherwise.
 */
export const limits = {
  /** One PAX or GNU long-name record: real ones are paths and small attributes. */
  headerRecord: 1 << 20,
  /** Entries of one layer: the largest real layers hold a few hundred thousand. */
  entriesPerLayer: 5_000_000,
  /** Layers of one image; overlay2 itself stops at 128. */
  layers: 512,
  /** JSON documents: manifest, index, config. */
  document: 8 << 20,
  /** Decompressed bytes of one layer: against zip bombs. */
  layerBytes: 64 * 2 ** 30,
  /** Decompressed over compressed bytes, beyond the first 64 MiB: gzip reaches 1,032 at the very most. */
  ratio: 400,
  ratioGrace: 64 << 20,
  /** A wanted file of a compressed layer is held in memory up to this size, then spooled to a temporary file. */
  inMemory: 4 << 20,
  /** A wanted file larger than this is not read at all. */
  spooledFile: 4 * 2 ** 30,
  /** Length of one path, and its depth in directories. */
  pathLength: 4096,
  pathDepth: 256,
  /** Members of the outer archive of `docker save`. */
  archiveMembers: 20_000,
} as const;
