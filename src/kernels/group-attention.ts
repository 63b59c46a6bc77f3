// Attention among few rows without positions (GLiNER2's fields of one instance): one dispatch, no tensor of scores.
import { expectShape, expectVec4, f32, type Kernel, lastOf, rowsOf } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./group-attention.wgsl?raw";

/** Sizes of `groupAttention`. */
export interface GroupAttentionAttrs {
  /** H. */
  readonly heads: number;
  /** Multiplied into every score. */
  readonly scale: number;
}

/** qkv [R, 3·H·d] (query, key, value) f32, bounds [R, 2] u32 (first and end row of a row's group) → [R, H·d] f32. */
export const groupAttention: Kernel<readonly ["qkv", "bounds"], GroupAttentionAttrs> = {
  name: "groupAttention",
  operands: ["qkv", "bounds"],
  result([qkv, bounds], { heads }) {
    expectShape("groupAttention", "qkv", qkv, "f32", [null, null]);
    expectVec4("groupAttention", "the width of a head", lastOf(qkv) / (3 * heads));
    expectShape("groupAttention", "bounds", bounds, "u32", [rowsOf(qkv), 2]);
    return f32(rowsOf(qkv), lastOf(qkv) / 3);
  },
  dispatch([qkv], { heads, scale }) {
    const rows = rowsOf(qkv);
    return {
      shader: shader(wgsl, { file: "group-attention.wgsl", constants: { WIDTH: lastOf(qkv) / (12 * heads) } }),
      params: { rows, heads, scale },
      workgroups: [Math.ceil((rows * heads) / 64), 1, 1],
      work: { flops: (4 * rows * lastOf(qkv)) / 3, bytes: (16 * rows * lastOf(qkv)) / 3 },
    };
  },
};
