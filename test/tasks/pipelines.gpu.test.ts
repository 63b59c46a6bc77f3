// Every other task on real models: what Transformers' pipelines answer to the stored questions, and what they refuse.
import { expect, test } from "vitest";
import { pipeline, type Pipelines } from "../../src/tasks/pipeline.js";
import type { Tensor } from "../../src/model/outputs.js";
import { camelCased, expected, goldenPipeline } from "./golden-pipelines.js";

/** A task as a function of a stored question. */
type Ask = (input: unknown, options: Record<string, unknown>) => Promise<unknown>;

/** What takes no single input takes the fields of the stored one. */
const ASK: { readonly [Task in keyof Pipelines]?: (pipe: Pipelines[Task]) => Ask } = {
  "zero-shot-classification": (classify) => (input, options) => {
    const { sequences, candidate_labels: labels } = input as { sequences: string; candidate_labels: string[] };
    return classify(sequences, labels, options);
  },
  "feature-extraction": (extract) => async (input, options) => {
    const nested = ({ data, shape: [, rows, width] }: Tensor): number[][][] => [
      Array.from({ length: rows! }, (_, row) => Array.from(data.subarray(row * width!, (row + 1) * width!))),
    ];
    const result = (await extract(input as string, options)) as Tensor | Tensor[];
    return Array.isArray(result) ? result.map(nested) : nested(result);
  },
};

const NAMES = [
  "nli",
  "nli-2",
  "nli-unnamed",
  "entities",
  "plain-labels",
  "entities-stride",
  "reading",
  "reading-null",
  "cloze",
  "cloze-new-head",
  "which",
  "features",
];

test.skipIf(!__HAS_SHARED__).each(NAMES)("%s answers as Transformers", async (name) => {
  const { task, cases, tolerance32 } = await goldenPipeline(name);
  const pipe = await pipeline(task as keyof Pipelines, `/shared/golden/pipelines/${name}/`, { dtype: "f32" });
  const asFunction = ASK[task as keyof Pipelines] as ((pipe: unknown) => Ask) | undefined;
  const ask = asFunction ? asFunction(pipe) : (pipe as unknown as Ask);
  for (const { input, options, construct, output, fails } of cases) {
    const all = { ...construct, ...options }; // those of the pipeline are defaults for the call's
    const what = JSON.stringify({ input, options: all });
    const asked = ask(input, camelCased(all));
    if (fails)
      await expect(asked, what).rejects.toSatisfy((error) => error instanceof TypeError || error instanceof RangeError);
    else expect(await asked, what).toEqual(expected(output, tolerance32));
  }
  await pipe.dispose();
});

test("a task that does not exist", async () => {
  await expect(pipeline("translation" as never, "/models/tiny-intent/")).rejects.toThrow(
    "the tasks are text-classification, ",
  );
});

test.skipIf(!__HAS_SHARED__)("rerank: best first, cut at topK, nothing for nothing", async () => {
  const rank = await pipeline("rerank", "/shared/golden/pipelines/score-1/", { dtype: "f32" });
  const documents = ["Parliament voted on the new budget.", "The lighthouse was built by Ida Lindqvist.", "ok"];
  const all = await rank("Who built the lighthouse?", documents);
  expect(all.map(({ score }) => score)).toEqual(all.map(({ score }) => score).sort((a, b) => b - a));
  expect(all.map(({ document }) => document)).toEqual(all.map(({ index }) => documents[index]));
  expect(await rank("Who built the lighthouse?", documents, { topK: 1 })).toEqual([all[0]]);
  expect(await rank("Who?", [])).toEqual([]);
  await expect(rank("Who?", "not a list" as never)).rejects.toThrow(TypeError);
  await rank.dispose();
});

test.skipIf(!__HAS_SHARED__)("feature extraction: pooling and length 1", async () => {
  const extract = await pipeline("feature-extraction", "/shared/golden/pipelines/features/", { dtype: "f32" });
  const [text, longer] = ["It was fine.", "It was fine, nothing special at all."];
  const states = await extract(text);
  const [, rows, width] = states.shape as [number, number, number];
  const cls = await extract(text, { pooling: "cls" });
  expect(cls).toEqual({ data: states.data.slice(0, width), shape: [1, width] });
  const [mean] = await extract([text, longer], { pooling: "mean", normalize: true });
  const column = (at: number): number =>
    Array.from({ length: rows }, (_, row) => states.data[row * width + at]!).reduce((a, b) => a + b) / rows;
  const plain = Array.from({ length: width }, (_, at) => column(at));
  const length = Math.hypot(...plain);
  plain.forEach((value, at) => expect(mean!.data[at]).toBeCloseTo(value / length, 4));
  await expect(extract(text, { pooling: "max" as never })).rejects.toThrow(RangeError);
  await extract.dispose();
});
