// Which of a field's spans stay where several share characters, as GLiNER2 settles it.
import { firstOfEach } from "./first-of-each.js";

export interface TextSpan {
  readonly text: string;
  readonly confidence: number;
  readonly start: number;
  readonly end: number;
}

/**
 * "allow": every span; "nested": one may lie within another; "longest": those within another go; "flat", also called "disallow": the
 * spans apart from each other whose scores add up to most.
 */
export type OverlapPolicy = "allow" | "nested" | "longest" | "flat" | "disallow";

export const OVERLAP_POLICIES: readonly OverlapPolicy[] = ["allow", "nested", "longest", "flat", "disallow"];

const overlap = (a: TextSpan, b: TextSpan): boolean => a.start < b.end && b.start < a.end;
const within = (inner: TextSpan, outer: TextSpan): boolean => outer.start <= inner.start && inner.end <= outer.end;
const ranking = (a: TextSpan, b: TextSpan): number => b.confidence - a.confidence || a.start - b.start || a.end - b.end;

/** Where a span lies, as a key. */
export const placeOf = ({ start, end }: TextSpan): string => `${start} ${end}`;

/** The spans that stay, best first. Without a policy: the best, then each that shares no character with one that stays. */
export function settleOverlaps(spans: readonly TextSpan[], policy: OverlapPolicy | undefined): TextSpan[] {
  if (policy === undefined)
    return greedy(
      spans.toSorted((a, b) => b.confidence - a.confidence),
      overlap,
    );
  const ranked = firstOfEach(spans.toSorted(ranking), placeOf);
  if (policy === "allow") return ranked;
  if (policy === "nested") return greedy(ranked, (a, b) => overlap(a, b) && !within(a, b) && !within(b, a));
  if (policy === "longest")
    return ranked.filter((span) => !ranked.some((other) => other !== span && within(span, other)));
  return heaviest(ranked);
}

function greedy(spans: readonly TextSpan[], clash: (a: TextSpan, b: TextSpan) => boolean): TextSpan[] {
  const kept: TextSpan[] = [];
  for (const span of spans) if (!kept.some((other) => clash(span, other))) kept.push(span);
  return kept;
}

/** A set of spans by a chain, so that sharing one costs nothing. */
interface Selection {
  readonly score: number;
  readonly count: number;
  readonly last: TextSpan | undefined;
  readonly before: Selection | undefined;
}

/** Weighted interval scheduling: the largest sum of scores; of equal sums more spans, then those that rank first. */
function heaviest(ranked: readonly TextSpan[]): TextSpan[] {
  const byEnd = ranked.toSorted((a, b) => a.end - b.end || a.start - b.start || b.confidence - a.confidence);
  const best: Selection[] = [{ score: 0, count: 0, last: undefined, before: undefined }];
  byEnd.forEach((span, index) => {
    const without = best[index]!;
    const before = best[endingBy(byEnd, span.start, index)]!;
    const taking = { score: before.score + span.confidence, count: before.count + 1, last: span, before };
    best.push(isBetter(taking, without) ? taking : without);
  });
  return spansOf(best.at(-1)!).sort(ranking);
}

/** How many of the first `count` spans, sorted by their ends, end at `position` or before. */
function endingBy(byEnd: readonly TextSpan[], position: number, count: number): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (byEnd[middle]!.end <= position) from = middle + 1;
    else to = middle;
  }
  return from;
}

function isBetter(a: Selection, b: Selection): boolean {
  if (a.score !== b.score) return a.score > b.score;
  if (a.count !== b.count) return a.count > b.count;
  const [own, other] = [spansOf(a).sort(ranking), spansOf(b).sort(ranking)];
  const differs = own.findIndex((span, index) => ranking(span, other[index]!) !== 0);
  return differs >= 0 && ranking(own[differs]!, other[differs]!) < 0;
}

function spansOf(selection: Selection): TextSpan[] {
  const spans: TextSpan[] = [];
  for (let each: Selection | undefined = selection; each?.last; each = each.before) spans.push(each.last);
  return spans;
}
