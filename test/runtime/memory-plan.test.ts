// The memory plan against brute force on random graphs: values that live at the same time never share a slot.
import { expect, test } from "vitest";
import { gatherAddRows, gatherRows, softmax } from "../../src/kernels/index.js";
import { byteLength, f32, u32 } from "../../src/kernels/kernel.js";
import { Graph, type Value } from "../../src/runtime/graph.js";
import { planMemory } from "../../src/runtime/memory-plan.js";
import { generator, randomInteger } from "../support/random.js";

/** Nodes of one to three operands, some in place, some results never read, some asked for. */
function randomGraph(seed: number): Graph {
  const next = generator(seed);
  const pick = <T>(from: readonly T[]): T => from[randomInteger(next, 0, from.length - 1)]!;
  const graph = new Graph();
  const widths = [4, 8, 64, 256];
  const rows = new Map([2, 16].map((count) => [count, graph.input(`rows ${count}`, u32(count))]));
  const table = graph.input("table", u32(4, 3));
  const values: Value[] = widths.map((width) => graph.input(`x ${width}`, f32(16, width)));
  values.push(graph.resident("w", f32(16, 8)));
  for (let i = 0; i < 40; i++) {
    const x = pick(values);
    const [width, count] = [x.type.shape[1]!, pick([2, 16])];
    const same = values.filter(({ type }) => type.shape[0] === count && type.shape[1] === width);
    const computed = values.filter(({ kind }) => kind === "computed");
    const kind = next();
    if (kind < 0.2 && computed.length > 0) {
      const into = pick(computed);
      const scores = into.type.shape[0]! * into.type.shape[1]!;
      graph.add(`${i}`, softmax, [table], { heads: 1, scores }, into);
    } else if (kind < 0.6 && same.length > 0) {
      values.push(graph.add(`${i}`, gatherAddRows, [x, rows.get(count)!, pick(same)], {}));
    } else values.push(graph.add(`${i}`, gatherRows, [x, rows.get(count)!], {}));
    if (next() < 0.1) graph.output(`out ${i}`, graph.nodes[graph.nodes.length - 1]!.output);
  }
  return graph;
}

/** Per storage the moments at which its content matters: 0 before the first node, i + 1 at node i, last after all. */
function moments(graph: Graph): Map<Value, Set<number>> {
  const alive = new Map<Value, Set<number>>();
  const span = (value: Value, from: number, to: number) => {
    const times = alive.get(value.storage) ?? new Set();
    for (let t = from; t <= to; t++) times.add(t);
    alive.set(value.storage, times);
  };
  const born = new Map<Value, number>(graph.inputs.map((value) => [value, 0]));
  graph.nodes.forEach(({ output }, i) => born.set(output.storage, born.get(output.storage) ?? i + 1));
  const use = (value: Value, at: number) => value.kind !== "resident" && span(value, born.get(value.storage)!, at);
  for (const value of graph.inputs) use(value, 0);
  graph.nodes.forEach(({ inputs, output }, i) => [...inputs, output].forEach((value) => use(value, i + 1)));
  return alive;
}

test.each(Array.from({ length: 60 }, (_, seed) => seed))("random graph %i", (seed) => {
  const graph = randomGraph(seed);
  const { slots, slotOf, unplanned } = planMemory(graph);
  const alive = [...moments(graph)];
  for (const [value, times] of alive) {
    const slot = slotOf.get(value.id)!;
    expect(slots[slot], value.name).toBeGreaterThanOrEqual(byteLength(value.type));
    for (const [other, otherTimes] of alive) {
      if (other === value || slotOf.get(other.id) !== slot) continue;
      const both = [...times].filter((time) => otherTimes.has(time));
      expect(both, `${value.name} and ${other.name} in slot ${slot}`).toEqual([]);
    }
  }
  expect(slotOf.size).toBe(alive.length);
  expect(unplanned).toBe(alive.reduce((sum, [{ type }]) => sum + byteLength(type), 0));
  expect(slots.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(unplanned);
});

test("a chain of equal values alternates between two slots", () => {
  const graph = new Graph();
  const rows = graph.input("rows", u32(1));
  let x = graph.input("x", f32(1, 64));
  for (let i = 0; i < 10; i++) x = graph.add(`${i}`, gatherRows, [x, rows], {});
  graph.output("y", x);
  expect(planMemory(graph).slots).toEqual([256, 256, 4]);
});
