// The layer that devices are tried with: its committed answer is that of the float64 twins, for every device's plan.
import { expect, test } from "vitest";
import { digest, isKnown, knownLayer } from "../../src/model/known-layer.js";
import { interpret } from "../../src/self-test/reference/interpret.js";
import { PLANNED_DEVICES } from "../kernels/plans.js";

const kinds = [PLANNED_DEVICES["NVIDIA Ampere"]!, PLANNED_DEVICES["SwiftShader, subgroups of 4"]!];

const outputsFor = (device: (typeof kinds)[number]): Map<string, Float64Array> => {
  const { graph, inputs, residents } = knownLayer(device);
  const values = interpret(graph, inputs, residents);
  return new Map([...graph.outputs].map(([name, { name: node }]) => [name, values.get(node)!]));
};

test.each(kinds)("the committed answer is the float64 twins'", (device) => {
  const outputs = outputsFor(device);
  expect(
    isKnown(outputs),
    digest(outputs)
      .map((sum) => sum.toFixed(4))
      .join(", "),
  ).toBe(true);
});

test("one wrong element, a missing row or a NaN is not the answer", () => {
  for (const spoil of [
    (values: Float64Array) => (values[130]! += 0.2),
    (values: Float64Array) => values.fill(0, 64 * 20, 64 * 21),
    (values: Float64Array) => (values[64 * 37 - 1] = NaN),
  ]) {
    for (const name of ["last", "product"]) {
      const outputs = outputsFor(kinds[0]!);
      spoil(outputs.get(name)!);
      expect(isKnown(outputs)).toBe(false);
    }
  }
});
