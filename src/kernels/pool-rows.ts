// One row out of a run of rows: a word from its tokens, a text from all of them, or (with one row each) plain picking where
// an empty run means a zero row.
import { type Activation, activationSource } from "./activation.js";
import { elements, expectShape, expectVec4, f32, type Kernel, lastOf } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./pool-rows.wgsl?raw";

/** How the rows of a segment become one. */
export type Pooling = "mean" | "sum" | "max" | "rms" | "absMax" | "absMean";

/** How `poolRows` makes one row of many. */
export interface PoolAttrs {
  /** What is done with each column. */
  readonly pooling: Pooling;
  /** Default: linear. */
  readonly activation?: Activation;
}

const source = (begin: string, fold: string, finish: string): string => `
const BEGIN = ${begin};
fn fold(sum: vec4f, value: vec4f) -> vec4f { return ${fold}; }
fn finish(sum: vec4f, count: f32) -> vec4f { return ${finish}; }`;

const FOLDS: Readonly<Record<Pooling, string>> = {
  mean: source("0.0", "sum + value", "sum / count"),
  sum: source("0.0", "sum + value", "sum"),
  max: source("-3.4e38", "max(sum, value)", "sum"),
  rms: source("0.0", "sum + value * value", "sqrt(sum / count)"),
  absMax: source("0.0", "max(sum, abs(value))", "sum"),
  absMean: source("0.0", "sum + abs(value)", "sum / count"),
};

/** Every way of pooling, for tests. */
export const POOLINGS: readonly Pooling[] = Object.keys(FOLDS) as Pooling[];

/** y[r] = activation(pooling of x's rows of segment r): x [T, D] f32, segments [R, 2] u32 (first row, rows) → [R, D] f32. */
export const poolRows: Kernel<readonly ["x", "segments"], PoolAttrs> = {
  name: "poolRows",
  operands: ["x", "segments"],
  result([x, segments]) {
    expectShape("poolRows", "x", x, "f32", [null, null]);
    expectShape("poolRows", "segments", segments, "u32", [null, 2]);
    expectVec4("poolRows", "the last axis of x", lastOf(x));
    return f32(segments.shape[0]!, lastOf(x));
  },
  dispatch([x, segments], { pooling, activation = "linear" }) {
    const rows = segments.shape[0]!;
    const width = lastOf(x) / 4;
    return {
      shader: shader(wgsl, { file: "pool-rows.wgsl", functions: [FOLDS[pooling], activationSource(activation)] }),
      params: { rows, width },
      workgroups: [Math.ceil(width / 64), rows, 1],
      work: { flops: elements(x), bytes: 4 * (elements(x) + rows * lastOf(x)) },
    };
  },
};
