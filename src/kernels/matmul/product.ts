// One dispatch of a matrix product by the body that the plan names: what matmul and conv1d share.
import { type Activation, activationSource } from "../activation.js";
import { type Capabilities, type Dispatch, lastOf, type TensorType } from "../kernel.js";
import { productTile, stagedSize, stagedTile, storeTile } from "../product-tile.js";
import { type Shader, shader } from "../shader.js";
import { type MatmulPlan, planMatmul, planText } from "./plan.js";
import common from "./common.wgsl?raw";
import directBody from "./direct.wgsl?raw";
import fewRowsBody from "./few-rows.wgsl?raw";
import sharedBody from "./shared.wgsl?raw";
import subgroupBody from "./subgroup.wgsl?raw";
import { weightBytes, weightsSource } from "./weights.js";

/** What the bodies need besides x, w and bias; `functions` define rowAt, loadX and epilogue. */
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

/** One dispatch of the planned body. */
export function dispatchProduct(product: Product, device: Capabilities, forced?: MatmulPlan): Dispatch {
  const { rows, inner, taps, columns, weights, place } = product;
  const [from, to] = columns;
  const width = (to - from) / 4;
  const shape = { rows, inner: inner * taps, columns: to - from, taps, weights: weights.dtype };
  const plan = forced ?? planMatmul(shape, device);
  return {
    shader: shaderOf(plan, product, device),
    params: {
      rows,
      inner: inner / 4,
      taps,
      columns: width,
      weightStride: lastOf(weights) / 4,
      weightColumn: from / 4,
      yStride: place.width / 4,
      yColumn: place.from / 4,
    },
    workgroups: [Math.ceil(width / plan.vectors / plan.threads[0]), Math.ceil(rows / plan.rows / plan.threads[1]), 1],
    work: {
      flops: 2 * rows * inner * taps * (to - from),
      bytes: 4 * rows * (inner + to - from) + weightBytes(weights, columns),
    },
    plan: planText(plan),
  };
}

function shaderOf(
  plan: MatmulPlan,
  { inner, weights, activation, functions, file }: Product,
  device: Capabilities,
): Shader {
  const parts = [common, weightsSource(weights, device), activationSource(activation), ...functions];
  const { rows, vectors, threads, parts: count } = plan;
  const [x, y] = threads;
  const name = `${file} (matmul/${plan.body}.wgsl)`;
  const memory = (vec4: number) => `var<workgroup> memory: array<vec4f, ${vec4}>;`;
  const sums = { rows, vectors, step: x };
  switch (plan.body) {
    case "subgroup":
      return shader(subgroupBody, {
        file: name,
        enable: ["subgroups"],
        constants: { LANES: x, ROWS: rows, VECTORS: vectors },
        functions: [productTile({ ...sums, lanes: x, order: "together" }), storeTile(sums), ...parts],
      });
    case "direct": {
      const order = device.software ? "together" : count > 1 ? "ahead" : "apart";
      return shader(directBody, {
        file: name,
        constants: { THREADS: x, PARTS: count, ROWS: rows, VECTORS: vectors },
        functions: [
          productTile({ ...sums, lanes: 0, order }),
          storeTile(sums, count, x),
          ...(count > 1 ? [memory(2 * x * count)] : []),
          ...parts,
        ],
      });
    }
    case "few-rows":
      return shader(fewRowsBody, {
        file: name,
        constants: { THREADS: x, PARTS: count, ROWS: rows, VECTORS: vectors, GROUPS: plan.groups },
        functions: [
          productTile({ ...sums, lanes: 0, order: "ahead", ahead: { groups: plan.groups, step: count } }),
          storeTile(sums, count, x),
          memory(2 * x * count),
          ...parts,
        ],
      });
    case "shared": {
      const tile = { rows, vectors, threads, parts: count, groups: plan.groups, ragged: inner % (4 * plan.groups) > 0 };
      return shader(sharedBody, {
        file: name,
        constants: { THREADS_X: x, THREADS_Y: y, PARTS: count, ROWS: rows, VECTORS: vectors, GROUPS: plan.groups },
        functions: [
          stagedTile(tile),
          storeTile(sums, count, x * y),
          memory(Math.max(stagedSize(tile), count > 1 ? 2 * x * y * count : 0)),
          ...parts,
        ],
      });
    }
  }
}
