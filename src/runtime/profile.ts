// The time of every node of a plan: by timestamps around passes of its own, or by the clock around a submit of its own.
// Browsers round timestamps (Chrome to 100 µs), so a node is repeated until its time is far above that.
import type { Dispatch } from "../kernels/kernel.js";
import type { Device } from "./device.js";
import type { Node } from "./graph.js";

/** Time of one node, from `Plan.profile`. */
export interface StepTime {
  readonly name: string;
  readonly kernel: string;
  readonly milliseconds: number;
  /**
   * Giga floating point operations, and gigabytes that must move at least, per second; undefined where the device's clock
   * showed no time at all.
   */
  readonly gflops: number | undefined;
  readonly gbytes: number | undefined;
}

/** Puts steps [from, to) into a pass and ends it. */
type Encode = (pass: GPUComputePassEncoder, from: number, to: number) => void;

/** Milliseconds that a measurement should take, by timestamps and by the clock, which also sees the way to the device. */
const TELLING = 2;
const TELLING_CLOCK = 5;
/** Most repeats of a node, milliseconds of one submit of repeats, and nodes of one query set (WebGPU allows 4096 queries). */
const MOST_REPEATS = 512;
const SUBMIT = 50;
const MOST_NODES = 2048;

/** Times each step; the inputs are uploaded already. */
export async function profileSteps(
  device: Device,
  steps: readonly { readonly node: Node; readonly dispatch: Dispatch }[],
  encode: Encode,
): Promise<StepTime[]> {
  const hasTimestamps = device.gpu.features.has("timestamp-query");
  const telling = hasTimestamps ? TELLING : TELLING_CLOCK;
  const measure = hasTimestamps ? byTimestamps : byClock;
  const once = new Float64Array(steps.length); // milliseconds of one run
  // Repeating a node that updates a value in place computes other numbers, at the same speed.
  const repeats = new Uint32Array(steps.length).fill(1);
  let open = [...steps.keys()];
  while (open.length > 0) {
    const now = open.slice(0, MOST_NODES);
    const times = await measure(device, now, repeats, once, encode);
    const again = now.filter((step, i) => {
      const time = Math.max(0, times[i]!); // some drivers let a pass end before it begins
      once[step] = time / repeats[step]!;
      if (time >= telling || repeats[step] === MOST_REPEATS) return false;
      const wanted = repeats[step]! * Math.min(64, Math.max(2, (1.25 * telling) / Math.max(time, 0.01)));
      repeats[step] = Math.min(MOST_REPEATS, Math.ceil(wanted));
      return true;
    });
    open = [...again, ...open.slice(MOST_NODES)];
  }
  return steps.map(({ node, dispatch }, step) => {
    const milliseconds = once[step]!;
    const rate = (count: number) => (milliseconds > 0 ? count / milliseconds / 1e6 : undefined);
    return {
      name: node.output.name,
      kernel: node.kernel.name,
      milliseconds,
      gflops: rate(dispatch.work.flops),
      gbytes: rate(dispatch.work.bytes),
    };
  });
}

/** Milliseconds of all repeats of each of the steps. */
type Measure = (
  device: Device,
  steps: readonly number[],
  repeats: Uint32Array,
  expected: Float64Array,
  encode: Encode,
) => Promise<number[]>;

const byTimestamps: Measure = async (device, steps, repeats, expected, encode) => {
  const { gpu } = device;
  const bytes = 16 * steps.length;
  const { querySet, resolve, staging } = await device.guarded("timestamps", () => ({
    querySet: gpu.createQuerySet({ type: "timestamp", count: 2 * steps.length }),
    resolve: device.createBuffer("timestamps", bytes, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC),
    staging: device.createBuffer("timestamps", bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST),
  }));
  try {
    for (let from = 0; from < steps.length;) {
      await device.pace.turn();
      from = await device.guarded("profile", () => {
        const encoder = gpu.createCommandEncoder();
        let index = from;
        let milliseconds = 0;
        do {
          const step = steps[index]!;
          const count = repeats[step]!;
          for (let i = 0; i < count; i++) {
            const timestampWrites = {
              querySet,
              ...(i === 0 ? { beginningOfPassWriteIndex: 2 * index } : {}),
              ...(i === count - 1 ? { endOfPassWriteIndex: 2 * index + 1 } : {}),
            };
            const pass = encoder.beginComputePass(i === 0 || i === count - 1 ? { timestampWrites } : {});
            encode(pass, step, step + 1);
          }
          milliseconds += expected[step]! * count;
          index++;
        } while (index < steps.length && milliseconds < SUBMIT);
        void device.submit(encoder, 0);
        return index;
      });
    }
    const mapped = await device.guarded("timestamps", () => {
      const encoder = gpu.createCommandEncoder();
      encoder.resolveQuerySet(querySet, 0, 2 * steps.length, resolve, 0);
      encoder.copyBufferToBuffer(resolve, 0, staging, 0, bytes);
      gpu.queue.submit([encoder.finish()]);
      return { done: staging.mapAsync(GPUMapMode.READ) };
    });
    await device.unlessLost(mapped.done);
    const ticks = new BigUint64Array(staging.getMappedRange());
    return steps.map((_, i) => Number(BigInt.asIntN(64, ticks[2 * i + 1]! - ticks[2 * i]!)) / 1e6);
  } finally {
    querySet.destroy();
    device.destroyBuffer(resolve);
    device.destroyBuffer(staging);
  }
};

const byClock: Measure = async (device, steps, repeats, _expected, encode) => {
  const { gpu } = device;
  const times: number[] = [];
  for (const step of steps) {
    const start = performance.now();
    const submitted = await device.guarded("profile", () => {
      const encoder = gpu.createCommandEncoder();
      for (let i = 0; i < repeats[step]!; i++) encode(encoder.beginComputePass(), step, step + 1);
      gpu.queue.submit([encoder.finish()]);
      return { done: gpu.queue.onSubmittedWorkDone() };
    });
    await device.unlessLost(submitted.done);
    times.push(performance.now() - start);
  }
  return times;
};
