// The check that stands before the GPU: every id, mask, type, position and label is inside its table and of the right shape,
// or the request is refused with the value and its place.
import { checkedData, described, dimensionsOf, integersOf, type Row, rowsOf, shapeOf } from "./arrays.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { maxColumns } from "../deberta/relative-position.js";
import { checkLabels, checkLogitsAt } from "./labels.js";
import type { Tensor } from "../outputs.js";
import type { CheckedInputs, CheckedRow, Head, ModelInputs } from "./types.js";

/** What a request is checked against, besides the config. */
export interface InputLimits {
  readonly head: Head;
  /** Rows of the word table in the file. */
  readonly vocabRows: number;
  /** Rows of the absolute position table where this request uses one; by default what the config says. */
  readonly embeddingRowsOfPositions?: number | undefined;
}

/**
 * Checks and copies a request.
 * @throws TypeError for a missing or misshapen input, RangeError for a value out of range; both name the place
 */
export function checkInputs(inputs: ModelInputs, config: DebertaV2Config, limits: InputLimits): CheckedInputs {
  const dimensions = limits.head === "multiple-choice" ? 3 : 2;
  const { rows, choices } = tokensOf(inputs, config, limits.vocabRows, dimensions);
  const lengths = rows.map((row) => row.length);
  const columns = lengths.reduce((most, length) => Math.max(most, length), 0);
  const shape = { dimensions, lengths, columns } as const;

  const masks = masksOf(inputs.attentionMask, shape);
  const types = typesOf(inputs.tokenTypeIds, config, shape);
  const positions = positionsOf(inputs.positionIds, config, limits, shape);
  const checked = rows.map((row, index): CheckedRow => {
    const one: Mutable<CheckedRow> = { ...row, ...spanOf(row.length, masks?.[index]), ...masks?.[index] };
    requireDistances(one, config);
    if (types?.[index]) one.types = types[index];
    if (positions?.[index]) one.positions = positions[index];
    return one;
  });
  const logitsAt = checkLogitsAt(inputs.logitsAt, limits.head, lengths);
  return {
    rows: checked,
    batch: rows.length,
    columns,
    ...(choices === undefined ? {} : { choices }),
    ...(logitsAt === undefined ? {} : { logitsAt }),
    outputHiddenStates: inputs.outputHiddenStates ?? config.outputHiddenStates,
    outputAttentions: inputs.outputAttentions ?? config.outputAttentions,
    ...checkLabels(inputs, config, { head: limits.head, vocabRows: limits.vocabRows, lengths, choices }),
  };
}

type Tokens = Mutable<Pick<CheckedRow, "length" | "ids" | "embeds">>;
type Masks = Mutable<Pick<CheckedRow, "mask" | "pairMask">>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The shape that all inputs of a request share. */
interface BatchShape {
  readonly dimensions: 2 | 3;
  /** N of every sequence. */
  readonly lengths: readonly number[];
  readonly columns: number;
}

function tokensOf(
  { inputIds, inputsEmbeds }: ModelInputs,
  config: DebertaV2Config,
  vocabRows: number,
  dimensions: 2 | 3,
): { rows: Tokens[]; choices: number | undefined } {
  if (inputIds !== undefined && inputsEmbeds !== undefined) {
    throw new TypeError("inputIds and inputsEmbeds are given: one of the two is expected");
  }
  if (inputsEmbeds !== undefined) return embeddingsOf(inputsEmbeds, config.embeddingSize, dimensions);
  if (inputIds === undefined) throw new TypeError("inputIds or inputsEmbeds is missing");
  const { rows, counts } = rowsOf("inputIds", inputIds, dimensions);
  requireBatch("inputIds", rows.length);
  const choices = dimensions === 3 ? counts[0]! : undefined;
  const other = counts.findIndex((count) => count !== counts[0]);
  if (other >= 0) {
    throw new TypeError(`inputIds[${other}] has ${counts[other]!} choices, inputIds[0] ${counts[0]!}`);
  }
  const bounds = `the vocabulary has ${vocabRows} rows`;
  return {
    rows: rows.map((row) => {
      if (row.values.length === 0) throw new RangeError(`${row.place} is empty: a sequence has at least one token`);
      return { length: row.values.length, ids: integersOf(row, 0, vocabRows - 1, bounds) };
    }),
    choices,
  };
}

function embeddingsOf(
  tensor: Tensor,
  size: number,
  dimensions: 2 | 3,
): { rows: Tokens[]; choices: number | undefined } {
  const shape = shapeOf(tensor);
  const expected = dimensions === 3 ? "[B, A, N, E]" : "[B, N, E]";
  if (shape?.length !== dimensions + 1) {
    throw new TypeError(`inputsEmbeds: a tensor ${expected} is expected, ${described(tensor)} was given`);
  }
  if (shape.at(-1) !== size) {
    throw new TypeError(
      `inputsEmbeds has the shape [${shape.join(", ")}]: the last dimension of this model is ${size}`,
    );
  }
  const data = checkedData("inputsEmbeds", tensor, shape);
  requireBatch("inputsEmbeds", data.length);
  const copy = Float32Array.from(data as ArrayLike<number>);
  const bad = copy.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`inputsEmbeds.data[${bad}] = ${Number(data[bad])}: a finite number is expected`);
  const length = shape.at(-2)!;
  const batch = copy.length / (length * size);
  return {
    rows: Array.from({ length: batch }, (_, row) => ({
      length,
      embeds: copy.slice(row * length * size, (row + 1) * length * size),
    })),
    choices: dimensions === 3 ? shape[1]! : undefined,
  };
}

function requireBatch(name: string, count: number): void {
  if (count === 0) throw new RangeError(`${name} is empty: at least one sequence is expected`);
}

/** 2-D masks, or 3-D ones with the token mask that follows from them: 1 = some column attends to it. */
function masksOf(value: unknown, shape: BatchShape): Masks[] | undefined {
  if (value === undefined) return undefined;
  const bounds = "a mask holds 0 and 1";
  if (shape.dimensions === 2 && dimensionsOf(value, 4) === 3) return pairMasksOf(value, shape.lengths);
  return sameRows("attentionMask", value, shape).map((row) => {
    const mask = Uint8Array.from(integersOf(row, 0, 1, bounds));
    return mask.includes(0) ? { mask } : {};
  });
}

function pairMasksOf(value: unknown, lengths: readonly number[]): Masks[] {
  const { rows, counts } = rowsOf("attentionMask", value, 3);
  if (counts.length !== lengths.length) {
    throw new TypeError(`attentionMask has ${counts.length} items for ${lengths.length} sequences`);
  }
  let next = 0;
  return lengths.map((length, index) => {
    const own = rows.slice(next, (next += counts[index]!));
    const odd = own.find((row) => row.values.length !== length);
    if (own.length !== length || odd) {
      const columns = odd?.values.length ?? length;
      throw new TypeError(
        `attentionMask[${index}] has ${own.length} rows of ${columns} columns, its sequence ${length} columns`,
      );
    }
    const pairMask = new Uint8Array(length * length);
    own.forEach((row, i) => pairMask.set(integersOf(row, 0, 1, "a mask holds 0 and 1"), i * length));
    if (!pairMask.includes(0)) return {};
    const mask = new Uint8Array(length);
    pairMask.forEach((allowed, pair) => (mask[pair % length]! |= allowed));
    return mask.includes(0) ? { mask, pairMask } : { pairMask };
  });
}

function spanOf(length: number, masks: Masks | undefined): { first: number; end: number } {
  // Under a 3-D mask a column that nobody attends to may still attend to others.
  if (!masks?.mask || masks.pairMask) return { first: 0, end: length };
  const first = masks.mask.indexOf(1);
  return first < 0 ? { first: 0, end: 0 } : { first, end: masks.mask.lastIndexOf(1) + 1 };
}

function requireDistances({ first, end }: { first: number; end: number }, config: DebertaV2Config): void {
  const most = maxColumns(config);
  if (end - first <= most) return;
  throw new RangeError(
    `position_buckets ${config.positionBuckets} with a range of ${config.range} defines distances up to ${most - 1} ` +
      `(this input has ${end - first} tokens)`,
  );
}

function typesOf(value: unknown, config: DebertaV2Config, shape: BatchShape): (Int32Array | undefined)[] | undefined {
  if (value === undefined) return undefined;
  const rows = sameRows("tokenTypeIds", value, shape);
  const count = config.typeVocabSize;
  if (count <= 0) return undefined;
  return rows.map((row) => {
    const types = integersOf(row, 0, count - 1, `type_vocab_size is ${count}`);
    return types.some((type) => type !== 0) ? types : undefined;
  });
}

function positionsOf(
  value: unknown,
  config: DebertaV2Config,
  { embeddingRowsOfPositions }: InputLimits,
  shape: BatchShape,
): (Int32Array | undefined)[] | undefined {
  const tableRows = embeddingRowsOfPositions ?? (config.positionBiasedInput ? config.maxPositionEmbeddings : undefined);
  if (value === undefined) {
    if (tableRows === undefined || shape.columns <= tableRows) return undefined;
    const longest = shape.lengths.indexOf(shape.columns);
    throw new RangeError(
      `sequence ${longest} has ${shape.columns} tokens: the model has ${tableRows} absolute positions ` +
        `(max_position_embeddings)`,
    );
  }
  const { rows } = rowsOf("positionIds", value, shape.dimensions);
  const isShared = rows.length === 1 && shape.lengths.length > 1;
  if (isShared && rows[0]!.values.length !== shape.columns) {
    throw new TypeError(`positionIds[0] has ${rows[0]!.values.length} columns, the longest sequence ${shape.columns}`);
  }
  if (!isShared) sameRows("positionIds", value, shape);
  if (tableRows === undefined) return undefined;
  const bounds = `the model has ${tableRows} absolute positions (max_position_embeddings)`;
  const all = rows.map((row) => integersOf(row, 0, tableRows - 1, bounds));
  return shape.lengths.map((length, index) => {
    const positions = isShared ? all[0]!.slice(0, length) : all[index]!;
    return positions.some((position, column) => position !== column) ? positions : undefined;
  });
}

/** The rows of an input that has one number for each token. */
function sameRows(name: string, value: unknown, { dimensions, lengths }: BatchShape): readonly Row[] {
  const { rows } = rowsOf(name, value, dimensions);
  if (rows.length !== lengths.length) {
    throw new TypeError(`${name} has ${rows.length} rows for ${lengths.length} sequences`);
  }
  rows.forEach((row, index) => {
    if (row.values.length === lengths[index]) return;
    throw new TypeError(`${row.place} has ${row.values.length} columns, its sequence ${lengths[index]!}`);
  });
  return rows;
}
