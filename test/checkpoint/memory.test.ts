// A checkpoint of any size is read within a fixed budget: hundreds of MiB, made on the fly by a source and by a server with
// and without byte ranges, stay within 64 MiB of what was there before.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ByteSource, Folder } from "../../src/checkpoint/byte-source.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { headerOf, safetensorsFile } from "../support/made-safetensors.js";

const MIB = 1 << 20;

/** A file of that many tensors of 32 MiB. */
function fileOf(tensors: number) {
  const shapes = Array.from({ length: tensors }, (_, i) => [`encoder.layer.${i}.w`, [2048, 4096]] as const);
  const { header, dataBytes } = headerOf(Object.fromEntries(shapes));
  const head = safetensorsFile(header, 0);
  return { head, dataBytes, size: head.length + dataBytes };
}
type MadeFile = ReturnType<typeof fileOf>;

/** Byte i of the data; a prime period, so that a shifted piece shows. */
const PERIOD = 251;
const pattern = Uint8Array.from({ length: MIB + PERIOD }, (_, i) => i % PERIOD);

/** Bytes [start, end) in chunks of up to 1 MiB that take no memory of their own. */
function* bytesOf({ head }: MadeFile, start: number, end: number): Generator<Uint8Array> {
  if (start < head.length) yield head.subarray(start, Math.min(end, head.length));
  for (let at = Math.max(start, head.length); at < end; at += MIB) {
    const phase = (at - head.length) % PERIOD;
    yield pattern.subarray(phase, phase + Math.min(MIB, end - at));
  }
}

function folderOf(file: MadeFile): Folder {
  const source: ByteSource = {
    size: file.size,
    // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable of what is made at once
    async *read(start, end) {
      yield* bytesOf(file, start, end);
    },
  };
  return { open: (name) => Promise.resolve(name === "model.safetensors" ? source : undefined) };
}

let server: Server;
let address: string;
beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** /ranges/TENSORS/… answers byte ranges, /whole/TENSORS/… never does. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, way, tensors] = /^\/(\w+)\/(\d+)\/model\.safetensors$/.exec(request.url ?? "") ?? [];
  if (tensors === undefined) {
    response.writeHead(404).end();
    return;
  }
  const file = fileOf(Number(tensors));
  const [, first, last] = (way === "ranges" && /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")) || [];
  const start = Number(first ?? 0);
  const end = last === undefined ? file.size : Math.min(file.size, Number(last) + 1);
  const range = last === undefined ? {} : { "Content-Range": `bytes ${start}-${end - 1}/${file.size}` };
  response.writeHead(last === undefined ? 200 : 206, { "Content-Length": end - start, ...range });
  let flowing: () => void = () => undefined;
  response.on("drain", () => flowing()).on("close", () => flowing());
  for (const bytes of bytesOf(file, start, end)) {
    if (response.destroyed) return;
    if (!response.write(bytes)) await new Promise<void>((resolve) => (flowing = resolve));
  }
  response.end();
}

/** What this thread holds beside its code. */
function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Loopback is slow beside memory: the full size goes through it in the long run only. */
const SERVED = __LONG__ ? 20 : 6;

test.each<[string, number, (tensors: number) => Folder | string]>([
  ["a source of one's own", 20, (tensors) => folderOf(fileOf(tensors))],
  ["a server with byte ranges", SERVED, (tensors) => `${address}/ranges/${tensors}/`],
  ["a server without byte ranges", SERVED, (tensors) => `${address}/whole/${tensors}/`],
])("%s: %i × 32 MiB pass within 64 MiB", async (_, tensors, source) => {
  const { head, dataBytes } = fileOf(tensors);
  const folder = await openFolder(source(tensors));
  const entries = [...(await openWeights(folder)).values()];
  expect(entries.length).toBe(tensors);
  const before = held();
  let most = 0;
  let total = 0;
  for await (const { entry, offset, bytes } of stream(entries, folder)) {
    const phase = (entry.start + offset - head.length) % PERIOD;
    if (bytes[0] !== phase || bytes.at(-1) !== (phase + bytes.length - 1) % PERIOD) throw new Error("shifted bytes");
    total += bytes.length;
    most = Math.max(most, held() - before);
  }
  expect(total).toBe(dataBytes);
  expect(most / MIB).toBeLessThan(64);
});
