// A web server in Node that answers as servers do that are no plain file servers: pages or 403 for what is not there, short parts,
// ranges under status 200; and a stand-in for the hub with its listing, its redirects to another origin and its refusals.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Files = Readonly<Record<string, Uint8Array>>;

export interface ModelServer {
  readonly url: string;
  /** Path and Range of every request. */
  readonly asked: string[];
  close(): Promise<void>;
}

export type Habit = "plain" | "page" | "403" | "400" | "short" | "extension" | "compressed page";

export async function listen(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ModelServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url!} ${request.headers.range ?? "whole"}`);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked, close };
}

/** Sends a file or the range of it that was asked for, at most `most` bytes of it. */
export function send(request: IncomingMessage, response: ServerResponse, file: Uint8Array, most = Infinity): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  let body = file;
  if (range) {
    const from = Number(range[1]);
    const to = Math.min(Number(range[2]), file.length - 1, from + most - 1);
    response.writeHead(206, { "Content-Range": `bytes ${from}-${to}/${file.length}`, "Content-Length": to - from + 1 });
    body = file.subarray(from, to + 1);
  } else response.setHeader("Content-Length", file.length);
  response.end(body);
}

const PAGE = Buffer.from("<!doctype html><html><head><title>app</title></head><body></body></html>");

/** Serves files with a habit. */
export function serve(files: Files, habit: Habit): Promise<ModelServer> {
  return listen((request, response) => {
    const file = files[new URL(request.url!, "http://x").pathname.slice(1)];
    if (file && habit === "extension") {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
      response.setHeader("Transfer-Encoding", "chunked");
      response.end(range ? file.subarray(Number(range[1]), Number(range[2]) + 1) : file);
    } else if (file) send(request, response, file, habit === "short" ? 50_000 : Infinity);
    else if (habit === "page") response.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
    else if (habit === "403" || habit === "400") response.writeHead(Number(habit)).end("<Error/>");
    else if (habit === "extension") request.socket.destroy();
    else response.writeHead(404).end();
  });
}

const COMMIT = "0123456789abcdef0123456789abcdef01234567";

export interface StandInHub {
  readonly fetch: typeof fetch;
  readonly hub: ModelServer;
  readonly cdn: ModelServer;
  close(): Promise<void>;
}

/** What pages of other origins may send and see, as the hub and its CDN say it; `exposes` false hides all but the usual headers. */
function letPagesIn(request: IncomingMessage, response: ServerResponse, exposes: boolean): boolean {
  response.setHeader("Access-Control-Allow-Origin", "*");
  if (exposes) response.setHeader("Access-Control-Expose-Headers", "ETag, Content-Range, X-Error-Code, X-Repo-Commit");
  if (request.method !== "OPTIONS") return false;
  response.setHeader("Access-Control-Allow-Headers", "authorization, range").writeHead(204).end();
  return true;
}

/** The hub as far as a loader meets it. Addresses of its host go to this machine. Signed addresses work for `uses` requests. */
export async function standInHub(
  files: Files,
  {
    listing = true,
    gated = false,
    uses = Infinity,
    exposes = true,
  }: { listing?: boolean; gated?: boolean; uses?: number; exposes?: boolean } = {},
): Promise<StandInHub> {
  const left = new Map<string, number>();
  let signatures = 0;
  const cdn = await listen((request, response) => {
    if (letPagesIn(request, response, exposes)) return;
    const url = new URL(request.url!, "http://x");
    const signature = url.searchParams.get("sig") ?? "";
    const rest = left.get(signature) ?? 0;
    left.set(signature, rest - 1);
    if (request.headers.authorization !== undefined) return void response.writeHead(400).end("a token came along");
    if (rest <= 0) return void response.writeHead(403).end("Request has expired");
    send(request, response, files[url.pathname.slice(1)]!);
  });
  const hub = await listen((request, response) => {
    if (letPagesIn(request, response, exposes)) return;
    const url = new URL(request.url!, "http://x");
    if (url.pathname.startsWith("/api/models/")) {
      if (!listing) return void response.writeHead(503).end();
      const siblings = Object.entries(files).map(([rfilename, bytes]) => ({
        rfilename,
        size: bytes.length,
        blobId: createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex"),
        ...(bytes.length > 10_000
          ? { lfs: { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") } }
          : {}),
      }));
      response.setHeader("Content-Type", "application/json");
      return void response.end(JSON.stringify({ sha: COMMIT, siblings }));
    }
    const [, revision, name] = /^\/owner\/name\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname) ?? [];
    if (gated && request.headers.authorization !== "Bearer right")
      return void response.writeHead(403, { "X-Error-Code": "GatedRepo" }).end();
    if (listing && revision !== COMMIT) return void response.writeHead(500).end("not pinned");
    const file = files[name ?? ""];
    if (!file) return void response.writeHead(404, { "X-Error-Code": "EntryNotFound" }).end();
    if (file.length < 10_000) {
      send(request, response, file);
      return;
    }
    left.set(String(++signatures), uses);
    response.writeHead(302, { Location: `${cdn.url}${name!}?sig=${signatures}` }).end();
  });
  const send_: typeof fetch = (input, init) =>
    fetch((input as string).replace("https://huggingface.co/", hub.url), init);
  const close = async (): Promise<void> => {
    await Promise.all([hub.close(), cdn.close()]);
  };
  return { fetch: send_, hub, cdn, close };
}
