// cases.json of ../shared/golden/tokenizer: what Transformers 4.57 and sentencepiece 0.2.3 gave. Field by field described
// in ../shared/golden/README.md.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readFolder } from "./folders.js";

export type Offsets = [number, number][];

export interface TextRow {
  readonly text: string;
  readonly ids: number[];
  readonly tokens?: string[];
  readonly offsets: Offsets;
  readonly decode: [string, string];
  readonly slow_ids?: number[];
  readonly slow_tokens?: string[];
  readonly slow_decode?: [string, string];
  readonly spm_ids?: number[];
  readonly tie?: true;
}

export interface PythonOptions {
  readonly truncation?: boolean | "longest_first" | "only_first" | "only_second";
  readonly max_length?: number;
  readonly stride?: number;
  readonly padding?: boolean | "max_length";
  readonly pad_to_multiple_of?: number;
  readonly add_special_tokens?: boolean;
  readonly return_overflowing_tokens?: boolean;
  readonly skip_special_tokens?: boolean;
  readonly clean_up_tokenization_spaces?: boolean;
}

export interface PythonWindow {
  readonly ids: number[];
  readonly type_ids: number[];
  readonly attention_mask: number[];
  readonly special_tokens_mask: number[];
  readonly offsets: Offsets;
  readonly sequence_ids: (0 | 1 | null)[];
}

export interface PythonBatch {
  readonly input_ids: number[][];
  readonly token_type_ids: number[][];
  readonly attention_mask: number[][];
}

export interface PythonSlow {
  readonly input_ids: number[];
  readonly token_type_ids: number[];
  readonly attention_mask: number[];
  readonly special_tokens_mask: number[];
  readonly overflowing_tokens?: number[];
}

export interface Failure {
  readonly error: string;
}

export interface CallRow {
  readonly text: string;
  readonly pair?: string;
  readonly options: PythonOptions;
  readonly fast: PythonWindow[] | Failure;
  readonly slow: PythonSlow | Failure;
  readonly tie?: true;
}

type Methods = Readonly<Record<string, unknown>>;

export interface Cases {
  readonly name: string;
  readonly vocab_size: number;
  readonly slow_vocab_size: number;
  readonly special_ids: Readonly<Record<string, number>>;
  readonly slow_special_ids: Readonly<Record<string, number>>;
  readonly texts: TextRow[];
  readonly variants: Readonly<
    Record<string, { settings: { do_lower_case?: boolean; split_by_punct?: boolean }; texts: TextRow[] }>
  >;
  readonly pairs: CallRow[];
  readonly singles: CallRow[];
  readonly batches: {
    texts: string[];
    options: PythonOptions;
    padding_side: "right" | "left";
    fast: PythonBatch;
    slow?: PythonBatch;
  }[];
  readonly words: {
    words: string[];
    ids: number[];
    word_ids: (number | null)[];
    offsets: Offsets;
    slow_ids: number[];
  }[];
  readonly decoding: { ids: number[]; options: PythonOptions; fast: string; slow: string }[];
  readonly methods: { readonly fast: Methods; readonly slow: Methods };
}

export interface Golden {
  readonly name: string;
  readonly cases: Cases;
  /** spm.model, tokenizer_config.json and, for some, tokenizer.json. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** All goldens; none in an outsider's clone, which has the small copies of test/fixtures/tokenizer instead. */
export function loadGoldens(): Golden[] {
  const shared = process.env["SHARED"];
  const root = shared
    ? join(shared, "golden/tokenizer")
    : new URL("../../fixtures/tokenizer", import.meta.url).pathname;
  return readdirSync(root)
    .filter((name) => existsSync(join(root, name, "cases.json")))
    .map((name) => ({
      name,
      cases: JSON.parse(readFileSync(join(root, name, "cases.json"), "utf8")) as Cases,
      files: readFolder(join(root, name), ["spm.model", "tokenizer_config.json", "tokenizer.json"]),
    }));
}

/** Python's spelling of options in ours. */
export function camelCase(options: PythonOptions): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

/** The rows where `got` differs from `expected`, as readable lines; a test expects none. */
export function differences<Row>(
  rows: readonly Row[],
  compare: (row: Row) => readonly [got: unknown, expected: unknown],
): string[] {
  return rows.flatMap((row) => {
    const [got, expected] = compare(row).map((value) => JSON.stringify(value));
    return got === expected ? [] : [`${JSON.stringify(row).slice(0, 200)}\n     got ${got!}\n  wanted ${expected!}`];
  });
}
