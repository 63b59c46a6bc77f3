// The time of every node of a plan: by timestamps around a pass of its own, or by waiting for a submit of its own.
import type { Dispatch } from "../kernels/kernel.js";
import type { Device } from "./device.js";
import type { Node } from "./graph.js";

/** Time of one node, from `Plan.profile`. */
export interface StepTime {
  readonly name: string;
  readonly kernel: string;
  readonly milliseconds: number;
  /** Giga floating point operations, and gigabytes that must move at least, per second. */
  readonly gflops: number;
  readonly gbytes: number;
}

/** Puts steps [from, to) into a pass and ends it. */
type Encode = (pass: GPUComputePassEncoder, from: number, to: number) => void;

/** Times each step; the inputs are uploaded already. */
export async function profileSteps(
  device: Device,
  steps: readonly { readonly node: Node; readonly dispatch: Dispatch }[],
  encode: Encode,
  repeats: number,
): Promise<StepTime[]> {
  const times: StepTime[] = [];
  for (const [index, { node, dispatch }] of steps.entries()) {
    // Repeating a node that updates a value in place computes other numbers, at the same speed.
    const milliseconds = (await time(device, (pass) => encode(pass, index, index + 1), repeats)) / repeats;
    const { flops, bytes } = dispatch.work;
    times.push({
      name: node.output.name,
      kernel: node.kernel.name,
      milliseconds,
      gflops: flops / milliseconds / 1e6,
      gbytes: bytes / milliseconds / 1e6,
    });
  }
  return times;
}

async function time(device: Device, encode: (pass: GPUComputePassEncoder) => void, repeats: number): Promise<number> {
  const { gpu } = device;
  if (!gpu.features.has("timestamp-query")) {
    const start = performance.now();
    const encoder = gpu.createCommandEncoder();
    for (let i = 0; i < repeats; i++) encode(encoder.beginComputePass());
    gpu.queue.submit([encoder.finish()]);
    await device.unlessLost(gpu.queue.onSubmittedWorkDone());
    return performance.now() - start;
  }
  const querySet = gpu.createQuerySet({ type: "timestamp", count: 2 });
  const { resolve, staging } = await device.guarded("timestamps", () => ({
    resolve: device.createBuffer("timestamps", 16, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC),
    staging: device.createBuffer("timestamps", 16, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST),
  }));
  try {
    const encoder = gpu.createCommandEncoder();
    for (let i = 0; i < repeats; i++) {
      const timestampWrites = {
        querySet,
        ...(i === 0 ? { beginningOfPassWriteIndex: 0 } : {}),
        ...(i === repeats - 1 ? { endOfPassWriteIndex: 1 } : {}),
      };
      encode(encoder.beginComputePass(i === 0 || i === repeats - 1 ? { timestampWrites } : {}));
    }
    encoder.resolveQuerySet(querySet, 0, 2, resolve, 0);
    encoder.copyBufferToBuffer(resolve, 0, staging, 0, 16);
    gpu.queue.submit([encoder.finish()]);
    await device.unlessLost(staging.mapAsync(GPUMapMode.READ));
    const [begin, end] = new BigUint64Array(staging.getMappedRange());
    return Number(end! - begin!) / 1e6;
  } finally {
    querySet.destroy();
    device.destroyBuffer(resolve);
    device.destroyBuffer(staging);
  }
}
