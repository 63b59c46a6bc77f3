// Runs a case on a device and says how far each kernel's results are from the float64 twins.
import { DeviceError } from "../errors.js";
import type { Device } from "../runtime/device.js";
import type { Graph, Node } from "../runtime/graph.js";
import { type CaseResult, DEFAULT_TOLERANCE, type GraphCase } from "./case.js";
import { describeDifference, difference, interpret } from "./reference/interpret.js";
import { unpackWeights } from "./reference/unpack-weights.js";
import { withPlan } from "../runtime/with-plan.js";

/** The last node that writes each storage: what is there after a run. */
function finalNodes(graph: Graph): Node[] {
  return [...new Map(graph.nodes.map((node) => [node.output.storage.id, node])).values()];
}

/** One result for every kernel of the case. A device that refuses the case fails all of them. */
export async function runCase(device: Device, one: GraphCase): Promise<CaseResult[]> {
  const { name, tolerance = DEFAULT_TOLERANCE } = one;
  const { graph, inputs, residents } = one.build(device.capabilities);
  const nodes = finalNodes(graph);
  for (const { output } of nodes) graph.output(output.name, output);
  const kernels = [...new Set(nodes.map(({ kernel }) => kernel.name))];
  let got: Map<string, Float32Array>;
  try {
    got = await withPlan(device, graph, residents, (plan) => plan.run(inputs));
  } catch (error) {
    device.throwIfLost();
    if (!(error instanceof DeviceError)) throw error;
    const { message } = error;
    return kernels.map((kernel) => ({ kernel, case: name, error: Infinity, ok: false, message }));
  }
  const wanted = interpret(graph, inputs, residents);
  return kernels.map((kernel) => {
    const differences = nodes
      .filter((node) => node.kernel.name === kernel)
      .map(({ output }) => ({
        name: output.name,
        ...difference(unpackWeights(output.type, got.get(output.name)!), wanted.get(output.name)!, output.type),
      }));
    const error = Math.max(...differences.map((found) => found.error));
    const wrong = differences.filter((found) => found.error > tolerance);
    const message = wrong.map((found) => describeDifference(found.name, kernel, found)).join("\n");
    return { kernel, case: name, error, ok: wrong.length === 0, ...(message ? { message } : {}) };
  });
}
