// Devices for GPU tests, one per set of capabilities and run, and the two things every GPU test must show: no WebGPU
// error that nobody caught, and no buffer left. Free of Vitest, so that the same cases run under Deno.
import type { Capabilities } from "../../src/kernels/kernel.js";
import { Device } from "../../src/runtime/device.js";
import type { Graph } from "../../src/runtime/graph.js";
import type { Inputs } from "../../src/runtime/steps.js";
import { type ResidentData, withPlan } from "../../src/runtime/with-plan.js";

/** A device and the kernel variants that it leads to. */
export interface CapabilitySet {
  readonly name: string;
  readonly device: Device;
}

/** Fails on purpose where there is no adapter: a missing device is a failure, never a skip. */
async function adapter(): Promise<GPUAdapter> {
  const found = await (navigator as Navigator | undefined)?.gpu.requestAdapter();
  if (!found) throw new Error("no WebGPU adapter: GPU tests cannot run here");
  return found;
}

/** The same GPUDevice, with register tiles as if its adapter were (or were not) a processor. */
function withGeometry(device: Device, software: boolean): Device {
  const capabilities: Capabilities = { ...device.capabilities, software };
  return Object.create(device, {
    capabilities: { value: capabilities, enumerable: true, writable: true },
  }) as Device;
}

async function open(): Promise<CapabilitySet[]> {
  const shared = await Device.request();
  const own = await adapter();
  const limits = { maxStorageBufferBindingSize: own.limits.maxStorageBufferBindingSize };
  const plain = Device.of(await own.requestDevice({ requiredLimits: limits }));
  const least = Device.of(await (await adapter()).requestDevice());
  const sets: CapabilitySet[] = [
    { name: "no subgroups", device: withGeometry(plain, true) },
    { name: "default limits, tiles for GPUs", device: withGeometry(least, false) },
  ];
  if (shared.capabilities.subgroupSize === 0) return sets;
  return [
    { name: "subgroups", device: withGeometry(shared, true) },
    { name: "subgroups, tiles for GPUs", device: withGeometry(shared, false) },
    ...sets,
  ];
}

let opened: Promise<CapabilitySet[]> | undefined;

/** Every capability set of this adapter; those with subgroups are left out where it has none of constant size. */
export function capabilitySets(): Promise<CapabilitySet[]> {
  opened ??= open();
  return opened;
}

/** The device that all GPU tests share, as the engine would request it. */
export async function sharedDevice(): Promise<Device> {
  await capabilitySets();
  requested ??= Device.request();
  return requested;
}
let requested: Promise<Device> | undefined;

/**
 * Runs a test's body; fails if it left buffers, if WebGPU reported an error that the body did not see, or if another number of variants of
 * kernels was given up than it is meant to, as a shader that does not compile would else only be slower.
 */
export async function checked<T>(device: Device, body: () => Promise<T>, withdrawals = 0): Promise<T> {
  const { gpu } = device;
  const errors: string[] = [];
  const listen = (event: GPUUncapturedErrorEvent): void => {
    event.preventDefault();
    errors.push(event.error.message);
  };
  gpu.addEventListener("uncapturederror", listen);
  const before = device.totals();
  const { length: withdrawn } = device.withdrawn;
  try {
    const result = await body();
    const own = device.withdrawn.slice(withdrawn);
    if (own.length !== withdrawals) throw new Error(`${own.length} variants were given up: ${own.join("; ")}`);
    const after = device.totals();
    if (after.buffers !== before.buffers || after.bytes !== before.bytes)
      throw new Error(
        `${after.buffers - before.buffers} buffers, ${after.bytes - before.bytes} bytes were not destroyed`,
      );
    await flush(gpu);
    if (errors.length > 0) throw new Error(`uncaptured WebGPU error: ${errors.join("\n")}`);
    return result;
  } finally {
    gpu.removeEventListener("uncapturederror", listen);
  }
}

/** An uncaptured error is delivered only with the next submit or scope, however long one waits. */
export async function flush(gpu: GPUDevice): Promise<void> {
  gpu.pushErrorScope("validation");
  gpu.queue.submit([]);
  await gpu.popErrorScope();
  await gpu.queue.onSubmittedWorkDone();
  await new Promise((resolve) => setTimeout(resolve)); // events are tasks of their own
}

/** Runs a graph once, under `checked`, and returns its outputs. */
export function runGraph(
  device: Device,
  graph: Graph,
  inputs: Inputs,
  residents: ResidentData = {},
): Promise<Map<string, Float32Array>> {
  return checked(device, () => withPlan(device, graph, residents, (plan) => plan.run(inputs)));
}
