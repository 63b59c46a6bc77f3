// Which bytes of which files to ask for: wanted pieces → merged ranges in file order. Pure, so that a plan can be printed,
// compared in a test, and counted before a byte is read.

/** Bytes [start, end) of a file. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** One request and what is wanted of it, by where it begins. Gaps between the parts are read and dropped. */
export interface PlannedRange<Part extends Span> extends Span {
  readonly parts: readonly Part[];
}

/** Reading through a gap of this size takes less time than a new request does. */
export const READ_THROUGH: number = 256 * 1024;

/**
 * Merges spans that lie closer together than `readThrough` bytes. Files keep the order in which they first appear; empty
 * spans are left out.
 */
export function planRanges<Part extends Span>(
  spans: readonly Part[],
  readThrough: number = READ_THROUGH,
): PlannedRange<Part>[] {
  const byFile = new Map<string, Part[]>();
  for (const span of spans) {
    if (span.end === span.start) continue;
    const own = byFile.get(span.file);
    if (own) own.push(span);
    else byFile.set(span.file, [span]);
  }
  const ranges: PlannedRange<Part>[] = [];
  for (const [file, own] of byFile) {
    own.sort((a, b) => a.start - b.start || a.end - b.end);
    let parts: Part[] = [];
    let end = -Infinity;
    for (const span of own) {
      if (span.start - end > readThrough) {
        if (parts.length > 0) ranges.push({ file, start: parts[0]!.start, end, parts });
        parts = [];
      }
      parts.push(span);
      end = parts.length === 1 ? span.end : Math.max(end, span.end);
    }
    ranges.push({ file, start: parts[0]!.start, end, parts });
  }
  return ranges;
}
