// After a load shaders of other sizes and kinds of requests are compiled while nothing is asked for: later requests find theirs.
import { afterEach, expect, test, vi } from "vitest";
import type { Capabilities } from "../../src/kernels/kernel.js";
import { commonGraphs } from "../../src/model/run/compile-ahead.js";
import { encoderKey } from "../../src/model/run/plans.js";
import { encoderRequest, engineLimits, packRun, sampleGraph } from "../../src/model/run/network.js";
import { sequenceOf } from "../../src/model/run/sequences.js";
import type { CheckedInputs } from "../../src/model/inputs/types.js";
import { dispatches } from "../../src/runtime/dispatches.js";
import type { Graph } from "../../src/runtime/graph.js";
import { PLANNED_DEVICES } from "../kernels/plans.js";
import { generator, randomInteger } from "../support/random.js";
import { stubEngine } from "../support/stub-engine.js";
import { baseNetwork, requestOf } from "../support/v3-base.js";

afterEach(() => vi.useRealTimers());

const network = baseNetwork();
const shadersOf = (graph: Graph, device: Capabilities) => dispatches(graph, device).map(({ shader }) => shader.text);

/** Usual requests, every tenth with a hole in its mask. */
function* requests(count: number): Generator<CheckedInputs> {
  const next = generator(3);
  const texts = (most: number, from: number, to: number) =>
    Array.from({ length: randomInteger(next, 1, most) }, () => randomInteger(next, from, to));
  for (let i = 0; i < count; i++) {
    const kind = i % 5;
    const lengths =
      kind < 2 ? texts(1, 8, 512) : kind < 3 ? texts(8, 8, 128) : kind < 4 ? texts(20, 60, 400) : texts(1, 513, 2048);
    const request = requestOf(lengths);
    if (i % 10 > 0) yield request;
    else
      yield {
        ...request,
        rows: request.rows.map((row) => ({ ...row, mask: new Uint8Array(row.length).fill(1).fill(0, 3, 4) })),
      };
  }
}

const SHORT = ["NVIDIA Ampere", "Intel Xe2", "SwiftShader, subgroups of 4"];

test.each(Object.entries(PLANNED_DEVICES).filter(([name]) => __LONG__ || SHORT.includes(name)))(
  "%s: at most one of twenty usual requests needs a shader that was not compiled",
  (_, capabilities) => {
    const compiled = new Set(shadersOf(sampleGraph(network, capabilities, 64).graph, capabilities));
    for (const graph of commonGraphs(network, { capabilities }))
      for (const shader of shadersOf(graph, capabilities)) compiled.add(shader);
    const known = new Map<string, boolean>();
    const all = [...requests(200)];
    const misses = all.filter((inputs) => {
      const sequences = inputs.rows.map((row, i) => sequenceOf(row, i, true)!);
      const run = packRun(network, inputs, sequences, capabilities, engineLimits(network.config, capabilities));
      const key = encoderKey(encoderRequest(run));
      if (!known.has(key))
        known.set(
          key,
          shadersOf(network.job(run).build().graph, capabilities).every((shader) => compiled.has(shader)),
        );
      return !known.get(key);
    });
    expect(
      misses.length / all.length,
      misses.map(({ rows }) => `${rows.length} × ${rows[0]!.length}`).join(", "),
    ).toBeLessThanOrEqual(0.05);
  },
);

test("it begins a second after the last request, goes on by one shader at a time, and ends with the model", async () => {
  const { gpu, engine } = await stubEngine(network);
  const other = await stubEngine(network);
  vi.useFakeTimers();
  let compiling = 0;
  let most = 0;
  const asked = () => engine.device.pipelines.counts().asked;
  gpu.createComputePipelineAsync = async () => {
    most = Math.max(most, ++compiling);
    await new Promise((resolve) => setTimeout(resolve, 200));
    compiling--;
    return {};
  };
  const forward = async (lengths: number[]) => {
    const answer = engine.forward(requestOf(lengths));
    await vi.advanceTimersByTimeAsync(300);
    await answer;
  };
  await forward([64]);
  engine.compileAhead();
  const loaded = asked();
  await vi.advanceTimersByTimeAsync(900);
  await forward([64]);
  await vi.advanceTimersByTimeAsync(900);
  expect(asked()).toBe(loaded);
  most = 0;
  await vi.advanceTimersByTimeAsync(20_000);
  const ahead = asked();
  expect(ahead).toBeGreaterThan(loaded);
  expect(most).toBe(1);
  for (const lengths of [[512], [200, 30, 70], [700], [1500]]) await forward(lengths);
  expect(asked()).toBe(ahead);
  await engine.dispose();

  other.engine.compileAhead();
  await other.engine.dispose();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(other.engine.device.pipelines.counts().asked).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
