// A device that is lost at each stage of a model's life: loading, compiling, running, reading back, between two runs. Whatever was
// asked for rejects with DeviceError within a second, every model on the device does, nothing is left, and a new load answers.
import { beforeAll, expect, test } from "vitest";
import { DebertaV2ForSequenceClassification, DeviceError } from "../../src/index.js";
import { Device } from "../../src/runtime/device.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";

// Each device compiles anew, and scores with relative terms, which the check has too, cost more than all the rest.
const folder = madeFolder({ ...MINIATURE, relative_attention: false }, "pooled");
const INPUTS = { inputIds: [[1, 5, 6, 2]] };

type Model = DebertaV2ForSequenceClassification;

const ownDevice = async (): Promise<GPUDevice> => (await navigator.gpu.requestAdapter())!.requestDevice();
const load = (gpu: GPUDevice): Promise<Model> =>
  DebertaV2ForSequenceClassification.fromPretrained(folder, { device: gpu, checkDevice: false });
const logitsOf = async (model: Model): Promise<number[]> => [...(await model.forward(INPUTS)).logits.data];

async function freshAnswer(): Promise<number[]> {
  const gpu = await ownDevice();
  const model = await load(gpu);
  try {
    return await logitsOf(model);
  } finally {
    await model.dispose();
    gpu.destroy();
  }
}

let answer: number[];
beforeAll(async () => {
  answer = await freshAnswer();
});

/** Calls `before` ahead of the n-th call of a method. */
function ahead<Target>(target: Target, name: keyof Target, n: number, before: () => void): void {
  const method = (target[name] as (...args: unknown[]) => unknown).bind(target);
  let calls = 0;
  target[name] = ((...args: unknown[]) => {
    if (++calls === n) before();
    return method(...args);
  }) as Target[keyof Target];
}

/** The next buffer that is mapped for reading is of a device that is lost as soon as the map is asked for. */
function loseAtReadback(gpu: GPUDevice, before: () => void): void {
  const create = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    if ((descriptor.usage & GPUBufferUsage.MAP_READ) !== 0) {
      const map = buffer.mapAsync.bind(buffer);
      buffer.mapAsync = (...args) => {
        const mapped = map(...args);
        before();
        return mapped;
      };
    }
    return buffer;
  };
}

/** By stage: what loses the device, as it is prepared before the load, or before the run of a loaded model. */
const STAGES: Readonly<
  Record<
    string,
    { load?: (gpu: GPUDevice, lose: () => void) => void; run?: (gpu: GPUDevice, lose: () => void) => void }
  >
> = {
  "loading, at the first buffer": { load: (gpu, lose) => ahead(gpu, "createBuffer", 1, lose) },
  "loading, at the tenth write": { load: (gpu, lose) => ahead(gpu.queue, "writeBuffer", 10, lose) },
  "loading, at the third submit": { load: (gpu, lose) => ahead(gpu.queue, "submit", 3, lose) },
  "compiling the first shader": { load: (gpu, lose) => ahead(gpu, "createShaderModule", 1, lose) },
  "compiling the third pipeline": { load: (gpu, lose) => ahead(gpu, "createComputePipelineAsync", 3, lose) },
  "idle, before a run": { run: (_, lose) => lose() },
  "running, before the submit": { run: (gpu, lose) => ahead(gpu.queue, "submit", 1, lose) },
  "running, while commands are recorded": { run: (gpu, lose) => ahead(gpu, "createCommandEncoder", 1, lose) },
  "reading back": { load: loseAtReadback },
};

/** Each stage compiles for a device of its own: the short run has one of each kind, but for idle ones, which concurrency.gpu.test.ts has. */
const SHORT = ["loading, at the tenth write", "compiling the first shader", "reading back"];

test.each(Object.keys(STAGES).filter((stage) => __LONG__ || SHORT.includes(stage)))("%s", async (stage) => {
  const gpu = await ownDevice();
  // Models of one device share what is compiled: another one would leave nothing to compile.
  const other = stage.startsWith("compiling") ? undefined : await load(gpu);
  if (other) expect(await logitsOf(other)).toEqual(answer);
  let lost = Infinity;
  const lose = (): void => {
    if (lost !== Infinity) return;
    lost = performance.now();
    gpu.destroy();
  };
  const { load: whileLoading, run: whileRunning } = STAGES[stage]!;
  whileLoading?.(gpu, lose);
  let model: Model | undefined;
  const error: unknown = await (async () => {
    model = await load(gpu);
    whileRunning?.(gpu, lose);
    return logitsOf(model);
  })().catch((reason: unknown) => reason);
  expect(lost, "the stage was reached").not.toBe(Infinity);
  expect(performance.now() - lost).toBeLessThan(1000);
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as Error).message).toContain("lost");
  if (other) await expect(other.forward(INPUTS)).rejects.toThrow(DeviceError);
  await model?.dispose();
  await other?.dispose();
  expect(Device.of(gpu).totals()).toEqual({ buffers: 0, bytes: 0 });
});

test("after all these losses a new load answers", async () => {
  expect(await freshAnswer()).toEqual(answer);
});
