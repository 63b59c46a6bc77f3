import { expect, test } from "vitest";
import { checkTopK, sigmoid, softmax, topIndexes } from "../../src/tasks/scores.js";
import { generator, randomInteger } from "../support/random.js";

test("softmax adds up to one and survives logits whose exponential would not", () => {
  expect(softmax([0, 0])).toEqual([0.5, 0.5]);
  expect(softmax([Math.log(1), Math.log(3)]).map((p) => p.toFixed(12))).toEqual(["0.250000000000", "0.750000000000"]);
  expect(softmax([1e4, 1e4 - 1e3, -1e4])).toEqual([1, 0, 0]);
  expect(softmax([])).toEqual([]);
});

test("sigmoid goes to 0 and 1 without NaN", () => {
  expect(sigmoid(Float32Array.of(0, 1000, -1000))).toEqual([0.5, 1, 0]);
});

test("top indexes: best first, ties in their order, null means all", () => {
  expect(topIndexes([1, 3, 2, 3], 2)).toEqual([1, 3]);
  expect(topIndexes([1, 3, 2, 3], null)).toEqual([1, 3, 2, 0]);
  expect(topIndexes([1, 2], 10)).toEqual([1, 0]);
});

test("a few of many are those of sorting all, in its order", () => {
  const next = generator(5);
  for (const [size, levels] of [
    [1000, 1e9],
    [1000, 7],
    [3, 2],
  ] as const) {
    const scores = Array.from({ length: size }, () => randomInteger(next, 0, levels));
    const sorted = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
    for (const count of [1, 5, 100, 101, 2000]) expect(topIndexes(scores, count)).toEqual(sorted.slice(0, count));
  }
});

test("the best words of a vocabulary cost a fraction of sorting it", () => {
  const next = generator(5);
  const logits = Float32Array.from({ length: 250_000 }, () => 20 * next());
  const timeOf = (count: number | null) => {
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      topIndexes(logits, count);
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  expect(timeOf(5)).toBeLessThan(timeOf(null) / 5);
});

test.each([0, -1, 1.5, NaN])("topK %s is the caller's mistake", (topK) => {
  expect(() => checkTopK(topK)).toThrow(RangeError);
});
