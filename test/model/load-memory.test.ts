// A whole load, from a server to a model that is ready, stays within 64 MiB of JavaScript's memory above the part of the word table that
// has arrived, whatever the container. What is garbage already is not counted: when to collect it is the engine's affair. The device
// is a stub, whose memory is not counted either.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DebertaV2ForSequenceClassification } from "../../src/model/model-heads.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { MINIATURE, shapesOf } from "../support/checkpoint.js";
import { bytesOf, keras, older, safetensors, type SparseFile, zipped } from "../support/sparse-files.js";
import { StubGpu } from "../support/stub-gpu.js";

const MIB = 1 << 20;
/** Bytes served between two looks at the memory. */
const STEP = 8 * MIB;
setFlagsFromString("--expose_gc");
const collect = runInNewContext("gc") as () => void;
/** 610 MB of weights, 98 MB of them the word table; in the short run a tenth. */
const CONFIG = {
  ...MINIATURE,
  vocab_size: __LONG__ ? 24_000 : 4500,
  hidden_size: 1024,
  num_hidden_layers: __LONG__ ? 10 : 1,
  num_attention_heads: 16,
  intermediate_size: 4096,
};
const shapes = shapesOf(new DebertaV2Config(CONFIG), "pooled");
const FILES = { safetensors, torch: zipped, "torch before 1.6": older, Keras: keras };
const made = new Map(Object.entries(FILES).map(([kind, make]) => [encodeURIComponent(kind), make(shapes)]));

let look: () => void = () => undefined;
let served = 0;
let server: Server;
let address: string;
beforeAll(async () => {
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind, name] = /^\/([^/]+)\/(.+)$/.exec(request.url ?? "") ?? [];
  const file = made.get(kind ?? "");
  if (name === "config.json") return void response.end(JSON.stringify(CONFIG));
  if (!file || file.name !== name) return void response.writeHead(404).end();
  await send(file, request, response);
}

async function send(file: SparseFile, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "")!;
  const [start, end] = [Number(first), Math.min(file.size, Number(last) + 1)];
  response.writeHead(206, {
    "Content-Length": end - start,
    "Content-Range": `bytes ${start}-${end - 1}/${file.size}`,
    ETag: '"1"',
  });
  let flowing: () => void = () => undefined;
  response.on("drain", () => flowing()).on("close", () => flowing());
  for (const bytes of bytesOf(file, start, end)) {
    if (response.destroyed) return;
    if (Math.floor(served / STEP) < Math.floor((served += bytes.length) / STEP)) look();
    if (!response.write(bytes)) await new Promise<void>((resolve) => (flowing = resolve));
  }
  response.end();
}

function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** What an earlier test has let go is gone. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test.each(Object.keys(FILES))("%s", async (kind) => {
  const gpu = new StubGpu();
  let model: DebertaV2ForSequenceClassification | undefined = undefined;
  let rows = 0;
  let most = -Infinity;
  await settle();
  const before = held();
  look = () => {
    most = Math.max(most, held() - before - (model?.memory().hostBytes ?? rows));
  };
  model = await DebertaV2ForSequenceClassification.fromPretrained(`${address}${encodeURIComponent(kind)}/`, {
    device: gpu as unknown as GPUDevice,
    checkDevice: false,
    dtype: "f32",
    onProgress: ({ phase, loaded }) => {
      if (phase === "rows") rows = loaded;
    },
  });
  await model.whole;
  look();
  const weights = [...shapes.values()].reduce((sum, shape) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);
  const table = 4 * CONFIG.vocab_size * CONFIG.hidden_size;
  expect(gpu.peakBytes).toBeGreaterThan(weights - table);
  expect(model.memory().hostBytes).toBeGreaterThanOrEqual(table);
  await model.dispose();
  if (__LONG__)
    console.log(
      `${kind}: ${(weights / 1e6).toFixed(0)} MB, at most ${(most / MIB).toFixed(1)} MiB above the word table's arrived part`,
    );
  expect(most / MIB).toBeLessThan(64);
});
