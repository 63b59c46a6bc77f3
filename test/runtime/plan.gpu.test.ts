// A plan on a real device: run, inspect, profile, describe, shared slots, abort, limits.
import { expect, test } from "vitest";
import type { Kernel } from "../../src/kernels/kernel.js";
import { matmul } from "../../src/kernels/matmul.js";
import type { Shader } from "../../src/kernels/shader.js";
import { compile } from "../../src/runtime/plan.js";
import { Slots } from "../../src/runtime/slots.js";
import { difference, interpret } from "../../src/self-test/reference/interpret.js";
import { expectSameGraph } from "../reference/interpret.js";
import { residentBuffer, withPlan } from "../../src/runtime/with-plan.js";
import { capabilitySets, checked, sharedDevice } from "../support/gpu.js";
import { smallGraph } from "../support/small-graph.js";

const sets = await capabilitySets();
const plain = sets.find(({ name }) => name === "no subgroups")!.device;
const device = await sharedDevice();

test("a run returns every output, as computed in float64", async () => {
  const { graph, inputs, residents } = smallGraph();
  const outputs = await checked(device, () => withPlan(device, graph, residents, (plan) => plan.run(inputs)));
  const wanted = interpret(graph, inputs, residents);
  expect([...outputs.keys()]).toEqual(["norm", "logits"]);
  const { type } = graph.outputs.get("norm")!;
  expect(difference(outputs.get("norm")!, wanted.get("layer.0.norm")!, type).error).toBeLessThan(1e-6);
  expect(difference(outputs.get("logits")!, wanted.get("logits")!, type).error).toBeLessThan(1e-6);
});

test("the same inputs give the same bits", async () => {
  const { graph, inputs, residents } = smallGraph(33, 64);
  await checked(device, () =>
    withPlan(device, graph, residents, async (plan) => {
      const first = (await plan.run(inputs)).get("logits");
      for (let i = 0; i < 5; i++) expect((await plan.run(inputs)).get("logits")).toEqual(first);
    }),
  );
});

test("inspect visits every value in order; the first wrong one is named", async () => {
  const { graph, inputs, residents } = smallGraph();
  await checked(device, () =>
    withPlan(device, graph, residents, async (plan) => {
      const names: string[] = [];
      await plan.inspect(inputs, (name) => names.push(name));
      expect(names).toEqual(["layer.0.attention", "layer.0.norm", "logits"]);
      await expectSameGraph(plan, graph, inputs, residents);
      const wrong = { ...residents, gamma: residents["gamma"]!.map((value, i) => (i === 3 ? value + 1 : value)) };
      await expect(expectSameGraph(plan, graph, inputs, wrong)).rejects.toThrow(
        /^layer\.0\.norm \(layerNorm\) is wrong at \[\d, 3\]: .* of its row's magnitude$/,
      );
    }),
  );
});

test.each(sets)("profile measures every node ($name)", async ({ device }) => {
  const { graph, inputs, residents } = smallGraph(64, 128);
  const times = await checked(device, () => withPlan(device, graph, residents, (plan) => plan.profile(inputs)));
  expect(times.map(({ kernel }) => kernel)).toEqual(["addMatmul", "layerNorm", "matmul"]);
  for (const { milliseconds, gbytes } of times) {
    expect(milliseconds).toBeGreaterThan(0);
    expect(milliseconds).toBeLessThan(1000);
    expect(gbytes).toBeGreaterThan(0);
  }
  expect(times[2]!.gflops! * times[2]!.milliseconds).toBeCloseTo((2 * 64 * 128 * 128) / 1e6);
});

test("describe prints one line a node and the memory", async () => {
  const { graph, residents } = smallGraph();
  const text = await checked(plain, () =>
    withPlan(plain, graph, residents, (plan) => Promise.resolve(plan.describe())),
  );
  expect(text).toMatchInlineSnapshot(`
    "layer.0.attention  addMatmul  [5, 8]  slot 1  1×1×1  direct 8×12, 4 threads · THREADS 4 PARTS 1 ROWS 8 VECTORS 3
    layer.0.norm       layerNorm  [5, 8]  slot 0  5×1×1  THREADS 8 PER_THREAD 1
    logits             matmul     [5, 8]  slot 1  1×1×1  direct 8×12, 4 threads · THREADS 4 PARTS 1 ROWS 8 VECTORS 3
    3 dispatches · 2 slots 0.0 MB (0.0 MB unplanned) · 3 pipelines · weights 0.0 MB f32"
  `);
});

test("plans share slots: a larger plan replaces them, and the smaller one still runs", async () => {
  const [small, large] = [smallGraph(3, 8), smallGraph(70, 8)];
  await checked(device, async () => {
    const slots = new Slots(device);
    const buffers = new Map(
      small.graph.residents.map(({ name }) => [name, residentBuffer(device, name, small.residents[name]!)]),
    );
    const first = await compile(device, small.graph, buffers, slots);
    const second = await compile(device, large.graph, buffers, slots);
    const before = await first.run(small.inputs);
    const bytes = slots.totals();
    await second.run(large.inputs);
    expect(slots.totals().bytes).toBeGreaterThan(bytes.bytes);
    expect(await first.run(small.inputs)).toEqual(before);
    const grown = slots.version;
    await second.run(large.inputs);
    expect(slots.version).toBe(grown);
    first.dispose();
    second.dispose();
    second.dispose();
    slots.dispose();
    for (const buffer of buffers.values()) device.destroyBuffer(buffer);
  });
});

test("an aborted signal rejects with its own reason, and the plan runs again", async () => {
  const { graph, inputs, residents } = smallGraph();
  await checked(device, () =>
    withPlan(device, graph, residents, async (plan) => {
      const reason = { why: "the page went away" };
      await expect(plan.run(inputs, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect((await plan.run(inputs, { signal: new AbortController().signal })).size).toBe(2);
    }),
  );
});

test("a missing input, and one too long, are refused by name", async () => {
  const { graph, residents } = smallGraph();
  await checked(device, () =>
    withPlan(device, graph, residents, async (plan) => {
      await expect(plan.run({})).rejects.toThrow("no data for input x");
      await expect(plan.run({ x: new Float32Array(41) })).rejects.toThrow("41 elements for input x");
    }),
  );
});

test("a grid or a value beyond the device's limits is refused before anything is made", async () => {
  const { graph, residents } = smallGraph(70_000, 4);
  const refused = checked(plain, () => withPlan(plain, graph, residents, () => Promise.resolve()));
  await expect(refused).rejects.toThrow(/layer\.0\.norm: 70000 × 1 × 1 workgroups exceed the device's limit/);
  const { graph: huge } = smallGraph();
  const w = huge.residents[0]!;
  huge.add("huge", matmul, [huge.input("wide", { shape: [1, 8], dtype: "f32" }), w, huge.residents[1]!], {
    place: { width: 2 ** 30, from: 0 },
  });
  await expect(compile(plain, huge, new Map(), new Slots(plain))).rejects.toThrow(
    /^huge needs \d+ bytes, this device binds \d+/,
  );
});

test("a shader that does not compile is named with its file and line, and can be asked for again", async () => {
  const shader: Shader = {
    file: "broken.wgsl",
    label: "THREADS 4",
    text: "@group(0) @binding(0) var<storage, read_write> y: array<f32>;\n@compute @workgroup_size(1)\nfn main() { y[0] = colum; }",
    bindings: [{ name: "y", index: 0, access: "read_write", type: "array<f32>" }],
    params: [],
  };
  const broken: Kernel<readonly ["x"]> = {
    name: "broken",
    operands: ["x"],
    result: ([x]) => x,
    dispatch: (_, __, capabilities) => ({
      ...matmul.dispatch(
        [
          { shape: [4, 4], dtype: "f32" },
          { shape: [4, 4], dtype: "f32" },
          { shape: [4], dtype: "f32" },
        ],
        {},
        capabilities,
      ),
      shader,
    }),
  };
  const { graph, residents } = smallGraph();
  graph.add("broken", broken, [graph.inputs[0]!], {});
  for (let i = 0; i < 2; i++) {
    await expect(checked(device, () => withPlan(device, graph, residents, () => Promise.resolve()))).rejects.toThrow(
      expect.objectContaining({
        name: "DeviceError",
        message: expect.stringMatching(/^broken\.wgsl:3: .*colum.* \(variant THREADS 4\)$/) as string,
      }),
    );
  }
  expect(device.withdrawn).toEqual([]); // no variant has another shader there
});
