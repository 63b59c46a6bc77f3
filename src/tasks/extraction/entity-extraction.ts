// Entity extraction: spans of a text that are what a caller's labels say, with character positions. GLiNER's task; options and
// results are the library's in camelCase.
import type { GLiNERModel } from "../../model/extraction/gliner.js";
import { type OptionTable, readOptions } from "../../options.js";
import type { DebertaV2TokenizerFast } from "../../tokenizer/tokenizer-fast.js";
import { topIndexes } from "../scores.js";
import { asTask, checkText, kindOf, type Loaded, type Task } from "../task.js";
import { glinerTokens } from "./gliner-prompt.js";
import { type CheckedLabels, checkLabels, type LabelInput } from "./labels.js";
import { chooseSpans, probability, type Span, spanCandidates, type TextScores, tokenCandidates } from "./spans.js";
import { glinerWords, isBlank, type Word } from "./words.js";

/** A span of a text with its label. Positions are UTF-16. */
export interface ExtractedEntity {
  /** The text from `start` to `end`. */
  readonly text: string;
  /** One of the labels that were asked for. */
  readonly label: string;
  /** 0 to 1, above `threshold`. */
  readonly score: number;
  /** First UTF-16 unit in the text. */
  readonly start: number;
  /** The unit after the last. */
  readonly end: number;
  /** The five likeliest labels of this span, with `returnClassProbs` (span models). */
  readonly classProbs?: Readonly<Record<string, number>>;
}

/** Options of `pipeline("entity-extraction")` and of its calls. */
export interface EntityExtractionOptions {
  /** Scores above this count. Default: 0.5. */
  readonly threshold?: number;
  /** Whether entities may not overlap; else one may lie within another. Default: true. */
  readonly flatNer?: boolean;
  /** Whether one span may have several labels. Default: false. */
  readonly multiLabel?: boolean;
  /** GLiNER: whether entities have `classProbs`. Default: false. */
  readonly returnClassProbs?: boolean;
  /** GLiNER2: reads a text in windows of so many words, of which neighbours share `chunkOverlap`. Default: as a whole. */
  readonly chunkSize?: number;
  /** Words that neighbouring windows share. */
  readonly chunkOverlap?: number;
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const ENTITY_EXTRACTION_OPTIONS: OptionTable<EntityExtractionOptions> = {
  threshold: "any",
  flatNer: "boolean",
  multiLabel: "boolean",
  returnClassProbs: "boolean",
  chunkSize: "any",
  chunkOverlap: "any",
  signal: "object",
};

/**
 * What `pipeline("entity-extraction")` gives. GLiNER and GLiNER2 checkpoints.
 *
 * ```ts
 * const extract = await pipeline("entity-extraction", "owner/gliner");
 * await extract("Ada lives in Paris.", ["person", "city"]); // [{ text: "Ada", label: "person", score, start: 0, end: 3 }, …]
 * ```
 */
export interface EntityExtractor {
  /** @param labels a text, a list, names with descriptions (which go into the prompt in their place), or one of these a text */
  (text: string, labels: LabelInput, options?: EntityExtractionOptions): Promise<ExtractedEntity[]>;
  /** Several texts → a list for each. */
  (texts: readonly string[], labels: LabelInput, options?: EntityExtractionOptions): Promise<ExtractedEntity[][]>;
}

const TASK = "entity-extraction";
/** Most labels that `returnClassProbs` gives. */
const CLASS_PROBS = 5;

/** A text that takes part in the run. */
interface Prepared {
  readonly text: string;
  readonly words: readonly Word[];
  readonly labels: CheckedLabels;
  readonly tokens: ReturnType<typeof glinerTokens>;
}

export function entityExtraction(
  loaded: Loaded<GLiNERModel, DebertaV2TokenizerFast>,
  defaults: EntityExtractionOptions = {},
): EntityExtractor & Task<GLiNERModel, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;
  const { gliner } = model;

  async function run(
    input: string | readonly string[],
    labels: LabelInput,
    options: EntityExtractionOptions = {},
  ): Promise<ExtractedEntity[] | ExtractedEntity[][]> {
    const settings = { ...defaults, ...readOptions(TASK, options, ENTITY_EXTRACTION_OPTIONS) };
    const texts = (Array.isArray(input) ? input : [input]) as readonly string[];
    for (const text of texts) checkText(TASK, "the input", text);
    const perText = checkLabels(TASK, labels, texts.length);
    checkThreshold(TASK, settings.threshold);
    const results = await extract(texts, perText, settings);
    return Array.isArray(input) ? results : results[0]!;
  }

  async function extract(
    texts: readonly string[],
    perText: readonly CheckedLabels[],
    settings: EntityExtractionOptions,
  ): Promise<ExtractedEntity[][]> {
    const prepared = texts.map((text, index): Prepared | undefined => {
      const own = perText[index]!;
      if (own.prompts.length === 0 || isBlank(text)) return undefined;
      const words = glinerWords(text).slice(0, gliner.maxLen);
      return { text, words, labels: own, tokens: glinerTokens(tokenizer, gliner, own.prompts, words) };
    });
    // What depends on neighbours in Python's batches runs alone here: so one text gives the same in any company.
    const given = prepared.filter((each) => each !== undefined);
    if (given.length === 0) return texts.map(() => []);
    const { logits } = await model.forward(
      {
        inputIds: given.map(({ tokens }) => tokens.ids),
        wordsMask: given.map(({ tokens }) => tokens.wordsMask),
        textLengths: given.map(({ words }) => words.length),
      },
      settings.signal ? { signal: settings.signal } : {},
    );
    const perItem = logits.data.length / given.length;
    let next = 0;
    return prepared.map((each) => {
      if (!each) return [];
      const stride = gliner.isTokenLevel ? logits.shape[2]! : logits.shape[3]!;
      const scores = {
        data: logits.data,
        at: perItem * next++,
        words: each.words.length,
        labels: Math.min(each.labels.names.length, stride),
        stride,
      };
      return entitiesOf(each, scores, settings);
    });
  }

  function entitiesOf(
    { text, words, labels }: Prepared,
    scores: TextScores,
    { threshold = 0.5, flatNer = true, multiLabel = false, returnClassProbs = false }: EntityExtractionOptions,
  ): ExtractedEntity[] {
    const candidates = gliner.isTokenLevel
      ? tokenCandidates(scores, threshold)
      : spanCandidates(scores, gliner.maxWidth, threshold);
    return chooseSpans(candidates, { flat: flatNer, multiLabel }).map((span) => {
      const [start, end] = [words[span.first]!.start, words[span.last]!.end];
      return {
        start,
        end,
        text: text.slice(start, end),
        label: labels.names[span.label]!,
        score: span.score,
        ...(returnClassProbs && !gliner.isTokenLevel ? { classProbs: classProbs(span, scores, labels.names) } : {}),
      };
    });
  }

  function classProbs(
    { first, last }: Span,
    { data, at, labels, stride }: TextScores,
    names: readonly string[],
  ): Record<string, number> {
    const row = at + (first * gliner.maxWidth + last - first) * stride;
    const all = Array.from(data.subarray(row, row + labels), probability);
    return Object.fromEntries(topIndexes(all, CLASS_PROBS).map((index) => [names[index]!, all[index]!]));
  }

  return asTask(run as EntityExtractor, loaded);
}

/** Throws unless a caller's threshold is a number from 0 to 1. */
export function checkThreshold(task: string, threshold: unknown): void {
  if (threshold === undefined) return;
  if (typeof threshold !== "number")
    throw new TypeError(`${task}: threshold must be a number, not ${kindOf(threshold)}`);
  if (!(threshold >= 0 && threshold <= 1))
    throw new RangeError(`${task}: threshold is ${threshold}: it must be from 0 to 1`);
}
