// The weighted sum of values: context = probabilities · v, head by head, over packed sequences.
import { type Capabilities, expectShape, expectVec4, f32, type Kernel, lastOf } from "./kernel.js";
import { TILE_FIELDS } from "./attention-scores.js";
import { productTile, storeTile } from "./product-tile.js";
import { shader } from "./shader.js";
import wgsl from "./attention-values.wgsl?raw";

/** Sizes in elements, padded to multiples of 4. */
export interface ValueAttrs {
  readonly heads: number;
  readonly headWidth: number;
  /** First column of head 0 in value. */
  readonly valueFrom: number;
  /** Rows of the context. */
  readonly rows: number;
  readonly singleRows: boolean;
  /** Σ heads · queries · keys · head size, for profiles. */
  readonly pairs: number;
}

/** Queries that one workgroup covers, hence one entry of `tiles`. */
export function valueTileSize(device: Capabilities, singleRows: boolean): { queries: number } {
  const { rows, threadsY } = geometry(device, singleRows);
  return { queries: rows * threadsY };
}

function geometry(device: Capabilities, singleRows: boolean) {
  if (singleRows) return { rows: 1, vectors: 1, threadsX: 16, threadsY: 1 };
  if (device.software) return { rows: 8, vectors: 2, threadsX: 4, threadsY: 1 };
  return { rows: 4, vectors: 1, threadsX: 16, threadsY: 4 };
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
    const { rows, vectors, threadsX, threadsY } = geometry(device, singleRows);
    const width = headWidth / 4;
    const sums = { rows, vectors, step: threadsX };
    return {
      shader: shader(wgsl, {
        file: "attention-values.wgsl",
        constants: { ROWS: rows, VECTORS: vectors, THREADS_X: threadsX, THREADS_Y: threadsY },
        functions: [productTile({ ...sums, lanes: 0, order: "together" }), storeTile(sums)],
      }),
      params: {
        valueStride: lastOf(value) / 4,
        valueColumn: valueFrom / 4,
        width,
        contextStride: (heads * headWidth) / 4,
      },
      workgroups: [tiles.shape[0]!, heads, Math.ceil(width / vectors / threadsX)],
      work: { flops: 2 * pairs, bytes: 4 * probabilities.shape[0]! },
    };
  },
};
