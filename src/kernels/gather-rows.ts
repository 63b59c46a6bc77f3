// Picks rows of a matrix (the rows a head asks for), with or without another matrix added to them.
import { expectShape, expectVec4, f32, type Kernel, lastOf, type TensorType } from "./kernel.js";
import { shader } from "./shader.js";
import wgsl from "./gather-rows.wgsl?raw";

const ZERO = `fn addend(at: u32) -> vec4f { return vec4f(0.0); }`;
const ADDED = `@group(0) @binding(3) var<storage, read> added: array<vec4f>;
fn addend(at: u32) -> vec4f { return added[at]; }`;

function make<const Names extends readonly string[]>(name: string, operands: Names): Kernel<Names> {
  const adds = operands.includes("added");
  return {
    name,
    operands,
    result(inputs: readonly TensorType[]) {
      const [x, rows, added] = inputs as readonly [TensorType, TensorType, TensorType?];
      expectShape(name, "x", x, "f32", [null, null]);
      expectShape(name, "rows", rows, "u32", [null]);
      expectVec4(name, "the last axis of x", lastOf(x));
      const y = f32(rows.shape[0]!, lastOf(x));
      if (added) expectShape(name, "added", added, "f32", y.shape);
      return y;
    },
    dispatch(inputs: readonly TensorType[]) {
      const [x, rows] = inputs as readonly [TensorType, TensorType];
      const count = rows.shape[0]!;
      const width = lastOf(x) / 4;
      return {
        shader: shader(wgsl, { file: "gather-rows.wgsl", functions: [adds ? ADDED : ZERO] }),
        params: { rows: count, width },
        workgroups: [Math.ceil(width / 64), count, 1],
        work: { flops: 0, bytes: (adds ? 12 : 8) * count * lastOf(x) },
      };
    },
  };
}

/** y[r] = x[rows[r]]: x [T, D] f32, rows [R] u32 → [R, D] f32. */
export const gatherRows: Kernel<readonly ["x", "rows"]> = make("gatherRows", ["x", "rows"]);

/** y[r] = x[rows[r]] + added[r]: added [R, D] f32. */
export const gatherAddRows: Kernel<readonly ["x", "rows", "added"]> = make("gatherAddRows", ["x", "rows", "added"]);
