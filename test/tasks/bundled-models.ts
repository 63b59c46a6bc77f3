// The bundled models on real text, against what Transformers answers with the same weights (tools/train/judge/examples.py).
// Knows no test runner, so that every browser runs the same.
import { pipeline } from "../../src/tasks/pipeline.js";
import EXAMPLES from "../fixtures/bundled-models.json";

/** Scores are probabilities or cosines; both sides compute in f32 from the same 8-bit weights. */
const CLOSE = 5e-4;

function expectClose(actual: number | undefined, wanted: number, within: number = CLOSE): void {
  if (!(Math.abs(actual! - wanted) <= within)) throw new Error(`${actual}, not ${wanted} ± ${within}`);
}

function expectSame(actual: unknown, wanted: unknown): void {
  const [got, asked] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (got !== asked) throw new Error(`${got}, not ${asked}`);
}

async function classifies(name: "tiny-intent" | "tiny-mood"): Promise<void> {
  const classify = await pipeline("text-classification", `/models/${name}/`);
  for (const { input, label, score } of EXAMPLES[name]) {
    const [best] = await classify(input);
    expectSame({ input, label: best!.label }, { input, label });
    expectClose(best!.score, score);
  }
  await classify.dispose();
}

/** By the model's folder; each throws an Error that tells the first wrong answer. */
export const BUNDLED_MODELS: Readonly<Record<string, () => Promise<void>>> = {
  "tiny-intent": () => classifies("tiny-intent"),
  "tiny-mood": () => classifies("tiny-mood"),

  async "zero-shot"() {
    const classify = await pipeline("zero-shot-classification", "/models/zero-shot/");
    for (const { input, labels, scores } of EXAMPLES["zero-shot"]) {
      const found = await classify(input, labels);
      for (const [at, label] of labels.entries()) expectClose(found.scores[found.labels.indexOf(label)], scores[at]!);
    }
    await classify.dispose();
  },

  async vectors() {
    const extract = await pipeline("feature-extraction", "/models/vectors/", { pooling: "mean", normalize: true });
    for (const { input, cosine } of EXAMPLES.vectors) {
      const [a, b] = await extract(input);
      expectClose(
        a!.data.reduce((sum, x, i) => sum + x * b!.data[i]!, 0),
        cosine,
      );
    }
    await extract.dispose();
  },

  async redact() {
    const mark = await pipeline("token-classification", "/models/redact/", { aggregationStrategy: "simple" });
    for (const { input, spans } of EXAMPLES.redact) {
      const found = (await mark(input)).map(({ start, end, entity_group }) => [
        input.slice(start, end).trim(),
        entity_group,
      ]);
      expectSame(found, spans);
    }
    const find = await pipeline("redact", mark, { rules: false });
    for (const { input, spans } of EXAMPLES.redact)
      expectSame(
        (await find(input)).map(({ word, entity_group }) => [word, entity_group]),
        spans,
      );
    await find.dispose();
    await mark.dispose();
  },

  async answers() {
    const ask = await pipeline("question-answering", "/models/answers/");
    for (const { input, answer } of EXAMPLES.answers) expectSame((await ask(input)).answer.trim(), answer);
    await ask.dispose();
  },

  async reply() {
    const choose = await pipeline("multiple-choice", "/models/reply/");
    for (const { input, logits } of EXAMPLES.reply) {
      const found = await choose(input);
      for (const [at, logit] of logits.entries()) expectClose(found.logits[at], logit, 10 * CLOSE);
    }
    await choose.dispose();
  },

  /** Through the mask decoder that its file holds. */
  async fill() {
    const fill = await pipeline("fill-mask", "/models/fill/", { topK: 3 });
    for (const { input, words, scores } of EXAMPLES.fill) {
      const found = (await fill(input)).flat();
      expectSame(
        found.map(({ token_str }) => token_str),
        words,
      );
      for (const [at, score] of scores.entries()) expectClose(found[at]!.score, score);
    }
    await fill.dispose();
  },
};
