// The weighted sum of values: context = probabilities · v, head by head, over packed sequences.
import { type Capabilities, expectShape, expectVec4, f32, hasManyRegisters, type Kernel, lastOf } from "./kernel.js";
import { MANY_WORKGROUPS, TILE_FIELDS } from "./attention-scores.js";
import { type ProductTile, productTile, stagedSize, stagedTile, storeTile } from "./product-tile.js";
import { type Shader, shader } from "./shader.js";
import wgsl from "./attention-values.wgsl?raw";
import directBody from "./values-direct.wgsl?raw";
import stagedBody from "./values-staged.wgsl?raw";

/** Sizes in elements, padded to multiples of 4. */
export interface ValueAttrs {
  /** H. */
  readonly heads: number;
  /** Padded head size. */
  readonly headWidth: number;
  /** First column of head 0 in value. */
  readonly valueFrom: number;
  /** Rows of the context. */
  readonly rows: number;
  /** The queries are single rows of their sequences instead of all rows in order. */
  readonly singleRows: boolean;
  /** Σ heads · queries · keys · head size, for profiles. */
  readonly pairs: number;
}

/** A body and its tile: every thread has `rows` × `vectors` vec4 sums, and `parts` sets of threads share the keys. */
interface ValuePlan {
  readonly body: "direct" | "staged";
  readonly rows: number;
  readonly vectors: number;
  readonly threads: readonly [x: number, y: number];
  readonly parts: number;
}

/** Queries that one workgroup covers, hence one entry of `tiles`. */
export function valueTileSize(
  device: Capabilities,
  singleRows: boolean,
): {
  /** Rows of query. */
  queries: number;
} {
  const { rows, threads } = planValues(device, singleRows, 0, 0);
  return { queries: rows * threads[1] };
}

/** `width`: vec4 of a head. Where tables are cut, neither it nor the number of workgroups is known: rows follow from neither. */
function planValues(device: Capabilities, singleRows: boolean, workgroups: number, width: number): ValuePlan {
  const [shared, wide] = [device.workgroupThreads >= 256, { vectors: 1, threads: [16, 1] }] as const;
  if (singleRows) return { ...wide, body: "direct", rows: 1, parts: device.software || !shared ? 1 : 16 };
  if (device.software) {
    // Four vec4 a thread read a head of 64 once, which takes 0.8 of SwiftShader's time with two; of lavapipe's it takes 1.25.
    const most = device.subgroupSize > 4 ? 2 : 4;
    const vectors = Math.min(most, Math.max(1, Math.ceil(width / 4)));
    return { body: "direct", rows: 8, vectors, threads: [4, 1], parts: 1 };
  }
  const parts = workgroups < MANY_WORKGROUPS && shared ? 4 : 1;
  return { body: "staged", rows: hasManyRegisters(device) ? 4 : 2, vectors: 1, threads: [16, 4], parts };
}

function shaderOf({ body, rows, vectors, threads: [x, y], parts }: ValuePlan, order: ProductTile["order"]): Shader {
  const sums = { rows, vectors, step: x };
  const constants = { ROWS: rows, VECTORS: vectors, THREADS_X: x, PARTS: parts };
  const memory = (vec4: number) => `var<workgroup> memory: array<vec4f, ${vec4}>;`;
  const partial = parts > 1 ? 2 * x * y * parts : 0;
  const file = `attention-values.wgsl (values-${body}.wgsl)`;
  if (body === "direct") {
    const tile = productTile({ ...sums, lanes: 0, order });
    const functions = [wgsl, tile, storeTile(sums, parts, x), ...(partial ? [memory(partial)] : [])];
    return shader(directBody, { file, constants, functions });
  }
  const groups = Math.max(4, 2 * parts);
  const tile = { rows, vectors, threads: [x, y], parts, groups, ragged: true } as const;
  return shader(stagedBody, {
    file,
    constants: { ...constants, THREADS_Y: y, GROUPS: groups },
    functions: [wgsl, stagedTile(tile), storeTile(sums, parts, x * y), memory(Math.max(stagedSize(tile), partial))],
  });
}

/** probabilities (flat), value [rows, *] f32, tiles [count, 9] u32 → context [rows, H·d] f32. */
export const attentionValues: Kernel<readonly ["probabilities", "value", "tiles"], ValueAttrs> = {
  name: "attentionValues",
  operands: ["probabilities", "value", "tiles"],
  result([probabilities, value, tiles], { heads, headWidth, valueFrom, rows }) {
    expectShape("attentionValues", "probabilities", probabilities, "f32", [null]);
    expectShape("attentionValues", "tiles", tiles, "u32", [null, TILE_FIELDS.length]);
    expectVec4("attentionValues", "headWidth", headWidth);
    expectVec4("attentionValues", "the last axis of value", lastOf(value));
    if (valueFrom % 4 || valueFrom + heads * headWidth > lastOf(value))
      throw new RangeError(
        `attentionValues: value [${value.shape.join(", ")}] has no ${heads * headWidth} columns from ${valueFrom}`,
      );
    return f32(rows, heads * headWidth);
  },
  dispatch([probabilities, value, tiles], { heads, headWidth, valueFrom, singleRows, pairs }, device) {
    const width = headWidth / 4;
    const tileCount = tiles.shape[0]!;
    const plan = planValues(device, singleRows, tileCount * heads, width);
    const { body, rows, vectors, threads, parts } = plan;
    return {
      shader: shaderOf(plan, device.software ? "together" : "ahead"),
      params: {
        valueStride: lastOf(value) / 4,
        valueColumn: valueFrom / 4,
        width,
        contextStride: (heads * headWidth) / 4,
      },
      workgroups: [tileCount, heads, Math.ceil(width / vectors / threads[0])],
      work: { flops: 2 * pairs, bytes: 4 * probabilities.shape[0]! },
      plan: `${body} ${rows}×${4 * vectors}, ${threads.join("×")} threads${parts > 1 ? `, keys in ${parts}` : ""}`,
    };
  },
};
