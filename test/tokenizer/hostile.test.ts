// ../shared/hostile: files that must be refused with a named error, and odd ones that must load and encode as listed. For
// each also: in time, and without a change of any prototype.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";
import { parsePieceModel } from "../../src/tokenizer/pieces/piece-model.js";
import { createSentencePiece } from "../../src/tokenizer/pieces/sentencepiece.js";
import { noTokens } from "../../src/tokenizer/tokens.js";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { folderOf } from "./support/folders.js";

interface Entry {
  readonly file?: string;
  readonly name?: string;
  readonly format: string;
  readonly loader?: string;
  readonly expect: "reject" | "load" | "either";
  readonly errors?: readonly string[];
  readonly mention?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly probe_ms?: number;
  readonly encode?: readonly { text: string; ids: number[]; tokens?: string[]; pieces?: string[] }[];
}

const shared = process.env["SHARED"];
const root = shared ? join(shared, "hostile") : "";
const read = (file: string): Uint8Array => new Uint8Array(readFileSync(join(root, file)));
const entries = shared
  ? (JSON.parse(readFileSync(join(root, "manifest.json"), "utf8")) as { entries: Entry[] }).entries
  : [];
const nameOf = ({ file, name }: Entry): string => file ?? name ?? "";
const only = (choose: (entry: Entry) => boolean): [string, Entry][] =>
  entries.filter(choose).map((entry) => [nameOf(entry), entry]);

const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const keys = (): string => JSON.stringify(prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String)));
const before = keys();

/** Tries to load; checks error, time and prototypes; gives what was loaded, if it was. */
async function probe<Loaded>(entry: Entry, load: () => Loaded | Promise<Loaded>): Promise<Loaded | undefined> {
  const start = process.cpuUsage();
  let loaded: Loaded | undefined;
  let error: Error | undefined;
  try {
    loaded = await load();
  } catch (thrown) {
    error = thrown as Error;
  }
  const { user } = process.cpuUsage(start);
  expect(user / 1000, "milliseconds").toBeLessThan(entry.probe_ms ?? 2000);
  expect(keys(), "prototypes").toBe(before);
  if (entry.expect === "load" && error !== undefined) throw error;
  if (entry.expect === "reject") expect(error, "accepted").toBeDefined();
  if (error === undefined) return loaded;
  const classes = { CheckpointError, UnsupportedError };
  const names = Object.entries(classes).flatMap(([name, type]) => (error instanceof type ? [name] : []));
  expect(entry.errors, String(error)).toContain(names[0]);
  for (const text of entry.mention ?? []) expect(error.message).toContain(text);
  return undefined;
}

describe.skipIf(!shared)("spm.model", () => {
  test.each(only(({ format }) => format === "spm" || format === "any"))("%s", async (_, entry) => {
    const bytes = read(entry.file!);
    const pieces = await probe(entry, () => createSentencePiece(parsePieceModel(bytes, "spm.model"), "spm.model"));
    for (const { text, ids } of pieces ? (entry.encode ?? []) : []) {
      const output = noTokens(false);
      pieces!.encode(text, (unit) => unit, output);
      expect(output.ids, text).toEqual(ids);
    }
    const source = folderOf({ "spm.model": bytes });
    await probe(entry, async () => (await DebertaV2Tokenizer.fromPretrained(source)).encode("tea store")); // names the file, too
    await probe({ ...entry, expect: entry.expect === "load" ? "either" : entry.expect }, async () =>
      (await DebertaV2TokenizerFast.fromPretrained(source)).encode("tea store"),
    );
  });
});

describe.skipIf(!shared)("tokenizer.json", () => {
  test.each(only(({ format }) => format === "tokenizer-json" || format === "any"))("%s", async (_, entry) => {
    const source = folderOf({ "tokenizer.json": read(entry.file!) });
    const tokenizer = await probe(entry, () => DebertaV2TokenizerFast.fromPretrained(source));
    for (const { text, ids, tokens } of tokenizer ? (entry.encode ?? []) : []) {
      const got = tokenizer!.encode(text);
      expect(got.ids, text).toEqual(ids);
      if (tokens)
        expect(
          got.tokens.filter((token) => token !== "[UNK]"),
          text,
        ).toEqual(tokens.filter((_, i) => got.tokens[i] !== "[UNK]"));
    }
    const start = process.cpuUsage();
    tokenizer?.encode("a".repeat(40) + "!");
    expect(process.cpuUsage(start).user / 1000, "a text of equal letters").toBeLessThan(entry.probe_ms ?? 2000);
  });
});

describe.skipIf(!shared)("folders", () => {
  test.each(only(({ loader }) => loader === "tokenizer"))("%s", async (_, entry) => {
    const files = Object.fromEntries(Object.entries(entry.files!).map(([name, file]) => [name, read(file)]));
    const tokenizer = await probe(entry, () => DebertaV2Tokenizer.fromPretrained(folderOf(files)));
    for (const { text, ids } of tokenizer ? (entry.encode ?? []) : [])
      expect(tokenizer!.encode(text).ids, text).toEqual(ids);
  });
});
