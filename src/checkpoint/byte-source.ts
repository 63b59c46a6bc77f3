// A file is a size and a way to read a byte range: URL, Blob, memory, a caller's own object are all of this shape.
// Here are the shape, the two simplest sources, and the wrapper that makes any source safe to read: it counts bytes,
// stops at once when asked to, and turns foreign errors into ours.
import { CheckpointError, UnsupportedError } from "../errors.js";
import { abortable } from "./signals.js";

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

/** What a server says of the bytes that it has under an address now. */
export interface Version {
  /** The strong entity tag. */
  readonly etag?: string | undefined;
  /** The Last-Modified header. */
  readonly modified?: string | undefined;
}

/** A file on a server, as it was asked for. */
export interface Address {
  /** Without signatures. */
  readonly url: string;
  /** Whether the address itself is that of one version. */
  readonly isFixed: boolean;
  /** What the server said. */
  readonly version: Version;
  /** In milliseconds since 1970. */
  readonly askedAt: number;
  /** What was sent along: others may be given other bytes. */
  readonly access: readonly unknown[];
}

/** What tells the bytes of a file from all others: its address, or values and objects, all the same only where the bytes are. */
export type Identity = Address | readonly unknown[];

/** A file of an opened folder. */
export interface NamedSource extends ByteSource {
  /** Its name in the folder, for messages. */
  readonly name: string;
  /** The SHA-256 it must have, in base64; set from `integrity`. */
  readonly sha256: string | undefined;
  /** True when the server knows no byte ranges: reading forward is one download, reading back is another. */
  readonly forwardOnly: boolean;
  /** Of a file on a server. */
  readonly version: Version | undefined;
  /** What tells its bytes from all others, as far as anything does. */
  readonly identity: Identity;
  /** How many of its bytes this browser keeps. */
  readonly keptBytes: number;
  /** True when its bytes are on this machine: reading any of them tells nobody. */
  readonly isLocal: boolean;
  /** Lets go of what is held between two reads (the one download of a server without ranges). Reading stays possible. */
  close(): void;
}

/** Bytes are copied out of a Blob in pieces of this size. */
const BLOB_PIECE = 1 << 20;

/** The sources made here, with what tells their bytes from all others. */
const LOCAL = new WeakMap<ByteSource, Identity>();

function local(source: ByteSource, identity: Identity = [source]): ByteSource {
  LOCAL.set(source, identity);
  return source;
}

/** A source over bytes in memory. */
export function bytesFromMemory(bytes: Uint8Array): ByteSource {
  return local({
    size: bytes.length,
    // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable of what is already here
    async *read(start, end) {
      if (end > start) yield bytes.subarray(start, end);
    },
  });
}

/**
 * A source over a Blob or File; at most 1 MiB of it is in memory at a time.
 * @param identity what tells its bytes from all others; by default the object itself, as a Blob never changes
 */
export function bytesFromBlob(blob: Blob, identity: Identity = [blob]): ByteSource {
  const source: ByteSource = {
    size: blob.size,
    async *read(start, end) {
      for (let at = start; at < end; at += BLOB_PIECE) {
        yield new Uint8Array(await blob.slice(at, Math.min(end, at + BLOB_PIECE)).arrayBuffer());
      }
    },
  };
  return local(source, identity);
}

/** What a wrapped source may have beside size and read. */
export interface SourceTraits {
  readonly version?: Version | undefined;
  /** By default a source is like no other: its bytes are its own. */
  readonly identity?: Identity | undefined;
  readonly forwardOnly?: () => boolean;
  readonly keptBytes?: () => number;
  readonly close?: () => void;
}

/**
 * Names a source and guards its reading.
 * @throws TypeError when the object is not a ByteSource; reading rejects with CheckpointError when bytes are missing or too many
 */
export function namedSource(name: string, source: ByteSource, traits: SourceTraits = {}): NamedSource {
  const { size } = source;
  if (!Number.isSafeInteger(size) || size < 0 || typeof source.read !== "function") {
    throw new TypeError(`open("${name}") must give { size, read(start, end, signal) }, size being a count of bytes`);
  }
  return {
    name,
    size,
    sha256: undefined,
    version: traits.version,
    identity: traits.identity ?? LOCAL.get(source) ?? [source],
    isLocal: LOCAL.has(source),
    get keptBytes() {
      return traits.keptBytes?.() ?? 0;
    },
    get forwardOnly() {
      return traits.forwardOnly?.() ?? false;
    },
    close: traits.close ?? (() => undefined),
    read: (start, end, signal) => guardedRead(name, source, start, end, signal),
  };
}

/** A file under the name that it is asked for in a folder, with the hash that was promised for that name. */
export function opensAs(name: string, file: NamedSource, sha256: string | undefined): NamedSource {
  if (file.name === name && file.sha256 === sha256) return file;
  return Object.create(file, { name: { value: name }, sha256: { value: sha256 } }) as NamedSource;
}

async function* guardedRead(
  name: string,
  source: ByteSource,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  if (!(start >= 0 && start <= end && end <= source.size)) {
    throw new CheckpointError(`${name}: bytes ${start} to ${end} lie outside the file of ${source.size} bytes`);
  }
  let bytes: AsyncIterator<Uint8Array> | undefined;
  let position = start;
  let finished = false;
  try {
    bytes = source.read(start, end, signal)[Symbol.asyncIterator]();
    while (true) {
      const step = await abortable(bytes.next(), signal);
      finished = step.done === true;
      if (step.done) break;
      position += step.value.length;
      if (position > end) {
        throw new CheckpointError(`${name}: asked for bytes ${start} to ${end}, got at least ${position - end} more`);
      }
      yield step.value;
    }
  } catch (error) {
    throw asOurs(name, error, signal);
  } finally {
    if (!finished) void Promise.resolve(bytes?.return?.()).catch(() => undefined);
  }
  if (position < end) {
    throw new CheckpointError(`${name}: asked for bytes ${start} to ${end}, the source ended at ${position}`);
  }
}

/** Our own errors and the signal's reason as they are; others as a CheckpointError that names the file. */
export function asOurs(name: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && error === signal.reason) return error;
  if (error instanceof CheckpointError || error instanceof UnsupportedError) return error;
  return new CheckpointError(`${name}: could not be read (${String(error)})`, { cause: error, reason: "unreachable" });
}

/** Bytes [start, end) in one array of exactly that length. The caller has bounded the length; `onBytes` is told how many are here. */
export async function readRange(
  source: NamedSource,
  start: number,
  end: number,
  signal?: AbortSignal,
  onBytes?: (loaded: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(end - start);
  let filled = 0;
  for await (const bytes of source.read(start, end, signal)) {
    all.set(bytes, filled);
    filled += bytes.length;
    onBytes?.(filled);
  }
  return all;
}
