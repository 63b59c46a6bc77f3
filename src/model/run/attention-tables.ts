// From sequences to the tables that attention reads: where each sequence lies in the packed rows, which tiles cover its
// scores, which pairs are masked. Sizes are rounded here, so that batches of nearly equal size share a plan. Pure.
import { type RelativeForm, scoreTileSize, TILE_FIELDS } from "../../kernels/attention-scores.js";
import { valueTileSize } from "../../kernels/attention-values.js";
import { type Capabilities, padded } from "../../kernels/kernel.js";
import { SCORE_ROW_FIELDS } from "../../kernels/softmax.js";
import type { BatchShape, BlockShape, QueryShape } from "../deberta/shape.js";
import type { AskedRow, Sequence } from "./sequences.js";

/** Sizes and settings that packing depends on. */
export interface PackOptions {
  readonly heads: number;
  /** Relative slots; 0 without relative terms. */
  readonly slots: number;
  /** Sequences longer than this use the gather form. */
  readonly gatherFrom: number;
  /** Scores of one block of queries, in bytes. */
  readonly scoreBytes: number;
}

/** A packed batch: sizes (which key the plan) and tables (inputs of the run, by name). */
export interface PackedBatch {
  readonly shape: BatchShape;
  readonly tables: Record<string, Uint32Array | Float32Array>;
  /** First packed row of each sequence. */
  readonly firstRows: readonly number[];
  /** Where each sequence's probabilities lie: its query ranges with block, offset and stride between heads. */
  readonly scoreRanges: readonly ScoreRange[][];
}

/** Query rows [from, to) of a sequence: scores [H, to − from, length rounded up to 4] at `score` of block `block`. */
export interface ScoreRange {
  readonly block: number;
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

interface Segment {
  readonly sequence: number;
  readonly keyRow: number;
  readonly length: number;
  /** Row in the query matrix, column in the sequence, number of queries. */
  readonly queryRow: number;
  readonly column: number;
  readonly count: number;
  readonly mask: number;
}

/** Rounds a table's size up by at most an eighth, so that batches of nearly equal size share a plan. */
function rounded(count: number): number {
  const step = Math.max(4, 2 ** Math.floor(Math.log2(Math.max(1, count))) / 8);
  return Math.ceil(count / step) * step;
}

export function packBatch(
  sequences: readonly Sequence[],
  asked: readonly AskedRow[] | undefined,
  device: Capabilities,
  options: PackOptions,
): PackedBatch {
  const firstRows: number[] = [];
  let total = 0;
  for (const { length } of sequences) {
    firstRows.push(total);
    total += length;
  }
  const rows = padded(Math.max(1, total), 16);
  const masked = sequences.some(({ pairs }) => pairs !== undefined);
  const longest = Math.max(1, ...sequences.map(({ length }) => length));
  const tables: Record<string, Uint32Array | Float32Array> = {};

  const bounds = new Uint32Array(rows * 2);
  const keepRows = new Float32Array(rows);
  const maskStarts: number[] = [];
  let maskWords = 0;
  sequences.forEach(({ length, real }, index) => {
    const first = firstRows[index]!;
    for (let i = 0; i < length; i++) {
      bounds[2 * (first + i)] = first;
      bounds[2 * (first + i) + 1] = first + length;
      keepRows[first + i] = real ? real[i]! : 1;
    }
    maskStarts.push(maskWords);
    if (masked) maskWords += length * Math.ceil(length / 32);
  });
  tables["bounds"] = bounds;
  if (masked) {
    maskWords = rounded(maskWords);
    tables["keepRows"] = keepRows;
    tables["all.mask"] = pairBits(sequences, maskStarts, maskWords);
  }

  const segments = sequences.map(({ length }, sequence): Segment => ({
    sequence,
    keyRow: firstRows[sequence]!,
    length,
    queryRow: firstRows[sequence]!,
    column: 0,
    count: length,
    mask: maskStarts[sequence]!,
  }));
  const perRow = (length: number) => 4 * options.heads * Math.max(padded(length, 4), options.slots);
  const keyProducts = 4 * options.heads * options.slots * rows;
  const gathers = options.slots > 0 && longest > options.gatherFrom && keyProducts <= device.bindingBytes;
  const form: RelativeForm = options.slots === 0 ? "none" : gathers ? "gather" : "tile";
  const all = blocksOf("all", rows, segments, device, options, perRow, tables);
  tables["all.rows"] = Uint32Array.from({ length: rows }, (_, row) => row);

  let askedShape: QueryShape | undefined;
  if (asked) {
    const queryRows = rounded(Math.max(1, asked.length));
    const index = new Uint32Array(queryRows);
    const single = asked.map(({ sequence, column }, row): Segment => {
      const segment = segments[sequence]!;
      index[row] = segment.keyRow + column;
      const words = Math.ceil(segment.length / 32);
      return { ...segment, queryRow: row, column, count: 1, mask: segment.mask + column * words };
    });
    tables["asked.rows"] = index;
    if (masked) tables["asked.mask"] = tables["all.mask"]!;
    askedShape = blocksOf("asked", queryRows, single, device, options, perRow, tables).shape;
  }
  return {
    shape: { rows, all: all.shape, ...(askedShape ? { asked: askedShape } : {}), form, maskWords },
    tables,
    firstRows,
    scoreRanges: all.ranges,
  };
}

/** One bit per pair of columns; sequences without a mask see everything. */
function pairBits(sequences: readonly Sequence[], starts: readonly number[], words: number): Uint32Array {
  const bits = new Uint32Array(words);
  sequences.forEach(({ length, pairs }, index) => {
    const perRow = Math.ceil(length / 32);
    for (let i = 0; i < length; i++) {
      const start = starts[index]! + i * perRow;
      for (let j = 0; j < length; j++) {
        if (!pairs || pairs[i * length + j]) bits[start + (j >> 5)]! |= 1 << (j & 31);
      }
    }
  });
  return bits;
}

/** Cuts the segments into blocks of bounded score memory and writes their tables. */
function blocksOf(
  name: QueryShape["name"],
  rows: number,
  segments: readonly Segment[],
  device: Capabilities,
  options: PackOptions,
  bytesPerRow: (length: number) => number,
  tables: Record<string, Uint32Array | Float32Array>,
): { shape: QueryShape; ranges: ScoreRange[][] } {
  const single = name === "asked";
  const tile = scoreTileSize(device, single);
  const budget = Math.min(options.scoreBytes, device.bindingBytes);
  const mostTiles = device.workgroupsPerDimension * 0.8; // rounding adds up to an eighth
  const blocks: Segment[][] = [[]];
  let used = 0;
  for (const segment of segments) {
    const tilesPerRow = Math.ceil(segment.length / tile.keys) / Math.min(tile.queries, segment.count);
    const perRow = Math.max(bytesPerRow(segment.length) / budget, tilesPerRow / mostTiles);
    for (let at = 0; at < segment.count;) {
      let count = Math.min(segment.count - at, Math.floor((1 - used) / perRow));
      // A cut inside a sequence falls on a tile's edge.
      if (at + count < segment.count) count -= count % tile.queries;
      if (count <= 0 && used > 0) {
        blocks.push([]);
        used = 0;
        continue;
      }
      count = Math.max(count, Math.min(tile.queries, segment.count - at));
      const words = Math.ceil(segment.length / 32);
      blocks.at(-1)!.push({
        ...segment,
        queryRow: segment.queryRow + at,
        column: segment.column + at,
        count,
        mask: segment.mask + at * words,
      });
      used += count * perRow;
      at += count;
    }
  }
  const ranges: ScoreRange[][] = [];
  const shapes = blocks.map((block, index) =>
    blockTables(`${name}.${index}`, index, block, single, device, options.heads, tables, ranges),
  );
  return { shape: { name, rows, blocks: shapes }, ranges };
}

function blockTables(
  name: string,
  index: number,
  segments: readonly Segment[],
  single: boolean,
  device: Capabilities,
  heads: number,
  tables: Record<string, Uint32Array | Float32Array>,
  ranges: ScoreRange[][],
): BlockShape {
  const tile = scoreTileSize(device, single);
  const valueTile = valueTileSize(device, single);
  const sum = (of: (segment: Segment) => number) => segments.reduce((total, segment) => total + of(segment), 0);
  const queryTiles = (count: number, size: number) => Math.ceil(count / size);
  const tileCount = rounded(
    sum(({ count, length }) => queryTiles(count, tile.queries) * Math.ceil(length / tile.keys)),
  );
  const valueTileCount = rounded(sum(({ count }) => queryTiles(count, valueTile.queries)));
  const rowCount = rounded(sum(({ count }) => count));
  const tiles = new Uint32Array(tileCount * TILE_FIELDS.length);
  const valueTiles = new Uint32Array(valueTileCount * TILE_FIELDS.length);
  const scoreRows = new Uint32Array(rowCount * SCORE_ROW_FIELDS.length);
  let score = 0;
  let tileAt = 0;
  let valueAt = 0;
  let rowAt = 0;
  for (const { sequence, keyRow, length, queryRow, column, count, mask } of segments) {
    const stride = padded(length, 4);
    const headStride = count * stride;
    const words = Math.ceil(length / 32);
    const entry = (from: number, key: number) => [
      queryRow + from,
      count - from,
      column + from,
      keyRow,
      key,
      length,
      score + from * stride,
      headStride,
      mask + from * words,
    ];
    for (let from = 0; from < count; from += tile.queries) {
      for (let key = 0; key < length; key += tile.keys) {
        tiles.set(entry(from, key), tileAt);
        tileAt += TILE_FIELDS.length;
      }
    }
    for (let from = 0; from < count; from += valueTile.queries) {
      valueTiles.set(entry(from, 0), valueAt);
      valueAt += TILE_FIELDS.length;
    }
    for (let row = 0; row < count; row++) {
      scoreRows.set([score + row * stride, headStride, length], rowAt);
      rowAt += SCORE_ROW_FIELDS.length;
    }
    (ranges[sequence] ??= []).push({ block: index, from: column, to: column + count, score });
    score += heads * headStride;
  }
  tables[`${name}.tiles`] = tiles;
  tables[`${name}.valueTiles`] = valueTiles;
  tables[`${name}.scoreRows`] = scoreRows;
  const last = segments.at(-1);
  return {
    tiles: tileCount,
    valueTiles: valueTileCount,
    scoreRows: rowCount,
    scores: rounded(Math.max(4, score)),
    pairs: sum(({ count, length }) => count * length),
    rows: segments.length > 0 ? [segments[0]!.queryRow, last!.queryRow + last!.count] : [0, 1],
  };
}
