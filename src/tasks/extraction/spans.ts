// From scores to entities: candidates above the threshold, the best of those that clash, in the order of the text.

/** A span of words [first, last] with a label's index and a score. */
export interface Span {
  readonly first: number;
  readonly last: number;
  readonly label: number;
  readonly score: number;
}

/** How clashes are settled. */
export interface SpanChoice {
  /** Whether spans may not share words at all; else one may contain another. */
  readonly flat: boolean;
  /** Whether one span may have several labels. */
  readonly multiLabel: boolean;
}

/** 1 / (1 + e^−x) in float32, as the libraries compute it. */
export const probability = (logit: number): number => Math.fround(1 / (1 + Math.exp(-logit)));

/** Scores of one text: spans [L, K, C] or words [L, C, 3], in `data` from `at` on; rows of `stride` texts' longest. */
export interface TextScores {
  readonly data: Float32Array;
  readonly at: number;
  /** L: words that count. */
  readonly words: number;
  /** Labels that count, of C in a row. */
  readonly labels: number;
  readonly stride: number;
}

/** All spans with p > threshold, in the order of first word, width, label. */
export function spanCandidates(
  { data, at, words, labels, stride }: TextScores,
  widths: number,
  threshold: number,
): Span[] {
  const spans: Span[] = [];
  for (let first = 0; first < words; first++) {
    for (let width = 0; width < widths && first + width < words; width++) {
      const row = at + (first * widths + width) * stride;
      for (let label = 0; label < labels; label++) {
        const score = probability(data[row + label]!);
        if (score > threshold) spans.push({ first, last: first + width, label, score });
      }
    }
  }
  return spans;
}

/**
 * Token level: every start above the threshold with every end above it from there on, as long as all words between are inside
 * (p ≥ threshold). The score is the least of all these. In the order of first word, label, last word.
 */
export function tokenCandidates({ data, at, words, labels, stride }: TextScores, threshold: number): Span[] {
  const p = (word: number, label: number, part: number) => probability(data[at + (word * stride + label) * 3 + part]!);
  const spans: Span[] = [];
  for (let first = 0; first < words; first++) {
    for (let label = 0; label < labels; label++) {
      let score = p(first, label, 0);
      if (!(score > threshold)) continue;
      for (let last = first; last < words; last++) {
        const inside = p(last, label, 2);
        if (inside < threshold) break;
        score = Math.min(score, inside);
        const end = p(last, label, 1);
        if (end > threshold) spans.push({ first, last, label, score: Math.min(score, end) });
      }
    }
  }
  return spans;
}

/** The best spans that do not clash, sorted by their first word; both sorts are stable. */
export function chooseSpans(candidates: readonly Span[], { flat, multiLabel }: SpanChoice): Span[] {
  const taken: Span[] = [];
  for (const span of candidates.toSorted((a, b) => b.score - a.score)) {
    if (!taken.some((other) => clash(span, other, flat, multiLabel))) taken.push(span);
  }
  return taken.sort((a, b) => a.first - b.first);
}

function clash(a: Span, b: Span, flat: boolean, multiLabel: boolean): boolean {
  if (a.first === b.first && a.last === b.last) return !multiLabel;
  if (a.first > b.last || b.first > a.last) return false;
  const contains = (outer: Span, inner: Span) => outer.first <= inner.first && outer.last >= inner.last;
  return flat || !(contains(a, b) || contains(b, a));
}
