// Files that are large where no real one is: each ends in the class that it should, and four times as much takes about four times
// as long. Quadratic work would take sixteen times as long.
import { expect, test } from "vitest";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";
import { MINIATURE } from "../support/checkpoint.js";
import { headerOf, safetensorsFile } from "../support/made-safetensors.js";
import { utf8 } from "./made/case.js";
import { repeated } from "./made/hdf5.js";
import { legacy, legacyTensor, op, pickle, stateDict, tensor, torchEntries, zip } from "./made/pickle-writer.js";
import { GOOD_TOKENIZER } from "./made/tokenizers.js";
import { type Files, PROBES } from "./probes.js";

type Outcome = "loads" | "CheckpointError" | "UnsupportedError";

/** Of the largest file, as a share of what is meant by "large" below. */
const SCALE = __LONG__ ? 1 : 0.04;
const NAMES = 100_000 * SCALE;
const ESCAPES = 2_000_000 * SCALE; // of six bytes each
const LONG_TOKEN = 1_000_000 * SCALE;
const DEPTH = 200_000 * SCALE; // beyond that the parser itself, or its collector, takes longer than in proportion

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: Math.floor(count) }, (_, i) => make(i));
const object = (entries: readonly (readonly [string, unknown])[]): object => Object.fromEntries(entries);
const escapes = (count: number): string => "\\u00e9".repeat(Math.floor(count));
const text = (json: object | string): Uint8Array => utf8(typeof json === "string" ? json : JSON.stringify(json));
const token = (content: string) => ({
  content,
  special: true,
  normalized: false,
  lstrip: false,
  rstrip: false,
  single_word: false,
});

const tokenizerFiles = (file: string, content: object | string): Files =>
  new Map([
    ["tokenizer.json", text(GOOD_TOKENIZER)],
    [file, text(content)],
  ]);
const tokenizerJson = (change: object): Files => new Map([["tokenizer.json", text({ ...GOOD_TOKENIZER, ...change })]]);
const config = (content: object | string): Files => new Map([["config.json", text(content)]]);
const header = (content: string, data = 0): Files => new Map([["model.safetensors", safetensorsFile(content, data)]]);
const index = (content: object | string): Files => new Map([["model.safetensors.index.json", text(content)]]);
const torch = (data: Uint8Array): Files => new Map([["pytorch_model.bin", zip(torchEntries(data))]]);

/** name, largest size, how it ends, the files of a size, how they are read */
const CASES: readonly (readonly [string, number, Outcome, (size: number) => Files, (files: Files) => Promise<void>])[] =
  [
    [
      "special tokens of a megabyte",
      LONG_TOKEN,
      "loads",
      (n) => tokenizerFiles("special_tokens_map.json", { additional_special_tokens: ["a".repeat(n), "b".repeat(n)] }),
      PROBES.tokenizer,
    ],
    [
      "special tokens that begin alike",
      2000 * SCALE,
      "loads",
      (n) =>
        tokenizerFiles("special_tokens_map.json", {
          additional_special_tokens: times(n, (i) => `${"a".repeat(500)}${i}`),
        }),
      PROBES.tokenizer,
    ],
    [
      "special tokens in a list",
      NAMES,
      "loads",
      (n) => tokenizerFiles("special_tokens_map.json", { additional_special_tokens: times(n, (i) => `<${i}>`) }),
      PROBES.tokenizer,
    ],
    [
      "special tokens in an object",
      NAMES,
      "loads",
      (n) =>
        tokenizerFiles("tokenizer_config.json", { extra_special_tokens: object(times(n, (i) => [`x${i}`, `<${i}>`])) }),
      PROBES.tokenizer,
    ],
    [
      "added_tokens_decoder",
      NAMES,
      "loads",
      (n) =>
        tokenizerFiles("tokenizer_config.json", {
          added_tokens_decoder: object(times(n, (i) => [String(12 + i), token(`<${i}>`)])),
        }),
      PROBES.tokenizer,
    ],
    [
      "added_tokens.json",
      NAMES,
      "loads",
      (n) => tokenizerFiles("added_tokens.json", object(times(n, (i) => [`<${i}>`, 12 + i]))),
      PROBES.tokenizer,
    ],
    [
      "added_tokens of tokenizer.json",
      NAMES,
      "loads",
      (n) => tokenizerJson({ added_tokens: times(n, (i) => ({ ...token(`<${i}>`), id: 12 + i })) }),
      PROBES.tokenizer,
    ],
    [
      "a normalizer of one step again and again",
      NAMES,
      "UnsupportedError",
      (n) => tokenizerJson({ normalizer: { type: "Sequence", normalizers: times(n, () => ({ type: "Nmt" })) } }),
      PROBES.tokenizer,
    ],
    [
      "a tokenizer_config.json nested so deep",
      DEPTH,
      "CheckpointError",
      (n) => tokenizerFiles("tokenizer_config.json", `{"bos_token":${"[".repeat(n)}${"]".repeat(n)}}`),
      PROBES.tokenizer,
    ],
    [
      "a special token of escapes",
      ESCAPES,
      "loads",
      (n) => tokenizerFiles("special_tokens_map.json", `{"additional_special_tokens":["${escapes(n)}"]}`),
      PROBES.tokenizer,
    ],
    [
      "labels",
      60_000 * SCALE,
      "loads",
      (n) => config({ ...MINIATURE, id2label: object(times(n, (i) => [String(i), `l${i}`])) }),
      PROBES.config,
    ],
    [
      "a config.json nested so deep",
      DEPTH,
      "UnsupportedError",
      (n) => config(`{"model_type":${"[".repeat(n)}${"]".repeat(n)}}`),
      PROBES.config,
    ],
    ["a config.json whose arrays do not end", DEPTH, "CheckpointError", (n) => config("[".repeat(n)), PROBES.config],
    [
      "a label of escapes",
      ESCAPES,
      "loads",
      (n) => config(`${JSON.stringify(MINIATURE).slice(0, -1)},"id2label":{"0":"${escapes(n)}","1":"b"}}`),
      PROBES.config,
    ],
    [
      "tensors of a header",
      NAMES,
      "loads",
      (n) => {
        const { header: made, dataBytes } = headerOf(
          object(times(n, (i) => [`w${i}`, [1]])) as Record<string, number[]>,
        );
        return header(made, dataBytes);
      },
      PROBES.header,
    ],
    [
      "more tensors than are read",
      3 * NAMES,
      __LONG__ ? "CheckpointError" : "loads",
      (n) => {
        const { header: made, dataBytes } = headerOf(
          object(times(n, (i) => [`w${i}`, [1]])) as Record<string, number[]>,
        );
        return header(made, dataBytes);
      },
      PROBES.header,
    ],
    ["metadata of escapes", ESCAPES, "loads", (n) => header(`{"__metadata__":{"a":"${escapes(n)}"}}`), PROBES.header],
    [
      "a tensor's name of escapes",
      ESCAPES,
      "CheckpointError",
      (n) => header(`{"${escapes(n)}":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4),
      PROBES.header,
    ],
    [
      "a header nested so deep",
      DEPTH,
      "CheckpointError",
      (n) => header(`{"a":${"[".repeat(n)}${"]".repeat(n)}}`),
      PROBES.header,
    ],
    ["a header of spaces", ESCAPES, "loads", (n) => header(`{}${" ".repeat(n)}`), PROBES.header],
    [
      "quotes and backslashes",
      ESCAPES,
      "loads",
      (n) => header(`{"__metadata__":{"a":"${'\\\\\\"'.repeat(n)}"}}`),
      PROBES.header,
    ],
    [
      "names of an index",
      NAMES,
      "CheckpointError",
      (n) => index({ weight_map: object(times(n, (i) => [`w${i}`, "model-00001-of-00001.safetensors"])) }),
      PROBES.header,
    ],
    [
      "shards of an index",
      NAMES,
      "CheckpointError",
      (n) => index({ weight_map: object(times(n, (i) => [`w${i}`, `m${i}.safetensors`])) }),
      PROBES.header,
    ],
    [
      "an index nested so deep",
      DEPTH,
      "CheckpointError",
      (n) => index(`{"weight_map":{"a":${"[".repeat(n)}${"]".repeat(n)}}}`),
      PROBES.header,
    ],
    ["tensors of a pickle", NAMES / 5, "loads", (n) => torch(stateDict(...times(n, () => tensor()))), PROBES.pickle],
    [
      "tensors of the older container",
      NAMES / 5,
      "loads",
      (n) => new Map([["pytorch_model.bin", legacy({ dict: stateDict(...times(n, () => legacyTensor())) })]]),
      PROBES.pickle,
    ],
    [
      "storages of a zip archive",
      NAMES / 5,
      "loads",
      (n) =>
        new Map([
          [
            "pytorch_model.bin",
            zip(
              torchEntries(
                stateDict(tensor()),
                object([
                  ["0", new Uint8Array(24)],
                  ...times(n, (i) => [String(i + 1), new Uint8Array(4)] as const),
                ]) as Record<string, Uint8Array>,
              ),
            ),
          ],
        ]),
      PROBES.pickle,
    ],
    [
      "lists within lists of a pickle",
      DEPTH / 2,
      "CheckpointError",
      (n) => torch(pickle("]".repeat(n), "a".repeat(n - 1))),
      PROBES.pickle,
    ],
    [
      "marks of a pickle",
      DEPTH / 2,
      "CheckpointError",
      (n) => torch(pickle("(".repeat(n), "t".repeat(n))),
      PROBES.pickle,
    ],
    [
      "one text of a pickle again and again",
      NAMES,
      "CheckpointError",
      (n) => torch(pickle(op.text("a".repeat(100)), "q\0", "h\0".repeat(n))),
      PROBES.pickle,
    ],
    [
      "names of HDF5 attributes",
      8000 * SCALE,
      "CheckpointError",
      (n) => new Map([["tf_model.h5", repeated(Math.floor(n))]]),
      PROBES.hdf5,
    ],
  ];

async function outcomeOf(
  probe: (files: Files) => Promise<void>,
  files: Files,
): Promise<{ outcome: string; milliseconds: number }> {
  const start = process.cpuUsage();
  const error: unknown = await probe(files).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const { user, system } = process.cpuUsage(start);
  const known =
    error instanceof CheckpointError
      ? "CheckpointError"
      : error instanceof UnsupportedError
        ? "UnsupportedError"
        : String(error);
  return { outcome: error === undefined ? "loads" : known, milliseconds: (user + system) / 1000 };
}

/** The least of some, as what else the machine does only adds. */
async function timeOf(probe: (files: Files) => Promise<void>, files: Files): Promise<number> {
  const runs: number[] = [];
  for (let i = 0; i < 3; i++) runs.push((await outcomeOf(probe, files)).milliseconds);
  return Math.min(...runs);
}

test.each(CASES)("%s: %d", { timeout: 120_000 }, async (name, size, outcome, make, probe) => {
  const whole = make(size);
  const found = await outcomeOf(probe, whole);
  expect(found.outcome).toBe(outcome);
  const quarter = await timeOf(probe, make(size / 4));
  const all = Math.min(found.milliseconds, await timeOf(probe, whole));
  const bytes = [...whole.values()].reduce((sum, each) => sum + each.length, 0);
  if (__LONG__)
    console.log(`${name}: ${bytes} bytes, ${all.toFixed(0)} ms, a quarter of that ${quarter.toFixed(0)} ms`);
  expect(all, `${quarter.toFixed(0)} ms for a quarter`).toBeLessThan(8 * quarter + 30);
});
