// What requests cost a device and a page: long ones let go when they are aborted, large outputs come through small buffers, and
// thousands of requests leave nothing behind. Over a GPU that computes nothing.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { DebertaV2Model } from "../../src/index.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { headNetwork } from "../../src/model/head-network.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { generator, randomInteger } from "../support/random.js";
import { stubEngine } from "../support/stub-engine.js";
import { stubDevice } from "../support/stub-gpu.js";
import { baseNetwork, requestOf, V3_BASE } from "../support/v3-base.js";

test("16 × 512 tokens on v3-base, aborted at 300 ms: the next request is submitted after two segments at most", async () => {
  const { gpu, engine } = await stubEngine(baseNetwork());
  gpu.dispatchTime = 20; // two seconds and more for the whole
  const stop = new AbortController();
  const long = engine.forward(requestOf(new Array<number>(16).fill(512)), { signal: stop.signal });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const reason = new Error("typed on");
  stop.abort(reason);
  const aborted = performance.now();
  await expect(long).rejects.toBe(reason);
  expect(performance.now() - aborted).toBeLessThan(100);
  const before = gpu.submits.length;
  gpu.dispatchTime = 0;
  const { unfinished } = gpu;
  expect(unfinished).toBeLessThanOrEqual(2);
  await engine.forward(requestOf([16]));
  expect(gpu.mostUnfinished).toBeLessThanOrEqual(3);
  // What the aborted run still submitted: at most the segment that was being encoded.
  expect(gpu.submits.slice(before).filter((count) => count > 0).length).toBeLessThanOrEqual(3);
  await engine.dispose();
  expect(gpu.bytes).toBe(0);
});

test("attentions of 1 040 tokens on default limits: 264 MiB in four outputs, no buffer above the limit", async () => {
  const fields = { ...V3_BASE, hidden_size: 64, intermediate_size: 64, num_hidden_layers: 4, num_attention_heads: 16 };
  const network = headNetwork(new DebertaV2Config(fields), { kind: "none" });
  const { gpu, engine } = await stubEngine(network); // refuses what WebGPU's default limits refuse
  const [part] = await engine.forward({ ...requestOf([1040]), outputAttentions: true });
  let bytes = 0;
  for (const [name, { byteLength }] of part!.outputs) if (name.startsWith("attention.")) bytes += byteLength;
  expect(bytes).toBeGreaterThan(2 ** 28);
  expect(engine.memory().staging).toBeLessThanOrEqual(2 * 2 ** 24);
  expect(gpu.peakBytes).toBeLessThan(400 * 2 ** 20); // one layer's probabilities at a time
  await engine.dispose();
});

test("one large request: memory() counts what it takes, small ones let go of it, and dispose leaves nothing", async () => {
  const { gpu } = stubDevice();
  const folder = madeFolder({ ...MINIATURE, num_attention_heads: 4 }, "none");
  const model = await DebertaV2Model.fromPretrained(folder, {
    device: gpu as unknown as GPUDevice,
    checkDevice: false,
  });
  const ask = async (length: number) => {
    await model.forward({ inputIds: [new Array<number>(length).fill(5)] });
    const memory = model.memory();
    expect(memory.gpuBytes).toBe(memory.weights + memory.slots + memory.staging + memory.plans);
    expect(memory.gpuBytes).toBe(gpu.bytes);
    return memory;
  };
  const small = await ask(8);
  const large = await ask(3000);
  expect(large.weights).toBe(small.weights);
  expect(large.slots).toBeGreaterThan(small.slots + 64 * 2 ** 20); // blocks of scores
  for (let i = 0; i < 15; i++) expect((await ask(8)).slots).toBe(large.slots); // another large one may follow
  expect((await ask(8)).slots).toBeLessThan(32 * 2 ** 20);
  await model.dispose();
  const left = model.memory();
  expect([left.gpuBytes, left.buffers, left.hostBytes, gpu.bytes]).toEqual([0, 0, 0, 0]);
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const REQUESTS = __LONG__ ? 10_000 : 2_000;
/** Activations that the last sixteen small requests may keep, plans, and two buffers of read-back. */
const KEPT = 64 * 2 ** 20;

test(`${REQUESTS} requests of random lengths and kinds, with aborts: memory comes back, the heap does not grow`, async () => {
  const fields = { ...MINIATURE, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 512 };
  const { gpu, engine } = await stubEngine(
    headNetwork(new DebertaV2Config({ ...fields, vocab_size: 50 }), { kind: "pooled", labels: 3 }),
  );
  const next = generator(11);
  const texts = (count: number, most: number) => Array.from({ length: count }, () => randomInteger(next, 1, most));
  const one = async () => {
    const kind = next();
    if (kind < 0.4) return engine.forward(requestOf(texts(1, 512)));
    if (kind < 0.6) return engine.forward(requestOf(texts(8, 128)));
    if (kind < 0.7) return engine.forward(requestOf(texts(1, 900)));
    if (kind < 0.85) {
      const text = randomInteger(next, 16, 300);
      return engine.forward(requestOf(texts(5, 12).map((label) => text + label)));
    }
    const extra = next() < 0.5 ? { outputAttentions: true } : { outputHiddenStates: true };
    if (kind < 0.93) return engine.forward({ ...requestOf(texts(2, 300)), ...extra });
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("enough")), 2 * next());
    return engine.forward(requestOf(texts(4, 256)), { signal: stop.signal }).catch((error: unknown) => {
      expect(error).toBe(stop.signal.reason);
    });
  };
  const heap = async () => {
    for (let i = 0; i < 20; i++) await engine.forward(requestOf([8])); // the last sixteen needed little
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      collect();
    }
    return process.memoryUsage().heapUsed;
  };
  const run = async (count: number) => {
    for (let i = 0; i < count; i += 8) {
      await Promise.all(Array.from({ length: 8 }, one));
      gpu.log.length = gpu.submits.length = 0; // the stub's own notes
    }
  };
  await run(REQUESTS / 2); // plans and code are warm
  const before = await heap();
  await run(REQUESTS / 2);
  const after = await heap();
  gpu.log.length = gpu.submits.length = 0;
  console.info(`heap ${((after - before) / 1024).toFixed(0)} KiB, ${(gpu.bytes / 2 ** 20).toFixed(1)} MiB kept`);
  expect(after - before).toBeLessThan(2 ** 20);
  const { weights, gpuBytes, plans } = engine.memory();
  expect(gpuBytes).toBe(gpu.bytes);
  expect(gpuBytes - weights).toBeLessThan(KEPT);
  expect(plans).toBeLessThanOrEqual(8 * 2 ** 20);
  await engine.dispose();
  expect(gpu.bytes).toBe(0);
});
