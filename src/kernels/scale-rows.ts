// Weighted sums of whole matrices, one weight a group of rows: layers that are fused by a gate, experts that are mixed.
import { elements, expectShape, expectVec4, type Kernel, lastOf, rowsOf, type TensorType } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./scale-rows.wgsl?raw";

/** Which weights `scaleRows` takes. */
export interface ScaleAttrs {
  /** Which column of `scales`. */
  readonly column: number;
}

const ZERO = `fn addend(at: u32) -> vec4f { return vec4f(0.0); }`;
const ADDED = `@group(0) @binding(4) var<storage, read> added: array<vec4f>;
fn addend(at: u32) -> vec4f { return added[at]; }`;

function make<const Names extends readonly string[]>(name: string, operands: Names): Kernel<Names, ScaleAttrs> {
  const adds = operands.includes("added");
  return {
    name,
    operands,
    result(inputs: readonly TensorType[], { column }) {
      const [x, scales, groups, added] = inputs as readonly [TensorType, TensorType, TensorType, TensorType?];
      expectVec4(name, "the last axis of x", lastOf(x));
      expectShape(name, "scales", scales, "f32", [null, null]);
      expectShape(name, "groups", groups, "u32", [rowsOf(x)]);
      if (added) expectShape(name, "added", added, "f32", x.shape);
      if (column >= lastOf(scales))
        throw new RangeError(`${name}: column ${column} of scales [${scales.shape.join(", ")}]`);
      return x;
    },
    dispatch(inputs: readonly TensorType[], { column }) {
      const [x, scales] = inputs as readonly [TensorType, TensorType];
      const width = lastOf(x) / 4;
      return {
        shader: shader(wgsl, { file: "scale-rows.wgsl", functions: [adds ? ADDED : ZERO] }),
        params: { width, stride: lastOf(scales), column },
        workgroups: [Math.ceil(width / 64), rowsOf(x), 1],
        work: { flops: (adds ? 2 : 1) * elements(x), bytes: (adds ? 12 : 8) * elements(x) },
      };
    },
  };
}

/** y[r] = scales[groups[r], column] · x[r]: x [T, D], scales [G, C] f32, groups [T] u32 → [T, D] f32. */
export const scaleRows: Kernel<readonly ["x", "scales", "groups"], ScaleAttrs> = make("scaleRows", [
  "x",
  "scales",
  "groups",
]);

/** y[r] = scales[groups[r], column] · x[r] + added[r]: added [T, D]. */
export const addScaledRows: Kernel<readonly ["x", "scales", "groups", "added"], ScaleAttrs> = make("addScaledRows", [
  "x",
  "scales",
  "groups",
  "added",
]);
