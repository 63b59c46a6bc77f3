// The sizes of a batch, which are all that a graph knows of it: the exact lengths travel in tables.
import type { RelativeForm } from "../../kernels/attention-scores.js";
import type { Value } from "../../runtime/graph.js";

/** Sizes of one block of queries, rounded up so that plans are shared; the tables themselves are inputs of a run. */
export interface BlockShape {
  readonly tiles: number;
  readonly valueTiles: number;
  readonly scoreRows: number;
  readonly scores: number;
  /** Σ queries · keys, for profiles. */
  readonly pairs: number;
  /** Packed rows [from, to) that hold the block's queries. */
  readonly rows: readonly [from: number, to: number];
}

/** The queries of an attention: all packed rows, or rows that were asked for. */
export interface QueryShape {
  readonly name: "all" | "asked";
  readonly rows: number;
  readonly blocks: readonly BlockShape[];
}

/** What a plan knows of a batch: sizes only. Plans are cached by it. */
export interface BatchShape {
  /** T, packed rows. */
  readonly rows: number;
  readonly all: QueryShape;
  readonly asked?: QueryShape;
  readonly form: RelativeForm;
  /** 32-bit words of the pair mask; 0 when every query may see every key. */
  readonly maskWords: number;
}

/** How far the relative slots reach, which rows mean something, and what is looked at. */
export interface EncoderContext {
  readonly shape: BatchShape;
  /** Distance beyond which the slot is constant. */
  readonly reach: number;
  /** [T] of 0 and 1, where some packed rows are masked. */
  readonly keepRows: Value | undefined;
  /** Layers whose terms of the scores are computed apart, too. */
  readonly terms: readonly number[];
}
