// Softmax over the keys of every query and head, in place on the scores of packed sequences.
import { expectShape, f32, type Kernel } from "./kernel.js";
import { rowShader } from "./row-sum.js";
import wgsl from "./softmax.wgsl?raw";

/** `scores`: number of scores, padding included. */
export interface SoftmaxAttrs {
  /** H. */
  readonly heads: number;
  /** Elements of the result, padding included. */
  readonly scores: number;
}

/** Names of the 32-bit fields of one entry of `rows`, in order. */
export const SCORE_ROW_FIELDS = ["score", "headStride", "length"] as const;

/**
 * Probabilities from scores, written over them: added to a graph with the scores as the value to overwrite.
 * rows [queries, 3] u32; entries of length 0 are skipped. Result [scores] f32.
 */
export const softmax: Kernel<readonly ["rows"], SoftmaxAttrs> = {
  name: "softmax",
  operands: ["rows"],
  result([rows], { scores }) {
    expectShape("softmax", "rows", rows, "u32", [null, SCORE_ROW_FIELDS.length]);
    return f32(scores);
  },
  dispatch([rows], { heads, scores }, device) {
    return {
      shader: rowShader(wgsl, device, () => ({ file: "softmax.wgsl" })),
      params: { rows: rows.shape[0]! },
      workgroups: [rows.shape[0]!, heads, 1],
      work: { flops: 5 * scores, bytes: 8 * scores },
    };
  },
};
