// What each way to keep weights costs in quality: the bundled models over real texts that they were not trained on, every dtype
// beside f32. Largest difference of a logit (as a share of the logits' own spread), share of equal answers, and correct ones.
import {
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2TokenizerFast,
  type LoadOptions,
} from "deberta-webgpu";
import { type Print, table } from "./support.js";

const TEXTS = 400;
const DTYPES = ["f32", "f16", "q8", "q4"] as const satisfies readonly LoadOptions["dtype"][];

interface Sample {
  readonly text: string;
  /** The right label, where the data says one. */
  readonly label?: string;
}

const shared = async (path: string): Promise<string> => {
  const response = await fetch(`/shared/data/${path}`);
  if (!response.ok) throw new Error("this bench needs the texts of ../shared/data");
  return response.text();
};

/** Every n-th of a list, so that a sample is of all kinds. */
const spread = <T>(all: readonly T[]): T[] => all.filter((_, i) => i % Math.ceil(all.length / TEXTS) === 0);

async function intents(): Promise<Sample[]> {
  const { test } = JSON.parse(await shared("clinc150/clinc_full.json")) as { test: [text: string, label: string][] };
  return spread(test).map(([text, label]) => ({ text, label }));
}

async function comments(): Promise<Sample[]> {
  const lines = (await shared("goemotions/goemo_test.tsv")).trim().split("\n");
  return spread(lines).map((line) => ({ text: line.split("\t")[0]! }));
}

interface Run {
  readonly bytes: number;
  /** Logits of every text, and the best label of every row of them. */
  readonly logits: Float32Array[];
  readonly answers: string[][];
}

async function run(
  folder: string,
  isTokens: boolean,
  texts: readonly string[],
  dtype: LoadOptions["dtype"],
): Promise<Run> {
  const source = `/demo/public/models/${folder}/`;
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(source);
  const options = { dtype: dtype ?? "auto" };
  const model = isTokens
    ? await DebertaV2ForTokenClassification.fromPretrained(source, options)
    : await DebertaV2ForSequenceClassification.fromPretrained(source, options);
  const [logits, answers]: [Float32Array[], string[][]] = [[], []];
  for (const text of texts) {
    const { ids } = tokenizer.encode(text, undefined, { truncation: true, maxLength: 128 });
    const { data, shape } = (await model.forward({ inputIds: [ids] })).logits;
    const labels = shape.at(-1)!;
    logits.push(data);
    answers.push(
      Array.from({ length: data.length / labels }, (_, row) => {
        const own = data.subarray(row * labels, (row + 1) * labels);
        return model.config.id2label.get(own.indexOf(Math.max(...own))) ?? "";
      }),
    );
  }
  const bytes = model.memory().gpuBytes;
  await model.dispose();
  return { bytes, logits, answers };
}

function compare(name: string, dtype: string, got: Run, whole: Run, samples: readonly Sample[]): string[] {
  const all = whole.logits.flatMap((logits) => [...logits]);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
  let largest = 0;
  got.logits.forEach((logits, text) =>
    logits.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - whole.logits[text]![i]!)))),
  );
  const rows = got.answers.flat();
  const equal = rows.filter((answer, i) => answer === whole.answers.flat()[i]).length;
  const judged = samples.filter(({ label }) => label !== undefined);
  const right = samples.filter(({ label }, i) => label !== undefined && got.answers[i]![0] === label).length;
  return [
    `${name} ${dtype}`,
    (got.bytes / 1e6).toFixed(1),
    (largest / deviation).toFixed(4),
    `${((100 * equal) / rows.length).toFixed(2)} %`,
    judged.length > 0 ? `${((100 * right) / judged.length).toFixed(1)} %` : "",
  ];
}

export default async function bench(print: Print): Promise<void> {
  const models = [
    { folder: "tiny-intent", isTokens: false, samples: await intents() },
    { folder: "tiny-mood", isTokens: false, samples: await comments() },
    { folder: "redact", isTokens: true, samples: await comments() },
  ];
  for (const { folder, isTokens, samples } of models) {
    const texts = samples.map(({ text }) => text);
    const rows = [["", "GPU MB", "largest logit difference / σ", "equal to f32", "right"]];
    const whole = await run(folder, isTokens, texts, "f32");
    for (const dtype of DTYPES) {
      const got = dtype === "f32" ? whole : await run(folder, isTokens, texts, dtype);
      rows.push(compare(folder, dtype, got, whole, samples));
    }
    await print(`${texts.length} texts\n${table(rows)}`);
  }
}
