// Calls that once gave something else than Python: each test is named after what was seen.
import { expect, test } from "vitest";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { folderOf, readFolder } from "./support/folders.js";

const files = readFolder(new URL("../fixtures/tokenizer/foreign-ids-800", import.meta.url).pathname, [
  "spm.model",
  "tokenizer.json",
]);
const source = folderOf({ "spm.model": files["spm.model"]! });

test("slow: a text without a token is not padded when it is encoded alone", async () => {
  const tokenizer = await DebertaV2Tokenizer.fromPretrained(source);
  const options = { addSpecialTokens: false, padding: "max_length", maxLength: 3 } as const;
  expect(tokenizer.encode("", "", options).ids).toEqual([]);
  expect(tokenizer.encodeBatch([""], options)[0]!.ids).toHaveLength(3);
  const fast = await DebertaV2TokenizerFast.fromPretrained(source);
  expect(fast.encode("", "", options).ids).toHaveLength(3);
});

test("slow: overflowing tokens without any length are an error", async () => {
  const tokenizer = await DebertaV2Tokenizer.fromPretrained(source);
  expect(() => tokenizer.encode("a b", undefined, { returnOverflowingTokens: true })).toThrow(RangeError);
  const { overflowing } = tokenizer.encode("a b", undefined, { returnOverflowingTokens: true, maxLength: 9 });
  expect(overflowing.map(({ ids }) => ids)).toEqual([[]]);
});

test("fast: punctuation newer than Unicode 8 is not split off, as tokenizers' tables do not know it", async () => {
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(source, { splitByPunct: true });
  expect(tokenizer.tokenize("a\u2e42a").filter((token) => token.startsWith("\u2581"))).toHaveLength(3);
  expect(tokenizer.tokenize("a\u2e48a").filter((token) => token.startsWith("\u2581"))).toHaveLength(1);
});

test("fast: a token of tokenizer.json that is special by its name only is skipped too", async () => {
  const json = JSON.parse(new TextDecoder().decode(files["tokenizer.json"])) as { added_tokens: object[] };
  const token = { content: "<x>", single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  const id = json.added_tokens.length + 800; // behind all others; the file numbers them without gaps from 800 on
  const open = (additional: string[]): Promise<DebertaV2TokenizerFast> =>
    DebertaV2TokenizerFast.fromPretrained(
      folderOf({
        "tokenizer.json": { ...json, added_tokens: [...json.added_tokens, { id, ...token }] },
        "tokenizer_config.json": { added_tokens_decoder: { [id]: token }, additional_special_tokens: additional },
      }),
    );
  const decoded = (tokenizer: DebertaV2TokenizerFast): string =>
    tokenizer.decode(tokenizer.encode("a<x>").ids, { skipSpecialTokens: true });
  expect(decoded(await open([]))).toBe("a<x>");
  expect(decoded(await open(["<x>"]))).toBe("a");
});
