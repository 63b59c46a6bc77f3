// Truncation and windows. The two tokenizers cut differently: the slow one removes ids and keeps what it removed in one
// flat list, the fast one cuts each text into overlapping windows. Sources: Transformers 4.57
// `tokenization_utils_base.py` (truncate_sequences), tokenizers 0.22 `utils/truncation.rs` and `processors/template.rs`.
import type { Side, TruncationStrategy } from "./encoding.js";
import { noTokens, sliceTokens, type Tokens } from "./tokens.js";

/** A resolved request: `budget` is the number of tokens that both texts together may have. */
export interface Truncation {
  readonly strategy: Exclude<TruncationStrategy, "do_not_truncate">;
  readonly budget: number;
  readonly stride: number;
  readonly side: Side;
}

/** What the slow tokenizer keeps, and what it reports as `overflowing_tokens`. */
export interface SlowCut {
  readonly sequences: readonly Tokens[];
  readonly overflow: Tokens;
}

/** Cuts as the slow tokenizer does. What cannot be cut as asked is returned whole. */
export function truncateSlow(sequences: readonly Tokens[], { strategy, budget, stride, side }: Truncation): SlowCut {
  const lengths = sequences.map(({ ids }) => ids.length);
  const excess = lengths.reduce((sum, length) => sum + length) - budget;
  const none = noTokens(sequences[0]!.words !== undefined);
  if (excess <= 0) return { sequences, overflow: none };
  const keep = (sequence: Tokens, count: number): Tokens =>
    side === "right"
      ? sliceTokens(sequence, 0, Math.max(0, count))
      : sliceTokens(sequence, sequence.ids.length - Math.max(0, count));

  if (strategy === "longest_first" && sequences.length === 2) {
    const [a, b] = lengths as [number, number];
    const fromLonger = Math.min(Math.abs(a - b), excess);
    const rest = excess - fromLonger;
    const half = Math.floor(rest / 2);
    const [fromA, fromB] = a > b ? [fromLonger + half, rest - half] : [half, fromLonger + rest - half];
    return { sequences: [keep(sequences[0]!, a - fromA), keep(sequences[1]!, b - fromB)], overflow: none };
  }
  const which = strategy === "only_second" ? 1 : 0;
  const target = sequences[which];
  if (!target || target.ids.length <= excess) return { sequences, overflow: none };
  const cutOff = Math.min(target.ids.length, stride + excess);
  return {
    sequences: sequences.with(which, keep(target, target.ids.length - excess)),
    overflow: side === "right" ? sliceTokens(target, target.ids.length - cutOff) : sliceTokens(target, 0, cutOff),
  };
}

/**
 * Cuts as the fast tokenizer does and gives the combinations of windows in its order; the first is the main one.
 * Throws RangeError where it throws or panics.
 */
export function truncateFast(sequences: readonly Tokens[], truncation: Truncation): (readonly Tokens[])[] {
  const lengths = sequences.map(({ ids }) => ids.length);
  const [first, second] = keptLengths(lengths, truncation);
  const a = windows(sequences[0]!, first!, truncation);
  if (sequences.length === 1) return a.map((window) => [window]);
  const b = windows(sequences[1]!, second!, truncation);
  const [mainA, ...moreA] = a;
  const [mainB, ...moreB] = b;
  return [
    [mainA!, mainB!],
    ...moreA.flatMap((window) => b.map((other) => [window, other])),
    ...moreB.map((other) => [mainA!, other]),
  ];
}

/** How many tokens a window of each text may have. */
function keptLengths(lengths: readonly number[], { strategy, budget }: Truncation): readonly number[] {
  const excess = lengths.reduce((sum, length) => sum + length) - budget;
  if (budget === 0) return lengths.map(() => 0);
  if (excess <= 0) return lengths;
  if (strategy === "longest_first") {
    if (lengths.length === 1) return [budget];
    const swap = lengths[0]! > lengths[1]!;
    let shorter = Math.min(...lengths);
    let longer = shorter > budget ? shorter : Math.max(shorter, budget - shorter);
    if (shorter + longer > budget) {
      shorter = Math.floor(budget / 2);
      longer = shorter + (budget % 2);
    }
    return swap ? [longer, shorter] : [shorter, longer];
  }
  const which = strategy === "only_second" ? 1 : 0;
  const length = lengths[which];
  if (length === undefined) throw new RangeError('truncation "only_second" needs a second text');
  if (length <= excess)
    throw new RangeError(
      `truncation "${strategy}": that text has ${length} tokens, but ${excess} must go to keep ${budget} in all`,
    );
  return lengths.with(which, length - excess);
}

function windows(sequence: Tokens, length: number, { stride, side }: Truncation): Tokens[] {
  const total = sequence.ids.length;
  if (length >= total) return [sequence];
  if (length === 0) return [noTokens(sequence.words !== undefined), sequence];
  if (stride >= length) throw new RangeError(`stride ${stride} must be smaller than the window of ${length} tokens`);
  const result: Tokens[] = [];
  for (let cut = 0; ; cut += length - stride) {
    const [start, end] =
      side === "right" ? [cut, Math.min(cut + length, total)] : [Math.max(0, total - cut - length), total - cut];
    result.push(sliceTokens(sequence, start, end));
    if (side === "right" ? end === total : start === 0) return result;
  }
}
