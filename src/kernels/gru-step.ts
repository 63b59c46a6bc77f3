// One step of a GRU after its two matrix products. Its steps are few (GLiNER2 counts to 19), so each is a dispatch.
import { elements, expectShape, expectVec4, type Kernel, lastOf, rowsOf } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./gru-step.wgsl?raw";

/** input [1, 3·D] (for all rows), hidden [R, 3·D], h [R, D] f32 → the next h [R, D] f32. Gates in the order r, z, n. */
export const gruStep: Kernel<readonly ["input", "hidden", "h"]> = {
  name: "gruStep",
  operands: ["input", "hidden", "h"],
  result([input, hidden, h]) {
    const D = lastOf(h);
    expectVec4("gruStep", "the last axis of h", D);
    expectShape("gruStep", "input", input, "f32", [1, 3 * D]);
    expectShape("gruStep", "hidden", hidden, "f32", [rowsOf(h), 3 * D]);
    return h;
  },
  dispatch([, , h]) {
    const width = lastOf(h) / 4;
    return {
      shader: shader(wgsl, { file: "gru-step.wgsl" }),
      params: { rows: rowsOf(h), width },
      workgroups: [Math.ceil(width / 64), rowsOf(h), 1],
      work: { flops: 20 * elements(h), bytes: 20 * elements(h) },
    };
  },
};
