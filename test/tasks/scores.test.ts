import { expect, test } from "vitest";
import { checkTopK, sigmoid, softmax, topIndexes } from "../../src/tasks/scores.js";

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

test.each([0, -1, 1.5, NaN])("topK %s is the caller's mistake", (topK) => {
  expect(() => checkTopK(topK)).toThrow(RangeError);
});
