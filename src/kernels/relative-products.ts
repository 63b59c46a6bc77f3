// Products of every query (or key) with every relative row: what the gather form of the scores reads.
import { type Capabilities, expectShape, expectVec4, f32, hasManyRegisters, type Kernel, lastOf } from "./kernel.js";
import { geometryText, type ScoreGeometry, scoreShader } from "./score-tile.js";
import wgsl from "./relative-products.wgsl?raw";

/** Sizes in elements, padded to multiples of 4. */
export interface RelativeProductAttrs {
  /** H. */
  readonly heads: number;
  /** Padded head size. */
  readonly headWidth: number;
  /** First column of head 0 in query. */
  readonly queryFrom: number;
  /** Rows [from, to) of query. */
  readonly rows: readonly [from: number, to: number];
  /** Distance beyond which the slot is constant. */
  readonly reach: number;
  /** 1 when rows stand for i in slot(i − j), −1 when they stand for j. */
  readonly sign: 1 | -1;
}

/** As attention-scores.ts; there are always enough workgroups. */
const geometry = (device: Capabilities): ScoreGeometry =>
  device.software
    ? { body: "direct", rows: 8, columns: 4, threadsX: 4, threadsY: 2, parts: 1, groups: 4 }
    : {
        body: "staged",
        rows: 4,
        columns: hasManyRegisters(device) ? 4 : 2,
        threadsX: 8,
        threadsY: 8,
        parts: 1,
        groups: 4,
      };

/** query [rows, *], key [S, H·d] f32, slots [2·reach + 1], bounds [rows, 2] u32 → products [to − from, H, S] f32. */
export const relativeProducts: Kernel<readonly ["query", "key", "slots", "bounds"], RelativeProductAttrs> = {
  name: "relativeProducts",
  operands: ["query", "key", "slots", "bounds"],
  result([query, key, slots, bounds], { heads, headWidth, queryFrom, rows, reach }) {
    const name = "relativeProducts";
    expectVec4(name, "headWidth", headWidth);
    expectVec4(name, "the last axis of query", lastOf(query));
    expectShape(name, "key", key, "f32", [null, heads * headWidth]);
    expectShape(name, "slots", slots, "u32", [2 * reach + 1]);
    expectShape(name, "bounds", bounds, "u32", [query.shape[0]!, 2]);
    if (
      queryFrom % 4 ||
      queryFrom + heads * headWidth > lastOf(query) ||
      rows[1] > query.shape[0]! ||
      rows[0] >= rows[1]
    )
      throw new RangeError(
        `${name}: rows ${rows.join(" to ")}, columns from ${queryFrom} of [${query.shape.join(", ")}]`,
      );
    return f32(rows[1] - rows[0], heads, key.shape[0]!);
  },
  dispatch([query, key], { heads, headWidth, queryFrom, rows, reach, sign }, device) {
    const slots = key.shape[0]!;
    const count = rows[1] - rows[0];
    const planned = geometry(device);
    const workgroups = [
      Math.ceil(slots / planned.columns / planned.threadsX),
      Math.ceil(count / planned.rows / planned.threadsY),
      heads,
    ] as const;
    return {
      shader: scoreShader("relativeProducts", planned, { content: true, c2p: false, p2c: false }, headWidth, [wgsl]),
      params: {
        queryStride: lastOf(query) / 4,
        queryColumn: queryFrom / 4,
        width: headWidth / 4,
        slotStride: (heads * headWidth) / 4,
        heads,
        slots,
        firstRow: rows[0],
        rows: count,
        reach,
        sign,
      },
      workgroups,
      work: { flops: 2 * count * slots * heads * headWidth, bytes: 4 * count * slots * heads },
      plan: geometryText(planned),
    };
  },
};
