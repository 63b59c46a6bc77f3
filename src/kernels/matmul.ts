// Matrix product with bias, activation and residual in its epilogue, and the convolution that is one with shifted rows.
// Two bodies: subgroup broadcast (matmul/subgroup.wgsl) where subgroups have one size, register tiles (matmul/direct.wgsl)
// elsewhere. Both read weights through one loadW, of which there is one for each type (matmul/weights.ts).
import { type Activation, activationSource } from "./activation.js";
import {
  type Capabilities,
  type Dispatch,
  expectShape,
  expectVec4,
  f32,
  type Kernel,
  lastOf,
  rowsOf,
  type TensorType,
} from "./kernel.js";
import { productTile } from "./register-tile.js";
import { shader } from "./shader.js";
import common from "./matmul/common.wgsl?raw";
import directBody from "./matmul/direct.wgsl?raw";
import subgroupBody from "./matmul/subgroup.wgsl?raw";
import { expectWeights, weightBytes, weightsSource } from "./matmul/weights.js";

/** How the product is finished, which columns of w take part, and where they go. */
export interface MatmulAttrs {
  /** Applied after the bias, before the residual. Default: none. */
  readonly activation?: Activation;
  /** Columns [from, to) of w and bias; both multiples of 4. Default: all. */
  readonly columns?: readonly [from: number, to: number];
  /** Last axis of y and the first of its columns to write, for products that fill y piece by piece. Default: the product's own. */
  readonly place?: { readonly width: number; readonly from: number };
}

const LOAD_X = `fn rowAt(row: u32, tap: u32) -> u32 { return min(row, params.rows - 1) * params.inner; }
fn loadX(at: u32, k: u32) -> vec4f { return x[at + k]; }`;
const EPILOGUE = `fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f { return activate(sum); }`;
const RESIDUAL = `@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
fn epilogue(sum: vec4f, row: u32, at: u32) -> vec4f { return activate(sum) + residual[at]; }`;

/** What the two bodies need besides x, w and bias; `functions` define rowAt, loadX and epilogue. */
export interface Product {
  readonly rows: number;
  /** Last axis of x. w has `taps` times as many rows: one set for each shift of x's rows. */
  readonly inner: number;
  readonly taps: number;
  readonly columns: readonly [from: number, to: number];
  readonly weights: TensorType;
  readonly place: { readonly width: number; readonly from: number };
  readonly activation: Activation;
  readonly functions: readonly string[];
  readonly file: string;
}

/** One dispatch of either body. */
export function dispatchProduct(product: Product, device: Capabilities): Dispatch {
  const { rows, inner, taps, columns, weights, place, functions, file } = product;
  const [from, to] = columns;
  const width = (to - from) / 4;
  const parts = [common, weightsSource(weights), activationSource(product.activation), ...functions];
  const params = {
    rows,
    inner: inner / 4,
    taps,
    columns: width,
    weightStride: lastOf(weights) / 4,
    weightColumn: from / 4,
    yStride: place.width / 4,
    yColumn: place.from / 4,
  };
  const work = {
    flops: 2 * rows * inner * taps * (to - from),
    bytes: 4 * rows * (inner + to - from) + weightBytes(weights, columns),
  };
  const lanes = device.subgroupSize;
  if (lanes > 0) {
    // What the registers hold, but no more rows than there are. A processor with eight lanes (lavapipe) likes taller tiles, as
    // loads are dear there; one with four (SwiftShader) lower ones: with much code, where it comes to lie decides its speed.
    const most = lanes <= 4 ? 8 : device.software ? 32 : 16;
    const tile = { rows: Math.min(most, Math.max(4, 2 ** Math.ceil(Math.log2(rows)))), vectors: 1, step: lanes, lanes };
    return {
      shader: shader(subgroupBody, {
        file: `${file} (matmul/subgroup.wgsl)`,
        enable: ["subgroups"],
        constants: { LANES: lanes, ROWS: tile.rows },
        functions: [productTile(tile), ...parts],
      }),
      params,
      workgroups: [Math.ceil(width / lanes), Math.ceil(rows / tile.rows), 1],
      work,
    };
  }
  // Tiles in workgroup memory would save loads, but cost more than that on software adapters: barriers, and zeroing that
  // memory before every workgroup and at compile time. GPUs serve the shared loads from their caches.
  const [threadsX, threadsY] = device.software ? [4, 1] : [8, 8];
  const tile = { rows: rows <= 4 ? 4 : 8, vectors: device.software ? 3 : 2, step: threadsX, lanes: 0 };
  return {
    shader: shader(directBody, {
      file: `${file} (matmul/direct.wgsl)`,
      constants: { THREADS_X: threadsX, THREADS_Y: threadsY, ROWS: tile.rows, VECTORS: tile.vectors },
      functions: [productTile(tile), ...parts],
    }),
    params,
    workgroups: [Math.ceil(width / tile.vectors / threadsX), Math.ceil(rows / tile.rows / threadsY), 1],
    work,
  };
}

function make<const Names extends readonly string[]>(name: string, operands: Names): Kernel<Names, MatmulAttrs> {
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
      );
    },
  };
}

/** y = activation(x · w + bias): x [T, K], w [K, N] in f32 or packed, bias [N], y [T, N], else f32. */
export const matmul: Kernel<readonly ["x", "w", "bias"], MatmulAttrs> = make("matmul", ["x", "w", "bias"]);

/** y = activation(x · w + bias) + residual: residual [T, N]. */
export const addMatmul: Kernel<readonly ["x", "w", "bias", "residual"], MatmulAttrs> = make("addMatmul", [
  "x",
  "w",
  "bias",
  "residual",
]);
