// The losses of the heads, by Transformers' formulas with their odd cases. On the host, in float64: a loss is one number
// over logits that have been read back anyway. Labels come from checkInputs, so shapes and values fit.
import type { NumberArray } from "./inputs/arrays.js";
import type { DebertaV2Config } from "./deberta/config.js";
import { IGNORED_LABEL } from "./inputs/labels.js";

/**
 * Masked LM: mean of −log softmax(logits)[label] over the labels that are not −100; NaN if all are.
 * @param logits [B, N, V]
 * @param labels [B, N]
 */
export function maskedLmLoss(logits: Float32Array, labels: NumberArray): number {
  return crossEntropy(logits, labels.data);
}

/**
 * Token classification: as `maskedLmLoss`, over all B · N columns.
 * @param logits [B, N, C]
 * @param labels [B, N]
 */
export function tokenClassificationLoss(logits: Float32Array, labels: NumberArray): number {
  return crossEntropy(logits, labels.data);
}

/**
 * Multiple choice: as `maskedLmLoss`, the choices being the classes.
 * @param logits [B, A]
 * @param labels [B]
 */
export function multipleChoiceLoss(logits: Float32Array, labels: NumberArray): number {
  return crossEntropy(logits, labels.data);
}

/**
 * Sequence classification, by `problem_type`; without one by the number of labels and their shape.
 * @param logits [B, C]
 * @param labels [B] or [B, C], as `checkInputs` lets them pass
 */
export function sequenceClassificationLoss(
  logits: Float32Array,
  config: Pick<DebertaV2Config, "problemType" | "numLabels">,
  labels: NumberArray,
): number {
  const { problemType, numLabels } = config;
  switch (problemType) {
    case "regression":
      return meanSquaredError(logits, labels.data);
    case "single_label_classification":
      return crossEntropy(logits, labels.data);
    case "multi_label_classification":
      return binaryCrossEntropy(logits, labels.data);
    case null: {
      if (numLabels === 1) return meanSquaredError(logits, labels.data);
      if (labels.data.length === logits.length) return softCrossEntropy(logits, numLabels, labels.data);
      // Here every negative label is skipped, and a batch of nothing else costs 0 instead of NaN.
      const classes = labels.data.map((label) => (label < 0 ? IGNORED_LABEL : Math.trunc(label)));
      return classes.every((label) => label === IGNORED_LABEL) ? 0 : crossEntropy(logits, classes);
    }
  }
}

/**
 * Question answering: the mean of the losses of first and last columns; NaN if all of one kind lie outside. A position before
 * the first column counts as 0, one behind the last is skipped. The softmax runs over the columns that a row has logits of:
 * Transformers' runs over padding too, which is never computed here, so the two are equal for batches without padding.
 * @param startLogits [B, N]
 * @param endLogits [B, N]
 * @param rows the columns [first, end) of each sequence that have logits
 */
export function questionAnsweringLoss(
  startLogits: Float32Array,
  endLogits: Float32Array,
  rows: readonly { readonly first: number; readonly end: number }[],
  startPositions: ArrayLike<number>,
  endPositions: ArrayLike<number>,
): number {
  const columns = startLogits.length / rows.length;
  const positionLoss = (logits: Float32Array, positions: ArrayLike<number>): number =>
    mean(
      rows.flatMap(({ first, end }, row) => {
        const position = Math.max(0, positions[row]!);
        if (position < first || position >= end) return [];
        return [negativeLogSoftmax(logits.subarray(row * columns + first, row * columns + end), position - first)];
      }),
    );
  return (positionLoss(startLogits, startPositions) + positionLoss(endLogits, endPositions)) / 2;
}

/** Mean of −log softmax(row)[label] over the rows whose label is not −100. */
function crossEntropy(logits: Float32Array, labels: ArrayLike<number>): number {
  const classes = logits.length / labels.length;
  const losses: number[] = [];
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === IGNORED_LABEL) continue;
    losses.push(negativeLogSoftmax(logits.subarray(row * classes, (row + 1) * classes), labels[row]!));
  }
  return mean(losses);
}

/** Mean over B of −Σ_c target · log softmax(row)_c; the targets of a row need not sum to 1. */
function softCrossEntropy(logits: Float32Array, classes: number, targets: Float64Array): number {
  let sum = 0;
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const total = logSumExp(row);
    row.forEach((logit, index) => (sum += targets[start + index]! * (total - logit)));
  }
  return sum / (logits.length / classes);
}

/** Mean of log(1 + eˣ) − x · target. */
function binaryCrossEntropy(logits: Float32Array, targets: Float64Array): number {
  let sum = 0;
  logits.forEach((x, index) => {
    sum += Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))) - x * targets[index]!;
  });
  return sum / logits.length;
}

/** Mean of (logit − target)²; one row of targets serves all rows of logits. */
function meanSquaredError(logits: Float32Array, targets: Float64Array): number {
  let sum = 0;
  logits.forEach((x, index) => (sum += (x - targets[index % targets.length]!) ** 2));
  return sum / logits.length;
}

function negativeLogSoftmax(row: Float32Array, index: number): number {
  return logSumExp(row) - row[index]!;
}

function logSumExp(row: Float32Array): number {
  const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
  return top + Math.log(row.reduce((sum, x) => sum + Math.exp(x - top), 0));
}

/** NaN for an empty list, as in PyTorch. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
