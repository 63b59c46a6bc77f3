// Rerank: documents in the order of their relevance to a query, by a model with one output that reads both together. All
// pairs run in one packed batch.
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { UnsupportedError } from "../errors.js";
import { checkTopK, sigmoid, topIndexes } from "./scores.js";
import { asTask, checkText, modelInputs, type Loaded, type Task } from "./task.js";
import type { SequenceClassifier } from "./text-classification.js";

export interface RerankOptions {
  /** How many documents, best first; `null` or nothing for all. */
  readonly topK?: number | null;
  readonly signal?: AbortSignal;
}

export interface Ranked {
  /** Place in the list that was given. */
  readonly index: number;
  /** 0 to 1. */
  readonly score: number;
  readonly document: string;
}

export type Reranker = (query: string, documents: readonly string[], options?: RerankOptions) => Promise<Ranked[]>;

export function rerank<Model extends SequenceClassifier>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: RerankOptions = {},
): Reranker & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;

  async function run(query: string, documents: readonly string[], options: RerankOptions = {}): Promise<Ranked[]> {
    const { topK = null, signal } = { ...defaults, ...options };
    checkTopK(topK);
    checkText("rerank", "query", query);
    if (!isList(documents)) throw new TypeError("rerank: documents must be a list of texts");
    for (const document of documents) checkText("rerank", "a document", document);
    if (documents.length === 0) return [];
    const pairs = tokenizer.encodeBatch(
      documents.map((document) => [query, document]),
      { truncation: tokenizer.modelMaxLength < Infinity },
    );
    const { logits } = await model.forward(modelInputs(pairs), signal ? { signal } : {});
    if (logits.shape.at(-1) !== 1)
      throw new UnsupportedError(`rerank: the model has ${logits.shape.at(-1)!} outputs, a model with one is needed`);
    const scores = sigmoid(logits.data); // logits: [documents, 1]
    return topIndexes(scores, topK).map((index) => ({ index, score: scores[index]!, document: documents[index]! }));
  }

  return asTask(run, loaded);
}

/** As Array.isArray, which knows no readonly arrays. */
const isList = (value: readonly string[]): boolean => Array.isArray(value);
