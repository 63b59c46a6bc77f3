// How a run is cut into submits, what is in flight, and what failures leave behind: over a GPU that only counts.
import { beforeEach, describe, expect, test } from "vitest";
import { DeviceError } from "../../src/errors.js";
import { f32 } from "../../src/kernels/kernel.js";
import { layerNorm } from "../../src/kernels/layer-norm.js";
import { matmul } from "../../src/kernels/matmul.js";
import type { Device } from "../../src/runtime/device.js";
import { Graph } from "../../src/runtime/graph.js";
import { compile, type Plan } from "../../src/runtime/plan.js";
import { Slots } from "../../src/runtime/slots.js";
import { residentBuffer } from "../../src/runtime/with-plan.js";
import { stubDevice, type StubGpu } from "../support/stub-gpu.js";

let gpu: StubGpu;
let device: Device;
let slots: Slots;

beforeEach(() => {
  ({ gpu, device } = stubDevice());
  slots = new Slots(device);
});

/** `layers` products [rows, width] · [width, width]; each gives an output if `outputs`, else the last one does. */
function chain(layers: number, rows: number, width: number, outputs = false): Graph {
  const graph = new Graph();
  let x = graph.input("x", f32(rows, width));
  const weight = graph.resident("w", f32(width, width));
  const bias = graph.resident("b", f32(width));
  for (let layer = 0; layer < layers; layer++) {
    x = graph.add(`layer.${layer}`, matmul, [x, weight, bias], {});
    if (outputs || layer === layers - 1) graph.output(`y.${layer}`, x);
  }
  return graph;
}

async function planOf(graph: Graph): Promise<{ plan: Plan; inputs: Record<string, Float32Array> }> {
  const buffers = new Map(
    graph.residents.map(({ name, type: { shape } }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, residentBuffer(device, name, new Float32Array(size))];
    }),
  );
  const plan = await compile(device, graph, buffers, slots);
  const [x] = graph.inputs;
  const inputs = { x: new Float32Array(x!.type.shape.reduce((a, b) => a * b, 1)) };
  gpu.log.length = 0;
  gpu.submits.length = 0;
  return { plan, inputs };
}

const count = (what: string) => gpu.log.filter((entry) => entry === what).length;

describe("segments", () => {
  test("a fast device runs a usual request in one submit", async () => {
    const { plan, inputs } = await planOf(chain(40, 128, 768));
    await plan.run(inputs); // by which the rate is learned
    gpu.submits.length = 0;
    await plan.run(inputs);
    expect(gpu.submits).toEqual([40]);
  });

  test("a slow device gets submits of about 50 ms, at most two at a time", async () => {
    gpu.dispatchTime = 20; // 0.15 GFLOP in 20 ms: 7.5 GFLOP/s
    const { plan, inputs } = await planOf(chain(24, 128, 768));
    await plan.run(inputs);
    gpu.submits.length = 0;
    gpu.mostUnfinished = 0;
    await plan.run(inputs);
    expect(gpu.submits.reduce((a, b) => a + b)).toBe(24);
    expect(Math.max(...gpu.submits)).toBeLessThanOrEqual(8); // what the first run, at twice the measured rate, may leave
    expect(gpu.mostUnfinished).toBe(2);
  });

  test("an abort stops between two submits, and the next run need not wait for the rest", async () => {
    gpu.dispatchTime = 20;
    const { plan, inputs } = await planOf(chain(100, 128, 768)); // two seconds
    const stop = new AbortController();
    const run = plan.run(inputs, { signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop.abort(new Error("typed on"));
    await expect(run).rejects.toThrow("typed on");
    const dispatches = gpu.submits.reduce((a, b) => a + b);
    expect(dispatches).toBeLessThan(60);
    const { plan: next, inputs: few } = await planOf(chain(1, 16, 64));
    const start = performance.now();
    await next.run(few);
    expect(performance.now() - start).toBeLessThan(900); // two submits of the aborted run may be under way
    expect(gpu.submits).toEqual([1]);
  });

  test("progress rises to less than 1, once a submit but the last", async () => {
    gpu.dispatchTime = 5;
    const { plan, inputs } = await planOf(chain(100, 128, 768));
    const shares: number[] = [];
    await plan.run(inputs, { onProgress: (share) => shares.push(share) });
    expect(shares.length).toBeGreaterThan(2);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeLessThan(1);
  });
});

describe("outputs", () => {
  test("outputs of any size come through two buffers of at most 16 MiB, and live no longer than their nodes", async () => {
    const { plan, inputs } = await planOf(chain(12, 4096, 1280, true)); // 12 × 20 MiB
    const results = await plan.run(inputs);
    expect([...results.values()].map(({ length }) => length)).toEqual(new Array(12).fill(4096 * 1280));
    expect(slots.readback.totals().bytes).toBeLessThanOrEqual(2 * 2 ** 24);
    expect(slots.totals().bytes).toBeLessThanOrEqual(2 * 4 * 4096 * 1280);
  });

  test("one round trip: the map is asked for in the block of the submit, before any verdict", async () => {
    const { plan, inputs } = await planOf(chain(4, 16, 64));
    await plan.run(inputs);
    gpu.log.length = 0;
    await plan.run(inputs);
    expect(gpu.log.filter((entry) => ["submit", "map", "scope"].includes(entry))).toEqual([
      "submit",
      "map",
      "scope",
      "scope",
    ]);
  });

  test("two runs are in flight: the second is submitted before the first is read", async () => {
    gpu.dispatchTime = 30;
    const { plan, inputs } = await planOf(chain(2, 16, 64));
    const first = await plan.start(inputs);
    const second = await plan.start(inputs);
    expect(count("done")).toBeLessThan(2);
    expect(gpu.mostUnfinished).toBe(2);
    await Promise.all([first.outputs, second.outputs]);
  });
});

describe("failures", () => {
  test("memory that runs out at the n-th buffer, for all n: DeviceError, nothing left, and it works once there is memory", async () => {
    const graph = new Graph();
    const x = graph.input("x", f32(64, 64));
    const gamma = graph.resident("gamma", f32(64));
    graph.output("y", graph.add("norm", layerNorm, [x, gamma, gamma], { columns: 64, eps: 1e-7 }));
    let failures = 0;
    for (let n = 1; ; n++) {
      ({ gpu, device } = stubDevice());
      slots = new Slots(device);
      const { plan, inputs } = await planOf(graph);
      const before = gpu.bytes;
      gpu.failAt = gpu.allocations + n;
      const failed = await plan.run(inputs).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (failed === undefined) break;
      failures++;
      expect(failed).toBeInstanceOf(DeviceError);
      expect((await plan.run(inputs)).size).toBe(1);
      slots.dispose();
      expect(gpu.bytes).toBe(before);
    }
    expect(failures).toBe(3);
  });

  test("a host allocation that fails while results are read leaves no buffer mapped", async () => {
    const { plan, inputs } = await planOf(chain(2, 16, 64));
    await plan.run(inputs);
    gpu.onMappedRange = () => {
      throw new RangeError("Array buffer allocation failed");
    };
    await expect(plan.run(inputs)).rejects.toThrow();
    gpu.onMappedRange = undefined;
    for (let i = 0; i < 4; i++) expect((await plan.run(inputs)).size).toBe(1);
  });
});

test("a browser's own exception leaves as a DeviceError that has it as its cause", async () => {
  const { plan, inputs } = await planOf(chain(2, 16, 64));
  const raw = new DOMException("the map was refused", "OperationError");
  const create = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (descriptor) => Object.assign(create(descriptor), { mapAsync: () => Promise.reject(raw) });
  const failed = await plan.run(inputs).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(DeviceError);
  expect((failed as Error).cause).toBe(raw);
});

test("slots shrink when sixteen runs needed far less", async () => {
  const [large, small] = [2 ** 27, 2 ** 20];
  await slots.ensure([large, small]);
  for (let i = 0; i < 15; i++) await slots.ensure([small, small]);
  expect(slots.totals().bytes).toBe(large + small);
  await slots.ensure([small, small]);
  expect(slots.totals().bytes).toBe(2 * small);
  const { version } = slots;
  for (let i = 0; i < 40; i++) await slots.ensure([small, small]);
  expect(slots.version).toBe(version);
});
