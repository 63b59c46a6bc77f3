// Which columns of a request become packed rows. Padding never does: a contiguous run of attended columns is packed as a
// shorter sequence; only masks with holes, 3-D masks and masked first columns keep all their columns and get a pair mask.
import type { CheckedRow } from "../inputs/types.js";

/** One sequence as it is packed. */
export interface Sequence {
  /** Its index in the request. */
  readonly source: number;
  /** First column that is kept, and how many from there on. */
  readonly from: number;
  readonly length: number;
  /** What query column i (of those kept) may see: [length, length] of 0 and 1. Absent: all real columns. */
  readonly pairs?: Uint8Array;
  /** Kept columns that are real: [length] of 0 and 1. Absent: all. */
  readonly real?: Uint8Array;
}

/**
 * Which columns of a row are packed; undefined when none is attended. `keepsFirst`: a head reads the first column even if it is
 * masked; such a row then attends uniformly to all columns, as in Transformers, and so needs them all.
 */
export function sequenceOf(row: CheckedRow, source: number, keepsFirst: boolean): Sequence | undefined {
  const { length, mask, pairMask } = row;
  if (pairMask) return { source, from: 0, length, pairs: pairMask, ...(mask ? { real: mask } : {}) };
  if (!mask) return { source, from: 0, length };
  const first = mask.indexOf(1);
  const last = mask.lastIndexOf(1);
  const whole = keepsFirst && mask[0] === 0;
  if (first < 0 && !whole) return undefined;
  const from = whole ? 0 : first;
  const real = whole ? mask : mask.subarray(first, last + 1);
  if (!real.includes(0)) return { source, from, length: real.length };
  if (!whole) return { source, from, length: real.length, real };
  // The row that the head reads looks at all columns alike, so one set of visible columns for all rows does not do.
  const pairs = new Uint8Array(real.length * real.length);
  real.forEach((seesAny, i) => {
    if (seesAny) pairs.set(real, i * real.length);
  });
  return { source, from, length: real.length, pairs, real };
}

/** Queries asked for: a packed sequence (its index in the batch) and a column of those it keeps. */
export interface AskedRow {
  readonly sequence: number;
  readonly column: number;
}
