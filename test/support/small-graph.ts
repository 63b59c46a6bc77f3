// A graph of a few nodes for tests of the runtime: y = LayerNorm(x · w + bias + x), then y · w + bias.
import { addMatmul, matmul } from "../../src/kernels/matmul.js";
import { layerNorm } from "../../src/kernels/layer-norm.js";
import { type CaseGraph, caseGraph } from "../../src/self-test/case.js";
import { randomValues } from "./random.js";

export function smallGraph(rows = 5, width = 8): CaseGraph {
  const made = caseGraph();
  const { graph } = made;
  const x = made.input("x", randomValues(rows * width, 1), rows, width);
  const w = made.resident("w", randomValues(width * width, 2), width, width);
  const bias = made.resident("bias", randomValues(width, 3), width);
  const gamma = made.resident("gamma", randomValues(width, 4), width);
  const sum = graph.scope("layer.0", () => graph.add("attention", addMatmul, [x, w, bias, x], {}));
  const norm = graph.scope("layer.0", () =>
    graph.add("norm", layerNorm, [sum, gamma, bias], { columns: width, eps: 1e-7 }),
  );
  graph.output("norm", norm);
  graph.output("logits", graph.add("logits", matmul, [norm, w, bias], { activation: "gelu" }));
  return made;
}
