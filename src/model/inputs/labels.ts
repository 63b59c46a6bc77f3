// The labels of a request: which shapes and values each head's loss takes. Checked before anything runs on the GPU.
import { integersOf, numbersOf, rowsOf, type NumberArray } from "./arrays.js";
import type { DebertaV2Config } from "../deberta/config.js";
import type { CheckedLabels, Head, ModelInputs } from "./types.js";

/** The label that a loss skips, as in PyTorch. */
export const IGNORED_LABEL = -100;

/** What labels are checked against. */
export interface LabelLimits {
  readonly head: Head;
  readonly vocabRows: number;
  /** N of every sequence. */
  readonly lengths: readonly number[];
  /** A, for multiple choice. */
  readonly choices: number | undefined;
}

/**
 * Checks and copies the labels of a request.
 * @throws TypeError for labels that the head does not take or of another shape, RangeError for a value out of range
 */
export function checkLabels(inputs: ModelInputs, config: DebertaV2Config, limits: LabelLimits): CheckedLabels {
  const { head, lengths } = limits;
  const { labels, startPositions, endPositions } = inputs;
  if (head === "question-answering") {
    refuseLabels("labels", labels, "question answering takes startPositions and endPositions");
    return {
      ...(startPositions === undefined ? {} : { startPositions: columnsOf("startPositions", startPositions, lengths) }),
      ...(endPositions === undefined ? {} : { endPositions: columnsOf("endPositions", endPositions, lengths) }),
    };
  }
  refuseLabels("startPositions", startPositions, "only question answering takes them");
  refuseLabels("endPositions", endPositions, "only question answering takes them");
  if (labels === undefined) return {};
  switch (head) {
    case "model":
      return refuseLabels("labels", labels, "a model without a head has no loss");
    case "masked-lm":
      return { labels: tokenLabels(labels, lengths, limits.vocabRows, `the vocabulary has ${limits.vocabRows} rows`) };
    case "token-classification":
      return { labels: tokenLabels(labels, lengths, config.numLabels, `the model has ${config.numLabels} labels`) };
    case "multiple-choice": {
      const choices = limits.choices ?? 1;
      const items = lengths.length / choices;
      const array = numbersOf("labels", labels);
      requireShape(array, [[items]], `${items} items`);
      requireClasses(array.data, choices, `there are ${choices} choices`);
      return { labels: array };
    }
    case "sequence-classification":
      return { labels: sequenceLabels(numbersOf("labels", labels), config, lengths.length) };
  }
}

/** Checks the [sequence, column] pairs of `logitsAt`. */
export function checkLogitsAt(
  pairs: ModelInputs["logitsAt"],
  head: Head,
  lengths: readonly number[],
): readonly (readonly [number, number])[] | undefined {
  if (pairs === undefined) return undefined;
  if (head !== "masked-lm") throw new TypeError("logitsAt: only masked LM takes it");
  if (!Array.isArray(pairs) || pairs.length === 0) throw new TypeError("logitsAt: [[sequence, column], …] is expected");
  return pairs.map((pair: unknown, index) => {
    const place = `logitsAt[${index}]`;
    const { data, shape } = numbersOf(place, pair);
    if (shape.length !== 1 || data.length !== 2) throw new TypeError(`${place}: a pair [sequence, column] is expected`);
    const [sequence, column] = [data[0]!, data[1]!];
    const length = lengths[sequence];
    const where = `${place} = [${sequence}, ${column}]`;
    if (length === undefined) throw new RangeError(`${where}: there are ${lengths.length} sequences`);
    if (!Number.isInteger(column) || column < 0 || column >= length) {
      throw new RangeError(`${where}: sequence ${sequence} has ${length} columns`);
    }
    return [sequence, column] as const;
  });
}

function sequenceLabels(labels: NumberArray, config: DebertaV2Config, batch: number): NumberArray {
  const classes = config.numLabels;
  const known = `the model has ${classes} labels`;
  switch (config.problemType) {
    case null:
      if (classes === 1) {
        if (labels.data.length !== batch) requireShape(labels, [[batch]], `${batch} sequences`);
        return labels;
      }
      requireShape(labels, [[batch], [batch, 1], [batch, classes]], `${batch} sequences, ${classes} labels`);
      // One number a sequence is a class, and negative ones are skipped; C numbers are soft targets.
      if (labels.data.length === batch) requireBelow(labels, classes, known);
      return labels;
    case "regression":
      if (classes === 1) requireShape(labels, [[batch], [batch, 1]], `${batch} sequences`);
      else requireShape(labels, [[batch, classes], [classes], [1, classes]], `${batch} sequences, ${classes} labels`);
      return labels;
    case "single_label_classification":
      requireShape(labels, [[batch], [batch, 1]], `${batch} sequences`);
      requireClasses(labels.data, classes, known);
      return labels;
    case "multi_label_classification":
      requireShape(labels, [[batch, classes]], `${batch} sequences, ${classes} labels`);
      return labels;
  }
}

function tokenLabels(value: unknown, lengths: readonly number[], classes: number, known: string): NumberArray {
  const columns = lengths.reduce((most, length) => Math.max(most, length), 0);
  const { rows } = rowsOf("labels", value, 2);
  if (rows.length !== lengths.length) {
    throw new TypeError(`labels has ${rows.length} rows for ${lengths.length} sequences`);
  }
  const data = new Float64Array(lengths.length * columns).fill(IGNORED_LABEL);
  rows.forEach((row, index) => {
    if (row.values.length !== lengths[index]) {
      throw new TypeError(`${row.place} has ${row.values.length} columns, its sequence ${lengths[index]}`);
    }
    const own = integersOf(row, IGNORED_LABEL, classes - 1, known);
    requireClasses(own, classes, known, row.place);
    data.set(own, index * columns);
  });
  return { data, shape: [lengths.length, columns] };
}

function columnsOf(name: string, value: unknown, lengths: readonly number[]): Int32Array {
  const array = numbersOf(name, value);
  const batch = lengths.length;
  requireShape(array, [[batch], [batch, 1]], `${batch} sequences`, name);
  // Any integer is right: the loss counts what lies before the first column as 0 and skips what lies behind the last.
  const index = array.data.findIndex((column) => !Number.isInteger(column));
  if (index >= 0) throw new RangeError(`${name}[${index}] = ${array.data[index]}: a column is an integer`);
  return Int32Array.from(array.data, (column) => Math.min(Math.max(column, -1), 2 ** 30));
}

function refuseLabels(name: string, value: unknown, reason: string): Record<string, never> {
  if (value !== undefined) throw new TypeError(`${name}: ${reason}`);
  return {};
}

function requireShape(
  { shape }: NumberArray,
  allowed: readonly (readonly number[])[],
  reason: string,
  name = "labels",
): void {
  if (allowed.some((one) => one.join() === shape.join())) return;
  const text = allowed.map((one) => `[${one.join(", ")}]`).join(" or ");
  throw new TypeError(`${name} has the shape [${shape.join(", ")}], ${text} is expected (${reason})`);
}

/** Every label is a class or ignored. */
function requireClasses(labels: Int32Array | Float64Array, classes: number, known: string, place = "labels"): void {
  const index = [...labels].findIndex(
    (label) => label !== IGNORED_LABEL && !(Number.isInteger(label) && label >= 0 && label < classes),
  );
  if (index >= 0) throw new RangeError(`${place}[${index}] = ${labels[index]}: ${known}`);
}

function requireBelow({ data }: NumberArray, classes: number, known: string): void {
  const index = data.findIndex((label) => label >= classes);
  if (index >= 0) throw new RangeError(`labels[${index}] = ${data[index]}: ${known}`);
}
