// Matrix product with bias, activation and residual in its epilogue, and the convolution that is one with shifted rows.
// Its bodies, the plan that chooses one, and the types of weights lie in matmul/.
import type { Activation } from "./activation.js";
import { expectShape, expectVec4, f32, type Kernel, lastOf, rowsOf, type TensorType } from "./kernel.js";
import type { MatmulPlan } from "./matmul/plan.js";
import { dispatchProduct } from "./matmul/product.js";
import { expectWeights } from "./matmul/weights.js";

/** How the product is finished, which columns of w take part, and where they go. */
export interface MatmulAttrs {
  /** Applied after the bias, before the residual. Default: none. */
  readonly activation?: Activation;
  /** Columns [from, to) of w and bias; both multiples of 4. Default: all. */
  readonly columns?: readonly [from: number, to: number];
  /** For products that fill y piece by piece. Default: the product is y. */
  readonly place?: {
    /** Last axis of y. */
    readonly width: number;
    /** The first of its columns to write. */
    readonly from: number;
  };
}

const LOAD_X = `fn rowAt(row: u32, tap: u32) -> u32 { return min(row, params.rows - 1) * params.inner; }
fn loadX(at: u32, k: u32) -> vec4f { return x[at + k]; }`;
const EPILOGUE = `fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f { return activate(sum); }`;
const RESIDUAL = `@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f { return activate(sum) + residual[at]; }`;

function make<const Names extends readonly string[]>(
  name: string,
  operands: Names,
  plan?: MatmulPlan,
): Kernel<Names, MatmulAttrs> {
  const residual = operands.indexOf("residual");
  return {
    name,
    operands,
    packs: "w",
    result(inputs: readonly TensorType[], { columns, place }) {
      const [x, w, bias] = inputs as readonly [TensorType, TensorType, TensorType];
      expectVec4(name, "the last axis of x", lastOf(x));
      expectVec4(name, "the last axis of w", lastOf(w));
      expectWeights(name, w, lastOf(x));
      expectShape(name, "bias", bias, "f32", [lastOf(w)]);
      const [from, to] = columns ?? [0, lastOf(w)];
      if (from % 4 || to % 4 || from < 0 || to > lastOf(w) || from >= to)
        throw new RangeError(`${name}: columns ${from} to ${to} of w [${w.shape.join(", ")}]`);
      const width = place?.width ?? to - from;
      if (place && (place.from % 4 || width % 4 || place.from + to - from > width))
        throw new RangeError(`${name}: ${to - from} columns do not fit at ${place.from} of ${width}`);
      const y = f32(...x.shape.slice(0, -1), width);
      if (residual >= 0) expectShape(name, "residual", inputs[residual]!, "f32", y.shape);
      return y;
    },
    dispatch(inputs: readonly TensorType[], attrs, device) {
      const [x, w] = inputs as readonly [TensorType, TensorType];
      const columns = attrs.columns ?? [0, lastOf(w)];
      return dispatchProduct(
        {
          rows: rowsOf(x),
          inner: lastOf(x),
          taps: 1,
          columns,
          weights: w,
          place: attrs.place ?? { width: columns[1] - columns[0], from: 0 },
          activation: attrs.activation ?? "linear",
          functions: [LOAD_X, residual >= 0 ? RESIDUAL : EPILOGUE],
          file: name,
        },
        device,
        plan,
      );
    },
  };
}

/** y = activation(x · w + bias): x [T, K], w [K, N] in f32 or packed, bias [N], y [T, N], else f32. */
export const matmul: Kernel<readonly ["x", "w", "bias"], MatmulAttrs> = make("matmul", ["x", "w", "bias"]);

/** matmul by a given body and tile instead of the planned one: for tests and benches. */
export function matmulAs(plan: MatmulPlan): typeof matmul {
  return make("matmul", ["x", "w", "bias"], plan);
}

/** y = activation(x · w + bias) + residual: residual [T, N]. */
export const addMatmul: Kernel<readonly ["x", "w", "bias", "residual"], MatmulAttrs> = make("addMatmul", [
  "x",
  "w",
  "bias",
  "residual",
]);
