// Runs a graph on the float64 twins, and says how far other numbers are from theirs.
import { elements, lastOf, type TensorType } from "../../kernels/kernel.js";
import type { Graph } from "../../runtime/graph.js";
import type { Inputs } from "../../runtime/steps.js";
import { TWINS } from "./ops.js";

/** Every computed value, by the id of its Value, as it is right after its node. NaN: not promised. */
export function evaluate(graph: Graph, inputs: Inputs, residents: Inputs): Map<number, Float64Array> {
  const data = new Map<number, ArrayLike<number>>(); // by id of the storage: what it holds now
  for (const value of graph.inputs) data.set(value.id, inputs[value.name]!);
  for (const value of graph.residents) data.set(value.id, residents[value.name]!);
  const results = new Map<number, Float64Array>();
  for (const node of graph.nodes) {
    const operands = node.inputs.map(({ type, storage }, i) => {
      const name = node.kernel.operands[i]!;
      return [name, { type, data: data.get(storage.id)! }] as const;
    });
    const { storage, type, id } = node.output;
    const y = node.into ? Float64Array.from(data.get(storage.id)!) : new Float64Array(elements(type)).fill(NaN);
    const twin = TWINS[node.kernel.name];
    if (!twin) throw new Error(`src/self-test/reference/ops.ts has no twin of the kernel ${node.kernel.name}`);
    twin(Object.fromEntries(operands), node.attrs as never, y);
    data.set(storage.id, y);
    results.set(id, y);
  }
  return results;
}

/** Every computed value by name. */
export function interpret(graph: Graph, inputs: Inputs, residents: Inputs = {}): Map<string, Float64Array> {
  const results = evaluate(graph, inputs, residents);
  return new Map(graph.nodes.map(({ output }) => [output.name, results.get(output.id)!]));
}

export interface Difference {
  /** |got − wanted| as a share of the largest wanted magnitude in the same row (last axis). */
  readonly error: number;
  readonly index: readonly number[];
  readonly got: number;
  readonly wanted: number;
}

/**
 * The largest difference. Errors are measured against the row's magnitude, not the element's: sums of products lose
 * what their largest terms lose, however small the sum. Where the twin promises nothing, anything is right.
 * @param floor least magnitude of a row, as a share of the whole tensor's: in a narrow row all sums may cancel
 */
export function difference(got: ArrayLike<number>, wanted: ArrayLike<number>, type: TensorType, floor = 0): Difference {
  const width = lastOf(type);
  let least = 1e-30;
  if (floor > 0) for (let i = 0; i < wanted.length; i++) least = Math.max(least, floor * Math.abs(wanted[i]!) || 0);
  let worst: Difference = { error: 0, index: [], got: 0, wanted: 0 };
  for (let start = 0; start < wanted.length; start += width) {
    let magnitude = least;
    for (let i = start; i < start + width; i++) magnitude = Math.max(magnitude, Math.abs(wanted[i]!) || 0);
    for (let i = start; i < start + width; i++) {
      if (Number.isNaN(wanted[i])) continue;
      const distance = Math.abs(got[i]! - wanted[i]!) / magnitude;
      const error = Number.isNaN(distance) ? Infinity : distance;
      if (error > worst.error) worst = { error, index: indexOf(i, type), got: got[i]!, wanted: wanted[i]! };
    }
  }
  return worst;
}

function indexOf(flat: number, { shape }: TensorType): number[] {
  let rest = flat;
  return shape
    .map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
    .map((stride) => {
      const index = Math.floor(rest / stride);
      rest -= index * stride;
      return index;
    });
}

/** A difference in words. */
export function describeDifference(name: string, kernel: string, { error, index, got, wanted }: Difference): string {
  const share = `${error.toExponential(1)} of its row's magnitude`;
  return `${name} (${kernel}) is wrong at [${index.join(", ")}]: ${got} instead of ${wanted}, ${share}`;
}
