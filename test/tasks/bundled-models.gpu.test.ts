// The bundled models on real text, against what Transformers answers with the same weights (tools/train/judge/examples.py).
import { pipeline } from "deberta-webgpu";
import { describe, expect, it } from "vitest";
import EXAMPLES from "../fixtures/bundled-models.json";

/** Scores are probabilities or cosines; both sides compute in f32 from the same 8-bit weights. */
const CLOSE = 3; // digits of toBeCloseTo: 5e-4

describe("bundled models answer as Transformers does", () => {
  it.each(["tiny-intent", "tiny-mood"] as const)("%s", async (name) => {
    const classify = await pipeline("text-classification", `/models/${name}/`);
    for (const { input, label, score } of EXAMPLES[name]) {
      const [best] = await classify(input);
      expect({ input, label: best!.label }).toEqual({ input, label });
      expect(best!.score).toBeCloseTo(score, CLOSE);
    }
    await classify.dispose();
  });

  it("zero-shot", async () => {
    const classify = await pipeline("zero-shot-classification", "/models/zero-shot/");
    for (const { input, labels, scores } of EXAMPLES["zero-shot"]) {
      const found = await classify(input, labels);
      for (const [at, label] of labels.entries())
        expect(found.scores[found.labels.indexOf(label)]).toBeCloseTo(scores[at]!, CLOSE);
    }
    await classify.dispose();
  });

  it("vectors", async () => {
    const extract = await pipeline("feature-extraction", "/models/vectors/", { pooling: "mean", normalize: true });
    for (const { input, cosine } of EXAMPLES.vectors) {
      const [a, b] = await extract(input);
      expect(a!.data.reduce((sum, x, i) => sum + x * b!.data[i]!, 0)).toBeCloseTo(cosine, CLOSE);
    }
    await extract.dispose();
  });

  it("redact", async () => {
    const mark = await pipeline("token-classification", "/models/redact/", { aggregationStrategy: "simple" });
    for (const { input, spans } of EXAMPLES.redact) {
      const found = (await mark(input)).map(({ start, end, entity_group }) => [
        input.slice(start, end).trim(),
        entity_group,
      ]);
      expect(found).toEqual(spans);
    }
    await mark.dispose();
  });

  it("answers", async () => {
    const ask = await pipeline("question-answering", "/models/answers/");
    for (const { input, answer } of EXAMPLES.answers) expect((await ask(input)).answer.trim()).toBe(answer);
    await ask.dispose();
  });

  it("reply", async () => {
    const choose = await pipeline("multiple-choice", "/models/reply/");
    for (const { input, logits } of EXAMPLES.reply) {
      const found = await choose(input);
      for (const [at, logit] of logits.entries()) expect(found.logits[at]).toBeCloseTo(logit, 2);
    }
    await choose.dispose();
  });

  it("fill, through the mask decoder that its file holds", async () => {
    const fill = await pipeline("fill-mask", "/models/fill/", { topK: 3 });
    for (const { input, words, scores } of EXAMPLES.fill) {
      const found = (await fill(input)).flat();
      expect(found.map(({ token_str }) => token_str)).toEqual(words);
      for (const [at, score] of scores.entries()) expect(found[at]!.score).toBeCloseTo(score, CLOSE);
    }
    await fill.dispose();
  });
});
