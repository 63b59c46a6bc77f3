// Feature extraction: a text's last hidden states, one vector a token, or one for the whole text.
import type { Tensor } from "../model/outputs.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { asTask, checkText, modelInputs, oneOrMany, type Loaded, type Task, type TaskModel } from "./task.js";

export interface FeatureExtractionOptions {
  /** "none" (default): every token's vector. "cls": the first token's. "mean": the mean over all tokens, special ones too. */
  readonly pooling?: "none" | "cls" | "mean";
  /** Whether vectors are scaled to length 1. */
  readonly normalize?: boolean;
  readonly signal?: AbortSignal;
}

export interface FeatureExtractor {
  /** [1, N, D], with pooling [1, D]. */
  (text: string, options?: FeatureExtractionOptions): Promise<Tensor>;
  /** One tensor a text: their numbers of tokens differ. */
  (texts: readonly string[], options?: FeatureExtractionOptions): Promise<Tensor[]>;
}

/** What the task asks of a DebertaV2Model. */
export interface EncoderModel extends TaskModel {
  forward(
    inputs: { inputIds: number[][]; tokenTypeIds: number[][] },
    options: { signal?: AbortSignal },
  ): Promise<{ lastHiddenState: Tensor }>;
}

export function featureExtraction<Model extends EncoderModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: FeatureExtractionOptions = {},
): FeatureExtractor & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;

  async function run(
    input: string | readonly string[],
    options: FeatureExtractionOptions = {},
  ): Promise<Tensor | Tensor[]> {
    const { pooling = "none", normalize = false, signal } = { ...defaults, ...options };
    if (!["none", "cls", "mean"].includes(pooling))
      throw new RangeError(`pooling is "${pooling}": it must be "none", "cls" or "mean"`);
    return oneOrMany(input, async (texts) => {
      for (const text of texts) checkText("feature-extraction", "the input", text);
      const encodings = tokenizer.encodeBatch(texts);
      const { lastHiddenState } = await model.forward(modelInputs(encodings), signal ? { signal } : {});
      const [, columns, width] = lastHiddenState.shape as [number, number, number]; // [B, N, D]
      return encodings.map(({ ids }, index) => {
        const start = index * columns * width;
        const states = lastHiddenState.data.slice(start, start + ids.length * width);
        const rows = pooling === "none" ? states : pooling === "cls" ? states.slice(0, width) : meanRow(states, width);
        if (normalize) normalizeRows(rows, width);
        return { data: rows, shape: pooling === "none" ? [1, ids.length, width] : [1, width] };
      });
    });
  }

  return asTask(run as FeatureExtractor, loaded);
}

/** The mean of all rows [N, D]. */
function meanRow(rows: Float32Array, width: number): Float32Array {
  const count = rows.length / width;
  return Float32Array.from({ length: width }, (_, column) => {
    let sum = 0;
    for (let at = column; at < rows.length; at += width) sum += rows[at]!;
    return sum / count;
  });
}

/** Scales every row [N, D] to length 1, in place. */
function normalizeRows(rows: Float32Array, width: number): void {
  for (let start = 0; start < rows.length; start += width) {
    const row = rows.subarray(start, start + width);
    const length = Math.hypot(...row);
    if (length > 0) row.forEach((value, at) => (row[at] = value / length));
  }
}
