// A server inside the page: a `fetch` that serves files as a well-kept server does, and notes what it was asked for. For tests of what is
// kept between loads, where bytes have to be counted to the last one.

export interface FakeServer {
  readonly fetch: typeof fetch;
  /** By file name; may be changed between requests. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** "GET name" of every request, and "GET name 0-99" of those for a part. */
  readonly asked: string[];
  /** Bytes of bodies that were read. */
  sent: number;
  /** Every request fails as it does without a network. */
  isOffline: boolean;
  /** A body breaks for good after so many bytes of all bodies. */
  breaksAt: number;
  /** The tag of a file; undefined for none. */
  etag: (name: string) => string | undefined;
}

const CHUNK = 50_000;

export function fakeServer(given: Readonly<Record<string, Uint8Array<ArrayBuffer>>>): FakeServer {
  const files = new Map(Object.entries(given));
  const answer = (url: string, init: RequestInit | undefined): Response => {
    const { pathname } = new URL(url);
    const name = pathname.slice(pathname.lastIndexOf("/") + 1);
    const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("Range") ?? "");
    server.asked.push(`${init?.method ?? "GET"} ${name}${range ? ` ${range[1]!}-${range[2]!}` : ""}`);
    if (server.isOffline) throw new TypeError("Failed to fetch");
    const file = files.get(name);
    if (!file) return new Response("Not found", { status: 404 });
    const from = Number(range?.[1] ?? 0);
    const to = Math.min(file.length, Number(range?.[2] ?? file.length) + 1);
    const headers = new Headers({ "Content-Length": String(to - from) });
    if (range) headers.set("Content-Range", `bytes ${from}-${to - 1}/${file.length}`);
    const etag = server.etag(name);
    if (etag !== undefined) headers.set("ETag", etag);
    return new Response(bodyOf(file.subarray(from, to)), { status: range ? 206 : 200, headers });
  };
  const bodyOf = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> => {
    let at = 0;
    return new ReadableStream(
      {
        pull: (controller) => {
          if (server.sent >= server.breaksAt) throw new TypeError("network error");
          const chunk = bytes.slice(at, Math.min(at + CHUNK, at + server.breaksAt - server.sent));
          if (chunk.length === 0) {
            controller.close();
            return;
          }
          at += chunk.length;
          server.sent += chunk.length;
          controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
    );
  };
  const server: FakeServer = {
    fetch: async (input, init) => Promise.resolve(answer(input as string, init)),
    files,
    asked: [],
    sent: 0,
    isOffline: false,
    breaksAt: Infinity,
    etag: (name) => `"${name}"`,
  };
  return server;
}
