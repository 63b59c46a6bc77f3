// The arithmetic and the nesting of text classification, on doubles whose logits are given: one letter of the text, one logit.
import { expect, test } from "vitest";
import type { Encoding, EncodeOptions } from "../../src/tokenizer/encoding.js";
import type { TaskTokenizer } from "../../src/tasks/task.js";
import { textClassification, type SequenceClassifier } from "../../src/tasks/text-classification.js";

const LABELS = ["bad", "fine", "good"];

function doubles(problemType: SequenceClassifier["config"]["problemType"] = null, labels = LABELS) {
  const calls: { options: EncodeOptions | undefined; rows: number }[] = [];
  const tokenizer: TaskTokenizer = {
    modelMaxLength: 3,
    encodeBatch(texts, options) {
      calls.push({ options, rows: texts.length });
      // Ids are the digits of the text: they come back as logits.
      return texts.map((text) => {
        const ids = Array.from(typeof text === "string" ? text : text.join(""), Number);
        // With a length, windows of it side by side, all but the first in `overflowing`.
        const width = options?.maxLength ?? ids.length;
        const windows = Array.from({ length: Math.ceil(ids.length / width) }, (_, index) => {
          const window = ids.slice(index * width, (index + 1) * width);
          return { ids: window, typeIds: window.map(() => 0), overflowing: [] as Encoding[] } as unknown as Encoding;
        });
        windows[0]!.overflowing.push(...windows.slice(1));
        return windows[0]!;
      });
    },
  };
  let live = 1;
  const model: SequenceClassifier = {
    config: { id2label: new Map(labels.entries()), problemType },
    forward: ({ inputIds }) =>
      Promise.resolve({
        logits: { data: Float32Array.from(inputIds.flat()), shape: [inputIds.length, labels.length] },
      }),
    dispose: () => {
      live--;
    },
  };
  return { loaded: { model, tokenizer }, calls, live: () => live };
}

test("one text gives a list, an array one object a text, with topK one list a text", async () => {
  const { loaded } = doubles();
  const classify = textClassification(loaded);
  const best = { label: "fine", score: expect.closeTo(Math.exp(2) / (1 + Math.exp(2) + Math.exp(1)), 9) as number };
  expect(await classify("021")).toEqual([best]);
  expect(await classify(["021", "003"])).toEqual([best, expect.objectContaining({ label: "good" })]);
  expect(await classify(["021"], { topK: 1 })).toEqual([[best]]);
  const all = await classify(["021"], { topK: null });
  expect(all[0]!.map(({ label }) => label)).toEqual(["fine", "good", "bad"]);
  expect(await classify([])).toEqual([]);
  const classifyAll = textClassification(loaded, { topK: 2 });
  expect(await classifyAll(["021"])).toEqual([[best, expect.objectContaining({ label: "good" })]]);
  expect(await classifyAll("021", { topK: 1 })).toEqual([best]);
});

test("what turns logits into scores: the option, else the problem type, else the number of labels", async () => {
  const score = async (
    problemType: SequenceClassifier["config"]["problemType"],
    labels: string[],
    option?: "none" | "softmax",
  ) => {
    const classify = textClassification(doubles(problemType, labels).loaded);
    return (await classify("2".repeat(labels.length), option ? { functionToApply: option } : {}))[0]!.score;
  };
  expect(await score(null, ["a", "b"])).toBe(0.5);
  expect(await score(null, ["a"])).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  expect(await score(null, ["a"], "softmax")).toBe(1);
  expect(await score("multi_label_classification", ["a", "b"])).toBeCloseTo(1 / (1 + Math.exp(-2)), 12);
  expect(await score("regression", ["a"])).toBe(2);
  expect(await score(null, ["a", "b"], "none")).toBe(2);
});

test("a batch is encoded and run once, pairs and cutting options are handed on", async () => {
  const { loaded, calls } = doubles();
  const classify = textClassification(loaded, { truncation: true });
  await classify([{ text: "12", textPair: "3" }, "012", { text: "345" } as never], { maxLength: 8 });
  expect(calls).toEqual([{ options: { truncation: true, maxLength: 8 }, rows: 3 }]);
});

test("a caller's mistakes", async () => {
  const classify = textClassification(doubles().loaded);
  await expect(classify(3 as never)).rejects.toThrow(TypeError);
  await expect(classify([null] as never)).rejects.toThrow("got null");
  await expect(classify({ text: "a", textPair: 3 } as never)).rejects.toThrow(TypeError);
  await expect(classify("000", { topK: 0 })).rejects.toThrow(RangeError);
  await expect(classify("000", { functionToApply: "toString" as never })).rejects.toThrow(
    'functionToApply is "toString"',
  );
});

test("dispose reaches the model", () => {
  const { loaded, live } = doubles();
  {
    using classify = textClassification(loaded);
    expect(classify.model).toBe(loaded.model);
  }
  expect(live()).toBe(0);
});

test("windows: each label's largest score, or its mean, over all of a text; other texts of the batch stay apart", async () => {
  const { loaded, calls } = doubles("multi_label_classification");
  const classify = textClassification(loaded, { topK: null, functionToApply: "none" });
  const scores = async (...[texts, windows]: [string[], { aggregate?: "max" | "mean"; stride?: number }]) =>
    (await classify(texts, { topK: null, windows })).map((labels) =>
      LABELS.map((label) => labels.find((each) => each.label === label)!.score),
    );
  const [longer, shorter] = await scores(["900030123", "456"], {});
  expect(longer).toEqual([9, 3, 3]);
  expect(shorter).toEqual([4, 5, 6]);
  expect(await scores(["900030123"], { aggregate: "mean" })).toEqual([[10 / 3, 5 / 3, 1]]);
  await scores(["900030123"], { stride: 1 });
  expect(calls.map(({ options }) => options?.stride)).toEqual([0, 0, 1]);
  expect(calls[0]!.options).toMatchObject({ truncation: "only_first", maxLength: 3, returnOverflowingTokens: true });
  await expect(classify("123", { windows: { aggregate: "sum" as never } })).rejects.toThrow(
    'windows: aggregate is "sum"',
  );
});
