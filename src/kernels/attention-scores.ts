// Scores of disentangled attention over packed sequences: content, and both relative terms either inside the register
// tile (exact dot products, cheapest up to some 500 tokens) or gathered from products with all slots (long inputs).
import {
  type Capabilities,
  expectShape,
  expectVec4,
  f32,
  hasManyRegisters,
  type Kernel,
  lastOf,
  type TensorType,
} from "./kernel.js";
import { geometryText, type ScoreGeometry, scoreShader } from "./score-tile.js";
import wgsl from "./attention-scores.wgsl?raw";
import relative from "./attention-relative.wgsl?raw";
import gather from "./attention-gather.wgsl?raw";

/** Where the relative terms come from. */
export type RelativeForm = "none" | "tile" | "gather";

/** Sizes are in elements, padded to multiples of 4. */
export interface ScoreAttrs {
  /** H. */
  readonly heads: number;
  /** Padded head size. */
  readonly headWidth: number;
  /** First column of head 0 in query and key. */
  readonly queryFrom: number;
  /** First column of head 0 in key. */
  readonly keyFrom: number;
  /** Number of scores: Σ heads · queries · (keys rounded up to 4). */
  readonly scores: number;
  /** Whether there is the term of content to content, which only forms other than "gather" can leave out. Default: true. */
  readonly content?: boolean;
  /** Whether there is a term of content to position. */
  readonly c2p: boolean;
  /** Whether there is a term of position to content. */
  readonly p2c: boolean;
  /** Distance beyond which the slot is constant; 0 without relative terms. */
  readonly reach: number;
  /** Number of relative slots. */
  readonly slots: number;
  /** The queries are single rows of their sequences instead of all rows in order. */
  readonly singleRows: boolean;
  /** First row of the query block that qp begins with. */
  readonly firstQuery: number;
  /** Multiply-adds of all tiles, for profiles: Σ heads · queries · keys · head size. */
  readonly pairs: number;
}

/** Names of the 32-bit fields of one entry of `tiles`, in order. */
export const TILE_FIELDS = [
  "queryRow",
  "queryCount",
  "column",
  "keyRow",
  "keyColumn",
  "length",
  "score",
  "headStride",
  "mask",
  "maskStride",
] as const;

/** Queries and keys that one workgroup covers, hence one entry of `tiles`: the same for every form. */
export function scoreTileSize(
  device: Capabilities,
  singleRows: boolean,
): {
  /** Rows of query. */
  queries: number;
  /** Rows of key. */
  keys: number;
} {
  const { rows, columns, threadsX, threadsY } = planScores(device, singleRows, "tile", 0);
  return { queries: rows * threadsY, keys: columns * threadsX };
}

/** Below so many workgroups of attention a large GPU stands idle: more threads then share each. */
export const MANY_WORKGROUPS = 1024;

function planScores(device: Capabilities, singleRows: boolean, form: RelativeForm, workgroups: number): ScoreGeometry {
  const direct = { body: "direct", parts: 1, groups: 1 } as const;
  if (singleRows && device.software) return { ...direct, rows: 1, columns: 4, threadsX: 4, threadsY: 1 };
  if (singleRows) return { ...direct, rows: 1, columns: 1, threadsX: 64, threadsY: 1 };
  if (!device.software) {
    const parts = workgroups < MANY_WORKGROUPS && device.workgroupThreads >= 256 ? 4 : 1;
    // Without positions in the tile there is room for twice as many loads at a time, which more threads can hold.
    const groups = form !== "tile" && parts > 1 ? 8 : 4;
    const columns = hasManyRegisters(device) ? 4 : 2;
    return { body: "staged", rows: 4, columns, threadsX: 8, threadsY: 8, parts, groups };
  }
  // Large register tiles pay where loads are dear; each gathered score costs code, so that form has more threads instead.
  // At least eight threads, which fill the lanes of lavapipe; SwiftShader has four.
  return form === "gather"
    ? { ...direct, rows: 8, columns: 4, threadsX: 8, threadsY: 2 }
    : { ...direct, rows: 8, columns: 8, threadsX: 4, threadsY: 2 };
}

const PLAIN = `fn gathered(row: u32, column: u32) -> f32 { return 0.0; }`;
const ALL_ALLOWED = `fn allowed(row: u32, column: u32) -> bool { return true; }`;
// One bit per pair: what row i may look at begins at word mask + i · maskStride; all rows may share one (stride 0).
const someAllowed = (binding: number) => `@group(0) @binding(${binding}) var<storage, read> mask: array<u32>;
fn allowed(row: u32, column: u32) -> bool {
  let word = here.mask + row * here.maskStride + column / 32;
  return ((mask[word] >> (column % 32)) & 1) == 1;
}`;

const OPERANDS = {
  none: ["query", "key", "tiles"],
  tile: ["query", "key", "tiles", "slots", "posK", "posQ"],
  gather: ["query", "key", "tiles", "slots", "qp", "kp"],
} as const;

function make(form: RelativeForm, masked: boolean): Kernel<readonly string[], ScoreAttrs> {
  const operands: readonly string[] = masked ? [...OPERANDS[form], "mask"] : OPERANDS[form];
  const name = `attentionScores${form === "gather" ? "Gather" : ""}${masked ? "Masked" : ""}`;
  return {
    name,
    operands,
    result(inputs, { heads, headWidth, queryFrom, keyFrom, scores, reach, slots }) {
      const at = (operand: string): TensorType => inputs[operands.indexOf(operand)]!;
      expectVec4(name, "headWidth", headWidth);
      const D = heads * headWidth;
      for (const [operand, from] of [
        ["query", queryFrom],
        ["key", keyFrom],
      ] as const) {
        expectVec4(name, `the last axis of ${operand}`, lastOf(at(operand)));
        expectVec4(name, `${operand}From`, from);
        if (from + D > lastOf(at(operand)))
          throw new RangeError(
            `${name}: ${operand} [${at(operand).shape.join(", ")}] has no ${D} columns from ${from}`,
          );
      }
      expectShape(name, "tiles", at("tiles"), "u32", [null, TILE_FIELDS.length]);
      if (form !== "none") expectShape(name, "slots", at("slots"), "u32", [2 * reach + 1]);
      if (form === "tile") {
        expectShape(name, "posK", at("posK"), "f32", [null, D]);
        expectShape(name, "posQ", at("posQ"), "f32", [null, D]);
      }
      if (form === "gather") {
        expectShape(name, "qp", at("qp"), "f32", [null, heads, slots]);
        expectShape(name, "kp", at("kp"), "f32", [null, heads, slots]);
      }
      return f32(scores);
    },
    dispatch(inputs, attrs, device) {
      const at = (operand: string): TensorType => inputs[operands.indexOf(operand)]!;
      const { heads, headWidth, content = true, c2p, p2c, reach, slots, singleRows, pairs } = attrs;
      const workgroups = at("tiles").shape[0]! * heads;
      const planned = planScores(device, singleRows, form, workgroups);
      const terms = { content, c2p: form === "tile" && c2p, p2c: form === "tile" && p2c };
      const source = form === "none" ? PLAIN : form === "tile" ? relative : gather;
      const choice = form === "gather" ? [`const C2P = ${c2p}; const P2C = ${p2c};`] : [];
      const products = Object.values(terms).filter(Boolean).length;
      return {
        shader: scoreShader(name, planned, terms, headWidth, [
          wgsl,
          source,
          ...choice,
          masked ? someAllowed(operands.length) : ALL_ALLOWED,
        ]),
        params: {
          queryStride: lastOf(at("query")) / 4,
          queryColumn: attrs.queryFrom / 4,
          keyStride: lastOf(at("key")) / 4,
          keyColumn: attrs.keyFrom / 4,
          width: headWidth / 4,
          slotStride: (heads * headWidth) / 4,
          heads,
          reach,
          slots,
          firstQuery: attrs.firstQuery,
        },
        workgroups: [at("tiles").shape[0]!, heads, 1],
        work: { flops: 2 * pairs * products, bytes: 4 * attrs.scores },
        plan: geometryText(planned),
      };
    },
  };
}

const made = new Map<string, Kernel<readonly string[], ScoreAttrs>>();

/**
 * The scores kernel of a form; operands query, key [rows, *] f32, tiles [count, 10] u32, then by form slots
 * [2·reach + 1] u32 with posK, posQ [S, H·d] or qp, kp [rows, H, S] f32, then mask (bits) if `masked`. The result is
 * flat: of each sequence [H, queries, keys rounded up to 4] from its tiles' `score` on. Scaled, before softmax.
 */
export function attentionScores(form: RelativeForm, masked: boolean): Kernel<readonly string[], ScoreAttrs> {
  const id = `${form} ${masked}`;
  const kernel = made.get(id) ?? make(form, masked);
  made.set(id, kernel);
  return kernel;
}
