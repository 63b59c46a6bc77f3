// Compares a plan with the float64 twins value by value: the first value that differs is named, so that a wrong model is traced
// to its kernel in one run.
import type { Graph } from "../../src/runtime/graph.js";
import type { Plan } from "../../src/runtime/plan.js";
import type { Inputs } from "../../src/runtime/steps.js";
import { describeDifference, difference, evaluate } from "../../src/self-test/reference/interpret.js";
import { unpackWeights } from "../../src/self-test/reference/unpack-weights.js";

/**
 * Throws unless every value of the plan equals the interpreter's, and names the first that does not. The default
 * tolerance is that of a whole encoder: f32 rounding, grown over its layers.
 */
export async function expectSameGraph(
  plan: Plan,
  graph: Graph,
  inputs: Inputs,
  residents: Inputs = {},
  { tolerance = 1e-5, floor = 0 } = {},
): Promise<void> {
  const wanted = evaluate(graph, inputs, residents);
  let first: string | undefined;
  await plan.inspect(inputs, (name, { type, data }, node) => {
    const worst = difference(unpackWeights(type, data), wanted.get(node.output.id)!, type, floor);
    if (worst.error > tolerance) first ??= describeDifference(name, node.kernel.name, worst);
  });
  if (first !== undefined) throw new Error(first);
}
