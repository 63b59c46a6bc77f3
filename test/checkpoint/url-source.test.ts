// Reading from a server by ranges, with `fetch` replaced: what is asked, what is accepted, how a read goes on after a break.
// faults.test.ts does the same with a real server that misbehaves.
import { expect, test } from "vitest";
import { readRange } from "../../src/checkpoint/byte-source.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { CheckpointError } from "../../src/errors.js";
import { testClock } from "../support/clock.js";
import { headerOf, safetensorsFile } from "../support/made-safetensors.js";

interface Asked {
  readonly name: string;
  readonly method: string;
  readonly range: string | undefined;
  cancelled: boolean;
}
interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Bytes of the body before it breaks. */
  readonly breaksAfter?: number;
  readonly type?: ResponseType;
}

/** A server of these files; `reply` may change the n-th answer. */
function serverOf(
  files: Record<string, Uint8Array>,
  { ranges = true, reply = () => ({}) }: { ranges?: boolean; reply?: (n: number) => Reply } = {},
) {
  const asked: Asked[] = [];
  const send = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const name = request.url.slice(request.url.lastIndexOf("/") + 1);
    const range = request.headers.get("Range") ?? undefined;
    const note: Asked = { name, method: request.method, range, cancelled: false };
    const { status, headers, breaksAfter = Infinity, type } = reply(asked.push(note) - 1);
    const file = files[name];
    if (!file) return Promise.resolve(new Response("no", { status: 404 }));
    const [, first, last] = (ranges && /^bytes=(\d+)-(\d+)$/.exec(range ?? "")) || [];
    const start = Number(first ?? 0);
    const end = last === undefined ? file.length : Math.min(file.length, Number(last) + 1);
    let at = start;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: (controller) => {
          if (at - start >= breaksAfter) controller.error(new TypeError("network error"));
          else if (at === end) controller.close();
          else controller.enqueue(file.slice(at, (at = Math.min(end, at + 10_000, start + breaksAfter))));
        },
        cancel: () => {
          note.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const plain: Record<string, string> =
      last === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${file.length}` };
    const response = new Response(request.method === "HEAD" ? null : body, {
      status: status ?? (last === undefined ? 200 : 206),
      headers: { "Content-Length": String(end - start), ...plain, ...headers },
    });
    if (headers && !("Content-Range" in headers) && type === "cors") response.headers.delete("Content-Range");
    return Promise.resolve(type ? Object.defineProperty(response, "type", { value: type }) : response);
  };
  return { asked, fetch: send, wanted: () => asked.map(({ range }) => range) };
}

const BASE = "https://models.example/m/";
const SIZE = 300_000;
const file = Uint8Array.from({ length: SIZE }, (_, i) => (i * 7 + (i >> 8)) & 255);

async function open(server: ReturnType<typeof serverOf>, clock = testClock()) {
  const folder = await openFolder(BASE, { fetch: server.fetch }, clock);
  return { folder, source: (await folder.open("f.bin"))! };
}

async function readsRight(server: ReturnType<typeof serverOf>, start: number, end: number): Promise<void> {
  const { source } = await open(server);
  expect(Buffer.compare(await readRange(source, start, end), file.subarray(start, end))).toBe(0);
}

test("the first request brings 64 KiB, later ones exactly what is wanted", async () => {
  const server = serverOf({ "f.bin": file });
  await readsRight(server, 60_000, 200_000);
  expect(server.wanted()).toEqual(["bytes=0-65535", "bytes=65536-199999"]);
});

test("a broken body is resumed at the byte where the reader stands", async () => {
  const server = serverOf({ "f.bin": file }, { reply: (n) => ({ breaksAfter: n === 1 ? 25_000 : Infinity }) });
  await readsRight(server, 65_536, SIZE);
  expect(server.wanted()).toEqual(["bytes=0-65535", "bytes=65536-299999", "bytes=90536-299999"]);
});

test("a server without ranges is asked once, and its one body read on", async () => {
  const server = serverOf({ "f.bin": file }, { ranges: false });
  const { folder, source } = await open(server);
  expect(source.forwardOnly).toBe(true);
  for (const [start, end] of [
    [0, 100],
    [70_000, 80_000],
    [80_000, 80_010],
    [200_000, 299_999],
  ] as const) {
    expect(Buffer.compare(await readRange(source, start, end), file.subarray(start, end))).toBe(0);
  }
  expect(server.wanted()).toEqual(["bytes=0-65535"]);
  expect(server.asked[0]!.cancelled).toBe(false);
  folder.close();
  expect(server.asked[0]!.cancelled).toBe(true);
});

test("a server that stops answering ranges is read forward from then on, skipping what is known", async () => {
  const part = serverOf({ "f.bin": file });
  const whole = serverOf({ "f.bin": file }, { ranges: false });
  let calls = 0;
  const both: typeof fetch = (...request) => (calls++ === 0 ? part : whole).fetch(...request);
  const folder = await openFolder(BASE, { fetch: both }, testClock());
  const source = (await folder.open("f.bin"))!;
  expect(Buffer.compare(await readRange(source, 65_536, 150_000), file.subarray(65_536, 150_000))).toBe(0);
  expect(Buffer.compare(await readRange(source, 150_000, SIZE), file.subarray(150_000))).toBe(0);
  expect(calls).toBe(2);
});

test("only four bodies of servers without ranges are kept open", async () => {
  const names = Array.from({ length: 6 }, (_, i) => `f${i}.bin`);
  const server = serverOf(Object.fromEntries(names.map((name) => [name, file])), { ranges: false });
  const folder = await openFolder(BASE, { fetch: server.fetch }, testClock());
  for (const name of names) await folder.open(name);
  expect(server.asked.map(({ cancelled }) => cancelled)).toEqual([true, true, false, false, false, false]);
  const first = (await folder.open("f0.bin"))!;
  expect(Buffer.compare(await readRange(first, 70_000, 71_000), file.subarray(70_000, 71_000))).toBe(0);
  expect(server.asked.length).toBe(7);
});

test("Content-Range hidden by CORS: the size comes from a HEAD request", async () => {
  const server = serverOf({ "f.bin": file }, { reply: () => ({ type: "cors", headers: {} }) });
  await readsRight(server, 100_000, 200_000);
  expect(server.asked.map(({ method }) => method)).toEqual(["GET", "HEAD", "GET"]);
});

test("and where HEAD is refused: a small file has come whole, the size of a large one stays unknown", async () => {
  const hidden = (n: number): Reply => ({ type: "cors", headers: {}, ...(n === 1 ? { status: 405 } : {}) });
  const small = serverOf({ "f.bin": file.subarray(0, 1000) }, { reply: hidden });
  expect((await open(small)).source.size).toBe(1000);
  const large = serverOf({ "f.bin": file }, { reply: hidden });
  await expect(open(large)).rejects.toThrow(
    /f\.bin: the server does not tell the file's size.*expose the Content-Range/,
  );
});

test.each<[string, Reply, RegExp]>([
  [
    "another ETag",
    { headers: { ETag: '"new"' } },
    /f\.bin: changed on the server while loading \(ETag "old", now "new"\)/,
  ],
  ["another size", { headers: { "Content-Range": "bytes 65536-299999/300001" } }, /changed .*300000 bytes, now 300001/],
])("%s in a later answer: the file changed", async (_, later, message) => {
  const server = serverOf({ "f.bin": file }, { reply: (n) => (n === 0 ? { headers: { ETag: '"old"' } } : later) });
  const reading = readsRight(server, 65_536, SIZE);
  await expect(reading).rejects.toThrow(message);
  await expect(reading).rejects.toMatchObject({ name: "CheckpointError", file: "f.bin", reason: "changed" });
});

test("a refused answer is cancelled, and not asked for again", async () => {
  const server = serverOf({ "f.bin": file }, { reply: (n) => (n === 1 ? { status: 403 } : {}) });
  await expect(readsRight(server, 65_536, SIZE)).rejects.toThrow(CheckpointError);
  expect(server.asked.length).toBe(2);
});

test("a checkpoint takes one request for its header and one for its neighbouring tensors", async () => {
  const { header, dataBytes } = headerOf({ a: [50_000], b: [10], c: [40_000] });
  const server = serverOf({ "model.safetensors": safetensorsFile(header, dataBytes) });
  const folder = await openFolder(BASE, { fetch: server.fetch });
  const table = await openWeights(folder);
  let read = 0;
  for await (const { bytes } of stream([...table.values()], folder)) read += bytes.length;
  expect(read).toBe(dataBytes);
  expect(server.asked.map(({ name }) => name)).toEqual(["config.json", "model.safetensors", "model.safetensors"]);
});

test("a header above 64 KiB takes one more request", async () => {
  const names = Array.from({ length: 2000 }, (_, i) => [`encoder.layer.${i}.weight`, [1]] as const);
  const { header, dataBytes } = headerOf(Object.fromEntries(names));
  expect(header.length).toBeGreaterThan(65_536);
  const server = serverOf({ "model.safetensors": safetensorsFile(header, dataBytes) });
  expect((await openWeights(BASE, { fetch: server.fetch })).size).toBe(2000);
  expect(server.wanted().slice(1)).toEqual(["bytes=0-65535", `bytes=65536-${8 + header.length - 1}`]);
});

test("a failed look for weights leaves no download open", async () => {
  const server = serverOf({ "model.safetensors": file }, { ranges: false });
  await expect(openWeights(BASE, { fetch: server.fetch })).rejects.toThrow(CheckpointError);
  expect(server.asked.at(-1)!.cancelled).toBe(true);
});
