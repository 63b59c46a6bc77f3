// One step of a GRU after its two matrix products. Its steps are few (GLiNER2 counts to 19), so each is a dispatch.
import { elements, expectShape, expectVec4, type Kernel, lastOf, rowsOf } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./gru-step.wgsl?raw";

/** Place of a `gruStep` in its chain. */
export interface GruAttrs {
  /** Which row of `input` all rows of h take. */
  readonly step: number;
}

/** input [S, 3·D], a row a step, hidden [R, 3·D], h [R, D] f32 → the next h [R, D] f32. Gates in the order r, z, n. */
export const gruStep: Kernel<readonly ["input", "hidden", "h"], GruAttrs> = {
  name: "gruStep",
  operands: ["input", "hidden", "h"],
  result([input, hidden, h], { step }) {
    const D = lastOf(h);
    expectVec4("gruStep", "the last axis of h", D);
    expectShape("gruStep", "input", input, "f32", [null, 3 * D]);
    if (step >= rowsOf(input)) throw new RangeError(`gruStep: step ${step} of ${rowsOf(input)}`);
    expectShape("gruStep", "hidden", hidden, "f32", [rowsOf(h), 3 * D]);
    return h;
  },
  dispatch([, , h], { step }) {
    const width = lastOf(h) / 4;
    return {
      shader: shader(wgsl, { file: "gru-step.wgsl" }),
      params: { width, step },
      workgroups: [Math.ceil(width / 64), rowsOf(h), 1],
      work: { flops: 20 * elements(h), bytes: 20 * elements(h) },
    };
  },
};
