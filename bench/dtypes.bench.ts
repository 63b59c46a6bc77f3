// What each way to keep weights costs in quality: models over real texts that they were not trained on, every dtype beside f32.
// Largest difference of a logit (as a share of the logits' standard deviation), share of equal answers, and how right they are.
import {
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  DebertaV2TokenizerFast,
  type LoadOptions,
} from "deberta-webgpu";
import type { Print } from "./support.js";

const TEXTS = 100;
const DTYPES = ["f32", "f16", "q8", "q4"] as const satisfies readonly LoadOptions["dtype"][];

interface Sample {
  readonly text: string;
  /** The right label, where the data says one. */
  readonly label?: string;
  /** Personal data in it, as ranges of characters. */
  readonly spans?: readonly (readonly [from: number, to: number])[];
}

async function shared(path: string): Promise<Response> {
  const response = await fetch(`/shared/data/${path}`);
  if (!response.ok) throw new Error("this bench needs the texts and models of ../shared");
  return response;
}

/** Every n-th of a list, so that a sample is of all kinds. */
const spread = <T>(all: readonly T[]): T[] => all.filter((_, i) => i % Math.ceil(all.length / TEXTS) === 0);

async function intents(): Promise<Sample[]> {
  const { test } = (await (await shared("clinc150/clinc_full.json")).json()) as {
    test: [text: string, label: string][];
  };
  return spread(test).map(([text, label]) => ({ text, label }));
}

async function comments(): Promise<Sample[]> {
  const lines = (await (await shared("goemotions/goemo_test.tsv")).text()).trim().split("\n");
  return spread(lines).map((line) => ({ text: line.split("\t")[0]! }));
}

interface Synthetic {
  readonly full_text: string;
  readonly spans: readonly { readonly start_position: number; readonly end_position: number }[];
}

async function personal(): Promise<Sample[]> {
  // The bench's server says of a .gz that it is encoded so, and the browser decodes it.
  const all = (await (await shared("presidio/synth_dataset_v2.json.gz")).json()) as Synthetic[];
  return spread(all).map(({ full_text: text, spans }) => ({
    text,
    spans: spans.map(({ start_position: from, end_position: to }) => [from, to] as const),
  }));
}

/** One text's logits, the best label of each row of them, and where the row's token lies. */
interface Answer {
  readonly logits: Float32Array;
  readonly labels: readonly string[];
  readonly offsets: readonly (readonly [from: number, to: number])[];
}

interface Run {
  readonly bytes: number;
  readonly answers: readonly Answer[];
}

async function run(source: string, isTokens: boolean, samples: readonly Sample[], dtype: LoadOptions["dtype"]) {
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(source);
  const options = { dtype: dtype ?? "auto" };
  const model = isTokens
    ? await DebertaV2ForTokenClassification.fromPretrained(source, options)
    : await DebertaV2ForSequenceClassification.fromPretrained(source, options);
  const answers: Answer[] = [];
  for (const { text } of samples) {
    const { ids, offsets } = tokenizer.encode(text, undefined, { truncation: true, maxLength: 128 });
    const { data: logits, shape } = (await model.forward({ inputIds: [ids] })).logits;
    const count = shape.at(-1)!;
    const labels = Array.from({ length: logits.length / count }, (_, row) => {
      const own = logits.subarray(row * count, (row + 1) * count);
      return model.config.id2label.get(own.indexOf(Math.max(...own))) ?? "";
    });
    answers.push({ logits, labels, offsets: offsets });
  }
  const bytes = model.memory().gpuBytes;
  await model.dispose();
  return { bytes, answers };
}

/** Share of right labels, or F1 of the characters that are personal data, of whatever kind; nothing where the data says neither. */
function quality({ answers }: Run, samples: readonly Sample[]): string {
  if (samples[0]!.label !== undefined) {
    const right = samples.filter(({ label }, i) => answers[i]!.labels[0] === label).length;
    return `${((100 * right) / samples.length).toFixed(1)} % right`;
  }
  if (!samples[0]!.spans) return "";
  let [found, wanted, both] = [0, 0, 0];
  samples.forEach(({ text, spans = [] }, i) => {
    const isWanted = new Uint8Array(text.length);
    for (const [from, to] of spans) isWanted.fill(1, from, to);
    const isFound = new Uint8Array(text.length);
    const { labels, offsets } = answers[i]!;
    offsets.forEach(([from, to], row) => labels[row] !== "O" && isFound.fill(1, from, to));
    isFound.forEach((value, at) => {
      found += value;
      wanted += isWanted[at]!;
      both += value & isWanted[at]!;
    });
  });
  return `F1 ${((200 * both) / (found + wanted)).toFixed(1)} %`;
}

function compare(name: string, dtype: string, got: Run, whole: Run, samples: readonly Sample[]): string[] {
  const all = whole.answers.flatMap(({ logits }) => [...logits]);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const deviation = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
  const values = got.answers.flatMap(({ logits }) => [...logits]);
  const largest = values.reduce((most, value, i) => Math.max(most, Math.abs(value - all[i]!)), 0);
  const labels = whole.answers.flatMap((answer) => answer.labels);
  const equal = got.answers.flatMap((answer) => answer.labels).filter((label, i) => label === labels[i]).length;
  return [
    name,
    dtype,
    (got.bytes / 1e6).toFixed(1),
    (largest / deviation).toFixed(4),
    `${((100 * equal) / labels.length).toFixed(2)} %`,
    quality(got, samples),
  ];
}

export default async function bench(print: Print): Promise<void> {
  const [intent, comment, private_] = [await intents(), await comments(), await personal()];
  const models = [
    { name: "tiny-intent (shared, file in f16)", source: "/shared/models/tiny-intent/", samples: intent },
    { name: "tiny-mood (shared, file in f16)", source: "/shared/models/tiny-mood/", samples: comment },
    { name: "tiny-redact (shared, file in f16)", source: "/shared/models/tiny-redact/", samples: private_ },
    { name: "tiny-intent (bundled, file in q8)", source: "/demo/public/models/tiny-intent/", samples: intent },
    { name: "tiny-mood (bundled, file in q4)", source: "/demo/public/models/tiny-mood/", samples: comment },
    { name: "redact (bundled, file in q8)", source: "/demo/public/models/redact/", samples: private_ },
  ];
  const rows = [["model", "dtype", "GPU MB", "largest logit difference", "equal to f32", "quality"]];
  for (const { name, source, samples } of models) {
    const isTokens = name.includes("redact");
    const whole = await run(source, isTokens, samples, "f32");
    for (const dtype of DTYPES) {
      const got = dtype === "f32" ? whole : await run(source, isTokens, samples, dtype);
      rows.push(compare(name, dtype, got, whole, samples));
    }
  }
  const [head, ...body] = rows.map((row) => `| ${row.join(" | ")} |`);
  await print(`${TEXTS} texts at most, 128 tokens at most.`);
  await print([head, `|---|---|${"---:|".repeat(4)}`, ...body].join("\n"));
}
