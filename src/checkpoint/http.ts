// One request for a file or a part of it, and the checks of the answer: status, range, size, entity tag, encoding.
// `fetch` itself checks none of these: a shifted range or a whole file under status 206 arrives as if all were well.
import { CheckpointError } from "../errors.js";
import { retryAfter, TransientError, unlessStalled, type Clock } from "./retry.js";
import { abortable } from "./signals.js";
import type { Version } from "./byte-source.js";

/** How to talk to the server of a folder. */
export interface Server {
  readonly fetch: typeof fetch;
  /** Sent with every request. Authorization does not follow a redirect to another origin. */
  readonly headers: Headers;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Files whose only body is open between two reads, oldest first; browsers allow six connections to a host. */
  readonly holding: Set<{ close(): void }>;
  /** The address of a file that this server did give. */
  known?: string;
}

/** A file on the server; size and etag are known after the first answer. */
export interface Remote {
  readonly name: string;
  readonly url: string;
  readonly size?: number;
  readonly etag?: string | undefined;
  /** Compared where the server gives no entity tag. */
  readonly modified?: string | undefined;
}

/** A checked answer. `size` is the whole file's, `length` the body's; undefined when the server hides it. */
export interface HttpAnswer {
  readonly body: ResponseBody;
  /** False when the body is the whole file although a part was asked for. */
  readonly ranges: boolean;
  readonly size: number | undefined;
  readonly length: number | undefined;
  readonly version: Version;
  readonly status: number;
  /** No range was asked for, so that a body of unknown length is the whole file. */
  readonly isAll?: boolean;
}

/** `fetch` failed without an answer. */
export class UnreachableError extends TransientError {}

/** A response's body and where in the file its next byte stands. */
export class ResponseBody {
  position: number;
  /** Where the body ends, exclusive; undefined where the server does not say. */
  readonly end: number | undefined;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #control: AbortController;
  readonly #clock: Clock;
  #unread: Uint8Array | undefined;

  constructor(response: Response, position: number, end: number | undefined, control: AbortController, clock: Clock) {
    this.position = position;
    this.end = end;
    this.#reader = response.body?.getReader();
    this.#control = control;
    this.#clock = clock;
  }

  /** The next bytes; undefined at the end. @throws TransientError when the connection breaks or stalls */
  async next(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    let bytes = this.#unread;
    this.#unread = undefined;
    if (!bytes) {
      if (!this.#reader) return undefined;
      try {
        bytes = (await abortable(unlessStalled(this.#reader.read(), this.#clock), signal)).value;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof TransientError) throw error;
        throw new TransientError(`the connection broke at byte ${this.position}`, { cause: error });
      }
    }
    this.position += bytes?.length ?? 0;
    return bytes;
  }

  /** Puts the last bytes back that `next` gave. */
  unread(bytes: Uint8Array): void {
    this.#unread = bytes;
    this.position -= bytes.length;
  }

  /** Ends the request. */
  cancel(): void {
    this.#control.abort();
    this.#reader?.cancel().catch(() => undefined);
  }
}

/**
 * Asks for bytes [from, to) of a file, or for all of it when `to` is undefined.
 * @returns a CheckpointError when there is no such file: the answer in words, for whoever cannot do without it
 * @throws TransientError when another attempt may help, CheckpointError when not
 */
export async function ask(
  server: Server,
  remote: Remote,
  from: number,
  to: number | undefined,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer | CheckpointError> {
  const headers = new Headers(server.headers);
  // Development servers answer a page to whoever takes one, and a true 404 to this. It costs no preflight.
  headers.set("Accept", "application/octet-stream, application/json");
  if (to !== undefined) headers.set("Range", `bytes=${from}-${to - 1}`);
  const control = new AbortController();
  try {
    const response = await send(server, remote, { headers, signal: control.signal }, signal);
    const { status } = response;
    if (status === 206 && to !== undefined) return checkPart(response, remote, from, to, control, server.clock);
    if (status === 200) return checkWhole(response, remote, to === undefined, control, server.clock);
    control.abort();
    if (status === 416 && from === 0 && isEmptyFile(response)) {
      const body = new ResponseBody(new Response(null), 0, 0, control, server.clock);
      return { body, ranges: true, size: 0, length: 0, version: {}, status };
    }
    const error = refusal(response, remote, from, server.headers.has("Authorization"));
    // S3 and its like answer 403 for what is not there, other stores 400; the hub says what it means.
    const saysAbsent =
      [400, 403, 404, 410].includes(status) && !response.headers.get("X-Error-Code")?.includes("Gated");
    if (saysAbsent && error instanceof CheckpointError) return error;
    throw error;
  } catch (error) {
    control.abort();
    throw error;
  }
}

/** The size by a HEAD request; undefined when the server does not say. */
export async function askSize(server: Server, remote: Remote): Promise<number | undefined> {
  const init = { method: "HEAD", headers: server.headers, ...(server.signal ? { signal: server.signal } : {}) };
  const response = await send(server, remote, init, server.signal);
  return response.ok ? contentLength(response) : undefined;
}

async function send(
  server: Server,
  remote: Remote,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Response> {
  signal?.throwIfAborted();
  try {
    return await abortable(unlessStalled(server.fetch(remote.url, init), server.clock), signal);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof TransientError) throw error;
    const causes = "offline, unknown host, blocked by CORS or as mixed content: a page cannot tell these apart";
    throw new UnreachableError(`${shown(remote.url)} could not be fetched (${causes})`, { cause: error });
  }
}

/** An address without its query, which may hold a signature. */
function shown(url: string): string {
  return url.replace(/\?.*$/, "");
}

const GATED = "accept the model's terms on its page at the hub, then pass a token of that account";

function refusal(response: Response, { name, url }: Remote, from: number, hasToken: boolean): Error {
  const { status, headers } = response;
  const answered = `${name}: the server answered ${status}`;
  const place = shown(url);
  if (status === 401) {
    const plain = hasToken ? "the token was not accepted" : "the file needs a token, or the address is wrong";
    const advice = headers.get("X-Error-Code") === "GatedRepo" ? GATED : plain;
    return new CheckpointError(`${answered}: ${advice} (${place})`, { reason: "forbidden", status });
  }
  if (status === 403) {
    const advice = headers.get("X-Error-Code") === "GatedRepo" ? GATED : "no access";
    return new CheckpointError(`${answered}: ${advice} (${place})`, { reason: "forbidden", status });
  }
  if (status === 416) {
    return new CheckpointError(`${answered}: no byte ${from}, the file is shorter than it should be (${place})`, {
      reason: "changed",
      status,
    });
  }
  if (status >= 500 || [408, 425, 429].includes(status)) {
    const wait = retryAfter(headers.get("Retry-After") ?? (status === 429 ? windowEnd(headers) : null));
    return new TransientError(`the server answered ${status} for ${place}`, { retryAfter: wait, status });
  }
  const isAbsent = status === 404 || status === 410;
  return new CheckpointError(`${isAbsent ? `${name}: not found, ${status}` : answered} (${place})`, {
    reason: isAbsent ? "absent" : "unreachable",
    status,
  });
}

/** Without a range a browser takes compressed answers, and hides from a page of another origin that one is. */
function checkWhole(
  response: Response,
  remote: Remote,
  mayBeCompressed: boolean,
  control: AbortController,
  clock: Clock,
): HttpAnswer {
  const isUnsure = mayBeCompressed && response.type === "cors" && !response.headers.has("Content-Encoding");
  const size = isEncoded(response) || isUnsure ? undefined : contentLength(response);
  const version = checkUnchanged(response, remote, size);
  const known = size ?? remote.size;
  const body = new ResponseBody(response, 0, known, control, clock);
  return { body, ranges: false, size: known, length: size, version, status: 200, isAll: mayBeCompressed };
}

function checkPart(
  response: Response,
  remote: Remote,
  from: number,
  to: number,
  control: AbortController,
  clock: Clock,
): HttpAnswer {
  const { name } = remote;
  const type = response.headers.get("Content-Type") ?? "";
  if (/^multipart\//i.test(type)) {
    throw new CheckpointError(`${name}: asked for one range, got ${type.split(";")[0]!}`);
  }
  if (isEncoded(response)) {
    const encoding = response.headers.get("Content-Encoding")!;
    throw new CheckpointError(`${name}: a byte range came with Content-Encoding: ${encoding}, so it cannot be placed`);
  }
  const said = response.headers.get("Content-Range");
  const wrong = (): CheckpointError =>
    new CheckpointError(`${name}: asked for bytes ${from} to ${to - 1}, got Content-Range: ${said ?? "(none)"}`);
  // Hidden by CORS: then only the length can be compared.
  if (said === null && response.type !== "cors") throw wrong();
  const [, first, last, total] = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(said ?? "") ?? [];
  if (said !== null && total === undefined) throw wrong();
  const size = total === undefined || total === "*" ? undefined : Number(total);
  const version = checkUnchanged(response, remote, size);
  const known = size ?? remote.size;
  const most = Math.min(to, known ?? to);
  const length = contentLength(response);
  if (known !== undefined && known !== most - from && length === known) {
    throw new CheckpointError(`${name}: asked for bytes ${from} to ${most - 1}, got the whole file under that name`);
  }
  // A server may send less than was asked for; the rest is asked for again.
  if (said !== null && (Number(first) !== from || Number(last) < from || Number(last) >= most)) throw wrong();
  const end = said === null ? (length ? Math.min(from + length, most) : undefined) : Number(last) + 1;
  return {
    body: new ResponseBody(response, from, end, control, clock),
    ranges: true,
    size: known,
    length,
    version,
    status: 206,
  };
}

/** The version, after comparing it and the size with what earlier answers said. */
function checkUnchanged(response: Response, remote: Remote, size: number | undefined): Version {
  const { name } = remote;
  const tag = response.headers.get("ETag") ?? undefined;
  // Some servers mark the tag of a compressed answer, whose bytes are the same once they are decoded.
  const etag = tag?.startsWith("W/") ? undefined : tag?.replace(/(?:--?|;)(?:gzip|br|zstd)"$/, '"');
  const modified = response.headers.get("Last-Modified") ?? undefined;
  if (etag !== undefined && remote.etag !== undefined && etag !== remote.etag) {
    throw changed(name, `ETag ${remote.etag}, now ${etag}`);
  }
  if (etag === undefined && modified !== undefined && (remote.modified ?? modified) !== modified) {
    throw changed(name, `of ${remote.modified!}, now of ${modified}`);
  }
  if (size !== undefined && remote.size !== undefined && size !== remote.size) {
    throw changed(name, `${remote.size} bytes, now ${size}`);
  }
  return { etag, modified };
}

/** The file at this address is not the one that earlier answers came from. */
function changed(name: string, how: string): CheckpointError {
  return new CheckpointError(`${name}: changed on the server while loading (${how})`, { reason: "changed" });
}

/** Seconds until the window of a rate limit ends, as the hub says it: `"api";r=0;t=123`. */
function windowEnd(headers: Headers): string | null {
  return /\bt=(\d+)/.exec(headers.get("RateLimit") ?? "")?.[1] ?? headers.get("RateLimit-Reset");
}

function isEncoded(response: Response): boolean {
  const encoding = response.headers.get("Content-Encoding");
  return encoding !== null && encoding.toLowerCase() !== "identity";
}

function isEmptyFile(response: Response): boolean {
  const range = response.headers.get("Content-Range");
  return range === null || /^bytes \*\/0$/i.test(range);
}

function contentLength(response: Response): number | undefined {
  const length = response.headers.get("Content-Length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
