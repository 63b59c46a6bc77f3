// Times of nodes where the browser rounds timestamps to 100 µs, as Chrome does, and where a driver lets a pass end before it began.
import { expect, test } from "vitest";
import type { Dispatch } from "../../src/kernels/kernel.js";
import type { Node } from "../../src/runtime/graph.js";
import { profileSteps } from "../../src/runtime/profile.js";
import { stubDevice } from "../support/stub-gpu.js";

const ROUNDING = 100_000; // nanoseconds
const FLOPS = 1e6;

/** Profiles steps that take so many microseconds each on a device with such a clock; `longest` is the longest submit in them. */
async function profiled(microseconds: readonly number[], isBackwards = false) {
  const { gpu, device } = stubDevice();
  gpu.features.add("timestamp-query");
  let now = 12_345_678; // nanoseconds
  let longest = 0;
  let ticks: bigint[] = [];
  const tick = () => BigInt(Math.floor(now / ROUNDING) * ROUNDING);
  Object.assign(gpu, {
    createQuerySet: ({ count }: { count: number }) => {
      ticks = new Array<bigint>(count).fill(0n);
      return { destroy: () => undefined };
    },
    createCommandEncoder: () => {
      const from = now;
      return {
        beginComputePass: ({ timestampWrites: writes }: GPUComputePassDescriptor) => {
          const [begin, end] = [writes!.beginningOfPassWriteIndex!, writes!.endOfPassWriteIndex!];
          ticks[begin] = tick();
          return {
            dispatchWorkgroups: (step: number) => (now += 1000 * microseconds[step]!),
            end: () => {
              ticks[end] = isBackwards ? ticks[begin]! - 1n : tick();
              now += 7_000; // the next pass begins a little later
            },
          };
        },
        resolveQuerySet: () => undefined,
        copyBufferToBuffer: () => undefined,
        finish: () => {
          longest = Math.max(longest, (now - from) / 1e6);
          return { work: [], buffers: [] };
        },
      };
    },
  });
  const create = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (descriptor) =>
    Object.assign(create(descriptor), { getMappedRange: () => BigUint64Array.from(ticks).buffer });
  const steps = microseconds.map((_, i) => ({
    node: { output: { name: `node.${i}` }, kernel: { name: "kernel" } } as unknown as Node,
    dispatch: { work: { flops: FLOPS, bytes: 2 * FLOPS } } as unknown as Dispatch,
  }));
  const times = await profileSteps(
    device,
    steps,
    () => Promise.resolve(),
    (pass, step) => pass.dispatchWorkgroups(step),
  );
  expect(device.totals().buffers).toBe(0);
  return { times, longest };
}

test("nodes of 5 µs to 20 ms are told within a tenth, with their rates", async () => {
  const microseconds = [5, 17, 99, 100, 101, 340, 2_000, 20_000];
  const { times, longest } = await profiled(microseconds);
  expect(times.map(({ name }) => name)).toEqual(microseconds.map((_, i) => `node.${i}`));
  times.forEach(({ milliseconds, gflops, gbytes }, i) => {
    const ratio = (1000 * milliseconds) / microseconds[i]!;
    expect(ratio, `${microseconds[i]} µs`).toBeGreaterThan(0.9);
    expect(ratio, `${microseconds[i]} µs`).toBeLessThan(1.1);
    expect(gflops).toBeCloseTo(FLOPS / milliseconds / 1e6, 6);
    expect(gbytes).toBeCloseTo((2 * FLOPS) / milliseconds / 1e6, 6);
  });
  expect(longest).toBeLessThan(250); // no submit of repeats holds the device up
});

test("a clock that runs backwards gives no time and no rate, instead of Infinity or NaN", async () => {
  const { times } = await profiled([50, 50], true);
  for (const { milliseconds, gflops, gbytes } of times) {
    expect(milliseconds).toBe(0);
    expect(gflops).toBeUndefined();
    expect(gbytes).toBeUndefined();
  }
});
