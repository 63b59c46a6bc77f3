// LayerNorm over the last axis, with or without a residual added first, and with rows that are set to zero.
import { type Kernel, expectShape, expectVec4, lastOf, rowsOf, type TensorType } from "./kernel.js";
import { rowShader } from "./row-sum.js";
import wgsl from "./layer-norm.wgsl?raw";

/** `columns` is the true size of the last axis; the tensors' own may be padded to a multiple of four. */
export interface LayerNormAttrs {
  /** D. */
  readonly columns: number;
  /** Added to the variance. */
  readonly eps: number;
}

const PLAIN = `fn source(index: u32) -> vec4f { return x[index]; }`;
const RESIDUAL = `@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
fn source(index: u32) -> vec4f { return x[index] + residual[index]; }`;
const KEEP_ALL = `fn keep(row: u32) -> f32 { return 1.0; }`;
const keepSome = (binding: number) => `@group(0) @binding(${binding}) var<storage, read> keepRows: array<f32>;
fn keep(row: u32) -> f32 { return keepRows[row]; }`;

function make<const Names extends readonly string[]>(name: string, operands: Names): Kernel<Names, LayerNormAttrs> {
  const residual = operands.indexOf("residual");
  const keepRows = operands.indexOf("keepRows");
  return {
    name,
    operands,
    result(inputs: readonly TensorType[], { columns }) {
      const x = inputs[0]!;
      expectVec4(name, "the last axis of x", lastOf(x));
      if (columns > lastOf(x)) throw new RangeError(`${name}: columns ${columns} exceeds x [${x.shape.join(", ")}]`);
      expectShape(name, "gamma", inputs[1]!, "f32", [lastOf(x)]);
      expectShape(name, "beta", inputs[2]!, "f32", [lastOf(x)]);
      if (residual >= 0) expectShape(name, "residual", inputs[residual]!, "f32", x.shape);
      if (keepRows >= 0) expectShape(name, "keepRows", inputs[keepRows]!, "f32", [rowsOf(x)]);
      return x;
    },
    dispatch(inputs: readonly TensorType[], { columns, eps }, device) {
      const x = inputs[0]!;
      const rows = rowsOf(x);
      const width = lastOf(x) / 4;
      return {
        shader: rowShader(wgsl, device, (threads) => ({
          file: "layer-norm.wgsl",
          // A power of two, so that few sizes share a pipeline.
          constants: { PER_THREAD: 2 ** Math.ceil(Math.log2(Math.ceil(width / threads))) },
          functions: [residual >= 0 ? RESIDUAL : PLAIN, keepRows >= 0 ? keepSome(keepRows + 1) : KEEP_ALL],
        })),
        params: { rows, columns, width, eps },
        workgroups: [rows, 1, 1],
        work: { flops: 8 * rows * columns, bytes: (residual >= 0 ? 12 : 8) * rows * columns },
      };
    },
  };
}

/** y = LayerNorm(x): x, y [rows, D] f32; gamma, beta [D] f32. */
export const layerNorm: Kernel<readonly ["x", "gamma", "beta"], LayerNormAttrs> = make("layerNorm", [
  "x",
  "gamma",
  "beta",
]);

/** y = LayerNorm(x + residual). */
export const addLayerNorm: Kernel<readonly ["x", "gamma", "beta", "residual"], LayerNormAttrs> = make("addLayerNorm", [
  "x",
  "gamma",
  "beta",
  "residual",
]);

/** y = LayerNorm(x) · keepRows, row by row: keepRows [rows] f32 holds 0 or 1. */
export const maskedLayerNorm: Kernel<readonly ["x", "gamma", "beta", "keepRows"], LayerNormAttrs> = make(
  "maskedLayerNorm",
  ["x", "gamma", "beta", "keepRows"],
);

/** y = LayerNorm(x + residual) · keepRows. */
export const maskedAddLayerNorm: Kernel<readonly ["x", "gamma", "beta", "residual", "keepRows"], LayerNormAttrs> = make(
  "maskedAddLayerNorm",
  ["x", "gamma", "beta", "residual", "keepRows"],
);
