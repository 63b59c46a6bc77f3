// On a device that belongs to the page, what goes wrong in our work is ours: every call that WebGPU may report an error of is made
// under error scopes of our own, so its owner's handler and scopes never hear of us.
import { expect, test } from "vitest";
import { DebertaV2ForMaskedLM, DebertaV2ForSequenceClassification, DeviceError } from "../../src/index.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { ComputingGpu } from "../support/computing-gpu.js";
import type { StubBuffer } from "../support/stub-gpu.js";

/** What fails into the innermost scope of its filter, and else into `uncapturederror`. */
const REPORTING = [
  "createBuffer",
  "createBindGroup",
  "createBindGroupLayout",
  "createPipelineLayout",
  "createShaderModule",
  "createQuerySet",
  "createCommandEncoder",
] as const;

/** A device with timestamps, on which each pass takes 10 ms. */
class TimedGpu extends ComputingGpu {
  override readonly features = new Set(["timestamp-query"]);
  createQuerySet(): object {
    return { destroy: () => undefined };
  }
  override createCommandEncoder(): object {
    const resolveQuerySet = (_: object, first: number, count: number, { contents }: StubBuffer, at: number) =>
      new BigUint64Array(contents.buffer, at, count).set(
        Array.from({ length: count }, (__, i) => BigInt(first + i) * 10_000_000n),
      );
    return Object.assign(super.createCommandEncoder(), { resolveQuerySet });
  }
}

/** Notes calls that are made while no scope of either filter is open, or too many for one block. */
function watched(): { gpu: GPUDevice; calls: string[]; unscoped: string[] } {
  const gpu = new TimedGpu();
  const open: string[] = [];
  const calls: string[] = [];
  const unscoped: string[] = [];
  const watch = (owner: object, name: string, filters: readonly string[]) => {
    const methods = owner as Record<string, (...args: unknown[]) => unknown>;
    const call = methods[name]!.bind(owner);
    methods[name] = (...args) => {
      calls.push(name);
      if (!filters.every((filter) => open.includes(filter))) unscoped.push(name);
      return call(...args);
    };
  };
  for (const name of REPORTING)
    watch(
      gpu,
      name,
      name === "createBuffer" || name === "createQuerySet" ? ["out-of-memory", "validation"] : ["validation"],
    );
  watch(gpu.queue, "writeBuffer", ["validation"]);
  watch(gpu.queue, "submit", ["validation"]);
  const [push, pop] = [gpu.pushErrorScope.bind(gpu), gpu.popErrorScope.bind(gpu)];
  gpu.pushErrorScope = (filter) => {
    open.push(filter);
    push(filter);
  };
  gpu.popErrorScope = () => {
    open.pop();
    return pop();
  };
  return { gpu: gpu as unknown as GPUDevice, calls, unscoped };
}

const IDS = { inputIds: [[1, 5, 6, 2]] };

test("a model's whole life is under scopes of its own", async () => {
  const { gpu, calls, unscoped } = watched();
  const model = await DebertaV2ForSequenceClassification.fromPretrained(madeFolder(MINIATURE, "pooled"), {
    device: gpu,
  });
  await model.forward(IDS);
  await model.forward({ ...IDS, attentionMask: [[1, 0, 1, 1]], outputAttentions: true, outputHiddenStates: true });
  await model.inspect(IDS, { attentionTerms: true });
  await model.profile(IDS);
  await model.reload({ device: gpu });
  await model.forward(IDS);
  await model.dispose();
  const large = madeFolder({ ...MINIATURE, num_hidden_layers: 8 }, "emd");
  const whole = await DebertaV2ForMaskedLM.fromPretrained(large, { device: gpu });
  const paged = await DebertaV2ForMaskedLM.fromPretrained(large, {
    device: gpu,
    gpuMemoryLimit: 0.75 * whole.memory().weights,
  });
  for (const each of [whole, paged]) {
    await each.forward(IDS);
    await each.dispose();
  }
  expect(new Set(calls)).toEqual(new Set([...REPORTING, "writeBuffer", "submit"]));
  expect(unscoped).toEqual([]);
});

test("scopes that the owner has open get nothing of ours, and stay the owner's", async () => {
  const { gpu } = watched();
  const stub = gpu as unknown as ComputingGpu;
  const model = await DebertaV2ForSequenceClassification.fromPretrained(madeFolder(MINIATURE, "pooled"), {
    device: gpu,
  });
  gpu.pushErrorScope("validation");
  gpu.pushErrorScope("out-of-memory");
  stub.failAt = stub.allocations + 1;
  await expect(model.forward(IDS)).rejects.toThrow(DeviceError);
  expect(await gpu.popErrorScope()).toBeNull();
  expect(await gpu.popErrorScope()).toBeNull();
  await expect(gpu.popErrorScope()).rejects.toThrow();
  await model.forward(IDS);
  await model.dispose();
});
