// Text classification by NVIDIA's classifiers: one head as any classifier, several heads as their model card reads them.
import type { Source } from "../../checkpoint/source.js";
import { NvidiaClassifier } from "../../model/extraction/nvidia.js";
import type { NvidiaHead } from "../../model/extraction/nvidia-config.js";
import { LOAD_OPTIONS, type LoadOptions } from "../../model/load/options.js";
import { pick, readOptions } from "../../options.js";
import { TOKENIZER_OPTIONS, type TokenizerOptions } from "../../tokenizer/settings.js";
import { DebertaV2TokenizerFast, FAST_TOKENIZER_OPTIONS } from "../../tokenizer/tokenizer-fast.js";
import { softmax, topIndexes } from "../scores.js";
import { type LoadedParts, OF_LOADED, shareLoaded } from "../loaded-parts.js";
import { asTask, type Loaded, loadTogether, modelInputs, type Task } from "../task.js";
import {
  type Classification,
  type ClassificationInput,
  TEXT_CLASSIFICATION_OPTIONS,
  textClassification,
  type TextClassificationOptions,
  type TextClassifier,
} from "../text-classification.js";

type Made = TextClassifier & Task<NvidiaClassifier, DebertaV2TokenizerFast>;

/** `pipeline("text-classification")` of a folder whose config.json names its backbone. */
export async function nvidiaClassifier(
  source: Source,
  given: LoadOptions & TokenizerOptions & TextClassificationOptions,
): Promise<Made> {
  const all = { ...LOAD_OPTIONS, ...TOKENIZER_OPTIONS, ...TEXT_CLASSIFICATION_OPTIONS };
  const options = readOptions<LoadOptions & TokenizerOptions & TextClassificationOptions>(TASK, given, all);
  const { signal, ...rest } = options;
  const defaults = pick(rest, TEXT_CLASSIFICATION_OPTIONS);
  const { tokenizer, load } = await NvidiaClassifier.load(source, options);
  const loaded = await loadTogether(
    (either) => load({ ...options, signal: either }),
    (either) =>
      DebertaV2TokenizerFast.fromPretrained(tokenizer, { ...pick(options, FAST_TOKENIZER_OPTIONS), signal: either }),
    signal,
  );
  return classifierOf(loaded, defaults);
}

/** `pipeline("text-classification")` over a loaded classifier of NVIDIA's. */
export function nvidiaClassifierOf(from: LoadedParts, given: TextClassificationOptions): Made {
  const { signal, ...defaults } = readOptions(OF_LOADED, given, TEXT_CLASSIFICATION_OPTIONS);
  signal?.throwIfAborted();
  return classifierOf(shareLoaded(from, NvidiaClassifier), defaults);
}

const classifierOf = (
  loaded: Loaded<NvidiaClassifier, DebertaV2TokenizerFast>,
  defaults: TextClassificationOptions,
): Made => (loaded.model.heads.length > 0 ? severalHeads(loaded, defaults) : textClassification(loaded, defaults));

const TASK = "text-classification";
/** Tokens of a text, as the model card cuts it. */
const MAX_LENGTH = 512;
/** A second kind of task less likely than this is none. */
const LEAST = 0.1;
/** Fewer examples in a prompt than this are none. */
const FEWEST = 0.05;
/** What the heads of the prompt classifier add to how complex a prompt is. */
const COMPLEXITY: Readonly<Record<string, number>> = {
  creativity_scope: 0.35,
  reasoning: 0.25,
  constraint_ct: 0.15,
  domain_knowledge: 0.15,
  contextual_knowledge: 0.05,
  number_of_few_shots: 0.05,
};

function severalHeads(
  loaded: Loaded<NvidiaClassifier, DebertaV2TokenizerFast>,
  defaults: TextClassificationOptions,
): Made {
  const { model, tokenizer } = loaded;
  async function run(
    input: ClassificationInput | readonly ClassificationInput[],
    options: TextClassificationOptions = {},
  ): Promise<Classification[] | Classification[][]> {
    const {
      functionToApply,
      maxLength = MAX_LENGTH,
      signal,
    } = {
      ...defaults,
      ...readOptions(TASK, options, TEXT_CLASSIFICATION_OPTIONS),
    };
    const texts = ([input].flat() as readonly ClassificationInput[]).map((each) => {
      if (typeof each !== "string")
        throw new TypeError("text-classification: this model takes a text, or a list of texts");
      return each;
    });
    if (functionToApply !== undefined && functionToApply !== "none" && functionToApply !== "softmax")
      throw new RangeError(
        `functionToApply is "${functionToApply}": for a model with several heads it must be "softmax" or "none"`,
      );
    if (texts.length === 0) return [];
    const encodings = tokenizer.encodeBatch(texts, { truncation: true, maxLength });
    const { logits } = await model.forward(modelInputs(encodings), signal ? { signal } : {});
    let at = 0;
    const results = texts.map(() => {
      const all = model.heads.map((head) => ({ head, own: logits.data.subarray(at, (at += head.size)) }));
      if (!functionToApply) return withComplexity(all.flatMap(({ head, own }) => answer(head, own)));
      return all.flatMap(({ head, own }) =>
        everyClass(head, functionToApply === "none" ? Array.from(own) : softmax(own)),
      );
    });
    return Array.isArray(input) ? results : results[0]!;
  }
  return asTask(run as TextClassifier, loaded);
}

const labelOf = ({ labels, name }: NvidiaHead, index: number): string => labels?.[index] ?? `${name}_${index}`;

const everyClass = (head: NvidiaHead, scores: readonly number[]): Classification[] =>
  scores.map((score, index) => ({ head: head.name, label: labelOf(head, index), score }));

/** A number, or the two likeliest classes. */
function answer(head: NvidiaHead, logits: Float32Array): Classification[] {
  const { name, weights, divisor } = head;
  const probabilities = softmax(logits);
  if (!weights)
    return topIndexes(probabilities, 2).map((index, rank) => {
      const score = rounded(probabilities[index]!, 3);
      return { head: name, label: rank > 0 && score < LEAST ? "NA" : labelOf(head, index), score };
    });
  const score = rounded(probabilities.reduce((sum, p, index) => sum + p * weights[index]!, 0) / divisor, 4);
  return [{ head: name, label: name, score: name === "number_of_few_shots" && score < FEWEST ? 0 : score }];
}

/** Answers, and behind them how complex the prompt is, where all heads are there that have a share in it. */
function withComplexity(answers: Classification[]): Classification[] {
  const shares = answers.flatMap(({ head, score }) =>
    COMPLEXITY[head!] === undefined ? [] : COMPLEXITY[head!]! * score,
  );
  if (shares.length < Object.keys(COMPLEXITY).length) return answers;
  const name = "prompt_complexity_score";
  const score = rounded(
    shares.reduce((sum, share) => sum + share),
    5,
  );
  return [...answers, { head: name, label: name, score }];
}

const rounded = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits;
