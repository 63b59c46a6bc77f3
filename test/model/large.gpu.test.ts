// The shapes of v2-xlarge (900M) and v2-xxlarge (1.5B), all layers, in 8 bits: weights made from a seed as they are read. Whole in 2 GB
// of GPU memory and paged in 600 MB, with the same numbers, and JavaScript's memory within its bound. Slow: `npm run test:long`.
import { expect, test } from "vitest";
import { cdp } from "vitest/browser";
import { LARGE_SHAPES, randomCheckpoint } from "../../bench/random-checkpoint.js";
import { canRun, DebertaV2ForSequenceClassification, type LoadOptions } from "../../src/index.js";
import { checked, sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();
const INPUTS = { inputIds: [[1, 5, 330, 2]] };
const MIB = 2 ** 20;
/** Bytes read between two looks at JavaScript's memory. */
const STEP = 128 * MIB;

/** What CDP's sessions answer, as far as it is used here. */
interface Session {
  send(method: "HeapProfiler.collectGarbage"): Promise<void>;
  send(method: "Runtime.getHeapUsage"): Promise<{ usedSize: number; backingStorageSize: number }>;
}

/** What JavaScript holds once garbage is gone, array buffers with it. */
async function held(): Promise<number> {
  const session = cdp() as unknown as Session;
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = await session.send("Runtime.getHeapUsage");
  return usedSize + backingStorageSize;
}

/** The most that was held on the GPU and in JavaScript while a checkpoint was read. */
function watched(shape: string) {
  const folder = randomCheckpoint(LARGE_SHAPES[shape]!, "I8");
  const before = { gpu: device.totals().bytes };
  const most = { gpu: 0, heap: 0 };
  let read = 0;
  const watch = async (bytes: number) => {
    most.gpu = Math.max(most.gpu, device.totals().bytes - before.gpu);
    if (Math.floor(read / STEP) < Math.floor((read += bytes) / STEP)) most.heap = Math.max(most.heap, await held());
  };
  const open = async (name: string) => {
    const file = await folder.open(name);
    if (!file) return undefined;
    return {
      size: file.size,
      async *read(start: number, end: number) {
        for await (const bytes of file.read(start, end)) {
          await watch(bytes.length);
          yield bytes;
        }
      },
    };
  };
  return { source: { open }, most };
}

/** Loads, runs, and tells what it took. */
async function run(shape: string, options: LoadOptions, runs: number) {
  const { source, most } = watched(shape);
  const said = await canRun(source, { device: device.gpu, ...options });
  const before = await held();
  const marks = [performance.now()];
  const model = await DebertaV2ForSequenceClassification.fromPretrained(source, { device: device.gpu, ...options });
  marks.push(performance.now());
  const logits = [];
  for (let i = 0; i < runs; i++) {
    logits.push((await model.forward(INPUTS)).logits.data);
    marks.push(performance.now());
  }
  const { weights, hostBytes } = model.memory();
  const [load, ...each] = marks.slice(1).map((at, i) => ((at - marks[i]!) / 1000).toFixed(1));
  const heap = Math.max(most.heap, await held()) - before - hostBytes;
  console.log(
    `${shape} ${JSON.stringify(options)}: weights ${(weights / 1e6).toFixed(0)} MB (canRun ${(said.gpuBytes / 1e6).toFixed(0)}), at most ${(most.gpu / 1e6).toFixed(0)} MB while reading; load ${load} s, runs ${each.join(", ")} s; JavaScript ${(heap / MIB).toFixed(1)} MiB`,
  );
  await model.dispose();
  expect(said.ok).toBe(true);
  expect(Math.abs(said.gpuBytes / weights - 1)).toBeLessThan(0.2);
  expect(heap).toBeLessThan(64 * MIB);
  return { logits, gpu: most.gpu };
}

test.runIf(__LONG__).each(Object.keys(LARGE_SHAPES))(
  "%s, whole in 2 GB and paged in 600 MB",
  (shape) =>
    checked(device, async () => {
      const whole = await run(shape, { dtype: "q8" }, 1);
      expect(whole.gpu).toBeLessThan(2e9);
      const paged = await run(shape, { dtype: "q8", gpuMemoryLimit: 520e6 }, 2);
      expect(paged.gpu).toBeLessThan(600e6);
      const [first, ...others] = [...whole.logits, ...paged.logits];
      expect(first!.every(Number.isFinite)).toBe(true);
      for (const other of others) expect(other).toEqual(first);
    }),
  3_600_000, // on a busy machine with two cores
);
