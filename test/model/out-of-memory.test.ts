// Memory that runs out at each allocation of a model's life, on a stub that computes: a named error, nothing left, and the next
// attempt answers. What a browser does then is shown by failing-loads.gpu.test.ts.
import { expect, test } from "vitest";
import { DebertaV2ForSequenceClassification, DeviceError } from "../../src/index.js";
import { checkDevice } from "../../src/model/check-device.js";
import { Device } from "../../src/runtime/device.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { ComputingGpu } from "../support/computing-gpu.js";

const folder = madeFolder(MINIATURE, "pooled");
const SHORT = { inputIds: [[1, 5, 6, 2]] };
const LONG = { inputIds: [Array.from({ length: 60 }, (_, i) => 3 + (i % 40))], outputAttentions: true };

type Model = DebertaV2ForSequenceClassification;
const load = (gpu: ComputingGpu): Promise<Model> =>
  DebertaV2ForSequenceClassification.fromPretrained(folder, { device: gpu as unknown as GPUDevice });
const logitsOf = async (model: Model, inputs: typeof SHORT): Promise<number[]> => [
  ...(await model.forward(inputs)).logits.data,
];

/** Runs `attempt` with its first allocation failing, then one `step` further, until it needs fewer; tells the last that failed. */
async function failEach(
  gpu: ComputingGpu,
  step: number,
  attempt: () => Promise<unknown>,
  after: () => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n += step) {
    gpu.failAt = gpu.allocations + n;
    const error: unknown = await attempt().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (gpu.allocations < gpu.failAt) return n - step;
    expect(error, `allocation ${n}`).toBeInstanceOf(DeviceError);
    expect((error as Error).message).toContain("out of GPU memory");
    await after();
  }
}

test("each allocation of a load and of its first run", async () => {
  const gpu = new ComputingGpu();
  const device = Device.of(gpu as unknown as GPUDevice);
  const attempt = async (): Promise<number[]> => {
    const model = await load(gpu);
    try {
      return await logitsOf(model, SHORT);
    } finally {
      await model.dispose();
    }
  };
  await checkDevice(device);
  const answer = await attempt();
  expect(answer.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  const most = await failEach(gpu, __LONG__ ? 1 : 6, attempt, async () => {
    expect(device.totals()).toEqual({ buffers: 0, bytes: 0 });
    expect(gpu.bytes).toBe(0);
    expect(await attempt()).toEqual(answer);
  });
  expect(most).toBeGreaterThan(40);
});

test("each allocation of a larger run: the model goes on, so does another one on the device", async () => {
  const gpu = new ComputingGpu();
  const [model, other] = [await load(gpu), await load(gpu)];
  const answer = await logitsOf(model, SHORT);
  expect(await logitsOf(other, SHORT)).toEqual(answer);
  const most = await failEach(
    gpu,
    1,
    () => model.forward(LONG),
    async () => {
      expect(await logitsOf(model, SHORT)).toEqual(answer);
      expect(await logitsOf(other, SHORT)).toEqual(answer);
    },
  );
  expect(most).toBeGreaterThan(3);
  await model.dispose();
  await other.dispose();
  expect(gpu.bytes).toBe(0);
});
