// A folder that save_pretrained of Transformers 5 wrote: tokenizer.json with version 5's own normaliser, no spm.model. Which of
// two vocabularies is read, and when. The fixture's answers are those of Transformers 5.24.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { folderOf, readFolder } from "./support/folders.js";

const path = new URL("../fixtures/tokenizer/transformers-5/", import.meta.url);
const files = readFolder(path.pathname, ["tokenizer.json", "tokenizer_config.json"]);
interface Row {
  readonly text: string;
  readonly ids: number[];
  readonly tokens: string[];
  readonly offsets: [number, number][];
  readonly decoded: string;
}
const expected = JSON.parse(readFileSync(new URL("expected.json", path), "utf8")) as {
  rows: Row[];
  pair: { a: string; b: string; ids: number[]; type_ids: number[] };
};

test.each(expected.rows)("$text", async ({ text, ids, tokens, offsets, decoded }) => {
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(folderOf(files));
  const encoding = tokenizer.encode(text);
  expect(encoding).toMatchObject({ ids, tokens, offsets });
  expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(decoded);
});

test("a pair", async () => {
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(folderOf(files));
  const { a, b, ids, type_ids: typeIds } = expected.pair;
  expect(tokenizer.encode(a, b)).toMatchObject({ ids, typeIds });
});

const model = readFolder(new URL("../fixtures/tokenizer/foreign-ids-800/", import.meta.url).pathname, [
  "spm.model",
  "tokenizer.json",
]);
const DECODER = { added_tokens_decoder: {} };

test.each([
  ["added tokens are listed: spm.model, which is smaller", { "tokenizer_config.json": DECODER }, ["spm.model"]],
  ["added tokens are listed in a file of their own", { "added_tokens.json": { "[MASK]": 800 } }, ["spm.model"]],
  ["no list: tokenizer.json, which has one", {}, ["tokenizer.json"]],
  [
    "tokenizer.json overrules lower case",
    { "tokenizer_config.json": { ...DECODER, do_lower_case: true } },
    ["tokenizer.json"],
  ],
  [
    "version 5 wrote another pipeline",
    { "tokenizer_config.json": { ...DECODER, backend: "tokenizers" } },
    ["tokenizer.json"],
  ],
])("of both vocabularies one is read from a server; %s", async (_, small, wanted) => {
  const folder = { ...model, ...small } as Record<string, Uint8Array | object>;
  const read: string[] = [];
  const fetch = (input: RequestInfo | URL): Promise<Response> => {
    const name = new URL(new Request(input).url).pathname.slice(1);
    const content = folder[name];
    if (content === undefined) return Promise.resolve(new Response("", { status: 404 }));
    if (name in model) read.push(name);
    const body = content instanceof Uint8Array ? new Uint8Array(content) : JSON.stringify(content);
    return Promise.resolve(new Response(body));
  };
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained("https://models.example/", { fetch });
  expect([...new Set(read)]).toEqual(wanted);
  expect((await tokenizer.saveVocabulary()).bytes).toEqual(model["spm.model"]);
});
