// The time of every node of a plan: by timestamps around passes of its own, or by the clock around a submit of its own.
// Browsers round timestamps (Chrome to 100 µs), so a node is repeated until its time is far above that.
import type { Dispatch } from "../kernels/kernel.js";
import type { Device } from "./device.js";
import type { Node } from "./graph.js";

/** Time of one node, from `Plan.profile`. */
export interface StepTime {
  /** The value's scope name. */
  readonly name: string;
  /** The kernel's name. */
  readonly kernel: string;
  /** Of kernels with several bodies: the one chosen, in words. */
  readonly plan: string | undefined;
  /** Of one dispatch. */
  readonly milliseconds: number;
  /** Giga floating point operations per second; undefined where the device's clock showed no time at all. */
  readonly gflops: number | undefined;
  /** Gigabytes per second, of those that must move at least; undefined where the device's clock showed no time at all. */
  readonly gbytes: number | undefined;
}

/** Puts one step into a pass. */
type Encode = (pass: GPUComputePassEncoder, step: number) => void;

/** Puts `count` repeats of a step into a pass and ends it: dispatches that write the same buffer follow one another there. */
function repeat(pass: GPUComputePassEncoder, encode: Encode, step: number, count: number): void {
  for (let i = 0; i < count; i++) encode(pass, step);
  pass.end();
}

/** Milliseconds that a measurement should take, by timestamps and by the clock, which also sees the way to the device. */
const TELLING = 2;
const TELLING_CLOCK = 5;
/** Most repeats of a node, milliseconds of one submit of repeats, and nodes of one query set (WebGPU allows 4096 queries). */
const MOST_REPEATS = 512;
const SUBMIT = 50;
const MOST_NODES = 2048;

/**
 * Times each step. Every round runs all steps in order after an upload: a step alone would read tables whose memory later
 * steps have written since, and may then loop without end.
 */
export async function profileSteps(
  device: Device,
  steps: readonly { readonly node: Node; readonly dispatch: Dispatch }[],
  upload: () => Promise<void>,
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
    await upload();
    const times: number[] = [];
    while (times.length < steps.length)
      times.push(
        ...(await measure(
          device,
          times.length,
          Math.min(steps.length, times.length + MOST_NODES),
          repeats,
          once,
          encode,
        )),
      );
    open = open.filter((step) => {
      const count = repeats[step]!;
      const time = Math.max(0, times[step]!); // some drivers let a pass end before it begins
      once[step] = time / count;
      const isTold = time >= telling || count === MOST_REPEATS;
      const wanted = count * Math.min(64, Math.max(2, (1.25 * telling) / Math.max(time, 0.01)));
      repeats[step] = isTold ? 1 : Math.min(MOST_REPEATS, Math.ceil(wanted));
      return !isTold;
    });
  }
  return steps.map(({ node, dispatch }, step) => {
    const milliseconds = once[step]!;
    const rate = (count: number) => (milliseconds > 0 ? count / milliseconds / 1e6 : undefined);
    return {
      name: node.output.name,
      kernel: node.kernel.name,
      plan: dispatch.plan,
      milliseconds,
      gflops: rate(dispatch.work.flops),
      gbytes: rate(dispatch.work.bytes),
    };
  });
}

/** Milliseconds of all repeats of each of the steps [from, to). */
type Measure = (
  device: Device,
  from: number,
  to: number,
  repeats: Uint32Array,
  expected: Float64Array,
  encode: Encode,
) => Promise<number[]>;

const byTimestamps: Measure = async (device, from, to, repeats, expected, encode) => {
  const { gpu } = device;
  const count = to - from;
  const bytes = 16 * count;
  const { querySet, resolve, staging } = await device.guarded("timestamps", () => ({
    querySet: gpu.createQuerySet({ type: "timestamp", count: 2 * count }),
    resolve: device.createBuffer("timestamps", bytes, GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC),
    staging: device.createBuffer("timestamps", bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST),
  }));
  try {
    for (let step = from; step < to;) {
      await device.pace.turn();
      await device.guarded("profile", () => {
        const encoder = gpu.createCommandEncoder();
        let milliseconds = 0;
        do {
          const query = 2 * (step - from);
          const pass = encoder.beginComputePass({
            timestampWrites: { querySet, beginningOfPassWriteIndex: query, endOfPassWriteIndex: query + 1 },
          });
          repeat(pass, encode, step, repeats[step]!);
          milliseconds += expected[step]! * repeats[step]!;
          step++;
        } while (step < to && milliseconds < SUBMIT);
        void device.submit(encoder, 0);
      });
    }
    const mapped = await device.guarded("timestamps", () => {
      const encoder = gpu.createCommandEncoder();
      encoder.resolveQuerySet(querySet, 0, 2 * count, resolve, 0);
      encoder.copyBufferToBuffer(resolve, 0, staging, 0, bytes);
      gpu.queue.submit([encoder.finish()]);
      return { done: staging.mapAsync(GPUMapMode.READ) };
    });
    await device.unlessLost(mapped.done);
    const ticks = new BigUint64Array(staging.getMappedRange());
    return Array.from({ length: count }, (_, i) => Number(BigInt.asIntN(64, ticks[2 * i + 1]! - ticks[2 * i]!)) / 1e6);
  } finally {
    querySet.destroy();
    device.destroyBuffer(resolve);
    device.destroyBuffer(staging);
  }
};

const byClock: Measure = async (device, from, to, repeats, _expected, encode) => {
  const { gpu } = device;
  const times: number[] = [];
  for (let step = from; step < to; step++) {
    const start = performance.now();
    const submitted = await device.guarded("profile", () => {
      const encoder = gpu.createCommandEncoder();
      repeat(encoder.beginComputePass(), encode, step, repeats[step]!);
      gpu.queue.submit([encoder.finish()]);
      return { done: gpu.queue.onSubmittedWorkDone() };
    });
    await device.unlessLost(submitted.done);
    times.push(performance.now() - start);
  }
  return times;
};
