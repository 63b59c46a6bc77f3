// A file on a web server, read by byte ranges. Ranges are absolute (a suffix range costs a CORS preflight and fails on
// some hosts), and an interrupted body is resumed where the reader stood. Where the server knows no ranges, its one body
// is read forward and kept open between two reads, so that nothing is downloaded twice.
import { CheckpointError } from "../errors.js";
import { bytesFromMemory, namedSource, readRange, type ByteSource, type NamedSource } from "./byte-source.js";
import {
  ask,
  askSize,
  UnreachableError,
  type HttpAnswer,
  type Remote,
  type ResponseBody,
  type Server,
} from "./http.js";
import { Attempts, TransientError } from "./retry.js";

/** The first request asks for this much: it holds the header of a base model, and most small files whole. */
const HEAD = 64 * 1024;
/**
 * A compressed answer to a range request fails in browsers as if the network were down; without a range it is decoded.
 * So after this many failures without a reason the file is asked for as a whole.
 */
const UNREACHABLE_WITH_RANGE = 3;
/** A body whose length the server hides is taken into memory, up to this size. */
const MAX_UNKNOWN = 64 << 20;
/** So many bodies of servers without ranges stay open between two reads; browsers allow six connections to a host. */
const MAX_HOLDING = 4;

/**
 * Opens a file on a server with one request, which also brings its first 64 KiB.
 * @returns undefined when the server has no such file
 * @throws CheckpointError when it cannot be had; rejects with the signal's reason on abort
 */
export async function openUrl(
  name: string,
  url: string,
  server: Server,
  sha256: string | undefined,
): Promise<NamedSource | undefined> {
  const attempts = new Attempts(name, server.clock);
  let unreachable = 0;
  while (true) {
    try {
      const to = unreachable < UNREACHABLE_WITH_RANGE ? HEAD : undefined;
      const answer = await ask(server, { name, url }, 0, to, server.signal);
      return answer && (await openAnswer({ name, url }, server, answer, sha256));
    } catch (error) {
      if (error instanceof UnreachableError) unreachable++;
      await attempts.failed(error, server.signal);
    }
  }
}

async function openAnswer(
  remote: Remote,
  server: Server,
  answer: HttpAnswer,
  sha256: string | undefined,
): Promise<NamedSource> {
  const { name } = remote;
  let file: RemoteFile | undefined;
  try {
    const size = answer.size ?? (answer.ranges ? await hiddenSize(remote, server, answer) : undefined);
    if (size === undefined)
      return namedSource(name, bytesFromMemory(await wholeBody(name, server, answer)), { sha256 });
    file = new RemoteFile({ ...remote, size, etag: answer.etag }, server, answer);
    const opened = file;
    const source = namedSource(name, file, {
      sha256,
      forwardOnly: () => !opened.ranges,
      close: () => opened.close(),
    });
    file.head = await readRange(source, 0, Math.min(size, HEAD), server.signal);
    if (file.head.length === size) file.close();
    return source;
  } catch (error) {
    answer.body.cancel();
    file?.close();
    throw error;
  }
}

/** The size when Content-Range is hidden by CORS or does not tell it. */
async function hiddenSize(remote: Remote, server: Server, { length }: HttpAnswer): Promise<number> {
  const size = await askSize(server, remote);
  if (size !== undefined) return size;
  if (length !== undefined && length < HEAD) return length; // less than was asked for: there is no more
  const advice = "expose the Content-Range header";
  throw new CheckpointError(`${remote.name}: the server does not tell the file's size to this page; ${advice}`);
}

/** A body of unknown length. The bound is there because nothing else is. */
async function wholeBody(name: string, server: Server, { body }: HttpAnswer): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk; (chunk = await body.next(server.signal));) {
    if (body.position > MAX_UNKNOWN) {
      const advice = "serve it uncompressed with Content-Length, or with byte ranges";
      throw new CheckpointError(`${name}: the server hides the length of a file above ${MAX_UNKNOWN} bytes; ${advice}`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

/** A file of known size; its lifetime is that of the body it may hold. */
class RemoteFile implements ByteSource {
  readonly size: number;
  /** Whether the server has answered with ranges so far. */
  ranges: boolean;
  /** The first bytes, once they are there. */
  head: Uint8Array = new Uint8Array(0);
  readonly #remote: Remote & { readonly size: number };
  readonly #server: Server;
  #held: ResponseBody | undefined;

  constructor(remote: Remote & { readonly size: number }, server: Server, { ranges, body }: HttpAnswer) {
    this.size = remote.size;
    this.ranges = ranges;
    this.#remote = remote;
    this.#server = server;
    this.#held = body;
  }

  /** Ends the download that a server without ranges is in the middle of. */
  close(): void {
    this.#held?.cancel();
    this.#held = undefined;
    this.#server.holding.delete(this);
  }

  async *read(start: number, end: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    let position = Math.max(start, Math.min(end, this.head.length));
    if (position > start) yield this.head.subarray(start, position);

    const attempts = new Attempts(this.#remote.name, this.#server.clock);
    let endedAt: number | undefined;
    while (position < end) {
      let body: ResponseBody | undefined;
      let ended: TransientError | undefined;
      try {
        body = this.#takeHeld(position) ?? (await this.#request(position, end, signal));
        while (position < end) {
          const bytes = await body.next(signal);
          if (!bytes) throw (ended = new TransientError(`the body ended at byte ${body.position} of ${end}`));
          const useful = bytes.subarray(Math.max(0, bytes.length - (body.position - position)));
          if (useful.length > end - position) body.unread(useful.subarray(end - position));
          const wanted = useful.subarray(0, end - position);
          position += wanted.length;
          attempts.progress(wanted.length);
          if (wanted.length > 0) yield wanted;
        }
        if (!this.ranges && position < this.size) this.#hold(body);
        else await this.#expectEnd(body, end, signal);
        body = undefined;
      } catch (error) {
        if (ended && endedAt === position) {
          throw new CheckpointError(`${this.#remote.name}: ${ended.message}, twice; the file has ${this.size} bytes`);
        }
        endedAt = ended && position;
        body?.cancel();
        body = undefined;
        await attempts.failed(error, signal);
      } finally {
        body?.cancel();
      }
    }
  }

  async #request(from: number, to: number, signal: AbortSignal | undefined): Promise<ResponseBody> {
    const answer = await ask(this.#server, this.#remote, from, this.ranges ? to : undefined, signal);
    if (!answer)
      throw new CheckpointError(`${this.#remote.name}: vanished from the server while loading`, { reason: "changed" });
    this.ranges &&= answer.ranges;
    return answer.body;
  }

  #takeHeld(position: number): ResponseBody | undefined {
    const held = this.#held;
    if (!held || held.position > position) return undefined;
    this.#held = undefined;
    this.#server.holding.delete(this);
    return held;
  }

  #hold(body: ResponseBody): void {
    this.close();
    const { holding } = this.#server;
    this.#held = body;
    holding.add(this);
    if (holding.size > MAX_HOLDING) for (const oldest of [...holding].slice(0, 1)) oldest.close();
  }

  /** All that was asked for has come. More is a whole file under a range's name; how the connection ends is no matter. */
  async #expectEnd(body: ResponseBody, end: number, signal: AbortSignal | undefined): Promise<void> {
    const more = await body.next(signal).catch(() => undefined);
    body.cancel();
    if (more) throw new CheckpointError(`${this.#remote.name}: the server sent more than the bytes up to ${end}`);
  }
}
