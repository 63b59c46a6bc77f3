// A case: a small graph with its data, to be compared with the float64 twins. Cases are data, so that the tests of every browser
// and runtime, the self-test on a user's adapter and the bench run the same ones.
import { type Capabilities, f32, type TensorType, u32 } from "../kernels/kernel.js";
import { Graph, type Value } from "../runtime/graph.js";

export interface GraphCase {
  readonly name: string;
  /** Tiles, and so tables, depend on the device. */
  readonly build: (device: Capabilities) => CaseGraph;
  /** Largest error, as a share of the row's magnitude; a number above DEFAULT_TOLERANCE has its reason beside it. */
  readonly tolerance?: number;
}

/** One kernel in one case. */
export interface CaseResult {
  /** The kernel's name. */
  readonly kernel: string;
  /** What was computed with it. */
  readonly case: string;
  /** Largest error, as a share of the magnitude of the row it lies in; infinite where the device refused the work. */
  readonly error: number;
  /** Whether the error is within the case's tolerance. */
  readonly ok: boolean;
  /** What is wrong, and where. */
  readonly message?: string;
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
