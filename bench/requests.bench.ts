// What a request of v3-base's shape costs in JavaScript, and how often it finds the plan of an earlier one: 500 requests of random
// lengths of each kind through the public API, over a GPU that computes nothing and answers at once. Times are medians of whole
// calls, inputs checked, embeddings gathered and results shaped.
import { DebertaV2ForSequenceClassification } from "deberta-webgpu";
import { StubGpu } from "../test/support/stub-gpu.js";
import { randomCheckpoint, SHAPES } from "./random-checkpoint.js";
import { median, type Print, table } from "./support.js";

const REQUESTS = 500;
const KINDS: readonly (readonly [name: string, texts: number, from: number, to: number])[] = [
  ["one text of 8 to 40 tokens", 1, 8, 40],
  ["one text of 16 to 128", 1, 16, 128],
  ["one text of 16 to 512", 1, 16, 512],
  ["one text of 513 to 1024", 1, 513, 1024],
  ["eight texts of 16 to 128", 8, 16, 128],
  ["four texts of 513 to 1024", 4, 513, 1024],
];

/** A GPU whose every answer is there at once. */
class InstantGpu extends StubGpu {
  plans = 0;

  override popErrorScope(): Promise<null> {
    return Promise.resolve(null);
  }

  override createBuffer(descriptor: GPUBufferDescriptor): ReturnType<StubGpu["createBuffer"]> {
    if (descriptor.label === "params") this.plans++;
    return super.createBuffer({ ...descriptor, size: Math.min(descriptor.size, 2 ** 28) });
  }
}

export default async function bench(print: Print): Promise<void> {
  let state = 7;
  const random = (from: number, to: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from + Math.floor((state / 2 ** 32) * (to - from + 1));
  };
  const rows = [["", "hits", "hit ms", "miss ms"]];
  for (const [name, texts, from, to] of KINDS) {
    const gpu = new InstantGpu();
    const model = await DebertaV2ForSequenceClassification.fromPretrained(randomCheckpoint(SHAPES["v3-base"]!), {
      device: gpu as unknown as GPUDevice,
      checkDevice: false,
    });
    const forward = async (): Promise<{ milliseconds: number; isHit: boolean }> => {
      const lengths = Array.from({ length: texts }, () => random(from, to));
      const inputIds = lengths.map((length) => Array.from({ length }, (_, i) => (7 * i) % 997));
      const before = gpu.plans;
      const start = performance.now();
      await model.forward({ inputIds });
      const milliseconds = performance.now() - start;
      gpu.log.length = gpu.submits.length = 0;
      return { milliseconds, isHit: gpu.plans === before };
    };
    const all: Awaited<ReturnType<typeof forward>>[] = [];
    for (let i = 0; i < REQUESTS; i++) all.push(await forward());
    const [hits, misses] = [true, false].map((isHit) => all.filter((one) => one.isHit === isHit));
    const time = (some = hits!) => (some.length > 0 ? median(some.map((one) => one.milliseconds)).toFixed(2) : "-");
    rows.push([name, `${((100 * hits!.length) / REQUESTS).toFixed(1)} %`, time(), time(misses)]);
    await model.dispose();
  }
  await print(table(rows));
}
