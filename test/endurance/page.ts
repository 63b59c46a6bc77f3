// What a tab does in tools/endurance.mjs: requests of random kinds and lengths, some of them aborted, and loads that are given up
// again. Whatever happens, a known text is answered with the same bits.
import { DebertaV2ForSequenceClassification } from "../../src/index.js";
import { Device } from "../../src/runtime/device.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { generator, randomInteger } from "../support/random.js";

const folder = madeFolder({ ...MINIATURE, max_position_embeddings: 512 }, "pooled");
const KNOWN = { inputIds: [[1, 5, 6, 2]] };
/** Requests at a time. */
const PARALLEL = 4;

const device = await Device.request();
const load = (signal?: AbortSignal): Promise<DebertaV2ForSequenceClassification> =>
  DebertaV2ForSequenceClassification.fromPretrained(folder, { device: device.gpu, ...(signal ? { signal } : {}) });
const known = async (model: DebertaV2ForSequenceClassification): Promise<string> =>
  (await model.forward(KNOWN)).logits.data.join();

const model = await load();
const answer = await known(model);
const next = generator(Math.floor(performance.timeOrigin) % 2 ** 31);
const texts = (count: number, most: number): number[][] =>
  Array.from({ length: count }, () =>
    Array.from({ length: randomInteger(next, 1, most) }, () => randomInteger(next, 3, 49)),
  );

/** A signal that may fire amid the work, and what becomes of it then. */
async function maybeAborted(share: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const stop = new AbortController();
  const timer = next() < share ? setTimeout(() => stop.abort("enough"), 20 * next()) : undefined;
  try {
    await work(stop.signal);
  } catch (error) {
    if (error !== "enough") throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function request(): Promise<void> {
  const kind = next();
  const inputIds = kind < 0.6 ? texts(1, 64) : kind < 0.8 ? texts(8, 32) : kind < 0.9 ? texts(1, 512) : texts(3, 128);
  const outputs = kind >= 0.98 ? { outputAttentions: true } : kind >= 0.96 ? { outputHiddenStates: true } : {};
  await maybeAborted(0.05, (signal) => model.forward({ inputIds, ...outputs }, { signal }));
}

async function cycle(): Promise<void> {
  await maybeAborted(0.05, async (signal) => {
    const loaded = await load(signal);
    try {
      if ((await known(loaded)) !== answer) throw new Error("a model that was loaded anew answers otherwise");
    } finally {
      await loaded.dispose();
    }
  });
}

/** So many requests, then so many loads; tells how many bytes on the device nobody accounts for when all is done. */
async function endure(requests: number, loads: number): Promise<number> {
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await request();
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  for (let i = 0; i < loads; i++) await cycle();
  for (let i = 0; i < 20; i++)
    if ((await known(model)) !== answer) throw new Error("the known text is answered otherwise");
  return device.totals().bytes - model.memory().gpuBytes;
}

Object.assign(globalThis, { endure });
