// A case: a small graph with its data, compared with the float64 twins on every capability set. The lists of cases are
// plain data, so that the browser tests and Deno run the same ones.
import { type Capabilities, f32, type TensorType, u32 } from "../../src/kernels/kernel.js";
import type { Device } from "../../src/runtime/device.js";
import { Graph, type Node, type Value } from "../../src/runtime/graph.js";
import { describeDifference, difference, interpret } from "../reference/interpret.js";
import { unpackWeights } from "../reference/unpack-weights.js";
import { checked, type Residents, withPlan } from "./gpu.js";

export interface GraphCase {
  readonly name: string;
  /** Tiles, and so tables, depend on the device. */
  readonly build: (device: Capabilities) => CaseGraph;
  /** Largest error, as a share of the row's magnitude; a number above DEFAULT_TOLERANCE has its reason beside it. */
  readonly tolerance?: number;
}

/** f32 sums of up to some 500 products: the largest product times 2⁻²⁴ times the root of their number, and some room. */
export const DEFAULT_TOLERANCE = 1e-5;

export interface CaseGraph {
  readonly graph: Graph;
  readonly inputs: Record<string, Float32Array | Uint32Array>;
  readonly residents: Record<string, Float32Array | Uint32Array>;
  /** A value with its data; its type follows from the array's. */
  readonly input: (name: string, data: Float32Array | Uint32Array, ...shape: number[]) => Value;
  readonly resident: (name: string, data: Float32Array | Uint32Array, ...shape: number[]) => Value;
}

export function caseGraph(): CaseGraph {
  const graph = new Graph();
  const inputs: Record<string, Float32Array | Uint32Array> = {};
  const residents: Record<string, Float32Array | Uint32Array> = {};
  const typeOf = (data: Float32Array | Uint32Array, shape: number[]): TensorType =>
    data instanceof Float32Array ? f32(...shape) : u32(...shape);
  return {
    graph,
    inputs,
    residents,
    input(name, data, ...shape) {
      inputs[name] = data;
      return graph.input(name, typeOf(data, shape));
    },
    resident(name, data, ...shape) {
      residents[name] = data;
      return graph.resident(name, typeOf(data, shape));
    },
  };
}

/** The last node that writes each storage: what is there after a run. */
function finalNodes(graph: Graph): Node[] {
  return [...new Map(graph.nodes.map((node) => [node.output.storage.id, node])).values()];
}

/** Runs a case on a device. Throws an Error that lists every wrong value. */
export async function runCase(device: Device, { build, tolerance = DEFAULT_TOLERANCE }: GraphCase): Promise<void> {
  const { graph, inputs, residents } = build(device.capabilities);
  const nodes = finalNodes(graph);
  for (const { output } of nodes) graph.output(output.name, output);
  const wanted = interpret(graph, inputs, residents);
  const got = await checked(device, () => withPlan(device, graph, residents as Residents, (plan) => plan.run(inputs)));
  const wrong = nodes.flatMap(({ output: { name, type }, kernel }) => {
    const worst = difference(unpackWeights(type, got.get(name)!), wanted.get(name)!, type);
    return worst.error > tolerance ? [describeDifference(name, kernel.name, worst)] : [];
  });
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
}
