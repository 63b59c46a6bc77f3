// Picks rows of a matrix: the rows a head asks for.
import { expectShape, expectVec4, f32, type Kernel, lastOf } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./gather-rows.wgsl?raw";

/** y[r] = x[rows[r]]: x [T, D] f32, rows [R] u32 → [R, D] f32. */
export const gatherRows: Kernel<readonly ["x", "rows"]> = {
  name: "gatherRows",
  operands: ["x", "rows"],
  result([x, rows]) {
    expectShape("gatherRows", "x", x, "f32", [null, null]);
    expectShape("gatherRows", "rows", rows, "u32", [null]);
    expectVec4("gatherRows", "the last axis of x", lastOf(x));
    return f32(rows.shape[0]!, lastOf(x));
  },
  dispatch([x, rows]) {
    const count = rows.shape[0]!;
    const width = lastOf(x) / 4;
    return {
      shader: shader(wgsl, { file: "gather-rows.wgsl" }),
      params: { rows: count, width },
      workgroups: [Math.ceil(width / 64), count, 1],
      work: { flops: 0, bytes: 8 * count * lastOf(x) },
    };
  },
};
