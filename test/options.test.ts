// Names of options: Python's spelling, foreign names, typos, types.
import { expect, test } from "vitest";
import { type OptionTable, readOptions } from "../src/options.js";

interface Options {
  readonly topK?: number | null;
  readonly multiLabel?: boolean;
  readonly mode?: "a" | "b";
  readonly rules?: boolean | readonly string[];
}

const TABLE: OptionTable<Options> = {
  topK: "number|null",
  multiLabel: "boolean",
  mode: ["a", "b"],
  rules: "boolean|array",
};
const read = (given: unknown): Options => readOptions("task", given as Options, TABLE);

test("own names and Python's are read; null is as not given, but where it means something", () => {
  expect(read({ topK: 2, multi_label: true, rules: ["x"] })).toEqual({ topK: 2, multiLabel: true, rules: ["x"] });
  expect(read({ top_k: null, multiLabel: null, mode: null, other: undefined })).toEqual({ topK: null });
  expect(read(undefined)).toEqual({});
  expect(read(null)).toEqual({});
});

test("both spellings may say the same, not different things", () => {
  expect(read({ top_k: 3, topK: 3, rules: ["x"] })).toEqual({ topK: 3, rules: ["x"] });
  expect(() => read({ top_k: 3, topK: 4 })).toThrow(TypeError);
});

test("a name that is none is refused, with what was meant", () => {
  expect(() => read({ topk: 3 })).toThrow(/^task: there is no option "topk": it is called topK$/);
  expect(() => read({ return_all_scores: true })).toThrow("topK: null gives all labels");
  expect(() => read({ nonsense: null })).toThrow("there are topK, multiLabel, mode, rules");
  expect(() => read({ constructor: 1 })).toThrow(TypeError);
});

test("a value of the wrong type, or none of those that there are", () => {
  expect(() => read({ multiLabel: "yes" })).toThrow("task: multiLabel must be of type boolean, not string");
  expect(() => read({ topK: [1] })).toThrow("must be of type number or null, not array");
  expect(() => read({ mode: "c" })).toThrow(RangeError);
  expect(() => read({ topK: NaN })).toThrow(RangeError);
  expect(() => read("options")).toThrow("task: options must be an object, not string");
  expect(() => read([])).toThrow("not an array");
});
