// From a model's logits to probabilities and rankings: plain functions over plain arrays, in float64.

/** exp(x) / sum(exp(x)), computed from differences to the largest logit, so that large logits do not overflow. */
export function softmax(logits: ArrayLike<number>): number[] {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) largest = Math.max(largest, logits[i]!);
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  let total = 0;
  for (const power of powers) total += power;
  for (let i = 0; i < powers.length; i++) powers[i]! /= total;
  return powers;
}

/** 1 / (1 + exp(-x)) of each logit by itself. */
export function sigmoid(logits: ArrayLike<number>): number[] {
  return Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}

/** Indexes of the `count` largest scores, best first; equal ones keep their order. `null` means all. */
export function topIndexes(scores: ArrayLike<number>, count: number | null): number[] {
  const isBetter = (a: number, b: number): boolean => scores[a]! > scores[b]! || (scores[a] === scores[b] && a < b);
  if (count === null || count > MOST_SELECTED)
    return Array.from(scores, (_, index) => index)
      .sort((a, b) => (isBetter(a, b) ? -1 : 1))
      .slice(0, count ?? undefined);
  // A vocabulary is not sorted for a few of its words: each is compared with the worst of those kept.
  const best: number[] = [];
  for (let index = 0; index < scores.length; index++) {
    if (best.length === count && !isBetter(index, best[count - 1]!)) continue;
    if (best.length === count) best.pop();
    let at = best.length;
    while (at > 0 && isBetter(index, best[at - 1]!)) at--;
    best.splice(at, 0, index);
  }
  return best;
}

/** More are found faster by sorting all. */
const MOST_SELECTED = 100;

/** Index of the largest value; of equal ones the first. */
export function largestIndex(values: ArrayLike<number>): number {
  let largest = 0;
  for (let index = 1; index < values.length; index++) if (values[index]! > values[largest]!) largest = index;
  return largest;
}

/** Checks a caller's `topK`: a positive integer, or null for all. */
export function checkTopK(topK: number | null | undefined): void {
  if (topK != null && !(Number.isInteger(topK) && topK > 0))
    throw new RangeError(`topK is ${topK}: it must be a positive integer, or null for all`);
}
