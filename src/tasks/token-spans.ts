// From the labels of tokens to spans, by the strategies and tie rules of Transformers' pipeline.
import { largestIndex } from "./scores.js";
import type { Token } from "./token-scores.js";

/** A token (`entity`, `index`) or, with a strategy other than "none", a span (`entity_group`). */
export interface Entity {
  /** A token's label, B- and I- included. */
  readonly entity?: string;
  /** A span's label, without B- and I-. */
  readonly entity_group?: string;
  /** Probability; of a span the mean. */
  readonly score: number;
  /** Place of the token in its window, special tokens counted. */
  readonly index?: number;
  /** As the tokenizer spells it; `start` and `end` cut the text itself. */
  readonly word: string;
  /** UTF-16 position in the text. */
  readonly start: number;
  /** UTF-16 position after the last unit. */
  readonly end: number;
}

export const STRATEGIES = ["none", "simple", "first", "average", "max"] as const;

/**
 * "none": every token by itself. "simple": neighbours with one label become a span. "first", "average", "max": a word's tokens
 * agree on a label first: its first token's, the mean's, or the most certain token's.
 */
export type AggregationStrategy = (typeof STRATEGIES)[number];

/** A token or a word with its label. */
export interface Labelled {
  readonly entity: string;
  readonly score: number;
  readonly word: string;
  readonly start: number;
  readonly end: number;
  readonly index?: number;
}

/** What spans are named and spelled with. */
export interface Naming {
  readonly id2label: ReadonlyMap<number, string>;
  readonly spell: (tokens: string[]) => string;
}

/** The tokens of one window put together. */
export function aggregate(tokens: readonly Token[], strategy: AggregationStrategy, naming: Naming): Entity[] {
  const labelled = tokens.map(({ scores, index, word, start, end }) => ({
    ...best(scores, naming),
    index,
    word,
    start,
    end,
  }));
  if (strategy === "none") return labelled;
  return spansOf(strategy === "simple" ? labelled : wordsOf(tokens, strategy, naming), naming);
}

/** Tokens put together to words, each with one label. */
export function wordsOf(tokens: readonly Token[], strategy: "first" | "average" | "max", naming: Naming): Labelled[] {
  return groupBy(tokens, ({ continuesWord }) => continuesWord).map((word) => ({
    ...best(wordScores(word, strategy), naming),
    ...stretch(word, naming),
  }));
}

/** Neighbours with one label put together; B- begins a new span, a label without B- or I- goes on. */
function spansOf(parts: readonly Labelled[], naming: Naming): Entity[] {
  const goesOn = ({ entity }: Labelled, before: Labelled): boolean =>
    !entity.startsWith("B-") && kindOfLabel(entity) === kindOfLabel(before.entity);
  return groupBy(parts, goesOn).map((group) => ({
    entity_group: group[0]!.entity.replace(/^[^-]*-/, ""),
    score: mean(group.map(({ score }) => score)),
    ...stretch(group, naming),
  }));
}

function best(scores: readonly number[], { id2label }: Naming): { entity: string; score: number } {
  const index = largestIndex(scores);
  return { entity: id2label.get(index) ?? `LABEL_${index}`, score: scores[index]! };
}

const stretch = (parts: readonly { word: string; start: number; end: number }[], { spell }: Naming) => ({
  word: spell(parts.map(({ word }) => word)),
  start: parts[0]!.start,
  end: parts.at(-1)!.end,
});

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
