// Text classification: encode a batch, run the model once, turn each row of logits into labels with scores. Options,
// defaults and the nesting of results are those of Transformers' pipeline.
import type { DebertaV2Config } from "../model/deberta/config.js";
import type { Tensor } from "../model/outputs.js";
import { checkTopK, sigmoid, softmax, topIndexes } from "./scores.js";
import { asTask, kindOf, modelInputs, type Loaded, type Task, type TaskModel, type TaskTokenizer } from "./task.js";

/** What is classified: a text, or two texts that the model reads together. */
export type ClassificationInput = string | { readonly text: string; readonly textPair: string };

/** One label with its score: a probability, or the logit itself with `functionToApply: "none"`. */
export interface Classification {
  readonly label: string;
  readonly score: number;
}

export interface TextClassificationOptions {
  /** How many labels, best first; `null` for all. Without it the best one. */
  readonly topK?: number | null;
  /** From logits to scores. Default: sigmoid for a single output and for multi-label models, none for regression, else softmax. */
  readonly functionToApply?: "softmax" | "sigmoid" | "none";
  /** Whether and how texts longer than `maxLength` are cut. Default: not. */
  readonly truncation?: boolean | "longest_first" | "only_first" | "only_second";
  /** In tokens, special ones included. Default: model_max_length of tokenizer_config.json. */
  readonly maxLength?: number;
  readonly signal?: AbortSignal;
}

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

const SCORES = { softmax, sigmoid, none: (logits: ArrayLike<number>) => Array.from(logits) };

/** Makes the task of a loaded model; `defaults` hold for every call that does not say otherwise. */
export function textClassification<Model extends SequenceClassifier, Tokenizer extends TaskTokenizer>(
  loaded: Loaded<Model, Tokenizer>,
  defaults: TextClassificationOptions = {},
): TextClassifier & Task<Model, Tokenizer> {
  async function classify(
    inputs: readonly ClassificationInput[],
    { topK = 1, functionToApply, truncation, maxLength, signal }: TextClassificationOptions,
  ): Promise<Classification[][]> {
    const { model, tokenizer } = loaded;
    checkTopK(topK);
    const texts = inputs.map(asTexts);
    const { id2label, problemType } = model.config;
    if (texts.length === 0) return [];
    const encodings = tokenizer.encodeBatch(texts, { truncation, maxLength });
    const { logits } = await model.forward(modelInputs(encodings), signal ? { signal } : {});
    const labels = logits.shape.at(-1)!; // logits: [B, labels]
    const apply = scoreFunction(functionToApply ?? usualFunction(labels, problemType));
    return encodings.map((_, row) => {
      const scores = apply(logits.data.subarray(row * labels, (row + 1) * labels));
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
    const settings = { ...defaults, ...options };
    if (!Array.isArray(input)) return (await classify([input as ClassificationInput], settings))[0]!;
    const results = await classify(input as readonly ClassificationInput[], settings);
    return settings.topK === undefined ? results.flat() : results;
  }
  return asTask(run as TextClassifier, loaded);
}

function usualFunction(labels: number, problemType: DebertaV2Config["problemType"]): keyof typeof SCORES {
  if (problemType === "regression") return "none";
  return labels === 1 || problemType === "multi_label_classification" ? "sigmoid" : "softmax";
}

function scoreFunction(name: string): (logits: ArrayLike<number>) => number[] {
  if (!Object.hasOwn(SCORES, name))
    throw new RangeError(`functionToApply is "${name}": it must be "softmax", "sigmoid" or "none"`);
  return SCORES[name as keyof typeof SCORES];
}

function asTexts(input: unknown): string | [string, string] {
  if (typeof input === "string") return input;
  if (typeof input === "object" && input !== null && "text" in input && typeof input.text === "string") {
    const pair = "textPair" in input ? input.textPair : undefined;
    if (pair === undefined) return input.text;
    if (typeof pair === "string") return [input.text, pair];
  }
  throw new TypeError(
    `text-classification takes a text, { text, textPair }, or an array of these; got ${kindOf(input)}`,
  );
}
