// withFallback: what runs here and what is handed on; their arguments, their results.
import { expect, test, vi } from "vitest";
import { pipeline } from "../../src/index.js";
import { withFallback } from "../../src/transformers-js.js";

const SOURCE = "/models/tiny-intent/";
type Theirs = (task: string, model?: string | null, options?: object) => Promise<unknown>;
type Called = (...args: unknown[]) => Promise<unknown>;
interface TheirTensor {
  readonly dims: number[];
  tolist(): number[][];
}

test("DeBERTa-v2 runs here, all else is theirs with its arguments unchanged", async () => {
  const theirs = vi.fn((task: string, model?: string | null, options?: object) =>
    Promise.resolve({ task, model, options }),
  );
  const either = withFallback<Theirs>(theirs);
  for (const args of [
    ["translation", SOURCE, {}],
    ["text-classification", SOURCE, { device: "wasm" }],
    ["text-classification", SOURCE, { dtype: { encoder: "q4" } }],
    ["text-classification", SOURCE, { model_file_name: "model_quantized" }],
    ["text-classification", "/models/nothing-here/", {}],
    ["text-classification", "no address", {}],
  ] as [string, string, object][])
    expect(await either(...args)).toEqual({ task: args[0], model: args[1], options: args[2] });
  expect(await either("text-classification")).toMatchObject({ task: "text-classification", model: undefined });
  theirs.mockClear();

  const files = new Set<string>();
  const progress_callback = ({ status, file }: { status: string; file: string }) => files.add(`${status} ${file}`);
  const classify = (await either("sentiment-analysis", SOURCE, { dtype: "fp32", progress_callback })) as Called & {
    dispose(): Promise<void>;
  };
  expect(theirs).not.toHaveBeenCalled();
  expect(files).toContain("progress model.safetensors");
  const own = await pipeline("text-classification", SOURCE, { dtype: "f32" });
  const texts = ["tell me a joke", "wake me up at six"];
  expect(await classify(texts[0])).toEqual(await own(texts[0]!));
  expect(await classify(texts, { top_k: 1 })).toEqual(await own(texts));
  expect(await classify(texts, { top_k: null })).toEqual(await own(texts, { topK: null }));
  await classify.dispose();
  await own.dispose();
});

test("feature extraction gives one tensor with dims and tolist", async () => {
  const either = withFallback<Theirs>(() => Promise.reject(new Error("theirs")));
  const extract = (await either("feature-extraction", SOURCE)) as Called & { dispose(): Promise<void> };
  const texts = ["tell me a joke", "wake me up at half past six tomorrow"];
  const pooled = (await extract(texts, { pooling: "mean", normalize: true })) as TheirTensor;
  const [batch, width] = pooled.dims as [number, number];
  expect(batch).toBe(2);
  for (const row of pooled.tolist()) expect([row.length, Math.hypot(...row).toFixed(3)]).toEqual([width, "1.000"]);
  const states = (await extract(texts)) as TheirTensor;
  expect(states.dims).toHaveLength(3);
  expect(((await extract(texts[0])) as TheirTensor).dims[0]).toBe(1);
  await extract.dispose();
});

test.skipIf(!__HAS_SHARED__)("question answering and zero-shot classification take their arguments", async () => {
  const either = withFallback<Theirs>(() => Promise.reject(new Error("theirs")));
  const answer = (await either("question-answering", "/shared/golden/pipelines/reading/")) as Called & Disposable;
  const one = await answer("Who counts seals?", "Maria Eng counts seals.");
  expect(one).toHaveProperty("answer");
  const questions = ["Who counts seals?", "Where?"];
  const both = (await answer(questions, ["Maria Eng counts seals.", "In the kitchen."])) as unknown[];
  expect(both).toHaveLength(2);
  expect(both[0]).toMatchObject({ answer: (one as { answer: string }).answer });
  answer[Symbol.dispose]();
  const classify = (await either("zero-shot-classification", "/shared/golden/pipelines/nli/")) as Called & Disposable;
  expect(await classify("The team won.", "fun, games")).toMatchObject({ labels: ["fun, games"] });
  expect(await classify("The team won.", ["a", "b"], { multi_label: true })).toHaveProperty("scores");
  classify[Symbol.dispose]();
});
