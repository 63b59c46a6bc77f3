// What goes wrong with a device: loss at any moment, memory that runs out at any allocation.
import { expect, test } from "vitest";
import { DeviceError } from "../../src/errors.js";
import { Device } from "../../src/runtime/device.js";
import { interpret } from "../../src/self-test/reference/interpret.js";
import { withPlan } from "../../src/runtime/with-plan.js";
import { checked, sharedDevice } from "../support/gpu.js";
import { smallGraph } from "../support/small-graph.js";

async function freshDevice(): Promise<Device> {
  const adapter = (await navigator.gpu.requestAdapter())!;
  return Device.of(await adapter.requestDevice());
}

const within = <T>(milliseconds: number, promise: Promise<T>): Promise<T> =>
  Promise.race([
    promise,
    new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error(`not settled in ${milliseconds} ms`)), milliseconds),
    ),
  ]);

test("one Device per GPUDevice, with the features that the adapter has", async () => {
  const device = await sharedDevice();
  expect(Device.of(device.gpu)).toBe(device);
  const adapter = (await navigator.gpu.requestAdapter())!;
  expect(device.gpu.features.has("subgroups")).toBe(adapter.features.has("subgroups"));
  expect(device.gpu.limits.maxStorageBufferBindingSize).toBe(adapter.limits.maxStorageBufferBindingSize);
  expect(device.gpu.limits.maxComputeWorkgroupStorageSize).toBe(16384); // the default: not asked for
});

test("a device lost in a run rejects that run and later calls with DeviceError, within a second", async () => {
  const device = await freshDevice();
  const { graph, inputs, residents } = smallGraph(64, 128);
  await withPlan(device, graph, residents, async (plan) => {
    await plan.run(inputs);
    const running = plan.run(inputs);
    device.gpu.destroy();
    await expect(within(3000, running)).rejects.toThrow(DeviceError);
    await expect(within(3000, plan.run(inputs))).rejects.toThrow(/the GPU device was lost \(destroyed/);
    await expect(
      within(
        1000,
        plan.inspect(inputs, () => undefined),
      ),
    ).rejects.toThrow(DeviceError);
    await expect(within(3000, plan.profile(inputs))).rejects.toThrow(DeviceError);
  });
  expect(device.totals()).toEqual({ buffers: 0, bytes: 0 });
});

test("a device lost while a plan is compiled rejects with DeviceError", async () => {
  for (const delay of [0, 1, 5]) {
    const device = await freshDevice();
    const { graph, inputs, residents } = smallGraph();
    const compiled = withPlan(device, graph, residents, (plan) => plan.run(inputs));
    await new Promise((resolve) => setTimeout(resolve, delay));
    device.gpu.destroy();
    await expect(
      within(
        1000,
        compiled.then(() => device.gpu.lost.then(() => device.throwIfLost())),
      ),
    ).rejects.toThrow(DeviceError);
    expect(device.totals()).toEqual({ buffers: 0, bytes: 0 });
  }
});

/**
 * Memory that runs out at one createBuffer: `failAt` counts from the last time `asked` was set to 0. The error waits in the
 * innermost out-of-memory scope, as in WebGPU.
 */
function scarceMemory(gpu: GPUDevice): { asked: number; failAt: number } {
  const memory = { asked: 0, failAt: Infinity };
  const scopes: { filter: GPUErrorFilter; error?: GPUError }[] = [];
  const push = gpu.pushErrorScope.bind(gpu);
  const pop = gpu.popErrorScope.bind(gpu);
  const create = gpu.createBuffer.bind(gpu);
  gpu.pushErrorScope = (filter) => {
    scopes.push({ filter });
    push(filter);
  };
  gpu.popErrorScope = async () => {
    const scope = scopes.pop();
    const error = await pop();
    return scope?.error ?? error;
  };
  gpu.createBuffer = (descriptor) => {
    if (memory.asked++ === memory.failAt) {
      const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
      if (!scope) throw new Error(`${descriptor.label}: allocated without an out-of-memory scope`);
      scope.error = new GPUOutOfMemoryError("no memory left");
    }
    return create(descriptor);
  };
  return memory;
}

test("memory that runs out at the n-th buffer, for all n: DeviceError, nothing left, and it works once there is memory", async () => {
  const device = await freshDevice();
  const { graph, inputs, residents } = smallGraph();
  const wanted = interpret(graph, inputs, residents).get("logits")!;
  const first = graph.residents.length; // the helper's own, which it does not guard
  const memory = scarceMemory(device.gpu);
  for (let n = first; ; n++) {
    Object.assign(memory, { asked: 0, failAt: n });
    const result = await checked(device, () =>
      withPlan(device, graph, residents, (plan) => plan.run(inputs)).catch((error: unknown) => error),
    );
    if (memory.asked <= n) {
      expect(n).toBeGreaterThan(first + 3);
      expect((result as Map<string, Float32Array>).get("logits")![0]).toBeCloseTo(wanted[0]!);
      break;
    }
    expect(result).toBeInstanceOf(DeviceError);
    expect((result as Error).message).toMatch(/out of GPU memory with [\d.]+ MiB held \(no memory left\)$/);
  }
});
