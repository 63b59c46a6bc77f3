// Two products whose inputs would otherwise have to be put together first: with other terms inside the activation, so that a
// layer over [a | b] is two products, and over pairs of rows, so that no [words × labels, …] input exists.
import type { Activation } from "./activation.js";
import { expectShape, expectVec4, f32, type Kernel, lastOf, rowsOf, type TensorType } from "./kernel.js";
import { dispatchProduct } from "./matmul/product.js";
import { expectWeights } from "./matmul/weights.js";

/** How `sumMatmul` and `pairMatmul` are finished. */
export interface SumMatmulAttrs {
  /** Applied last. */
  readonly activation: Activation;
}

const PLAIN = `fn rowAt(row: u32, tap: u32) -> u32 { return min(row, params.rows - 1) * params.inner; }
fn loadX(at: u32, k: u32) -> vec4f { return x[at + k]; }
@group(0) @binding(4) var<storage, read> added: array<vec4f>;
fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f { return activate(sum + added[at]); }`;

const PAIRS = `@group(0) @binding(4) var<storage, read> other: array<vec4f>;
@group(0) @binding(5) var<storage, read> added: array<vec4f>;
@group(0) @binding(6) var<storage, read> otherAdded: array<vec4f>;
@group(0) @binding(7) var<storage, read> pairs: array<vec2u>;
fn rowAt(row: u32, tap: u32) -> u32 { return min(row, params.rows - 1); }
fn loadX(at: u32, k: u32) -> vec4f {
  let pair = pairs[at] * params.inner;
  return x[pair.x + k] * other[pair.y + k];
}
fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f {
  let pair = pairs[row] * params.yStride;
  let column = at % params.yStride;
  return activate(sum + added[pair.x + column] + otherAdded[pair.y + column]);
}`;

const productOf = (rows: number, inner: number, weights: TensorType) => {
  const width = lastOf(weights);
  return { rows, inner, taps: 1, columns: [0, width], weights, place: { width, from: 0 } } as const;
};

/** y = activation(x · w + bias + added): x [R, K], w [K, N], bias [N], added [R, N] → [R, N], all f32. */
export const sumMatmul: Kernel<readonly ["x", "w", "bias", "added"], SumMatmulAttrs> = {
  name: "sumMatmul",
  operands: ["x", "w", "bias", "added"],
  packs: "w",
  result([x, w, bias, added]) {
    expectVec4("sumMatmul", "the last axis of x", lastOf(x));
    expectWeights("sumMatmul", w, lastOf(x));
    expectShape("sumMatmul", "bias", bias, "f32", [lastOf(w)]);
    expectShape("sumMatmul", "added", added, "f32", [rowsOf(x), lastOf(w)]);
    return f32(rowsOf(x), lastOf(w));
  },
  dispatch([x, w], { activation }, device) {
    const product = productOf(rowsOf(x), lastOf(x), w);
    return dispatchProduct({ ...product, activation, functions: [PLAIN], file: "sumMatmul" }, device);
  },
};

/**
 * y[r] = activation((x[i] ∘ other[j]) · w + bias + added[i] + otherAdded[j]) with (i, j) = pairs[r]:
 * x [I, K], other [J, K], w [K, N], bias [N], added [I, N], otherAdded [J, N] f32, pairs [R, 2] u32 → [R, N] f32.
 */
export const pairMatmul: Kernel<readonly ["x", "w", "bias", "other", "added", "otherAdded", "pairs"], SumMatmulAttrs> =
  {
    name: "pairMatmul",
    operands: ["x", "w", "bias", "other", "added", "otherAdded", "pairs"],
    packs: "w",
    result([x, w, bias, other, added, otherAdded, pairs]) {
      expectVec4("pairMatmul", "the last axis of x", lastOf(x));
      expectWeights("pairMatmul", w, lastOf(x));
      expectShape("pairMatmul", "bias", bias, "f32", [lastOf(w)]);
      expectShape("pairMatmul", "other", other, "f32", [null, lastOf(x)]);
      expectShape("pairMatmul", "added", added, "f32", [rowsOf(x), lastOf(w)]);
      expectShape("pairMatmul", "otherAdded", otherAdded, "f32", [rowsOf(other), lastOf(w)]);
      expectShape("pairMatmul", "pairs", pairs, "u32", [null, 2]);
      return f32(pairs.shape[0]!, lastOf(w));
    },
    dispatch([x, w, , , , , pairs], { activation }, device) {
      const product = productOf(pairs.shape[0]!, lastOf(x), w);
      return dispatchProduct({ ...product, activation, functions: [PAIRS], file: "pairMatmul" }, device);
    },
  };
