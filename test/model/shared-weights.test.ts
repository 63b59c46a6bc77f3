// Several heads of one checkpoint: its weights and tables are there once, whoever comes first, fails or goes. On a stub that computes;
// what a browser does is shown by shared-weights.gpu.test.ts.
import { afterEach, describe, expect, test } from "vitest";
import {
  type ByteSource,
  DebertaV2ForMaskedLM,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2Model,
  DeviceError,
  type Folder,
  type LoadOptions,
} from "../../src/index.js";
import { bytesFromMemory } from "../../src/checkpoint/byte-source.js";
import { filesOf, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";
import { checkDevice } from "../../src/model/check-device.js";
import { Device } from "../../src/runtime/device.js";
import { ComputingGpu } from "../support/computing-gpu.js";

/** A stub that can be lost. */
class LosableGpu extends ComputingGpu {
  lose: (info: GPUDeviceLostInfo) => void = () => undefined;
  override readonly lost: Promise<GPUDeviceLostInfo> = new Promise((resolve) => (this.lose = resolve));
}
const gpu = new LosableGpu();
const device = Device.of(gpu as unknown as GPUDevice);
await checkDevice(device);
afterEach(() => {
  expect(device.totals()).toEqual({ buffers: 0, bytes: 0 });
  expect(gpu.bytes).toBe(0);
});

/** Every head's tensors in one file, over layers that weigh more than what a model has of its own. */
const WIDE = { ...MINIATURE, hidden_size: 48, intermediate_size: 192, num_hidden_layers: 4, vocab_size: 400 };
const made = makeCheckpoint(WIDE, "pooled");
for (const head of ["tokens", "lm"] as const)
  for (const [name, tensor] of makeCheckpoint(WIDE, head).tensors)
    if (!made.tensors.has(name)) made.tensors.set(name, tensor);
const files = filesOf(made);

/** Files that are the same objects however often they are opened; `read` sees who reads what. */
function keptFolder(
  contents = files,
  read: (file: string, bytes: number) => void | Promise<void> = () => undefined,
): Folder {
  const sources = new Map(
    [...contents].map(([name, bytes]): [string, ByteSource] => {
      const plain = bytesFromMemory(bytes);
      async function* reading(start: number, end: number, signal?: AbortSignal) {
        await read(name, end - start);
        yield* plain.read(start, end, signal);
      }
      return [name, { size: bytes.length, read: reading }];
    }),
  );
  return { open: (name) => Promise.resolve(sources.get(name)) };
}

const options: LoadOptions = { device: device.gpu };
const INPUTS = { inputIds: [[1, 5, 6, 7, 2]] };
const classifierOf = (source: Folder, more: LoadOptions = {}) =>
  DebertaV2ForSequenceClassification.fromPretrained(source, { ...options, ...more });
const encoderOf = (source: Folder, more: LoadOptions = {}) =>
  DebertaV2Model.fromPretrained(source, { ...options, ...more });
const held = () => device.totals().bytes;

/** What each head gives alone. */
async function alone<Output>(
  load: () => Promise<{ forward(inputs: object): Promise<Output>; dispose(): Promise<void> }>,
) {
  const model = await load();
  const output = await model.forward(INPUTS);
  await model.dispose();
  return output;
}

describe("two heads of one checkpoint", () => {
  test("hold its encoder once, and the last frees it", async () => {
    const folder = keptFolder();
    const [logits, states] = [await alone(() => classifierOf(folder)), await alone(() => encoderOf(folder))];
    const nothing = held();
    const first = await classifierOf(folder);
    const one = held() - nothing;
    expect(first.memory().shared).toEqual({ gpuBytes: 0, hostBytes: 0 });
    const second = await encoderOf(folder);
    const more = held() - nothing - one;
    expect(more).toBeLessThan(0.02 * one);
    // Each says what it uses, and what of that is the other's, too: together they say what there is.
    const [a, b] = [first.memory(), second.memory()];
    expect(a.shared.gpuBytes).toBe(b.shared.gpuBytes);
    expect(a.gpuBytes + b.gpuBytes - a.shared.gpuBytes).toBe(one + more);
    expect(a.shared.hostBytes).toBe(400 * 48 * 4);
    expect(a.hostBytes).toBe(b.hostBytes);

    expect(await first.forward(INPUTS)).toEqual(logits);
    await first.dispose();
    expect(held() - nothing).toBeGreaterThan(0.9 * one);
    expect(second.memory().shared).toEqual({ gpuBytes: 0, hostBytes: 0 });
    expect(await second.forward(INPUTS)).toEqual(states);
    await second.dispose();
    expect(held()).toBe(nothing);
  });

  test("the second reads what the first has not: its own head", async () => {
    let bytes = 0;
    const folder = keptFolder(files, (file, count) => void (bytes += file === "model.safetensors" ? count : 0));
    const first = await classifierOf(folder);
    const all = bytes;
    bytes = 0;
    const steps: { loaded: number; total: number | undefined }[] = [];
    const second = await DebertaV2ForTokenClassification.fromPretrained(folder, {
      ...options,
      onProgress: ({ overall }) => steps.push(overall),
    });
    expect(bytes).toBeLessThan(0.1 * all);
    bytes = 0;
    const third = await classifierOf(folder, { onProgress: ({ overall }) => steps.push(overall) });
    expect(bytes).toBeLessThan(20_000); // the header
    for (const { loaded, total } of steps) expect(loaded).toBeLessThanOrEqual(total ?? 0);
    expect(await third.forward(INPUTS)).toEqual(await first.forward(INPUTS));
    for (const model of [first, second, third]) await model.dispose();
  });

  test("a masked language model, whose vocabulary the GPU needs, shares the table of one that keeps it on the host", async () => {
    const folder = keptFolder();
    const logits = await alone(() => DebertaV2ForMaskedLM.fromPretrained(folder, options));
    const first = await classifierOf(folder);
    const second = await DebertaV2ForMaskedLM.fromPretrained(folder, options);
    expect(second.memory().shared.hostBytes).toBe(first.memory().hostBytes);
    await first.dispose();
    expect(await second.forward(INPUTS)).toEqual(logits);
    await second.dispose();
  });

  test("loaded at once they load one after another, and share", async () => {
    const folder = keptFolder();
    const nothing = held();
    const models = await Promise.all([classifierOf(folder), classifierOf(folder), encoderOf(folder)]);
    const one = models[0].memory().weights;
    expect(held() - nothing).toBeLessThan(1.1 * one);
    for (const model of models) await model.dispose();
  });
});

describe("what is shared only if it is the same", () => {
  test("files that another object stands for, and a file of other numbers, are not", async () => {
    const first = await classifierOf(keptFolder());
    const other = makeCheckpoint(WIDE, "pooled", 2);
    const expected = await alone(() => classifierOf(keptFolder(filesOf(other))));
    const second = await classifierOf(keptFolder(filesOf(other)));
    expect(await second.forward(INPUTS)).toEqual(expected);
    const third = await classifierOf(keptFolder());
    for (const model of [first, second, third]) expect(model.memory().shared.gpuBytes).toBe(0);
    for (const model of [first, second, third]) await model.dispose();
  });

  test("a model whose layers take turns keeps within its limit, and frees nothing of the other's", async () => {
    const folder = keptFolder();
    const whole = await classifierOf(folder);
    const logits = await whole.forward(INPUTS);
    const gpuMemoryLimit = 0.8 * whole.memory().weights;
    const paged = await classifierOf(folder, { gpuMemoryLimit });
    expect(paged.memory().weights).toBeLessThanOrEqual(gpuMemoryLimit);
    expect(paged.memory().shared.gpuBytes).toBeGreaterThan(0);
    expect(await paged.forward(INPUTS)).toEqual(logits);
    await paged.dispose();
    expect(await whole.forward(INPUTS)).toEqual(logits);
    const again = await classifierOf(folder, { gpuMemoryLimit });
    await whole.dispose();
    expect(await again.forward(INPUTS)).toEqual(logits);
    await again.dispose();
  });
});

describe("when one of two does not come to its end", () => {
  /** The n-th reading of weights of more than `size` bytes fails, or waits for what it is given. */
  function failing(work: () => Promise<void>): Folder {
    let isFirst = true;
    return keptFolder(files, async (file, bytes) => {
      if (file !== "model.safetensors" || bytes < 30_000 || !isFirst) return;
      isFirst = false;
      await work();
    });
  }

  /** A promise with what resolves it. */
  function signalled(): { readonly promise: Promise<void>; resolve(): void } {
    let resolve = (): void => undefined;
    const promise = new Promise<void>((settle) => (resolve = settle));
    return { promise, resolve };
  }

  test("a load that fails leaves the next to load for itself", async () => {
    const folder = failing(() => Promise.reject(new Error("the disk is gone")));
    const [first, second] = await Promise.allSettled([classifierOf(folder), classifierOf(folder)]);
    expect(first).toMatchObject({ status: "rejected" });
    if (second.status === "rejected") throw second.reason;
    await second.value.forward(INPUTS);
    await second.value.dispose();
  });

  test("an abort of the first lets the second load; an abort of the second, which waits, ends it at once", async () => {
    const [began, rest] = [signalled(), signalled()];
    const folder = failing(() => (began.resolve(), rest.promise));
    const [one, two] = [new AbortController(), new AbortController()];
    const first = classifierOf(folder, { signal: one.signal });
    await began.promise;
    const second = classifierOf(folder, { signal: two.signal });
    const third = classifierOf(folder);
    await new Promise((resolve) => setTimeout(resolve, 50));
    two.abort(new Error("changed my mind"));
    await expect(second).rejects.toThrow("changed my mind");
    one.abort(new Error("me too"));
    rest.resolve();
    await expect(first).rejects.toThrow("me too");
    const model = await third;
    await model.forward(INPUTS);
    await model.dispose();
  });

  test("a failed load of a second head lets go of what it shared", async () => {
    const folder = keptFolder();
    const first = await classifierOf(folder);
    const before = first.memory();
    await expect(
      DebertaV2ForTokenClassification.fromPretrained(folder, { ...options, dtype: "f64" as never }),
    ).rejects.toThrow("dtype");
    for (const allocation of [1, 2, 3]) {
      gpu.failAt = gpu.allocations + allocation;
      const [second] = await Promise.allSettled([encoderOf(folder)]);
      expect(second.status === "rejected" && second.reason).toBeInstanceOf(DeviceError);
      expect(first.memory()).toEqual(before);
    }
    gpu.failAt = undefined;
    await first.dispose();
  });
});

test("reload and device loss: each comes back by itself, and they share again", async () => {
  const folder = keptFolder();
  const old = new LosableGpu();
  const onOld = { device: old as unknown as GPUDevice };
  const [first, second] = await Promise.all([classifierOf(folder, onOld), encoderOf(folder, onOld)]);
  const logits = await first.forward(INPUTS);
  await first.reload(onOld); // while the other goes on
  expect(await first.forward(INPUTS)).toEqual(logits);
  expect(first.memory().shared.gpuBytes).toBe(second.memory().shared.gpuBytes);

  const ended = await encoderOf(folder, onOld);
  let isTold = false;
  void ended.lost.then(() => (isTold = true));
  await ended.dispose();
  old.lose({ reason: "unknown", message: "a driver update" } as GPUDeviceLostInfo);
  await first.lost;
  await Promise.all([first.reload(options), second.reload(options)]);
  expect(await first.forward(INPUTS)).toEqual(logits);
  expect(first.memory().shared.gpuBytes).toBeGreaterThan(0.9 * first.memory().weights);
  await Promise.all([first.dispose(), second.dispose()]);
  expect(old.bytes).toBe(0);
  expect(isTold).toBe(false);
});
