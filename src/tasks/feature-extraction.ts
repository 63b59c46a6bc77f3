// Feature extraction: a text's last hidden states, one vector a token, or one for the whole text.
import type { DebertaV2Config } from "../model/deberta/config.js";
import type { Tensor } from "../model/outputs.js";
import { type OptionTable, readOptions } from "../options.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import type { SentenceTransformer } from "./extraction/sentence-transformer.js";
import { asTask, checkText, modelInputs, oneOrMany, type Loaded, type Task, type TaskModel } from "./task.js";

/** Options of `pipeline("feature-extraction")` and of its calls. */
export interface FeatureExtractionOptions {
  /** "none" (default): every token's vector. "cls": the first token's. "mean": the mean over all tokens, special ones too. "auto": as the
   *  folder's modules.json says (sentence-transformers): pooling, Dense, Normalize, prompts; only when the pipeline is made. */
  readonly pooling?: "none" | "cls" | "mean" | "auto";
  /** With "auto": one of the folder's prompts, by name, put in front of the input. Default: the folder's own. */
  readonly promptName?: string;
  /** With "auto": a text put in front of the input. */
  readonly prompt?: string;
  /** Whether vectors are scaled to length 1. */
  readonly normalize?: boolean;
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const FEATURE_EXTRACTION_OPTIONS: OptionTable<FeatureExtractionOptions> = {
  pooling: ["none", "cls", "mean", "auto"],
  promptName: "string",
  prompt: "string",
  normalize: "boolean",
  signal: "object",
};

/**
 * What `pipeline("feature-extraction")` gives.
 *
 * ```ts
 * const embed = await pipeline("feature-extraction", source, { pooling: "mean", normalize: true });
 * const { data } = await embed("a text"); // D numbers
 * ```
 */
export interface FeatureExtractor {
  /** [1, N, D], with pooling [1, D]. */
  (text: string, options?: FeatureExtractionOptions): Promise<Tensor>;
  /** One tensor a text: their numbers of tokens differ. */
  (texts: readonly string[], options?: FeatureExtractionOptions): Promise<Tensor[]>;
}

/** What the task asks of a DebertaV2Model. */
export interface EncoderModel extends TaskModel {
  readonly config: Pick<DebertaV2Config, "maxPositionEmbeddings">;
  forward(
    inputs: { inputIds: number[][]; tokenTypeIds: number[][] },
    options: { signal?: AbortSignal },
  ): Promise<{ lastHiddenState: Tensor }>;
}

export function featureExtraction<Model extends EncoderModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: FeatureExtractionOptions = {},
  sentences?: SentenceTransformer,
): FeatureExtractor & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;
  const own = sentences?.doLowerCase ? tokenizer.lowerCased() : tokenizer;

  async function run(
    input: string | readonly string[],
    options: FeatureExtractionOptions = {},
  ): Promise<Tensor | Tensor[]> {
    const settings = { ...defaults, ...readOptions("feature-extraction", options, FEATURE_EXTRACTION_OPTIONS) };
    const { pooling = "none", normalize = false, prompt, promptName, signal } = settings;
    if (pooling === "auto") return oneOrMany(input, (texts) => sentenceVectors(texts, settings));
    if (prompt !== undefined || promptName !== undefined)
      throw new TypeError('feature-extraction: prompt and promptName need pooling "auto"');
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

  /** One vector a text, as the folder's modules make it. */
  async function sentenceVectors(texts: readonly string[], options: FeatureExtractionOptions): Promise<Tensor[]> {
    if (!sentences) throw new RangeError('pooling "auto" is read when the pipeline is made: pass it to pipeline()');
    for (const text of texts) checkText("feature-extraction", "the input", text);
    const { normalize = false, signal } = options;
    const prompt = promptOf(sentences, options);
    const most = sentences.maxLength ?? Math.min(tokenizer.modelMaxLength, model.config.maxPositionEmbeddings);
    const encodings = own.encodeBatch(
      texts.map((text) => prompt + text),
      { truncation: true, maxLength: most },
    );
    // The prompt's tokens are those of its own encoding without the last special token.
    const promptTokens = prompt === "" ? 0 : own.encode(prompt).ids.length - 1;
    const { lastHiddenState } = await model.forward(modelInputs(encodings), signal ? { signal } : {});
    const [, columns, width] = lastHiddenState.shape as [number, number, number]; // [B, N, D]
    return encodings.map(({ ids }, index) => {
      const start = index * columns * width;
      const rows = lastHiddenState.data.slice(start, start + ids.length * width);
      const vector = sentences.vector({ rows, width, promptTokens: Math.min(promptTokens, ids.length - 1) });
      if (normalize) normalizeRows(vector, vector.length);
      return { data: vector, shape: [1, vector.length] };
    });
  }

  return asTask(run as FeatureExtractor, loaded);
}

function promptOf({ prompts, defaultPrompt }: SentenceTransformer, options: FeatureExtractionOptions): string {
  const { prompt, promptName = defaultPrompt } = options;
  if (prompt !== undefined) return prompt;
  if (promptName === undefined) return "";
  const found = Object.hasOwn(prompts, promptName) ? prompts[promptName] : undefined;
  if (found === undefined)
    throw new RangeError(
      `promptName is "${promptName}": the model has ${Object.keys(prompts).join(", ") || "no prompts"}`,
    );
  return found;
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
