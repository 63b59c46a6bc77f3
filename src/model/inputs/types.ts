// What a caller may give to a model, and what a checked request is.
import type { IntegerRows, IntegerRows3d, NumberArray, NumberRow } from "./arrays.js";
import type { OptionTable } from "../../options.js";
import type { Tensor } from "../outputs.js";

/**
 * One request. B sequences of N columns; rows may differ in length. Multiple choice: everything one level deeper, [B, A, N].
 * Exactly one of `inputIds` and `inputsEmbeds`.
 */
export interface ModelInputs {
  /** [B, N] rows of the word table. */
  readonly inputIds?: IntegerRows | IntegerRows3d | undefined;
  /** [B, N], 1 = real; or [B, N, N], row i: what column i may attend to. Without it every given column is real. */
  readonly attentionMask?: IntegerRows | IntegerRows3d | undefined;
  /** [B, N]; without it all 0. Ignored by models without a token type table. */
  readonly tokenTypeIds?: IntegerRows | IntegerRows3d | undefined;
  /** [B, N] or [1, N]; without it 0 … N − 1. Ignored by models without absolute positions. */
  readonly positionIds?: IntegerRows | IntegerRows3d | undefined;
  /** [B, N, E] in place of the word table's rows. */
  readonly inputsEmbeds?: Tensor | undefined;
  /**
   * Masked LM and token classification: [B, N], −100 is ignored. Multiple choice: [B]. Sequence classification: [B] classes,
   * or [B, C] numbers, as `problem_type` asks.
   */
  readonly labels?: NumberRow | IntegerRows | IntegerRows3d | undefined;
  /** Question answering: [B] first columns of the answers. The loss needs both positions. */
  readonly startPositions?: NumberRow | IntegerRows | undefined;
  /** Question answering: [B] last columns of the answers. */
  readonly endPositions?: NumberRow | IntegerRows | undefined;
  /** Whether the output has `hiddenStates`. Default: config.json's, false where it says nothing. */
  readonly outputHiddenStates?: boolean | undefined;
  /** Whether the output has `attentions`. Default: config.json's, false where it says nothing. */
  readonly outputAttentions?: boolean | undefined;
  /** Masked LM: the logits of these [sequence, column] pairs only. */
  readonly logitsAt?: readonly (readonly [sequence: number, column: number])[] | undefined;
}

/** Values are checked by `checkInputs`. */
export const MODEL_INPUTS: OptionTable<ModelInputs> = {
  inputIds: "any",
  attentionMask: "any",
  tokenTypeIds: "any",
  positionIds: "any",
  inputsEmbeds: "any",
  labels: "any",
  startPositions: "any",
  endPositions: "any",
  outputHiddenStates: "boolean",
  outputAttentions: "boolean",
  logitsAt: "any",
};

/** What stands on the encoder. */
export type Head =
  "model" | "masked-lm" | "sequence-classification" | "token-classification" | "question-answering" | "multiple-choice";

/** Labels whose shape and values fit their head's loss. */
export interface CheckedLabels {
  /** Masked LM, token classification: [B, N], −100 filled in where rows are shorter. Else as given. */
  readonly labels?: NumberArray;
  /** Question answering: [B]. */
  readonly startPositions?: Int32Array;
  /** Question answering: [B]. */
  readonly endPositions?: Int32Array;
}

/** One checked sequence. */
export interface CheckedRow {
  /** N of this row, its columns as given. */
  readonly length: number;
  /** Every attended column lies in [first, end); equal where there is none. All columns under a `pairMask`. */
  readonly first: number;
  readonly end: number;
  /** [length] rows of the word table; absent where `embeds` is given. */
  readonly ids?: Int32Array;
  /** [length · E]. */
  readonly embeds?: Float32Array;
  /** [length] 1 = real; absent where all are. With a `pairMask`: 1 = some column attends to it. */
  readonly mask?: Uint8Array;
  /** [length · length] row i: what column i may attend to; absent where it is all ones. */
  readonly pairMask?: Uint8Array;
  /** [length]; absent where all are 0 or the model has no token types. */
  readonly types?: Int32Array;
  /** [length]; absent where they are 0 … length − 1 or the model has no absolute positions. */
  readonly positions?: Int32Array;
}

/** A request whose every value is inside its table. */
export interface CheckedInputs extends CheckedLabels {
  /** The sequences; of multiple choice B · A, the choices of one item after another. */
  readonly rows: readonly CheckedRow[];
  /** The number of rows. */
  readonly batch: number;
  /** N, the columns of the longest row. */
  readonly columns: number;
  /** A, for multiple choice. */
  readonly choices?: number;
  readonly logitsAt?: readonly (readonly [sequence: number, column: number])[];
  readonly outputHiddenStates: boolean;
  readonly outputAttentions: boolean;
  /** Layers whose terms of the scores are computed apart, for looking inside. */
  readonly attentionTerms?: readonly number[];
}
