// What each way to keep weights costs in quality, beside f32: the golden models, and trained ones over real texts that they were not
// trained on. Largest difference of a score (a logit, or the cosine of two texts), share of equal answers, and how right they are.
import {
  DebertaV2ForMaskedLM,
  DebertaV2ForMultipleChoice,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2Model,
  DebertaV2TokenizerFast,
  type DebertaV2PreTrainedModel,
  type LoadOptions,
} from "deberta-webgpu";
import { type ShrinkOptions, shrinkWeights } from "deberta-webgpu/checkpoint";
import { EXTREME, type GoldenCase, type GoldenResult, runGoldenCase } from "../test/model/golden.js";
import { median, type Print } from "./support.js";
import * as texts from "./texts.js";

/** Texts of a model; half as many of those that take long. Others: npm run bench -- "bench/dtypes.bench.ts?texts=50&models=fill" */
const { searchParams: asked } = new URL(import.meta.url);
const MANY = Number(asked.get("texts") ?? 400);
/** A part of the names of those that are asked for; without one all, and the golden models. */
const NAMED = asked.get("models");
const FEW = MANY / 2;
const LENGTH = 256;

/** What a model says of one sample. */
interface Answer {
  /** What it decides by. */
  readonly scores: Float32Array;
  readonly decisions: readonly (string | number)[];
  /** How right that is, of how much; [0, 0] where nobody knows. */
  readonly right: readonly [points: number, of: number];
}

/** A model and its way to answer. */
interface Kind {
  readonly measure: string;
  load(source: string | File[], options: LoadOptions): Promise<DebertaV2PreTrainedModel>;
  answer(model: never, tokenizer: DebertaV2TokenizerFast, sample: texts.Sample): Promise<Answer>;
}

const best = (scores: Float32Array): number => scores.indexOf(Math.max(...scores));
const judged = (isRight: boolean): [number, number] => [Number(isRight), 1];
const CUT = { truncation: true, maxLength: LENGTH } as const;

const classify: Kind = {
  measure: "right",
  load: (source, options) => DebertaV2ForSequenceClassification.fromPretrained(source, options),
  async answer(model: DebertaV2ForSequenceClassification, tokenizer, { text, pair, label }) {
    const { ids } = tokenizer.encode(text, pair, CUT);
    const scores = (await model.forward({ inputIds: [ids] })).logits.data;
    const found = model.config.id2label.get(best(scores))!;
    return { scores, decisions: [found], right: judged(found === label) };
  },
};

/** Judged by the F1 of characters, whatever kind of personal data they are said to be. */
const redact: Kind = {
  measure: "F1",
  load: (source, options) => DebertaV2ForTokenClassification.fromPretrained(source, options),
  async answer(model: DebertaV2ForTokenClassification, tokenizer, { text, spans = [] }) {
    const { ids, offsets } = tokenizer.encode(text, undefined, CUT);
    const { data: scores, shape } = (await model.forward({ inputIds: [ids] })).logits;
    const count = shape.at(-1)!;
    const decisions = ids.map((_, row) =>
      model.config.id2label.get(best(scores.subarray(row * count, (row + 1) * count)))!,
    );
    const [isWanted, isFound] = [new Uint8Array(text.length), new Uint8Array(text.length)];
    for (const [from, to] of spans) isWanted.fill(1, from, to);
    offsets.forEach(([from, to], row) => decisions[row] !== "O" && isFound.fill(1, from, to));
    const count1 = (flags: Uint8Array) => flags.reduce((sum, flag) => sum + flag, 0);
    const both = count1(isFound.map((flag, i) => flag & isWanted[i]!));
    return { scores, decisions, right: [2 * both, count1(isFound) + count1(isWanted)] };
  },
};

/** The token in the middle is hidden. */
const fill: Kind = {
  measure: "right",
  load: (source, options) => DebertaV2ForMaskedLM.fromPretrained(source, options),
  async answer(model: DebertaV2ForMaskedLM, tokenizer, { text }) {
    const { ids } = tokenizer.encode(text, undefined, CUT);
    const middle = ids.length >> 1;
    const inputIds = [ids.map((id, i) => (i === middle ? tokenizer.maskTokenId : id))];
    const scores = (await model.forward({ inputIds, logitsAt: [[0, middle]] })).logits.data;
    return { scores, decisions: [best(scores)], right: judged(best(scores) === ids[middle]) };
  },
};

const choose: Kind = {
  measure: "right",
  load: (source, options) => DebertaV2ForMultipleChoice.fromPretrained(source, options),
  async answer(model: DebertaV2ForMultipleChoice, tokenizer, { text, choices = [], label }) {
    const inputIds = [choices.map((choice) => tokenizer.encode(text, choice, CUT).ids)];
    const scores = (await model.forward({ inputIds })).logits.data;
    return { scores, decisions: [best(scores)], right: judged(String(best(scores)) === label) };
  },
};

/** Right is the answer to the letter. */
const find: Kind = {
  measure: "right",
  load: (source, options) => DebertaV2ForQuestionAnswering.fromPretrained(source, options),
  async answer(model: DebertaV2ForQuestionAnswering, tokenizer, { text, pair = "", label }) {
    const { ids, offsets } = tokenizer.encode(text, pair, CUT);
    const { startLogits, endLogits } = await model.forward({ inputIds: [ids] });
    const [start, end] = [best(startLogits.data), best(endLogits.data)];
    const found = pair.slice(offsets[start]![0], offsets[end]![1]).trim();
    const scores = new Float32Array([...startLogits.data, ...endLogits.data]);
    return { scores, decisions: [start, end], right: judged(found === label) };
  },
};

/** Vectors of texts beside those of the labels' names. */
function nearest(labels: readonly string[]): Kind {
  const vectorOf = async (model: DebertaV2Model, ids: number[]): Promise<Float32Array> => {
    const { data, shape } = (await model.forward({ inputIds: [ids] })).lastHiddenState;
    const sums = new Float32Array(shape.at(-1)!);
    data.forEach((value, i) => (sums[i % sums.length]! += value));
    const length = Math.hypot(...sums);
    return sums.map((value) => value / length);
  };
  let names: { of: DebertaV2Model; vectors: Float32Array[] } | undefined;
  return {
    measure: "right",
    load: (source, options) => DebertaV2Model.fromPretrained(source, options),
    async answer(model: DebertaV2Model, tokenizer, { text, label }) {
      if (names?.of !== model) {
        const vectors = [];
        for (const name of labels)
          vectors.push(await vectorOf(model, tokenizer.encode(name.replaceAll("_", " "), undefined, CUT).ids));
        names = { of: model, vectors };
      }
      const own = await vectorOf(model, tokenizer.encode(text, undefined, CUT).ids);
      const scores = Float32Array.from(names.vectors, (vector) => vector.reduce((sum, x, i) => sum + x * own[i]!, 0));
      return { scores, decisions: [best(scores)], right: judged(labels[best(scores)] === label) };
    },
  };
}

interface Run {
  readonly bytes: number;
  readonly answers: readonly Answer[];
}

async function run(
  kind: Kind,
  source: string,
  files: File[] | undefined,
  samples: readonly texts.Sample[],
  dtype: NonNullable<LoadOptions["dtype"]>,
): Promise<Run> {
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(source);
  const model = await kind.load(files ?? source, { dtype });
  const answers: Answer[] = [];
  for (const sample of samples) answers.push(await kind.answer(model as never, tokenizer, sample));
  const bytes = model.memory().gpuBytes;
  await model.dispose();
  return { bytes, answers };
}

/** A model's files with its weights shrunk. */
async function shrunk(source: string, options: ShrinkOptions): Promise<File[]> {
  const parts: { readonly position: number; readonly bytes: Uint8Array }[] = [];
  const write = (position: number, bytes: Uint8Array) => void parts.push({ position, bytes: bytes.slice() });
  await shrinkWeights(source, { write }, options);
  const weights = new Uint8Array(Math.max(...parts.map(({ position, bytes }) => position + bytes.length)));
  for (const { position, bytes } of parts) weights.set(bytes, position);
  const config = await (await fetch(`${source}config.json`)).blob();
  return [new File([weights], "model.safetensors"), new File([config], "config.json")];
}

function quality({ answers }: Run): number {
  const [points, of] = [0, 1].map((side) => answers.reduce((sum, { right }) => sum + right[side]!, 0));
  return (100 * points!) / of!;
}

function compare(name: string, dtype: string, measure: string, got: Run, whole: Run): string[] {
  const all = whole.answers.flatMap(({ scores }) => [...scores]);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
  const values = got.answers.flatMap(({ scores }) => [...scores]);
  const largest = values.reduce((most, value, i) => Math.max(most, Math.abs(value - all[i]!)), 0);
  const wanted = whole.answers.flatMap(({ decisions }) => decisions);
  const equal = got.answers
    .flatMap(({ decisions }) => decisions)
    .filter((decision, i) => decision === wanted[i]).length;
  const cost = quality(whole) - quality(got);
  return [
    name,
    dtype,
    (got.bytes / 1e6).toFixed(1),
    (largest / deviation).toFixed(3),
    `${((100 * equal) / wanted.length).toFixed(1)} %`,
    `${quality(got).toFixed(1)} % ${measure}`,
    got === whole ? "" : (-cost).toFixed(1),
  ];
}

interface Subject {
  readonly name: string;
  readonly source: string;
  readonly kind: Kind;
  readonly samples: readonly texts.Sample[];
}

async function subjects(): Promise<Subject[]> {
  const intents = await texts.intents(MANY);
  const moods = await texts.moods(MANY);
  const personal = await texts.personal(MANY);
  const sentences = await texts.sentences(MANY);
  const labels = [...new Set(intents.map(({ label }) => label!))];
  const entailments = await texts.entailments(MANY);
  const replies = await texts.replies(FEW);
  const questions = await texts.questions(FEW);
  const shared = (name: string, kind: Kind, samples: readonly texts.Sample[]): Subject => ({
    name: `${name}, shared`,
    source: `/shared/models/${name}/`,
    kind,
    samples,
  });
  const bundled = (name: string, kind: Kind, samples: readonly texts.Sample[]): Subject => ({
    name: `${name}, bundled`,
    source: `/models/${name}/`,
    kind,
    samples,
  });
  return [
    shared("tiny-intent", classify, intents),
    shared("tiny-mood", classify, moods),
    shared("tiny-redact", redact, personal),
    shared("tiny-mlm", fill, sentences),
    shared("small-base", nearest(labels), intents),
    bundled("tiny-intent", classify, intents),
    bundled("tiny-mood", classify, moods),
    bundled("redact", redact, personal),
    bundled("zero-shot", classify, entailments),
    bundled("vectors", nearest(labels), intents),
    bundled("reply", choose, replies),
    bundled("answers", find, questions),
    bundled("fill", fill, sentences),
  ];
}

/** Files in f16 as they are in other types on the GPU, and shrunk with the word table in 8 bits; shrunk ones in other types only. */
const DTYPES = ["f16", "q8", "q4"] as const;
const SHRUNK = ["q8", "q4"] as const;

async function trained(): Promise<string[]> {
  const rows = [["model", "weights", "GPU MB", "largest difference", "equal answers", "quality", "points"]];
  for (const { name, source, kind, samples } of await subjects()) {
    if (!name.includes(NAMED ?? "")) continue;
    const whole = await run(kind, source, undefined, samples, "f32");
    const add = (weights: string, got: Run) => rows.push(compare(name, weights, kind.measure, got, whole));
    add("f32", whole);
    for (const dtype of DTYPES) add(dtype, await run(kind, source, undefined, samples, dtype));
    if (!source.startsWith("/shared/")) continue;
    for (const dtype of SHRUNK) {
      const files = await shrunk(source, { dtype, wordTable: "q8" });
      add(`${dtype}, word table q8`, await run(kind, source, files, samples, "auto"));
    }
  }
  return markdown(rows, 2);
}

/** Golden models whose scores are in the thousands are left out of the middle and the largest, and stand by themselves. */
async function golden(): Promise<string[]> {
  const read = async (path: string) => {
    const response = await fetch(`/shared/golden/models/${path}`);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  };
  const { cases } = JSON.parse(new TextDecoder().decode(await read("index.json"))) as { cases: GoldenCase[] };
  const rows = [["weights", "middle", "largest", "in", "made to overflow halves"]];
  for (const dtype of ["f32", "f16", "q8"] as const) {
    const found: { name: string; error: number; isExtreme: boolean }[] = [];
    for (const each of cases) {
      const results = await runGoldenCase(each, read, undefined, dtype);
      const errors = results
        .filter(({ what }) => what.includes("logits"))
        .map(({ relative }: GoldenResult) => relative);
      if (errors.length > 0)
        found.push({ name: each.name, error: Math.max(...errors), isExtreme: EXTREME.includes(each.name) });
    }
    const usual = found.filter(({ isExtreme }) => !isExtreme).sort((a, b) => b.error - a.error);
    const extreme = Math.max(...found.filter(({ isExtreme }) => isExtreme).map(({ error }) => error));
    const [worst] = usual;
    const figures = [median(usual.map(({ error }) => error)), worst!.error, extreme].map((error) =>
      error.toExponential(1),
    );
    rows.push([dtype, figures[0]!, figures[1]!, worst!.name, figures[2]!]);
  }
  return markdown(rows, 1);
}

/** Rows as a table in Markdown, the first columns to the left. */
function markdown(rows: readonly (readonly string[])[], left: number): string[] {
  const [head, ...body] = rows.map((row) => `| ${row.join(" | ")} |`);
  return [head!, `|${rows[0]!.map((_, i) => (i < left ? "---|" : "---:|")).join("")}`, ...body];
}

export default async function bench(print: Print): Promise<void> {
  if (NAMED === null) {
    await print("Golden models: largest difference of a logit, as a share of the logits' root mean square.");
    await print((await golden()).join("\n"));
  }
  await print(
    `Trained models, ${MANY} texts at most: largest difference of a score, as a share of the scores' standard deviation; points of quality beside f32.`,
  );
  await print((await trained()).join("\n"));
}
