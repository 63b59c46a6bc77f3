// From a model's logits to probabilities and rankings: plain functions over plain arrays, in float64.

/** exp(x) / sum(exp(x)), computed from differences to the largest logit, so that large logits do not overflow. */
export function softmax(logits: ArrayLike<number>): number[] {
  const values = Array.from(logits);
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = values.map((logit) => Math.exp(logit - largest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** 1 / (1 + exp(-x)) of each logit by itself. */
export function sigmoid(logits: ArrayLike<number>): number[] {
  return Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}

/** Indexes of the `count` largest scores, best first; equal ones keep their order. `null` means all. */
export function topIndexes(scores: ArrayLike<number>, count: number | null): number[] {
  const order = Array.from(scores, (_, index) => index).sort((a, b) => scores[b]! - scores[a]!);
  return count === null ? order : order.slice(0, count);
}

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
