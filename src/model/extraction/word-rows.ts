// From tokens with word numbers to the rows that a head works on: which packed rows make up each word and each label, and
// where texts begin. Tables of the run's packed batch; sizes are rounded so that batches of nearly equal size share a plan.
import type { PackedRun } from "../run/network.js";
import type { CheckedInputs } from "../inputs/types.js";

/** What a head reads of one sequence, in columns of the request. */
export interface SequenceParts {
  /** First column and number of columns of every word; [0, 0] for a word without tokens, whose vector is zero. */
  readonly words: readonly Columns[];
  /** The same of every label. */
  readonly labels: readonly Columns[];
}

export type Columns = readonly [column: number, count: number];

/** A checked request whose sequences have words and labels. */
export interface ExtractionRequest extends CheckedInputs {
  readonly parts: readonly SequenceParts[];
  /** Whether the values between are given back, too. */
  readonly inspected?: boolean;
}

/** Where the words and labels of a packed sequence lie. */
export interface Extent {
  /** Index in the request. */
  readonly source: number;
  readonly firstWord: number;
  readonly words: number;
  readonly firstLabel: number;
  readonly labels: number;
}

/** The sizes that a head's graph depends on. */
export interface PartSizes {
  readonly words: number;
  readonly labels: number;
  readonly texts: number;
  /** Labels of the text that has most, words of the longest. */
  readonly mostLabels: number;
  readonly longest: number;
  /** Pairs of a word and a label. */
  readonly pairs: number;
}

/** A size rounded up by at most an eighth. */
export function rounded(count: number): number {
  const step = Math.max(4, 2 ** Math.floor(Math.log2(Math.max(1, count))) / 8);
  return Math.ceil(count / step) * step;
}

/** The words and labels of a run's sequences, one text after another. */
export function extentsOf({ inputs, sequences }: PackedRun<ExtractionRequest>): Extent[] {
  let [firstWord, firstLabel] = [0, 0];
  return sequences.map(({ source }) => {
    const { words, labels } = inputs.parts[source]!;
    const extent = { source, firstWord, words: words.length, firstLabel, labels: labels.length };
    firstWord += words.length;
    firstLabel += labels.length;
    return extent;
  });
}

export function sizesOf(extents: readonly Extent[]): PartSizes {
  const sum = (of: (extent: Extent) => number) => extents.reduce((total, extent) => total + of(extent), 0);
  const most = (of: (extent: Extent) => number) => Math.max(1, ...extents.map(of));
  return {
    words: rounded(
      Math.max(
        1,
        sum(({ words }) => words),
      ),
    ),
    labels: rounded(
      Math.max(
        1,
        sum(({ labels }) => labels),
      ),
    ),
    texts: Math.max(1, extents.length),
    mostLabels: 4 * Math.ceil(most(({ labels }) => labels) / 4),
    longest: rounded(most(({ words }) => words)),
    pairs: rounded(
      Math.max(
        1,
        sum(({ words, labels }) => words * labels),
      ),
    ),
  };
}

/** The tables that `partTables` makes. */
export type PartTable = "segments" | "labels" | "words" | "wordTexts" | "texts" | "sequences" | "rowSequences";

/** The tables of a run. `wordRows`: rows of the matrix of words, which may have rows of another kind behind. */
export function partTables(
  run: PackedRun<ExtractionRequest>,
  sizes: PartSizes,
  wordRows: number,
): Readonly<Record<PartTable, Uint32Array<ArrayBuffer>>> {
  const { inputs, sequences, packed } = run;
  const segments = new Uint32Array(2 * sizes.words);
  const labels = new Uint32Array(2 * sizes.labels);
  const words = new Uint32Array(3 * wordRows);
  const wordTexts = new Uint32Array(wordRows);
  const texts = new Uint32Array(2 * sizes.texts);
  const spans = new Uint32Array(2 * sizes.texts);
  const rowSequences = new Uint32Array(packed.shape.rows);
  extentsOf(run).forEach((extent, text) => {
    const { from, length } = sequences[text]!;
    const firstRow = packed.firstRows[text]!;
    const row = (column: number) => firstRow + column - from;
    const own = inputs.parts[extent.source]!;
    texts.set([extent.firstWord, extent.words], 2 * text);
    spans.set([firstRow, length], 2 * text);
    rowSequences.fill(text, firstRow, firstRow + length);
    own.labels.forEach(([column, count], i) => {
      if (count > 0) labels.set([row(column), count], 2 * (extent.firstLabel + i));
    });
    own.words.forEach(([column, count], i) => {
      const word = extent.firstWord + i;
      if (count > 0) segments.set([row(column), count], 2 * word);
      words.set([extent.firstLabel, extent.labels, extent.firstWord + extent.words], 3 * word);
      wordTexts[word] = text;
    });
  });
  return { segments, labels, words, wordTexts, texts, sequences: spans, rowSequences };
}
