// Calls that once gave something else than Python: each test is named after what was seen.
import { expect, test } from "vitest";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { folderOf, readFolder } from "./support/folders.js";

const source = folderOf(
  readFolder(new URL("../fixtures/tokenizer/foreign-ids-800", import.meta.url).pathname, ["spm.model"]),
);

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
