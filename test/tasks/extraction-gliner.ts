// A folder of GLiNER's cases: entities with their offsets, and the values between, both ways of running the LSTM.
import { GLiNERModel } from "../../src/model/extraction/gliner.js";
import type { Tensor } from "../../src/model/outputs.js";
import { pipeline } from "../../src/tasks/pipeline.js";
import {
  camelCased,
  differences,
  type ExtractionCase,
  openFixture,
  type ReadFile,
  type Verdict,
} from "./extraction.js";

export async function runGliner(
  read: ReadFile,
  name: string,
  lstm: "device" | "host",
  device?: GPUDevice,
): Promise<Verdict> {
  const { data, expected, options, source } = await openFixture(read, name);
  const extract = await pipeline("entity-extraction", source, { ...options, lstm, ...(device ? { device } : {}) });
  const wrong: string[] = [];
  let [tensors, worst] = [0, 0];
  const { model } = extract;
  if (!(model instanceof GLiNERModel)) throw new Error(`${name} is not read as GLiNER`);
  try {
    for (const one of data.cases) {
      const got = await extract(one.texts as string, one.labels as string[], camelCased(one.options));
      const found = differences(got, one.output, data.tolerance32, one.name, { class_probs: "classProbs" });
      wrong.push(...found.slice(0, 3));
      if (!one.tensors) continue;
      const values = await valuesOf(model, one, expected);
      for (const [what, tensor] of values) {
        const wanted = expected.get(`${one.name}/${what}`);
        const tolerance = data.tensors?.[what]?.tolerance32;
        if (!wanted || tolerance === undefined) continue;
        tensors++;
        const share = largest(what, tensor, wanted, one, expected, model) / tolerance;
        worst = Math.max(worst, share);
        if (!(share <= 1)) wrong.push(`${one.name}/${what}: ${share.toFixed(2)} of the tolerance`);
      }
    }
  } finally {
    await extract.dispose();
  }
  return { cases: data.cases.length, tensors, wrong, worst };
}

type Stored = ReadonlyMap<string, { readonly shape: number[]; readonly data: ArrayLike<number> }>;

const rowsOf = (tensor: { readonly shape: number[]; readonly data: ArrayLike<number> }): number[][] => {
  const width = tensor.shape.at(-1)!;
  return Array.from({ length: tensor.data.length / width }, (_, row) =>
    Array.from({ length: width }, (_, column) => tensor.data[row * width + column]!),
  );
};

/** The model's own values for the stored ids and word numbers. */
async function valuesOf(model: GLiNERModel, { name }: ExtractionCase, expected: Stored): Promise<Map<string, Tensor>> {
  const stored = (what: string) => rowsOf(expected.get(`${name}/${what}`)!);
  const inputs = {
    inputIds: stored("input_ids"),
    attentionMask: stored("attention_mask"),
    wordsMask: stored("words_mask"),
    textLengths: stored("text_lengths").flat(),
  };
  const values = await model.inspect(inputs);
  values.set("logits", (await model.forward(inputs)).logits);
  return values;
}

/** Largest difference over real tokens, words and labels, and spans that end inside the text. */
function largest(
  what: string,
  got: Tensor,
  wanted: { readonly shape: number[]; readonly data: ArrayLike<number> },
  { name, labels }: ExtractionCase,
  expected: Stored,
  { gliner }: GLiNERModel,
): number {
  const lengths = Array.from(expected.get(`${name}/text_lengths`)!.data);
  const mask = expected.get(`${name}/attention_mask`)!;
  const perText = labels as readonly (readonly string[])[];
  const count = (text: number) => (Array.isArray(perText[0]) ? perText[text]!.length : Infinity);
  let worst = 0;
  const compare = (index: readonly number[], counts: boolean) => {
    if (!counts) return;
    const at = (shape: readonly number[]) => index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0);
    const difference = Math.abs(got.data[at(got.shape)]! - wanted.data[at(wanted.shape)]!);
    if (!(difference <= worst)) worst = difference;
  };
  const walk = (index: number[], counts: (index: readonly number[]) => boolean): void => {
    if (index.length === wanted.shape.length) compare(index, counts(index));
    else for (let i = 0; i < wanted.shape[index.length]!; i++) walk([...index, i], counts);
  };
  walk([], ([text, row, width, last]) => {
    if (what === "token_embeddings") return mask.data[text! * mask.shape[1]! + row!] === 1;
    if (what === "prompts" || what === "label_rep") return row! < Math.min(count(text!), got.shape[1]!);
    const inside = row! < lengths[text!]!;
    if (what === "logits" && (gliner.isTokenLevel ? width! : last!) >= count(text!)) return false;
    return inside && (what !== "logits" || gliner.isTokenLevel || row! + width! < lengths[text!]!);
  });
  return worst;
}
