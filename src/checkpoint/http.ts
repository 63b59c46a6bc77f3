// One request for a file or a part of it, and the checks of the answer: status, range, size, entity tag, encoding.
// `fetch` itself checks none of these: a shifted range or a whole file under status 206 arrives as if all were well.
import { CheckpointError } from "../errors.js";
import { retryAfter, TransientError, unlessStalled, type Clock } from "./retry.js";
import { abortable } from "./signals.js";

/** How to talk to the server of a folder. */
export interface Server {
  readonly fetch: typeof fetch;
  /** Sent with every request, the token included; all requests go to the folder's own origin. */
  readonly headers: Headers;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  /** Files whose only body is open between two reads, oldest first; browsers allow six connections to a host. */
  readonly holding: Set<{ close(): void }>;
}

/** A file on the server; size and etag are known after the first answer. */
export interface Remote {
  readonly name: string;
  readonly url: string;
  readonly size?: number;
  readonly etag?: string | undefined;
}

/** A checked answer. `size` is the whole file's, `length` the body's; undefined when the server hides it. */
export interface HttpAnswer {
  readonly body: ResponseBody;
  /** False when the body is the whole file although a part was asked for. */
  readonly ranges: boolean;
  readonly size: number | undefined;
  readonly length: number | undefined;
  readonly etag: string | undefined;
}

/** `fetch` failed without an answer. */
export class UnreachableError extends TransientError {}

/** A response's body and where in the file its next byte stands. */
export class ResponseBody {
  position: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #control: AbortController;
  readonly #clock: Clock;
  #unread: Uint8Array | undefined;

  constructor(response: Response, position: number, control: AbortController, clock: Clock) {
    this.position = position;
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
 * @returns undefined when there is no such file
 * @throws TransientError when another attempt may help, CheckpointError when not
 */
export async function ask(
  server: Server,
  remote: Remote,
  from: number,
  to: number | undefined,
  signal: AbortSignal | undefined,
): Promise<HttpAnswer | undefined> {
  const headers = new Headers(server.headers);
  if (to !== undefined) headers.set("Range", `bytes=${from}-${to - 1}`);
  const control = new AbortController();
  try {
    const response = await send(server, remote, { headers, signal: control.signal }, signal);
    const { status } = response;
    if (status === 206 && to !== undefined) return checkPart(response, remote, from, to, control, server.clock);
    if (status === 200) return checkWhole(response, remote, control, server.clock);
    control.abort();
    if (status === 404 || status === 410) return undefined;
    if (status === 416 && from === 0 && isEmptyFile(response)) {
      const body = new ResponseBody(new Response(null), 0, control, server.clock);
      return { body, ranges: true, size: 0, length: 0, etag: undefined };
    }
    throw refusal(response, remote, from, server.headers.has("Authorization"));
  } catch (error) {
    control.abort();
    throw error;
  }
}

/** The size by a HEAD request; undefined when the server does not say. */
export async function askSize(server: Server, remote: Remote): Promise<number | undefined> {
  const init = { method: "HEAD", headers: server.headers };
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
    throw new UnreachableError(`${remote.url} could not be fetched (${causes})`, { cause: error });
  }
}

function refusal(response: Response, { name, url }: Remote, from: number, hasToken: boolean): Error {
  const { status, headers } = response;
  const answered = `${name}: the server answered ${status}`;
  if (status === 401) {
    const advice = hasToken ? "the token was not accepted" : "the file needs a token, or the address is wrong";
    return new CheckpointError(`${answered}: ${advice} (${url})`, { reason: "forbidden", status });
  }
  if (status === 403) {
    const gated = headers.get("X-Error-Code") === "GatedRepo";
    const advice = gated ? "accept the model's terms on its page and pass a token" : "no access";
    return new CheckpointError(`${answered}: ${advice} (${url})`, { reason: "forbidden", status });
  }
  if (status === 416) {
    return new CheckpointError(`${answered}: no byte ${from}, the file is shorter than it should be (${url})`, {
      reason: "changed",
      status,
    });
  }
  if (status >= 500 || [408, 425, 429].includes(status)) {
    const wait = retryAfter(headers.get("Retry-After"));
    return new TransientError(`the server answered ${status} for ${url}`, { retryAfter: wait, status });
  }
  return new CheckpointError(`${answered} (${url})`, { reason: "unreachable", status });
}

function checkWhole(response: Response, remote: Remote, control: AbortController, clock: Clock): HttpAnswer {
  const size = isEncoded(response) ? undefined : contentLength(response);
  const etag = checkUnchanged(response, remote, size);
  return { body: new ResponseBody(response, 0, control, clock), ranges: false, size, length: size, etag };
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
  const etag = checkUnchanged(response, remote, size);
  const known = size ?? remote.size;
  const end = Math.min(to, known ?? to);
  if (said !== null) {
    const atEnd = known === undefined ? Number(last) < end : Number(last) === end - 1;
    if (Number(first) !== from || !atEnd) throw wrong();
  }
  const length = contentLength(response);
  if (known !== undefined && known !== end - from && length === known) {
    throw new CheckpointError(`${name}: asked for bytes ${from} to ${end - 1}, got the whole file under that name`);
  }
  return { body: new ResponseBody(response, from, control, clock), ranges: true, size: known, length, etag };
}

/** The strong entity tag, after comparing it and the size with what earlier answers said. */
function checkUnchanged(response: Response, remote: Remote, size: number | undefined): string | undefined {
  const { name } = remote;
  const tag = response.headers.get("ETag") ?? undefined;
  const etag = tag?.startsWith("W/") ? undefined : tag;
  if (etag !== undefined && remote.etag !== undefined && etag !== remote.etag) {
    throw changed(name, `ETag ${remote.etag}, now ${etag}`);
  }
  if (size !== undefined && remote.size !== undefined && size !== remote.size) {
    throw changed(name, `${remote.size} bytes, now ${size}`);
  }
  return etag;
}

/** The file at this address is not the one that earlier answers came from. */
function changed(name: string, how: string): CheckpointError {
  return new CheckpointError(`${name}: changed on the server while loading (${how})`, { reason: "changed" });
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
