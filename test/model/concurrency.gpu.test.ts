// Many callers at once: each gets what it would get alone, bit for bit, whatever happens to the others; and a device that goes
// away takes nobody into a wait without end.
import { describe, expect, test } from "vitest";
import {
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DeviceError,
  DisposedError,
  type ModelInputs,
} from "../../src/index.js";
import { Device } from "../../src/runtime/device.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { generator, randomInteger } from "../support/random.js";

const device = await sharedDevice();
const folder = madeFolder(MINIATURE, "tokens");
/** For devices of a test's own, which compile anew: scores with relative terms, which the check has too, cost more than all the rest. */
const cheap = madeFolder({ ...MINIATURE, relative_attention: false }, "tokens");
const open = (gpu = device.gpu, source = folder) =>
  DebertaV2ForTokenClassification.fromPretrained(source, { device: gpu, checkDevice: source === folder });

const randomInputs = (seed: number): ModelInputs => {
  const next = generator(seed);
  const inputIds = Array.from({ length: randomInteger(next, 1, 4) }, () =>
    Array.from({ length: randomInteger(next, 1, 40) }, () => randomInteger(next, 0, 49)),
  );
  return { inputIds, outputHiddenStates: next() < 0.3 };
};

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("one model", () => {
  test("thirty forwards at once give what they give one after another", () =>
    checked(device, async () => {
      const model = await open();
      const requests = Array.from({ length: 30 }, (_, seed) => randomInputs(seed));
      const serial: Float32Array[] = [];
      for (const inputs of requests) serial.push((await model.forward(inputs)).logits.data);
      const order = requests.map((_, i) => i).sort((a, b) => ((7 * a) % 30) - ((7 * b) % 30));
      const parallel = await Promise.all(order.map((i) => model.forward(requests[i]!)));
      order.forEach((i, at) => expect(parallel[at]!.logits.data).toEqual(serial[i]));
      await model.dispose();
    }));

  test("an error or an abort of one leaves the others alone", () =>
    checked(device, async () => {
      const model = await open();
      const requests = Array.from({ length: 12 }, (_, seed) => randomInputs(100 + seed));
      const alone: Float32Array[] = [];
      for (const inputs of requests) alone.push((await model.forward(inputs)).logits.data);
      const controllers = requests.map(() => new AbortController());
      const results = Promise.allSettled([
        ...requests.map((inputs, i) => model.forward(inputs, { signal: controllers[i]!.signal })),
        model.forward({ inputIds: [[999]] }),
      ]);
      const reasons = new Map<number, unknown>();
      for (const i of [0, 3, 4, 11]) {
        await pause(1);
        reasons.set(i, { aborted: i });
        controllers[i]!.abort(reasons.get(i));
      }
      const settled = await results;
      expect(settled.pop()).toMatchObject({ status: "rejected", reason: expect.any(RangeError) as unknown });
      settled.forEach((result, i) => {
        // An abort may come too late for a run that had ended.
        if (result.status === "rejected") expect(result.reason).toBe(reasons.get(i));
        else expect((result.value as { logits: { data: Float32Array } }).logits.data).toEqual(alone[i]);
      });
      expect(settled[11]!.status).toBe("rejected");
      await model.dispose();
    }));

  test("an abort reaches its caller at once, and a signal aborted before runs nothing", () =>
    checked(device, async () => {
      const model = await open();
      const long = { inputIds: [Array.from({ length: 600 }, (_, i) => i % 50)] };
      const controller = new AbortController();
      const aborted = model.forward(long, { signal: controller.signal });
      await pause(1);
      const start = performance.now();
      controller.abort("stop");
      await expect(aborted).rejects.toBe("stop");
      expect(performance.now() - start).toBeLessThan(100);
      await expect(model.forward(long, { signal: AbortSignal.abort("never") })).rejects.toBe("never");
      expect((await model.forward({ inputIds: [[1]] })).logits.shape).toEqual([1, 1, 2]);
      await model.dispose();
    }));

  test("dispose amid runs: the one that runs may end, those behind it are DisposedErrors, nothing is left", () =>
    checked(device, async () => {
      const model = await open();
      const runs = Promise.allSettled(Array.from({ length: 6 }, (_, seed) => model.forward(randomInputs(seed))));
      await pause(2);
      const freed = model.dispose();
      await expect(model.forward({ inputIds: [[1]] })).rejects.toThrow(DisposedError);
      await freed;
      const settled = await runs;
      for (const result of settled)
        if (result.status === "rejected") expect(result.reason).toBeInstanceOf(DisposedError);
      expect(settled.at(-1)!.status).toBe("rejected");
    }));
});

test("two models on one device run side by side", () =>
  checked(device, async () => {
    const tagger = await open();
    const source = madeFolder({ ...MINIATURE, hidden_size: 36, num_attention_heads: 2 }, "pooled");
    const classifier = await DebertaV2ForSequenceClassification.fromPretrained(source, { device: device.gpu });
    const requests = Array.from({ length: 6 }, (_, seed) => randomInputs(200 + seed));
    const wanted: Float32Array[] = [];
    for (const inputs of requests)
      wanted.push((await tagger.forward(inputs)).logits.data, (await classifier.forward(inputs)).logits.data);
    const got = await Promise.all(requests.flatMap((inputs) => [tagger.forward(inputs), classifier.forward(inputs)]));
    got.forEach(({ logits }, i) => expect(logits.data).toEqual(wanted[i]));
    await tagger.dispose();
    expect((await classifier.forward(requests[0]!)).logits.data).toEqual(wanted[1]);
    await classifier.dispose();
  }));

test("a device that is lost amid runs rejects all of them within a second, and every later call", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  const gpu = await adapter!.requestDevice();
  const [model, other] = [await open(gpu, cheap), await open(gpu, cheap)];
  await model.forward(randomInputs(1));
  const runs = Promise.allSettled(
    [1, 2, 3].flatMap((seed) => [model, other].map((m) => m.forward(randomInputs(seed)))),
  );
  await pause(1);
  const start = performance.now();
  gpu.destroy();
  const settled = await runs;
  expect(performance.now() - start).toBeLessThan(1000);
  for (const result of settled) if (result.status === "rejected") expect(result.reason).toBeInstanceOf(DeviceError);
  expect(settled.at(-1)!.status).toBe("rejected");
  await expect(model.forward(randomInputs(1))).rejects.toThrow(/lost/);
  await expect(other.inspect(randomInputs(1))).rejects.toThrow(DeviceError);
  await expect(open(gpu)).rejects.toThrow(DeviceError);
  await Promise.all([model.dispose(), other.dispose()]);
  const again = await open();
  expect((await again.forward({ inputIds: [[1]] })).logits.shape).toEqual([1, 1, 2]);
  await again.dispose();
});

test("a device of the engine's own that is lost: the next load gets a new one", async () => {
  const model = await DebertaV2ForTokenClassification.fromPretrained(cheap, { checkDevice: false });
  await model.forward({ inputIds: [[1, 2]] });
  deviceOf(model).destroy();
  await expect(model.forward({ inputIds: [[1, 2]] })).rejects.toThrow(DeviceError);
  const next = await DebertaV2ForTokenClassification.fromPretrained(cheap, { checkDevice: false });
  expect(deviceOf(next)).not.toBe(deviceOf(model));
  expect((await next.forward({ inputIds: [[1, 2]] })).logits.shape).toEqual([1, 2, 2]);
  await model.dispose();
  expect((await next.forward({ inputIds: [[1, 2]] })).logits.shape).toEqual([1, 2, 2]);
  await next.dispose();
});

test("lost tells of a lost device, and reload brings the model back, with the same answers and nothing left of the old", async () => {
  const model = await DebertaV2ForTokenClassification.fromPretrained(cheap, {
    device: await openDevice(),
    checkDevice: false,
  });
  const before = await model.forward({ inputIds: [[1, 2, 3]] });
  const [memory, other] = [model.memory(), await openDevice()];
  expect(memory.weights + memory.slots + memory.staging + memory.plans).toBe(memory.gpuBytes);
  deviceOf(model).destroy();
  expect(await model.lost).toBeInstanceOf(DeviceError);
  await expect(model.forward({ inputIds: [[1, 2, 3]] })).rejects.toThrow(DeviceError);
  const reloaded = model.reload({ device: other });
  const waiting = model.forward({ inputIds: [[1, 2, 3]] });
  await reloaded;
  expect(await waiting).toEqual(before);
  expect(model.memory()).toEqual(memory);
  await model.dispose();
  expect(Device.of(other).totals()).toEqual({ buffers: 0, bytes: 0 });
  await expect(model.reload()).rejects.toThrow(DisposedError);
  other.destroy();
});

async function openDevice(): Promise<GPUDevice> {
  return (await navigator.gpu.requestAdapter())!.requestDevice();
}

const deviceOf = (model: object): GPUDevice => (model as { engine: { device: Device } }).engine.device.gpu;
