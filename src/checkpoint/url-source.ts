// A file on a web server, read by byte ranges. Ranges are absolute (a suffix range costs a CORS preflight and fails on
// some hosts), and an interrupted body is resumed where the reader stood. Where the server knows no ranges, its one body
// is read forward and kept open between two reads, so that nothing is downloaded twice.
import { CheckpointError } from "../errors.js";
import { bytesFromBlob, namedSource, readRange, type ByteSource, type NamedSource } from "./byte-source.js";
import {
  ask,
  askSize,
  UnreachableError,
  type HttpAnswer,
  type Remote,
  type ResponseBody,
  type Server,
} from "./http.js";
import { looksLike } from "./look-alike.js";
import { Attempts, TransientError } from "./retry.js";

/** The first request asks for this much: it holds the header of a base model, and most small files whole. */
const HEAD = 64 * 1024;
/**
 * A compressed answer to a range request fails in browsers as if the network were down; without a range it is decoded.
 * So after this many failures without a reason the file is asked for as a whole.
 */
const UNREACHABLE_WITH_RANGE = 3;
/** So many chunks, a few megabytes, are moved into a Blob together. */
const BLOB_CHUNKS = 64;
/** A body whose length the server hides is taken whole, up to this size. */
const MAX_UNKNOWN = 64 << 20;
/** So many bodies of servers without ranges stay open between two reads; browsers allow six connections to a host. */
const MAX_HOLDING = 4;
/** A connection may stay open after the last byte; a whole file under a range's name shows at once. */
const END_SOON = 250;

/**
 * Opens a file on a server with one request, which also brings its first 64 KiB.
 * @returns a CheckpointError when the server has no such file
 * @throws CheckpointError when it cannot be had; rejects with the signal's reason on abort
 */
export async function openUrl(
  name: string,
  url: string,
  server: Server,
  size?: number,
): Promise<NamedSource | CheckpointError> {
  const remote: Remote = { name, url, ...(size === undefined ? {} : { size }) };
  const attempts = new Attempts(name, server.clock);
  let unreachable = 0;
  while (true) {
    try {
      // Small files are wanted whole; without a range servers may compress them.
      const to = unreachable < UNREACHABLE_WITH_RANGE && !COMPRESSIBLE.test(name) ? HEAD : undefined;
      const answer = await ask(server, remote, 0, to, server.signal);
      if (answer instanceof CheckpointError) return answer;
      const file = await openAnswer(remote, server, answer);
      if (!(file instanceof CheckpointError)) server.known = url;
      return file;
    } catch (error) {
      if (error instanceof UnreachableError && (await isAbsent(url, server, ++unreachable)))
        return new CheckpointError(`${name}: ${error.message}`, { reason: "absent", cause: error });
      await attempts.failed(error, server.signal);
    }
  }
}

/**
 * A file of which all is known that opening it would tell: no request is made before it is read. Reading rejects with a CheckpointError,
 * "changed", when the server has another version by now.
 */
export function reopenUrl(remote: Remote & { readonly size: number }, server: Server): NamedSource {
  const file = new RemoteFile(remote, server);
  return namedSource(remote.name, file, { forwardOnly: () => !file.ranges, close: () => file.close() });
}

/** Whether the server still has the version of a file that is known, asked once; undefined when it does not say. */
export async function isUnchanged(remote: Remote, server: Server): Promise<boolean | undefined> {
  try {
    const answer = await ask(server, remote, 0, 1, server.signal);
    if (answer instanceof CheckpointError) return answer.reason === "absent" ? false : undefined;
    answer.body.cancel();
    return true;
  } catch (error) {
    server.signal?.throwIfAborted();
    return error instanceof CheckpointError && error.reason === "changed" ? false : undefined;
  }
}

/** Files of text, and the vocabulary, which shrinks by a third. */
const COMPRESSIBLE = /\.json$|(?:^|\/)spm\.model$/;

/** After so many answers that did not come it is asked whether others do. */
const DOUBT_FROM = 2;

/**
 * Whether a file that cannot be fetched is just not there. Extensions and apps fail for a name that they lack; so does, in a page,
 * a 404 without CORS headers: then another file of the same server still comes.
 */
async function isAbsent(url: string, server: Server, failures: number): Promise<boolean> {
  if (!/^https?:/.test(url)) return true;
  if (failures !== DOUBT_FROM || server.known === undefined || server.known === url) return false;
  const again = await ask(server, { name: "", url: server.known }, 0, 1, server.signal).catch(() => undefined);
  if (!again || again instanceof CheckpointError) return false;
  again.body.cancel();
  return true;
}

async function openAnswer(remote: Remote, server: Server, answer: HttpAnswer): Promise<NamedSource | CheckpointError> {
  const { name, url } = remote;
  const isPage = (head: Uint8Array): boolean => looksLike(head) === "an HTML page" && answer.status === 200;
  const page = (): CheckpointError =>
    new CheckpointError(
      `${name}: not found: the server answers it with an HTML page (looks like an HTML page; ${url})`,
      {
        reason: "absent",
        status: 200,
      },
    );
  let file: RemoteFile | undefined;
  try {
    const size = answer.size ?? (answer.ranges ? await hiddenSize(remote, server, answer) : undefined);
    if (size === undefined) {
      const source = await wholeBody(remote, server, answer);
      const named = namedSource(name, source, { version: answer.version });
      return isPage(await readRange(named, 0, Math.min(source.size, HEAD), server.signal)) ? page() : named;
    }
    file = new RemoteFile({ ...remote, size, etag: answer.version.etag }, server, answer);
    const opened = file;
    const source = namedSource(name, file, {
      version: answer.version,
      forwardOnly: () => !opened.ranges,
      close: () => opened.close(),
    });
    file.head = await readRange(source, 0, Math.min(size, HEAD), server.signal);
    if (file.head.length === size || isPage(file.head)) file.close();
    return isPage(file.head) ? page() : source;
  } catch (error) {
    answer.body.cancel();
    file?.close();
    throw error;
  }
}

/** The size when Content-Range is hidden by CORS or does not tell it. */
async function hiddenSize(remote: Remote, server: Server, { length }: HttpAnswer): Promise<number> {
  if (length !== undefined && length < HEAD) return length; // less than was asked for: there is no more
  const size = await askSize(server, remote);
  if (size !== undefined) return size;
  const advice = "expose the Content-Range header";
  throw new CheckpointError(`${remote.name}: the server does not tell the file's size to this page; ${advice}`);
}

/** A body of unknown length. For the web it is bounded, because nothing else bounds it; what lies in an extension or app is local. */
async function wholeBody({ name, url }: Remote, server: Server, answer: HttpAnswer): Promise<ByteSource> {
  const isWeb = /^https?:/.test(url);
  const parts: Blob[] = []; // browsers keep these outside of the page's memory
  const chunks: Uint8Array[] = [];
  const { body } = answer;
  for (let chunk; (chunk = await body.next(server.signal));) {
    if (isWeb && body.position > MAX_UNKNOWN) {
      const advice = "serve it uncompressed with Content-Length, or with byte ranges";
      throw new CheckpointError(`${name}: the server hides the length of a file above ${MAX_UNKNOWN} bytes; ${advice}`);
    }
    chunks.push(chunk);
    if (chunks.length >= BLOB_CHUNKS) parts.push(new Blob(chunks.splice(0) as Uint8Array<ArrayBuffer>[]));
  }
  parts.push(new Blob(chunks as Uint8Array<ArrayBuffer>[]));
  const whole = new Blob(parts);
  if (whole.size !== HEAD || answer.isAll) return bytesFromBlob(whole);
  // Exactly the part that was asked for, under status 200 and without a length: Chromium's extensions answer ranges so.
  const again = await ask(server, { name, url }, 0, undefined, server.signal);
  if (again instanceof CheckpointError) throw again;
  return wholeBody({ name, url }, server, { ...again, isAll: true });
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

  constructor(remote: Remote & { readonly size: number }, server: Server, opened?: HttpAnswer) {
    this.size = remote.size;
    this.ranges = opened?.ranges ?? true;
    this.#remote = remote;
    this.#server = server;
    this.#held = opened?.body;
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
        const until = Math.min(end, body.end ?? end);
        while (position < until) {
          const bytes = await body.next(signal);
          if (!bytes) throw (ended = new TransientError(`the body ended at byte ${body.position} of ${end}`));
          const useful = bytes.subarray(Math.max(0, bytes.length - (body.position - position)));
          if (useful.length > end - position) body.unread(useful.subarray(end - position));
          const wanted = useful.subarray(0, end - position);
          position += wanted.length;
          attempts.progress(wanted.length);
          if (wanted.length > 0) yield wanted;
        }
        if (position < end) body.cancel();
        else if (!this.ranges && position < this.size) this.#hold(body);
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
    if (answer instanceof CheckpointError) {
      if (answer.reason !== "absent") throw answer;
      throw new CheckpointError(`${this.#remote.name}: vanished from the server while loading`, { reason: "changed" });
    }
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
    const soon = this.#server.clock.wait(END_SOON);
    const more = await Promise.race([body.next(signal).catch(() => undefined), soon]);
    body.cancel();
    if (more) throw new CheckpointError(`${this.#remote.name}: the server sent more than the bytes up to ${end}`);
  }
}
