// A file is a size and a way to read a byte range: URL, Blob, memory, cache are all of this shape.

/** A readable sequence of bytes. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Bytes [start, end) in order, in chunks of any length. Rejects with the signal's reason on abort. */
  read(start: number, end: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A model's files by name. */
export interface Folder {
  /** The file, or undefined when the folder has none of that name. */
  open(name: string): Promise<ByteSource | undefined>;
}
