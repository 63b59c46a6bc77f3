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
  /** First word of the mask of its first query, and words from one query to the next. */
  readonly mask: number;
  readonly maskStride: number;
}

/**
 * Packed rows of a plan: at most an eighth more than there are. Plans are found again only if few sizes lead to different ones.
 */
export function rowClass(count: number): number {
  return padded(Math.max(1, count), Math.max(16, 2 ** Math.floor(Math.log2(Math.max(1, count))) / 8));
}

const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, count)));

/** Entries of a table: a power of two and at least 4, but no more than `most` unless need be. */
function sizeClass(count: number, most = Infinity): number {
  return Math.max(count, Math.min(most, Math.max(4, powerOfTwo(count))));
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
  const rows = rowClass(total);
  const masked = sequences.some(({ pairs, real }) => pairs !== undefined || real !== undefined);
  const longest = sequences.reduce((most, { length }) => Math.max(most, length), 1);
  const tables: Record<string, Uint32Array | Float32Array> = {};

  const bounds = new Uint32Array(rows * 2);
  const keepRows = new Float32Array(rows);
  const masks: { start: number; stride: number }[] = [];
  let maskWords = 0;
  sequences.forEach(({ length, real, pairs }, index) => {
    const first = firstRows[index]!;
    for (let i = 0; i < length; i++) {
      bounds[2 * (first + i)] = first;
      bounds[2 * (first + i) + 1] = first + length;
      keepRows[first + i] = real ? real[i]! : 1;
    }
    const words = Math.ceil(length / 32);
    masks.push({ start: maskWords, stride: pairs ? words : 0 });
    if (masked) maskWords += pairs ? length * words : words;
  });
  tables["bounds"] = bounds;
  if (masked) {
    maskWords = sizeClass(maskWords);
    tables["keepRows"] = keepRows;
    tables["mask"] = visibleBits(sequences, masks, maskWords);
  }

  const segments = sequences.map(({ length }, sequence): Segment => ({
    sequence,
    keyRow: firstRows[sequence]!,
    length,
    queryRow: firstRows[sequence]!,
    column: 0,
    count: length,
    mask: masks[sequence]!.start,
    maskStride: masks[sequence]!.stride,
  }));
  const keyProducts = 4 * options.heads * options.slots * rows;
  const gathers = options.slots > 0 && longest > options.gatherFrom && keyProducts <= device.bindingBytes;
  const form: RelativeForm = options.slots === 0 ? "none" : gathers ? "gather" : "tile";
  const layout = {
    device,
    options,
    slots: gathers ? options.slots : 0,
    tables,
    sequences: powerOfTwo(sequences.length),
    packedRows: rows,
  };
  const all = blocksOf("all", rows, segments, layout);
  tables["all.rows"] = Uint32Array.from({ length: rows }, (_, row) => row);

  let askedShape: QueryShape | undefined;
  if (asked) {
    const queryRows = sizeClass(asked.length);
    const index = new Uint32Array(queryRows);
    const single = asked.map(({ sequence, column }, row): Segment => {
      const segment = segments[sequence]!;
      index[row] = segment.keyRow + column;
      return { ...segment, queryRow: row, column, count: 1, mask: segment.mask + column * segment.maskStride };
    });
    tables["asked.rows"] = index;
    askedShape = blocksOf("asked", queryRows, single, layout).shape;
  }
  return {
    shape: { rows, all: all.shape, ...(askedShape ? { asked: askedShape } : {}), form, maskWords },
    tables,
    firstRows,
    scoreRanges: all.ranges,
  };
}

/** What columns may be seen, one bit each: a row of bits for every query, or one for all of them (stride 0). */
function visibleBits(
  sequences: readonly Sequence[],
  masks: readonly { readonly start: number; readonly stride: number }[],
  words: number,
): Uint32Array {
  const bits = new Uint32Array(words);
  sequences.forEach(({ length, pairs, real }, index) => {
    const { start, stride } = masks[index]!;
    const visible = pairs ?? real;
    for (let i = 0; i < (pairs ? length : 1); i++) {
      for (let j = 0; j < length; j++) {
        if (!visible || visible[i * length + j]) bits[start + i * stride + (j >> 5)]! |= 1 << (j & 31);
      }
    }
  });
  return bits;
}

/** What all blocks have in common. */
interface BlockLayout {
  readonly device: Capabilities;
  readonly options: PackOptions;
  /** Products with slots that are kept for every query row; 0 where scores are all that is. */
  readonly slots: number;
  readonly tables: Record<string, Uint32Array | Float32Array>;
  /** Sequences of the batch, as a power of two, and its packed rows. */
  readonly sequences: number;
  readonly packedRows: number;
}

/** Cuts the queries into blocks of rows of bounded score memory and writes their tables. */
function blocksOf(
  name: QueryShape["name"],
  rows: number,
  segments: readonly Segment[],
  layout: BlockLayout,
): { shape: QueryShape; ranges: ScoreRange[][] } {
  const { device, options, slots, sequences } = layout;
  const tile = scoreTileSize(device, name === "asked");
  const longest = segments.reduce((most, { length }) => Math.max(most, length), 1);
  const keys = sequences === 1 ? rowClass(longest) : sizeClass(longest);
  const budget = Math.min(options.scoreBytes, device.bindingBytes);
  const bytesPerRow = (length: number) => 4 * options.heads * Math.max(padded(length, 4), slots);
  const tilesPerRow = (length: number) => Math.ceil(length / tile.keys) / tile.queries;
  const sum = (perRow: (length: number) => number) =>
    segments.reduce((total, { count, length }) => total + count * perRow(length), 0);
  const most = device.workgroupsPerDimension / 2; // tables are rounded up
  let perBlock = rows;
  if (sum(bytesPerRow) > budget || sum(tilesPerRow) > most) {
    // Cut at rows that depend on classes of sizes only, so that requests of nearly equal size are cut alike.
    const fit = Math.min(budget / bytesPerRow(keys), most / tilesPerRow(keys));
    perBlock = Math.max(tile.queries, Math.floor(fit / tile.queries) * tile.queries);
  }
  const ranges: ScoreRange[][] = [];
  const shapes: BlockShape[] = [];
  for (let from = 0; from < rows; from += perBlock) {
    const to = Math.min(rows, from + perBlock);
    const own = segments.flatMap((segment): Segment[] => {
      const first = Math.max(from, segment.queryRow);
      const count = Math.min(to, segment.queryRow + segment.count) - first;
      const at = first - segment.queryRow;
      const mask = segment.mask + at * segment.maskStride;
      return count > 0 ? [{ ...segment, queryRow: first, column: segment.column + at, count, mask }] : [];
    });
    const isCut = perBlock < rows;
    shapes.push(blockTables(name, shapes.length, [from, to], own, isCut || sequences === 1 ? keys : 0, layout, ranges));
  }
  return { shape: { name, rows, blocks: shapes }, ranges };
}

/**
 * Sizes of a block's tables: bounds that hold for every batch of the same classes. `keys` bounds the length of its sequences;
 * 0: their pairs are counted instead.
 */
function blockTables(
  set: QueryShape["name"],
  index: number,
  rows: readonly [from: number, to: number],
  segments: readonly Segment[],
  keys: number,
  { device, options, tables, sequences, packedRows }: BlockLayout,
  ranges: ScoreRange[][],
): BlockShape {
  const name = `${set}.${index}`;
  const single = set === "asked";
  const tile = scoreTileSize(device, single);
  const valueTile = valueTileSize(device, single);
  const count = rows[1] - rows[0];
  const pairs = segments.reduce((sum, segment) => sum + segment.count * padded(segment.length, 4), 0);
  const mostPairs = Math.floor(device.bindingBytes / (16 * options.heads)) * 4;
  const scores = keys > 0 ? count * padded(keys, 4) : sizeClass(pairs, mostPairs);
  // Σ ⌈c / q⌉ ⌈l / k⌉ ≤ Σ (c / q + 1) (l / k + 1), for c queries and l keys of a sequence; an asked row is a tile's only query.
  const edges = Math.ceil(count / tile.queries) + Math.ceil(packedRows / tile.keys) + sequences;
  const tileCount = single
    ? Math.ceil(scores / tile.keys) + count
    : sequences === 1
      ? Math.ceil(count / tile.queries) * Math.ceil(keys / tile.keys)
      : Math.ceil(scores / (tile.queries * tile.keys)) + edges;
  const valueTileCount = single ? count : Math.ceil(count / valueTile.queries) + (sequences === 1 ? 0 : sequences);
  const tileTable = new Uint32Array(tileCount * TILE_FIELDS.length);
  const valueTiles = new Uint32Array(valueTileCount * TILE_FIELDS.length);
  const scoreRows = new Uint32Array(count * SCORE_ROW_FIELDS.length);
  let score = 0;
  let tileAt = 0;
  let valueAt = 0;
  let rowAt = 0;
  for (const { sequence, keyRow, length, queryRow, column, count, mask, maskStride } of segments) {
    const stride = padded(length, 4);
    const headStride = count * stride;
    const entry = (from: number, key: number) => [
      queryRow + from,
      count - from,
      column + from,
      keyRow,
      key,
      length,
      score + from * stride,
      headStride,
      mask + from * maskStride,
      maskStride,
    ];
    for (let from = 0; from < count; from += tile.queries) {
      for (let key = 0; key < length; key += tile.keys) {
        tileTable.set(entry(from, key), tileAt);
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
    score += options.heads * headStride;
  }
  tables[`${name}.tiles`] = tileTable;
  tables[`${name}.valueTiles`] = valueTiles;
  tables[`${name}.scoreRows`] = scoreRows;
  return {
    tiles: tileCount,
    valueTiles: valueTileCount,
    scoreRows: count,
    scores: options.heads * scores,
    pairs: segments.reduce((sum, segment) => sum + segment.count * segment.length, 0),
    rows,
  };
}
