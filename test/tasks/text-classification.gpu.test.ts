// Text classification on real models: what Transformers' pipeline answers, with its nesting; and the bundled models'
// known answers, which an outsider's clone can test as well.
import { expect, test } from "vitest";
import { pipeline } from "../../src/tasks/pipeline.js";
import type { ClassificationInput } from "../../src/tasks/text-classification.js";
import EXAMPLES from "../fixtures/bundled-models.json";
import { camelCased, expected, goldenPipeline } from "./golden-pipelines.js";

const asInput = (input: unknown): ClassificationInput | ClassificationInput[] => {
  if (Array.isArray(input)) return input.map(asInput) as ClassificationInput[];
  return typeof input === "string"
    ? input
    : (camelCased(input as Record<string, unknown>) as unknown as ClassificationInput);
};

test.skipIf(!__HAS_SHARED__).each(["sentiment-3", "topics-multi", "score-1"])(
  "%s answers as Transformers",
  async (name) => {
    const { cases, tolerance32 } = await goldenPipeline(name);
    const classify = await pipeline("text-classification", `/shared/golden/pipelines/${name}/`, { dtype: "f32" });
    for (const { input, options, output } of cases)
      expect(await classify(asInput(input) as never, camelCased(options)), JSON.stringify({ input, options })).toEqual(
        expected(output, tolerance32),
      );
    await classify.dispose();
  },
);

test("the bundled models' known answers, one by one and in one packed batch", async () => {
  const answers = EXAMPLES["tiny-intent"];
  const classify = await pipeline("text-classification", "/models/tiny-intent/");
  const batch = await classify(answers.map(({ input }) => input));
  for (const [index, { input, label, score }] of answers.entries()) {
    const [best] = await classify(input);
    expect(best).toEqual({ label, score: expect.closeTo(score, 2) as number });
    expect(batch[index]).toEqual({ label, score: expect.closeTo(best!.score, 4) as number });
  }
  await classify.dispose();
});
