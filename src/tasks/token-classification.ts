// Token classification: labels of tokens, or spans put together from them. Long texts run as overlapping windows (`stride`),
// all windows of all texts in one packed batch. Strategies, tie rules and fields are those of Transformers' pipeline.
import type { DebertaV2Config } from "../model/deberta/config.js";
import type { Tensor } from "../model/outputs.js";
import type { Encoding } from "../tokenizer/encoding.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { largestIndex, softmax } from "./scores.js";
import { asTask, checkText, modelInputs, oneOrMany, type Loaded, type Task, type TaskModel } from "./task.js";

const STRATEGIES = ["none", "simple", "first", "average", "max"] as const;

/**
 * "none": every token by itself. "simple": neighbours with one label become a span. "first", "average", "max": a word's tokens
 * agree on a label first: its first token's, the mean's, or the most certain token's.
 */
export type AggregationStrategy = (typeof STRATEGIES)[number];

export interface TokenClassificationOptions {
  readonly aggregationStrategy?: AggregationStrategy;
  /** Labels that are left out. Default: ["O"]. */
  readonly ignoreLabels?: readonly string[];
  /** Tokens that neighbouring windows of a long text share; without it, a long text is cut. */
  readonly stride?: number;
  readonly signal?: AbortSignal;
}

/** A token (`entity`, `index`) or, with a strategy other than "none", a span (`entity_group`). */
export interface Entity {
  readonly entity?: string;
  readonly entity_group?: string;
  readonly score: number;
  /** Place of the token in its window, special tokens counted. */
  readonly index?: number;
  readonly word: string;
  /** UTF-16 position in the text. */
  readonly start: number;
  /** UTF-16 position after the last unit. */
  readonly end: number;
}

export interface TokenClassifier {
  (text: string, options?: TokenClassificationOptions): Promise<Entity[]>;
  (texts: readonly string[], options?: TokenClassificationOptions): Promise<Entity[][]>;
}

/** What the task asks of a DebertaV2ForTokenClassification. */
export interface TokenClassifierModel extends TaskModel {
  readonly config: Pick<DebertaV2Config, "id2label">;
  forward(
    inputs: { inputIds: number[][]; tokenTypeIds: number[][] },
    options: { signal?: AbortSignal },
  ): Promise<{ logits: Tensor }>;
}

/** A token that is no special one, with the probabilities of its labels. */
interface Token {
  readonly word: string;
  readonly scores: readonly number[];
  readonly start: number;
  readonly end: number;
  readonly index: number;
  readonly continuesWord: boolean;
}

/** A token or a word with its label. */
interface Labelled {
  readonly entity: string;
  readonly score: number;
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly index?: number;
}

export function tokenClassification<Model extends TokenClassifierModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: TokenClassificationOptions = {},
): TokenClassifier & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;
  const labelOf = (scores: readonly number[]): string => {
    const best = largestIndex(scores);
    return model.config.id2label.get(best) ?? `LABEL_${best}`;
  };

  async function run(
    input: string | readonly string[],
    options: TokenClassificationOptions = {},
  ): Promise<Entity[] | Entity[][]> {
    const settings = { ...defaults, ...options };
    const { aggregationStrategy: strategy = "none", ignoreLabels = ["O"], signal } = settings;
    checkOptions(settings);
    return oneOrMany<string, Entity[]>(input, async (texts) => {
      for (const text of texts) checkText("token-classification", "the input", text);
      const windows = texts.map((text) => windowsOf(text, settings.stride));
      const { logits } = await model.forward(modelInputs(windows.flat()), signal ? { signal } : {});
      let next = 0;
      return texts.map((text, index) => {
        const found = windows[index]!.map((window) =>
          aggregate(tokensOf(text, window, logits, next++), strategy).filter(
            ({ entity, entity_group: group }) => !ignoreLabels.includes(group ?? entity!),
          ),
        );
        return found.length === 1 ? found[0]! : withoutOverlaps(found.flat());
      });
    });
  }

  function windowsOf(text: string, stride: number | undefined): Encoding[] {
    const cut = { truncation: tokenizer.modelMaxLength < Infinity };
    const first = tokenizer.encode(
      text,
      undefined,
      stride === undefined ? cut : { ...cut, stride, returnOverflowingTokens: true },
    );
    return [first, ...first.overflowing];
  }

  function tokensOf(text: string, window: Encoding, logits: Tensor, row: number): Token[] {
    const [, columns, labels] = logits.shape as [number, number, number]; // logits: [windows, N, labels]
    const tokens: Token[] = [];
    for (const [index, id] of window.ids.entries()) {
      if (window.specialTokensMask[index]) continue;
      const at = (row * columns + index) * labels;
      const [start, end] = window.offsets[index]!;
      const isUnknown = id === tokenizer.unkTokenId;
      tokens.push({
        word: isUnknown ? text.slice(start, end) : tokenizer.convertIdsToTokens(id)!,
        scores: softmax(logits.data.subarray(at, at + labels)),
        start,
        end,
        index,
        continuesWord: !isUnknown && start > 0 && !text.slice(start - 1, start + 1).includes(" "),
      });
    }
    return tokens;
  }

  function aggregate(tokens: readonly Token[], strategy: AggregationStrategy): Entity[] {
    if (strategy === "none") return tokens.map(labelled);
    return spansOf(strategy === "simple" ? tokens.map(labelled) : wordsOf(tokens, strategy));
  }

  const labelled = ({ scores, index, word, start, end }: Token): Labelled => ({
    entity: labelOf(scores),
    score: Math.max(...scores),
    index,
    word,
    start,
    end,
  });

  /** Tokens put together to words, each with one label. */
  function wordsOf(tokens: readonly Token[], strategy: "first" | "average" | "max"): Labelled[] {
    return groupBy(tokens, ({ continuesWord }) => continuesWord).map((word) => {
      const scores = wordScores(word, strategy);
      return { entity: labelOf(scores), score: Math.max(...scores), ...stretch(word) };
    });
  }

  /** Neighbours with one label put together; B- begins a new span, a label without B- or I- goes on. */
  function spansOf(parts: readonly Labelled[]): Entity[] {
    const goesOn = ({ entity }: Labelled, before: Labelled): boolean =>
      !entity.startsWith("B-") && kindOfLabel(entity) === kindOfLabel(before.entity);
    return groupBy(parts, goesOn).map((group) => ({
      entity_group: group[0]!.entity.replace(/^[^-]*-/, ""),
      score: mean(group.map(({ score }) => score)),
      ...stretch(group),
    }));
  }

  const stretch = (parts: readonly { word: string; start: number; end: number }[]) => ({
    word: tokenizer.convertTokensToString(parts.map(({ word }) => word)),
    start: parts[0]!.start,
    end: parts.at(-1)!.end,
  });

  return asTask(run as TokenClassifier, loaded);
}

function checkOptions({ aggregationStrategy, stride }: TokenClassificationOptions): void {
  if (aggregationStrategy !== undefined && !STRATEGIES.includes(aggregationStrategy))
    throw new RangeError(
      `aggregationStrategy is "${aggregationStrategy as string}": it must be ${STRATEGIES.join(", ")}`,
    );
  if (stride !== undefined && aggregationStrategy === "none")
    throw new RangeError('stride puts spans of windows together: it needs an aggregationStrategy other than "none"');
}

const kindOfLabel = (label: string): string => (/^[BI]-/.test(label) ? label.slice(2) : label);

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function wordScores(word: readonly Token[], strategy: "first" | "average" | "max"): readonly number[] {
  if (strategy === "first") return word[0]!.scores;
  if (strategy === "max") return word[largestIndex(word.map(({ scores }) => Math.max(...scores)))]!.scores;
  return word[0]!.scores.map((_, label) => mean(word.map(({ scores }) => scores[label]!)));
}

/** Cuts a list where an element does not go on with the one before it. */
function groupBy<T>(values: readonly T[], goesOn: (value: T, before: T) => boolean): T[][] {
  const groups: T[][] = [];
  for (const value of values) {
    const group = groups.at(-1);
    if (group && goesOn(value, group.at(-1)!)) group.push(value);
    else groups.push([value]);
  }
  return groups;
}

/** Of spans that overlap, from neighbouring windows, the longer one stays; of equal ones the more certain. */
function withoutOverlaps(entities: readonly Entity[]): Entity[] {
  const kept: Entity[] = [];
  for (const entity of [...entities].sort((a, b) => a.start - b.start)) {
    const last = kept.at(-1);
    if (!last || entity.start >= last.end) kept.push(entity);
    else if (
      entity.end - entity.start > last.end - last.start ||
      (sameLength(entity, last) && entity.score > last.score)
    )
      kept[kept.length - 1] = entity;
  }
  return kept;
}

const sameLength = (a: Entity, b: Entity): boolean => a.end - a.start === b.end - b.start;
