// Tables of packed sequences for attention tests, written independently of the model's own packing: per tile what its
// workgroup computes, per query where its scores lie, per row the bounds of its sequence.
import { scoreTileSize } from "../../kernels/attention-scores.js";
import { valueTileSize } from "../../kernels/attention-values.js";
import type { Capabilities } from "../../kernels/kernel.js";

export interface PackOptions {
  readonly lengths: readonly number[];
  readonly heads: number;
  /** The one query position of each sequence; default: all rows are queries. */
  readonly single?: readonly number[];
  /** Of a single sequence only the queries [from, to). */
  readonly block?: readonly [from: number, to: number];
  /** Entries of length 0 added to every table, and rows that belong to no sequence. */
  readonly surplus?: number;
  readonly allowed?: (sequence: number, query: number, key: number) => boolean;
}

export interface Packed {
  /** Rows of all sequences, surplus included; rows of queries. */
  readonly rows: number;
  readonly queries: number;
  readonly scores: number;
  /** [count, 9], [count, 9], [queries, 3], [rows, 2] and bits. */
  readonly tiles: Uint32Array;
  readonly valueTiles: Uint32Array;
  readonly scoreRows: Uint32Array;
  readonly bounds: Uint32Array;
  readonly mask: Uint32Array;
}

export function pack(device: Capabilities, options: PackOptions): Packed {
  const { lengths, heads, single, block, surplus = 0, allowed = () => true } = options;
  const scoreTile = scoreTileSize(device, single !== undefined);
  const valueTile = valueTileSize(device, single !== undefined);
  const tiles: number[] = [];
  const valueTiles: number[] = [];
  const scoreRows: number[] = [];
  const bounds: number[] = [];
  const mask: number[] = [];
  let [row, query, score] = [0, 0, 0];
  lengths.forEach((length, sequence) => {
    const first = single?.[sequence] ?? block?.[0] ?? 0;
    const end = single ? first + 1 : (block?.[1] ?? length);
    const queryRow = single ? query : row + first;
    const stride = 4 * Math.ceil(length / 4);
    const words = Math.ceil(length / 32);
    const headStride = (end - first) * stride;
    const tile = (from: number, queries: number, key: number) => [
      queryRow + from - first,
      Math.min(queries, end - from),
      from,
      row,
      key,
      length,
      score + (from - first) * stride,
      headStride,
      mask.length + (from - first) * words,
      words,
    ];
    for (let from = first; from < end; from += scoreTile.queries)
      for (let key = 0; key < length; key += scoreTile.keys) tiles.push(...tile(from, scoreTile.queries, key));
    for (let from = first; from < end; from += valueTile.queries) valueTiles.push(...tile(from, valueTile.queries, 0));
    for (let i = first; i < end; i++) {
      scoreRows.push(score + (i - first) * stride, headStride, length);
      const bits = new Array<number>(words).fill(0);
      for (let j = 0; j < length; j++) if (allowed(sequence, i, j)) bits[j >> 5]! |= 1 << (j & 31);
      mask.push(...bits);
    }
    for (let i = 0; i < length; i++) bounds.push(row, row + length);
    row += length;
    query += end - first;
    score += heads * headStride;
  });
  const zeros = (count: number) => new Array<number>(count).fill(0);
  tiles.push(...zeros(10 * surplus));
  valueTiles.push(...zeros(10 * surplus));
  scoreRows.push(...zeros(3 * surplus));
  bounds.push(...zeros(2 * surplus));
  return {
    rows: row + surplus,
    queries: single ? query : row + surplus,
    scores: score,
    tiles: Uint32Array.from(tiles),
    valueTiles: Uint32Array.from(valueTiles),
    scoreRows: Uint32Array.from(scoreRows),
    bounds: Uint32Array.from(bounds),
    mask: Uint32Array.from(mask),
  };
}

/** Slots of the distances from −reach to reach: rising, several distances to a slot, as DeBERTa's buckets are. */
export function risingSlots(reach: number, slots: number): Uint32Array {
  return Uint32Array.from({ length: 2 * reach + 1 }, (_, at) =>
    Math.floor((at * (slots - 1)) / Math.max(1, 2 * reach)),
  );
}
