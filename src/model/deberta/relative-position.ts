// Relative positions: from the distance δ = i − j of two columns (query − key) to the row ("slot") of the relative table.
// Rows 0 … S − 1 with S = 2·span; δ = 0 is row `span`. Pure; the same for every layer and every sequence.
//
// With buckets, near distances have a row each and far ones share rows by their logarithm:
//   mid = ⌊buckets/2⌋;  |δ| ≤ mid: b = δ;  else b = sign(δ) · (⌈ln(|δ|/mid) / ln((range−1)/mid) · (mid−1)⌉ + mid)
//   slot = clamp(b + span, 0, S − 1); without buckets b = δ.
import type { DebertaV2Config } from "./config.js";

/** The fields of a config that decide about relative positions. */
export type RelativePositions = Pick<
  DebertaV2Config,
  "relativeAttention" | "posAttType" | "positionBuckets" | "range" | "span" | "relativeSlots"
>;

const f32 = Math.fround;

/**
 * The signed log bucket of a signed distance. Rounds to float32 after every step, as Transformers computes it: float64 gives
 * another bucket for some distance in 90 of 10 854 pairs of buckets and range.
 * @param delta query column − key column
 * @param buckets position_buckets, at least 2
 * @param range the largest relative position plus one (max_relative_positions, resolved); above ⌊buckets/2⌋ + 1
 *   wherever |delta| > ⌊buckets/2⌋
 */
export function logBucket(delta: number, buckets: number, range: number): number {
  const mid = buckets >> 1;
  const distance = Math.abs(delta);
  if (distance <= mid) return delta;
  const share = f32(f32(Math.log(f32(distance / mid))) / f32(Math.log(f32((range - 1) / mid))));
  const bucket = Math.ceil(f32(share * (mid - 1))) + mid;
  return delta < 0 ? -bucket : bucket;
}

/** The row of the relative table for the distance `delta` = query column − key column; 0 … S − 1. */
export function slotOf(config: RelativePositions, delta: number): number {
  const { positionBuckets, range, span } = config;
  const bucket = positionBuckets > 0 ? logBucket(delta, positionBuckets, range) : delta;
  return Math.min(Math.max(bucket + span, 0), 2 * span - 1);
}

/**
 * The largest number of columns between which every distance has a bucket: Infinity for nearly every model. Where
 * range − 1 ≤ ⌊buckets/2⌋ the formula divides by a logarithm that is 0 or negative, so only distances up to ⌊buckets/2⌋ exist.
 */
export function maxColumns(config: RelativePositions): number {
  const { relativeAttention, posAttType, positionBuckets, range } = config;
  if (!relativeAttention || posAttType.length === 0 || positionBuckets <= 0) return Infinity;
  const mid = positionBuckets >> 1;
  return range - 1 <= mid ? mid + 1 : Infinity;
}

/** The slots of all distances: `table[clamp(delta, -reach, reach) + reach]`. */
export interface SlotTable {
  /** [2 · reach + 1] rows of the relative table. */
  readonly table: Uint32Array;
  /** The smallest distance from which on, on either side, every distance has the same slot. */
  readonly reach: number;
}

/**
 * The slot of every distance between `columns` columns. The default serves inputs that are longer than a device's memory
 * allows; it bounds the table where buckets grow without end (odd position_buckets, huge ranges).
 */
export function slotTable(config: RelativePositions, columns = 65_536): SlotTable {
  if (config.relativeSlots === 0) return { table: new Uint32Array(1), reach: 0 };
  const farthest = Math.min(columns, maxColumns(config)) - 1;
  const isConstantFrom = (distance: number): boolean =>
    slotOf(config, distance) === slotOf(config, farthest) && slotOf(config, -distance) === slotOf(config, -farthest);
  // Slots never fall with growing distance, so the first constant distance can be searched by halving.
  let reach = farthest;
  for (let low = 0; low < reach;) {
    const middle = (low + reach) >> 1;
    if (isConstantFrom(middle)) reach = middle;
    else low = middle + 1;
  }
  const table = Uint32Array.from({ length: 2 * reach + 1 }, (_, index) => slotOf(config, index - reach));
  return { table, reach };
}
