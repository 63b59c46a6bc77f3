// Which bytes of which files to ask for: wanted pieces → merged ranges in file order. Pure, so that a plan can be printed,
// compared in a test, and counted before a byte is read.

/** Bytes [start, end) of a file. */
export interface Span {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  /** How a tensor's elements lie in [start, end), where that is not one after another in the order of its shape. */
  readonly view?: View | undefined;
  /** Bytes in front that must be as they were taken to be; `stream` checks them as they come by. */
  readonly preface?: Preface | undefined;
}

/** A tensor that is a part or another order of what is stored: element i, j, … lies at i·strides[0] + j·strides[1] + … */
export interface View {
  readonly shape: readonly number[];
  /** In elements. Sorted, each is at least the whole of the next: no two elements share a place. */
  readonly strides: readonly number[];
  readonly elementBytes: number;
}

/** Bytes [start, end) of the span's file. */
export interface Preface {
  readonly start: number;
  readonly end: number;
  /** @throws CheckpointError when they are not what they must be */
  check(bytes: Uint8Array): void;
}

/** Bytes of a tensor once its elements lie in order. */
export function byteLengthOf({ start, end, view }: Span): number {
  return view ? view.shape.reduce((product, size) => product * size, view.elementBytes) : end - start;
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
