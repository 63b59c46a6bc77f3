// Rerank: documents in the order of their relevance to a query, by a model with one output that reads both together. All
// pairs run in one packed batch.
import { type OptionTable, readOptions } from "../options.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { UnsupportedError } from "../errors.js";
import type { DebertaV2Config } from "../model/deberta/config.js";
import type { CrossEncoderSettings } from "./extraction/sentence-settings.js";
import { checkTopK, topIndexes } from "./scores.js";
import { asTask, checkText, modelInputs, type Loaded, type Task } from "./task.js";
import type { SequenceClassifier } from "./text-classification.js";
import { type ScalarFunction, TORCH_ACTIVATIONS, torchActivation } from "./torch-activations.js";

/** Options of `pipeline("rerank")` and of its calls. */
export interface RerankOptions {
  /** How many documents, best first; `null` or nothing for all. */
  readonly topK?: number | null;
  /** From the model's output to a score. Default: what config.json names for sentence-transformers' CrossEncoder, else sigmoid. */
  readonly activation?: RerankActivation;
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

/** "none" gives the output itself: reward models. */
export type RerankActivation = "sigmoid" | "none";

export const RERANK_OPTIONS: OptionTable<RerankOptions> = {
  topK: "number|null",
  activation: ["sigmoid", "none"],
  signal: "object",
};

/** A document with its score. */
export interface Ranked {
  /** Place in the list that was given. */
  readonly index: number;
  /** 0 to 1 with sigmoid. */
  readonly score: number;
  /** The text that was given. */
  readonly document: string;
}

/**
 * What `pipeline("rerank")` gives: documents, best first.
 *
 * ```ts
 * const [best] = await rerank("opening hours", ["We open at nine.", "We are in Paris."]);
 * ```
 */
export type Reranker = (query: string, documents: readonly string[], options?: RerankOptions) => Promise<Ranked[]>;

/** What the task asks of a DebertaV2ForSequenceClassification. */
interface RankingModel extends SequenceClassifier {
  readonly config: SequenceClassifier["config"] & Pick<DebertaV2Config, "extra" | "maxPositionEmbeddings">;
}

export function rerank<Model extends RankingModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: RerankOptions = {},
  own?: CrossEncoderSettings,
): Reranker & Task<Model, DebertaV2TokenizerFast> {
  const { model } = loaded;
  const tokenizer = own?.doLowerCase ? loaded.tokenizer.lowerCased() : loaded.tokenizer;
  const configured = configuredActivation(model.config.extra, own);
  // As CrossEncoder cuts pairs: no longer than positions that training saw.
  const maxLength = own?.maxLength ?? Math.min(tokenizer.modelMaxLength, model.config.maxPositionEmbeddings);
  const prompt = (own?.defaultPrompt && own.prompts[own.defaultPrompt]) ?? "";

  async function run(query: string, documents: readonly string[], options: RerankOptions = {}): Promise<Ranked[]> {
    const settings = { ...defaults, ...readOptions("rerank", options, RERANK_OPTIONS) };
    const { topK = null, activation, signal } = settings;
    const score = activation === undefined ? configured : TORCH[activation];
    checkTopK(topK);
    checkText("rerank", "query", query);
    if (!isList(documents)) throw new TypeError("rerank: documents must be a list of texts");
    for (const document of documents) checkText("rerank", "a document", document);
    if (documents.length === 0) return [];
    const pairs = tokenizer.encodeBatch(
      documents.map((document) => [prompt + query, document]),
      { truncation: true, maxLength },
    );
    const { logits } = await model.forward(modelInputs(pairs), signal ? { signal } : {});
    if (logits.shape.at(-1) !== 1)
      throw new UnsupportedError(`rerank: the model has ${logits.shape.at(-1)!} outputs, a model with one is needed`);
    const scores = Array.from(logits.data, score); // logits: [documents, 1]
    return topIndexes(scores, topK).map((index) => ({ index, score: scores[index]!, document: documents[index]! }));
  }

  return asTask(run, loaded);
}

const TORCH: Readonly<Record<RerankActivation, ScalarFunction>> = {
  sigmoid: torchActivation("torch.Sigmoid")!,
  none: torchActivation("torch.Identity")!,
};

/**
 * What the folder says for CrossEncoder; sigmoid where it says nothing.
 * @throws UnsupportedError for another activation
 */
function configuredActivation(
  extra: ReadonlyMap<string, unknown>,
  own: CrossEncoderSettings | undefined,
): ScalarFunction {
  const section = extra.get("sentence_transformers") as { readonly activation_fn?: unknown } | null | undefined;
  const ofConfig = section?.activation_fn ?? extra.get("sbert_ce_default_activation_function");
  const path = own?.activation?.path ?? ofConfig;
  if (path === undefined || path === null) return TORCH.sigmoid;
  const known = typeof path === "string" ? torchActivation(path) : undefined;
  if (known) return known;
  const isOld = !own?.activation && section?.activation_fn === undefined;
  const field = isOld ? "sbert_ce_default_activation_function" : "activation_fn";
  throw new UnsupportedError(
    `${own?.activation?.file ?? "config.json"}: ${field} ${JSON.stringify(path)} is not supported (torch's ${TORCH_ACTIVATIONS.join(", ")} are)`,
  );
}

/** As Array.isArray, which knows no readonly arrays. */
const isList = (value: readonly string[]): boolean => Array.isArray(value);
