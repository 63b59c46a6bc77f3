// Plans of byte ranges: merged, in file order, nothing lost, nothing read that could be skipped.
import { expect, test } from "vitest";
import { planRanges, type Span } from "../../src/checkpoint/byte-plan.js";
import { generator } from "../support/random.js";

const span = (file: string, start: number, end: number): Span => ({ file, start, end });
const short = (spans: readonly Span[], gap?: number): string[] =>
  planRanges(spans, gap).map(({ file, start, end, parts }) => `${file} ${start}-${end} of ${parts.length}`);

test("neighbours become one request, small gaps are read through, large ones are not", () => {
  expect(short([span("a", 100, 200), span("a", 200, 300)])).toEqual(["a 100-300 of 2"]);
  expect(short([span("a", 0, 10), span("a", 20, 30)], 10)).toEqual(["a 0-30 of 2"]);
  expect(short([span("a", 0, 10), span("a", 21, 30)], 10)).toEqual(["a 0-10 of 1", "a 21-30 of 1"]);
});

test("files keep the order in which they appear, spans go by their bytes", () => {
  expect(short([span("b", 5, 6), span("a", 8, 9), span("b", 0, 5)], 0)).toEqual(["b 0-6 of 2", "a 8-9 of 1"]);
});

test("empty spans ask for nothing; no spans make no plan", () => {
  expect(short([span("a", 5, 5)])).toEqual([]);
  expect(short([])).toEqual([]);
});

test("spans may overlap: a range ends with the last of them", () => {
  expect(short([span("a", 0, 100), span("a", 10, 20), span("a", 100, 110)], 0)).toEqual(["a 0-110 of 3"]);
});

test("offsets beyond 2^32 stay exact", () => {
  const far = 5 * 2 ** 32;
  expect(short([span("a", far, far + 1), span("a", far + 1, far + 3)])).toEqual([`a ${far}-${far + 3} of 2`]);
});

test.each(Array.from({ length: 50 }, (_, seed) => seed))("random table %i: covered once, in order, apart", (seed) => {
  const next = generator(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  const gap = below(50);
  const spans = Array.from({ length: below(60) }, () => {
    const start = below(2000);
    return span(`f${below(3)}`, start, start + below(40));
  });
  const plan = planRanges(spans, gap);
  expect(plan.flatMap(({ parts }) => parts).length).toBe(spans.filter(({ start, end }) => end > start).length);
  for (const [i, range] of plan.entries()) {
    expect(range.start).toBe(Math.min(...range.parts.map(({ start }) => start)));
    expect(range.end).toBe(Math.max(...range.parts.map(({ end }) => end)));
    let covered = range.start;
    for (const part of range.parts) {
      expect(part.file).toBe(range.file);
      expect(part.start - covered).toBeLessThanOrEqual(gap);
      covered = Math.max(covered, part.end);
    }
    const after = plan[i + 1];
    if (after?.file === range.file) expect(after.start - range.end).toBeGreaterThan(gap);
    expect(plan.slice(0, i).some(({ file }, j) => file === range.file && plan[j + 1]!.file !== file)).toBe(false);
  }
});
