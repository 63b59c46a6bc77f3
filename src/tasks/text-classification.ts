// Text classification: encode a batch, run the model once, turn each row of logits into labels with scores. Options,
// defaults and the nesting of results are those of Transformers' pipeline.
import type { DebertaV2Config } from "../model/deberta/config.js";
import type { Tensor } from "../model/outputs.js";
import { type OptionTable, readOptions } from "../options.js";
import { checkTopK, sigmoid, softmax, topIndexes } from "./scores.js";
import type { EncodeOptions } from "../tokenizer/encoding.js";
import { asTask, kindOf, modelInputs, type Loaded, type Task, type TaskModel, type TaskTokenizer } from "./task.js";
import { usualStride } from "./token-scores.js";

/** What is classified: a text, or two texts that the model reads together. */
export type ClassificationInput =
  | string
  | {
      /** The first text. */
      readonly text: string;
      /** The second one. */
      readonly textPair: string;
    };

/** One label with its score: a probability, or the logit itself with `functionToApply: "none"`. */
export interface Classification {
  /** By `id2label` of config.json. */
  readonly label: string;
  /** 0 to 1, or a logit. */
  readonly score: number;
  /** Of models with several heads: which of them says so. A head whose answer is a number has its own name as the label. */
  readonly head?: string;
}

/** Options of `pipeline("text-classification")` and of its calls. */
export interface TextClassificationOptions {
  /** How many labels, best first; `null` for all. Without it the best one. */
  readonly topK?: number | null;
  /** From logits to scores. Default: sigmoid for a single output and for multi-label models, none for regression, else softmax. */
  readonly functionToApply?: "softmax" | "sigmoid" | "none";
  /** Whether and how texts longer than `maxLength` are cut. Default: not; a longer text is read as a whole. */
  readonly truncation?: boolean | "longest_first" | "only_first" | "only_second";
  /** In tokens, special ones included. Default: model_max_length of tokenizer_config.json. */
  readonly maxLength?: number;
  /** Reads a text longer than `maxLength` as overlapping windows instead of cutting it; of a pair, the first text. */
  readonly windows?: {
    /** Tokens that neighbours share. Default: a quarter of a window. */
    readonly stride?: number;
    /** A label's score is its largest in any window (default; then scores need not add up to 1), or the mean of all. */
    readonly aggregate?: "max" | "mean";
  };
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const TEXT_CLASSIFICATION_OPTIONS: OptionTable<TextClassificationOptions> = {
  topK: "number|null",
  functionToApply: ["softmax", "sigmoid", "none"],
  truncation: "boolean|string",
  maxLength: "number",
  windows: "object",
  signal: "object",
};

/**
 * What `pipeline("text-classification")` gives.
 *
 * ```ts
 * const [best] = await classify("wake me up at six"); // { label: "alarm", score: 0.91 }
 * const labels = await classify(["tell me a joke", "block my card"]); // the best of each
 * const [all] = await classify([{ text: "It rains.", textPair: "It is wet." }], { topK: null });
 * ```
 */
export interface TextClassifier {
  /** One text → its labels, best first. */
  (input: ClassificationInput, options?: TextClassificationOptions): Promise<Classification[]>;
  /** Several texts in one run → the best label of each, or with `topK` (here or when the pipeline was made) a list for each. */
  (
    inputs: readonly ClassificationInput[],
    options: TextClassificationOptions & { topK: number | null },
  ): Promise<Classification[][]>;
  (
    inputs: readonly ClassificationInput[],
    options?: TextClassificationOptions,
  ): Promise<Classification[] | Classification[][]>;
}

/** What the task asks of a DebertaV2ForSequenceClassification. */
export interface SequenceClassifier extends TaskModel {
  readonly config: Pick<DebertaV2Config, "id2label" | "problemType">;
  forward(
    inputs: { inputIds: number[][]; tokenTypeIds: number[][] },
    options: { signal?: AbortSignal },
  ): Promise<{ logits: Tensor }>;
}

const TASK = "text-classification";
const SCORES = { softmax, sigmoid, none: (logits: ArrayLike<number>) => Array.from(logits) };

/** Makes the task of a loaded model; `defaults` hold for every call that does not say otherwise. */
export function textClassification<Model extends SequenceClassifier, Tokenizer extends TaskTokenizer>(
  loaded: Loaded<Model, Tokenizer>,
  defaults: TextClassificationOptions = {},
): TextClassifier & Task<Model, Tokenizer> {
  async function classify(
    inputs: readonly ClassificationInput[],
    { topK = 1, functionToApply, windows, signal, ...cut }: TextClassificationOptions,
  ): Promise<Classification[][]> {
    const { model, tokenizer } = loaded;
    checkTopK(topK);
    const texts = inputs.map(asTexts);
    const { id2label, problemType } = model.config;
    if (texts.length === 0) return [];
    const encodings = tokenizer.encodeBatch(texts, windows ? inWindows(windows, tokenizer, cut.maxLength) : cut);
    const rows = encodings.map((first) => [first, ...(windows ? first.overflowing : [])]);
    const { logits } = await model.forward(modelInputs(rows.flat()), signal ? { signal } : {});
    const labels = logits.shape.at(-1)!; // logits: [windows, labels]
    const apply = SCORES[functionToApply ?? usualFunction(labels, problemType)];
    let row = 0;
    return rows.map((ofText) => {
      const each = ofText.map(() => apply(logits.data.subarray(row * labels, ++row * labels)));
      const scores = each.length === 1 ? each[0]! : aggregated(each, windows?.aggregate);
      return topIndexes(scores, topK).map((index) => ({
        label: id2label.get(index) ?? `LABEL_${index}`,
        score: scores[index]!,
      }));
    });
  }

  async function run(
    input: ClassificationInput | readonly ClassificationInput[],
    options: TextClassificationOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    const settings = { ...defaults, ...readOptions(TASK, options, TEXT_CLASSIFICATION_OPTIONS) };
    if (!Array.isArray(input)) return (await classify([input as ClassificationInput], settings))[0]!;
    const results = await classify(input as readonly ClassificationInput[], settings);
    return settings.topK === undefined ? results.flat() : results;
  }
  return asTask(run as TextClassifier, loaded);
}

/** How texts are encoded that are to be read whole; without a limit to their length, one window holds each. */
function inWindows(
  windows: NonNullable<TextClassificationOptions["windows"]>,
  tokenizer: TaskTokenizer,
  maxLength: number | undefined,
): EncodeOptions {
  const { stride } = readOptions(`${TASK}: windows`, windows, { stride: "number", aggregate: ["max", "mean"] });
  const length = maxLength ?? tokenizer.modelMaxLength;
  if (length === Infinity) return {};
  return {
    truncation: "only_first",
    maxLength: length,
    stride: stride ?? usualStride({ modelMaxLength: length }),
    returnOverflowingTokens: true,
  };
}

/** One score a label of the scores of several windows. */
const aggregated = (windows: readonly (readonly number[])[], how: "max" | "mean" = "max"): number[] =>
  windows[0]!.map((_, label) => {
    const scores = windows.map((window) => window[label]!);
    return how === "max" ? Math.max(...scores) : scores.reduce((sum, score) => sum + score, 0) / scores.length;
  });

function usualFunction(labels: number, problemType: DebertaV2Config["problemType"]): keyof typeof SCORES {
  if (problemType === "regression") return "none";
  return labels === 1 || problemType === "multi_label_classification" ? "sigmoid" : "softmax";
}

const FIELDS = { text: "any", textPair: "any" };

function asTexts(input: unknown): string | [string, string] {
  if (typeof input === "string") return input;
  if (typeof input === "object" && input !== null && !Array.isArray(input)) {
    const { text, textPair } = readOptions<{ text?: unknown; textPair?: unknown }>(TASK, input, FIELDS, "field");
    if (typeof text === "string" && textPair === undefined) return text;
    if (typeof text === "string" && typeof textPair === "string") return [text, textPair];
  }
  throw new TypeError(
    `text-classification takes a text, { text, textPair }, or an array of these; got ${kindOf(input)}`,
  );
}
