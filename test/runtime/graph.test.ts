// Rules of graphs: names by scope, residents by name, values updated in place, messages that say where.
import { expect, test } from "vitest";
import { layerNorm, matmul, softmax } from "../../src/kernels/index.js";
import { f32, u32 } from "../../src/kernels/kernel.js";
import { Graph } from "../../src/runtime/graph.js";

function linear(graph: Graph) {
  const x = graph.input("x", f32(3, 8));
  const w = graph.resident("w", f32(8, 8));
  const bias = graph.resident("bias", f32(8));
  return { x, w, bias };
}

test("values are named by the scopes around them, also after a scope that threw", () => {
  const graph = new Graph();
  const { x, w, bias } = linear(graph);
  expect(() =>
    graph.scope("broken", () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  const value = graph.scope("layer.3", () => graph.scope("ffn", () => graph.add("in", matmul, [x, w, bias], {})));
  expect(value).toMatchObject({ name: "layer.3.ffn.in", kind: "computed", type: f32(3, 8) });
  expect(value.storage).toBe(value);
});

test("a resident or input asked for twice is the same value, with one size", () => {
  const graph = new Graph();
  const { w, x } = linear(graph);
  expect(graph.resident("w", f32(8, 8))).toBe(w);
  expect(graph.input("x", f32(3, 8))).toBe(x);
  expect(() => graph.resident("w", f32(8, 4))).toThrow("resident w is asked for with two sizes");
  expect(() => graph.input("x", f32(8))).toThrow("input x is asked for with two sizes");
  expect(graph.residents.map(({ name }) => name)).toEqual(["w", "bias"]);
});

test("operands that do not fit are refused with the place, the rule and the operands' names", () => {
  const graph = new Graph();
  const { x, w } = linear(graph);
  const short = graph.resident("layer.0.bias", f32(4));
  const add = () => graph.scope("layer.0", () => graph.add("dense", matmul, [x, w, short], {}));
  expect(add).toThrow(
    new RangeError("layer.0.dense: matmul: bias is f32 [4], expected f32 [8] (operands x, w, layer.0.bias)"),
  );
  expect(graph.nodes).toEqual([]);
});

test("a value updated in place shares its storage down a chain", () => {
  const graph = new Graph();
  const { x, w, bias } = linear(graph);
  const rows = graph.input("rows", u32(3, 3));
  const scores = graph.add("scores", matmul, [x, w, bias], {});
  const first = graph.add("first", softmax, [rows], { heads: 1, scores: 24 }, scores);
  const second = graph.add("second", softmax, [rows], { heads: 1, scores: 24 }, first);
  expect(second.storage).toBe(scores);
  expect(graph.nodes[2]!.into).toBe(first);
});

test("what a kernel overwrites must be computed, of the same size, and not an operand", () => {
  const graph = new Graph();
  const { x, w, bias } = linear(graph);
  const y = graph.add("y", matmul, [x, w, bias], {});
  const rows = graph.input("rows", u32(3, 3));
  const soft = (scores: number, into: typeof y) => graph.add("p", softmax, [rows], { heads: 1, scores }, into);
  expect(() => soft(24, x)).toThrow("p: x is not a computed value");
  expect(() => soft(20, y)).toThrow("p: the result does not have the size of y");
  expect(() => graph.add("n", layerNorm, [y, bias, bias], { columns: 8, eps: 1 }, y)).toThrow(
    "n: the kernel reads what it overwrites",
  );
});

test("an output's name is used once", () => {
  const graph = new Graph();
  const { x, w, bias } = linear(graph);
  const y = graph.add("y", matmul, [x, w, bias], {});
  graph.output("logits", y);
  expect(() => graph.output("logits", y)).toThrow("output logits is named twice");
});
