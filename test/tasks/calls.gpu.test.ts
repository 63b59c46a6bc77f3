// Calls that differ from Python's in spelling or in what they mean: right, or refused; never ignored in silence.
import { expect, test } from "vitest";
import { DebertaV2ForSequenceClassification, DebertaV2TokenizerFast, pipeline } from "../../src/index.js";
import { expected } from "./golden-pipelines.js";

const MODELS = "/shared/golden/pipelines/";
const f32 = { dtype: "f32" } as const;
const shared = test.skipIf(!__HAS_SHARED__); // needs golden models

interface ZeroShotCase {
  readonly input: { readonly sequences: string; readonly candidate_labels: string[] };
  readonly options: { readonly hypothesis_template?: string };
  readonly output: { readonly labels: string[]; readonly scores: number[]; readonly fails?: string };
}

shared("pairs and options in Python's spelling are read, foreign ones refused", async () => {
  const reported = (await (await fetch("/shared/public/text-pair-spelling/expected.json")).json()) as { pair: unknown };
  const classify = await pipeline("text-classification", `${MODELS}sentiment-3/`, f32);
  const both = { text: "The team won.", text_pair: "This text is about sports." };
  const asked = classify(both as never, { top_k: null } as never);
  expect(await asked).toEqual(expected(reported.pair, 1e-3));
  expect(await classify({ ...both, textPair: both.text_pair } as never, { topK: null })).toEqual(await asked);
  for (const [input, options] of [
    [{ text: "a", pair: "b" }, {}],
    [["a", { text: "a", labels: "b" }], {}],
    ["a", { return_all_scores: true }],
    ["a", { padding: true }],
    ["a", { windows: { overlap: 3 } }],
    ["a", "b"],
  ] as [never, never][])
    await expect(classify(input, options), JSON.stringify([input, options])).rejects.toThrow(TypeError);
  await expect(classify.model.forward({ inputIds: [[1, 2]], attention_masks: [[1, 1]] } as never)).rejects.toThrow(
    TypeError,
  );
  await classify.dispose();
});

shared("what loading does not know is refused before a request is made", async () => {
  const source = `${MODELS}sentiment-3/`;
  for (const load of [
    (options: never) => pipeline("text-classification", source, options),
    (options: never) => DebertaV2ForSequenceClassification.fromPretrained(source, options),
    (options: never) => DebertaV2TokenizerFast.fromPretrained(source, options),
  ])
    for (const options of [{ quantized: true }, { progress_callback: () => 0 }, { cache: "none" }, { revision: 5 }])
      await expect(load(options as never)).rejects.toSatisfy(
        (error) => error instanceof TypeError || error instanceof RangeError,
      );
});

shared("templates are Python's", async () => {
  const cases = (await (await fetch("/shared/public/hypothesis-template/cases.json")).json()) as ZeroShotCase[];
  const classify = await pipeline("zero-shot-classification", `${MODELS}nli/`, f32);
  for (const { input, options, output } of cases) {
    const asked = classify(input.sequences, input.candidate_labels, options as never);
    if (output.fails)
      await expect(asked).rejects.toSatisfy((error) => error instanceof TypeError || error instanceof RangeError);
    else expect(await asked).toEqual(expected({ sequence: input.sequences, ...output }, 1e-3));
  }
  await classify.dispose();
});

shared("an answer never leaves the context, whatever was typed", async () => {
  const answer = await pipeline("question-answering", `${MODELS}reading/`, f32);
  const reported = await answer({ question: "[CLS] who [SEP]?", context: "x" });
  expect(reported).toEqual(expected({ score: 0.119, start: 0, end: 1, answer: "x" }, 1e-3));
  const questions = ["[CLS] [CLS] who [CLS]?", "[SEP] when [CLS] was [CLS] it [MASK]?", "Who?"];
  const contexts = ["x", " 😀 ", "   ", "[CLS] a [SEP] b c", "One two three. ".repeat(12) + "[CLS] four 😀"];
  const inputs = questions.flatMap((question) => contexts.map((context) => ({ question, context })));
  for (const alignToWords of [true, false])
    for (const rest of [{}, { maxSeqLen: 40, docStride: 8, handleImpossibleAnswer: true }]) {
      const all = await answer(inputs, { topK: 20, alignToWords, ...rest });
      for (const [index, { context }] of inputs.entries())
        for (const { start, end, answer: text } of [all[index]!].flat()) {
          expect(0 <= start && start <= end && end <= context.length, JSON.stringify(inputs[index])).toBe(true);
          expect(text).toBe(context.slice(start, end));
        }
    }
  for (const wrong of [
    "text",
    { question: "a", context: "b", id: 1 },
    { question: "", context: "b" },
    { question: "a" },
  ])
    await expect(answer(wrong as never)).rejects.toSatisfy((e) => e instanceof TypeError || e instanceof RangeError);
  await answer.dispose();
});

/** As a framework that wraps whatever is read from its state. */
function reactive<T extends object>(target: T): T {
  return new Proxy(target, {
    get(of, name, receiver) {
      const value: unknown = Reflect.get(of, name, receiver);
      const fixed = Reflect.getOwnPropertyDescriptor(of, name);
      if (fixed?.writable === false && !fixed.configurable) return value;
      return typeof value === "object" && value !== null ? reactive(value) : value;
    },
  });
}

test("a framework's proxy around a task, its model and its tokenizer", async () => {
  const source = "/models/tiny-intent/";
  const classify = await pipeline("text-classification", source);
  const text = "tell me a joke";
  const state = reactive({ classify, model: classify.model, tokenizer: classify.tokenizer });
  expect(await state.classify(text)).toEqual(await classify(text));
  expect(state.tokenizer.encode(text)).toEqual(classify.tokenizer.encode(text));
  expect(state.tokenizer.maskTokenId).toBe(classify.tokenizer.maskTokenId);
  const { ids } = state.tokenizer.encode(text);
  expect(state.tokenizer.decode(ids)).toBe(classify.tokenizer.decode(ids));
  expect(state.model.memory()).toEqual(classify.model.memory());
  expect(state.model.config.toJSON()).toEqual(classify.model.config.toJSON());
  expect(await state.model.forward({ inputIds: [ids] })).toEqual(await classify.model.forward({ inputIds: [ids] }));
  const again = await pipeline("zero-shot-classification", { model: state.model, tokenizer: state.tokenizer });
  expect((await again(text, ["fun", "work"])).labels).toHaveLength(2);
  await again.dispose();
  await state.classify.dispose();
  await expect(classify(text)).rejects.toThrow("disposed");
});

test("a task of a loaded one shares its model, and the last frees it", async () => {
  const source = "/models/tiny-intent/";
  const classify = await pipeline("text-classification", source);
  const { hostBytes } = classify.model.memory();
  const other = await pipeline("zero-shot-classification", classify, { multiLabel: true });
  const third = await pipeline("rerank", { model: classify.model, tokenizer: classify.tokenizer });
  expect(other.model.memory().hostBytes).toBe(hostBytes);
  expect(other.tokenizer).toBe(classify.tokenizer);
  await Promise.all([classify("tell me a joke"), other("tell me a joke", ["a", "b"])]);
  await expect(pipeline("question-answering", classify)).rejects.toThrow(TypeError);
  await expect(pipeline("zero-shot-classification", classify, { dtype: "q8" })).rejects.toThrow(TypeError);
  await classify.dispose();
  await classify.dispose();
  await third.dispose();
  await expect(classify("tell me a joke")).rejects.toThrow("disposed");
  expect((await other("tell me a joke", ["a", "b"])).labels).toHaveLength(2);
  expect(other.model.memory().hostBytes).toBe(hostBytes);
  await other.dispose();
  expect(other.model.memory().gpuBytes).toBe(0);
});
