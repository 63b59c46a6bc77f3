// Spans of the model and of the rules put together so that none overlaps and nothing that any of them covers is shown.

export interface Found {
  readonly entity_group: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
  /** What found it: the model, or a rule, whose check a machine made. */
  readonly source: "model" | "rule";
}

/**
 * Rules come first, then the more certain span. A span that overlaps one with the same label becomes part of it, since both
 * mean one thing; of another label it keeps what is left, where that has letters or digits.
 */
export function join(text: string, found: readonly Found[]): Found[] {
  const rank = ({ source, score }: Found): number => (source === "rule" ? 2 : score);
  let kept: Found[] = [];
  for (const span of [...found].sort((a, b) => rank(b) - rank(a))) {
    const same = kept.filter((other) => overlaps(span, other) && other.entity_group === span.entity_group);
    const grown = [span, ...same].reduce((a, b) => ({
      ...(rank(a) >= rank(b) ? a : b),
      start: Math.min(a.start, b.start),
      end: Math.max(a.end, b.end),
    }));
    kept = kept.filter((other) => !same.includes(other));
    kept.push(...without(grown, kept).flatMap((part) => trim(text, part)));
  }
  return kept.sort((a, b) => a.start - b.start);
}

const overlaps = (a: Found, b: Found): boolean => a.start < b.end && b.start < a.end;

/** What is left of a span between others that do not overlap one another. */
function without(span: Found, others: readonly Found[]): Found[] {
  const parts: Found[] = [];
  let from = span.start;
  for (const taken of others.filter((other) => overlaps(span, other)).sort((a, b) => a.start - b.start)) {
    if (from < taken.start) parts.push({ ...span, start: from, end: taken.start });
    from = Math.max(from, taken.end);
  }
  if (from < span.end) parts.push({ ...span, start: from });
  return parts;
}

/** Without white space and separators at its ends; nothing where no letter, digit or symbol is left. */
function trim(text: string, span: Found): Found[] {
  const covered = text.slice(span.start, span.end);
  if (!/[\p{L}\p{N}\p{S}]/u.test(covered)) return [];
  const start = span.start + /^[\s,;:]*/.exec(covered)![0].length;
  return [{ ...span, start, end: span.start + covered.replace(/[\s,;:]+$/, "").length }];
}

/** The span made wide enough to hold whole words: half a name is no redaction. */
export function toWholeWords(text: string, { start, end }: { start: number; end: number }): [number, number] {
  const before = /[\p{L}\p{M}\p{N}]*$/u.exec(text.slice(Math.max(0, start - LONGEST_WORD), start))![0];
  const after = /^[\p{L}\p{M}\p{N}]*/u.exec(text.slice(end, end + LONGEST_WORD))![0];
  const isWord = (position: number): boolean => /^[\p{L}\p{M}\p{N}]/u.test(text.slice(position, position + 2));
  return [isWord(start) ? start - before.length : start, isWord(end - 1) ? end + after.length : end];
}

const LONGEST_WORD = 64; // units looked at to either side
