// Tokenizers on one thread: milliseconds until a vocabulary is loaded and until the first short text is cut; MB/s over the
// lines of wikitext-2 (English) by a tokenizer that has seen none of them, and again; MB/s of long texts that break naive
// code. Two vocabularies, beside sentencepiece-js and @huggingface/tokenizers. Files are in memory before the clock starts.
// The best of three runs, as other work on the machine only slows.
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "deberta-webgpu/tokenizer";
import { SentencePieceProcessor } from "sentencepiece-js";
import { tokenizerJson } from "./spm-to-json.js";
import { type Print, table } from "./support.js";

const GOLDEN = "/shared/golden/tokenizer";
const BUNDLED = "/demo/public/models/tiny-intent";
const TEXT = "/shared/data/wikitext2/test.txt";
const TEXT_BYTES = 1e6;
const RUNS = 3;
const LARGE = 250_000;
const FIRST_TEXT = "The first tokens of a page.";

/** A tokenizer that is loaded. `encode` gives the fullest result that it has, `ids` ids without special tokens. */
interface Loaded {
  encode(text: string): { readonly length: number };
  ids(text: string): { readonly length: number };
}

interface Engine {
  readonly name: string;
  load(files: Files): Promise<Loaded>;
  /** A text of 1 MB takes it minutes, or more stack than there is. */
  readonly breaksOnLong?: true;
}

type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

const SPM = ["spm.model", "tokenizer_config.json"];
const JSONS = ["tokenizer.json", "tokenizer_config.json"];
const asSource = (files: Files, names: readonly string[] = SPM): File[] =>
  names.map((name) => new File([files.get(name)!], name));

const ours = (tokenizer: DebertaV2Tokenizer | DebertaV2TokenizerFast): Loaded => ({
  encode: (text) => tokenizer.encode(text).ids,
  ids: (text) => tokenizer.convertTokensToIds(tokenizer.tokenize(text)),
});

const ENGINES: readonly Engine[] = [
  {
    name: "DebertaV2Tokenizer",
    load: async (files) => ours(await DebertaV2Tokenizer.fromPretrained(asSource(files))),
  },
  {
    name: "DebertaV2TokenizerFast",
    load: async (files) => ours(await DebertaV2TokenizerFast.fromPretrained(asSource(files))),
  },
  {
    name: "DebertaV2TokenizerFast, tokenizer.json",
    load: async (files) => ours(await DebertaV2TokenizerFast.fromPretrained(asSource(files, JSONS))),
  },
  {
    name: 'DebertaV2Tokenizer, engine "sentencepiece-js"',
    load: async (files) =>
      ours(await DebertaV2Tokenizer.fromPretrained(asSource(files), { engine: "sentencepiece-js" })),
  },
  {
    name: "sentencepiece-js alone (pieces, ids)",
    async load(files) {
      const processor = new SentencePieceProcessor() as SentencePieceProcessor & { encodeIds(text: string): number[] };
      await processor.load(files.get("spm.model")!);
      return { encode: (text) => processor.encodePieces(text), ids: (text) => processor.encodeIds(text) };
    },
  },
  {
    name: "@huggingface/tokenizers (no offsets)",
    breaksOnLong: true,
    // eslint-disable-next-line @typescript-eslint/require-await -- the only engine that loads at once
    async load(files) {
      const json = (name: string): object =>
        JSON.parse(new TextDecoder().decode(files.get(name) ?? new TextEncoder().encode("{}"))) as object;
      const tokenizer = new HuggingFaceTokenizer(json("tokenizer.json"), json("tokenizer_config.json"));
      return {
        encode: (text) => tokenizer.encode(text).ids,
        ids: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
      };
    },
  },
];

/** Those of the files that are there. */
async function fetchFiles(folder: string, names: readonly string[]): Promise<Files> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of names) {
    const response = await fetch(`${folder}/${name}`);
    if (response.ok) files.set(name, new Uint8Array(await response.arrayBuffer()));
  }
  return files;
}

/** The first megabyte of the text by lines, without empty ones; undefined where it is not. */
async function fetchLines(): Promise<string[] | undefined> {
  const text = (await fetchFiles("/shared/data/wikitext2", ["test.txt"])).get("test.txt");
  return (
    text &&
    new TextDecoder()
      .decode(text.subarray(0, TEXT_BYTES))
      .split("\n")
      .filter((line) => line.trim())
  );
}

/** The files with a tokenizer.json, made of spm.model where the folder has none. */
async function withJson(files: Files): Promise<Files> {
  if (files.has("tokenizer.json")) return files;
  const { unkTokenId } = await DebertaV2Tokenizer.fromPretrained(asSource(files));
  return new Map(files).set("tokenizer.json", tokenizerJson(files.get("spm.model")!, unkTokenId));
}

/** A vocabulary of `LARGE` pieces: the file's own, and pseudo-words so improbable that English is cut as before. */
async function enlarge(files: Files): Promise<Files> {
  const tokenizer = await DebertaV2Tokenizer.fromPretrained(asSource(files));
  const { vocabSize, unkTokenId } = tokenizer;
  const words = new Set<string>();
  for (let i = 0; vocabSize + words.size < LARGE; i++) {
    const word = `\u2581${pseudoWord(i)}`;
    if (tokenizer.convertTokensToIds(word) === unkTokenId) words.add(word);
  }
  // Messages of protobuf that follow each other are one message, and its repeated fields are joined.
  const spm = new Uint8Array(await new Blob([files.get("spm.model")!, ...[...words].map(piece)]).arrayBuffer());
  return new Map([
    ["spm.model", spm],
    ["tokenizer_config.json", files.get("tokenizer_config.json")!],
  ]);
}

/** Syllables that spell a number, at least three. */
function pseudoWord(number: number): string {
  const [consonants, vowels] = ["bcdfghjklmnprstvz", "aeiou"];
  let word = "";
  for (let left = number, syllables = 0; left > 0 || syllables < 3; syllables++) {
    word += consonants[left % 17]! + vowels[Math.floor(left / 17) % 5]!;
    left = Math.floor(left / 85);
  }
  return word;
}

/** A `SentencePiece` of ModelProto's field 1: its text (under 100 bytes) and score. */
function piece(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  const message = new Uint8Array(bytes.length + 9);
  message.set([0x0a, bytes.length + 7, 0x0a, bytes.length]);
  message.set(bytes, 4);
  message[bytes.length + 4] = 0x15;
  new DataView(message.buffer).setFloat32(bytes.length + 5, -15, true);
  return message;
}

/** Milliseconds that a pass over the texts takes, and how many tokens come out. */
function timeOver(texts: readonly string[], cut: Loaded["encode"]): { time: number; tokens: number } {
  let tokens = 0;
  const from = performance.now();
  for (const text of texts) tokens += cut(text).length;
  return { time: performance.now() - from, tokens };
}

const bytesOf = (texts: readonly string[]): number => new TextEncoder().encode(texts.join("\n")).length;

async function measure(engine: Engine, files: Files, lines: readonly string[] | undefined): Promise<string[]> {
  const best: Record<"load" | "first" | "cold" | "encode" | "ids", number> = {
    load: Infinity,
    first: Infinity,
    cold: Infinity,
    encode: Infinity,
    ids: Infinity,
  };
  const note = (what: keyof typeof best, time: number): void => void (best[what] = Math.min(best[what], time));
  let tokens = 0;
  for (let run = 0; run < RUNS; run++) {
    const from = performance.now();
    const tokenizer = await engine.load(files);
    note("load", performance.now() - from);
    note("first", timeOver([FIRST_TEXT], (text) => tokenizer.encode(text)).time);
    if (!lines) continue;
    note("cold", timeOver(lines, (text) => tokenizer.encode(text)).time);
    note("encode", timeOver(lines, (text) => tokenizer.encode(text)).time);
    const ids = timeOver(lines, (text) => tokenizer.ids(text));
    note("ids", ids.time);
    ({ tokens } = ids);
  }
  const row = [engine.name, best.load.toFixed(0), best.first.toFixed(2)];
  if (!lines) return [...row, "–", "–", "–", "–"];
  const rate = (time: number): string => (bytesOf(lines) / time / 1000).toFixed(2);
  return [...row, rate(best.cold), rate(best.encode), rate(best.ids), String(tokens)];
}

/** Long texts on which naive code takes quadratic time. */
const LONG: Readonly<Record<string, string>> = {
  "no spaces": "thequickbrownfoxjumpsoverthelazydog".repeat(28_572).slice(0, TEXT_BYTES),
  "one letter": "a".repeat(TEXT_BYTES),
  spaces: " ".repeat(TEXT_BYTES),
  "combining marks": `e${"\u0301".repeat(TEXT_BYTES / 2)}`,
};

/** MB/s of whole long texts. */
async function compareLong(print: Print, files: Files): Promise<void> {
  const rows = [["", ...Object.keys(LONG)]];
  for (const engine of ENGINES) {
    if (engine.breaksOnLong) continue;
    const tokenizer = await engine.load(files);
    const rates = Object.values(LONG).map((text) => {
      const times = Array.from({ length: RUNS }, () => timeOver([text], (each) => tokenizer.encode(each)).time);
      return (bytesOf([text]) / Math.min(...times) / 1000).toFixed(2);
    });
    rows.push([engine.name, ...rates]);
  }
  await print(`\n1 MB in one text, deberta-v3's or the bundled vocabulary, encode, MB/s\n${table(rows)}`);
}

async function compare(print: Print, title: string, files: Files, lines: readonly string[] | undefined): Promise<void> {
  const rows = [["", "load, ms", "first text, ms", "unseen, MB/s", "encode, MB/s", "ids, MB/s", "tokens"]];
  for (const engine of ENGINES) rows.push(await measure(engine, files, lines));
  await print(`${title}\n${table(rows)}`);
}

export default async function bench(print: Print): Promise<void> {
  const lines = await fetchLines();
  if (!lines) await print(`MB/s skipped: there is no ${TEXT}`);
  const real = await fetchFiles(`${GOLDEN}/deberta-v3`, SPM);
  const has = real.has("spm.model");
  const base = await withJson(has ? real : await fetchFiles(BUNDLED, SPM));
  await compare(print, has ? "deberta-v3, 128 000 pieces" : "the bundled model's vocabulary", base, lines);
  const large = await withJson(await enlarge(base));
  await compare(print, `\nthe same and generated pieces, ${LARGE} in all`, large, lines);
  await compareLong(print, base);
}
