// The slow tokenizer against every golden: ids, tokens, decoded texts, windows, batches, words and methods.
import { describe, expect, test } from "vitest";
import { DebertaV2Tokenizer, type SlowTokenizerOptions } from "../../src/tokenizer.js";
import { folderOf } from "./support/folders.js";
import { camelCase, differences, loadGoldens, type Golden } from "./support/goldens.js";
import { checkMethods } from "./support/methods.js";
import { compareBatch, compareCall, compareWords, slowIds } from "./support/slow-cases.js";

const open = (golden: Golden, options?: SlowTokenizerOptions): Promise<DebertaV2Tokenizer> => {
  // The goldens were made without tokenizer.json.
  const { "spm.model": model, "tokenizer_config.json": config } = golden.files;
  return DebertaV2Tokenizer.fromPretrained(
    folderOf({ "spm.model": model!, "tokenizer_config.json": config! }),
    options,
  );
};

describe.each(loadGoldens())("slow $name", (golden) => {
  const { cases } = golden;

  test("texts: ids, tokens, decoded texts", async () => {
    const tokenizer = await open(golden);
    expect(differences(cases.texts, (row) => [tokenizer.encode(row.text).ids, slowIds(row)])).toEqual([]);
    expect(
      differences(cases.texts, (row) => {
        const tokens = tokenizer.tokenize(row.text);
        return [tokens, row.slow_tokens ?? row.tokens?.slice(1, -1) ?? tokens];
      }),
    ).toEqual([]);
    expect(
      differences(cases.texts, (row) => [
        [false, true].map((skipSpecialTokens) => tokenizer.decode(slowIds(row), { skipSpecialTokens })),
        row.slow_decode ?? row.decode,
      ]),
    ).toEqual([]);
  });

  test.each(Object.entries(cases.variants))("variant %s", async (_, { settings, texts }) => {
    const tokenizer = await open(golden, {
      doLowerCase: settings.do_lower_case ?? false,
      splitByPunct: settings.split_by_punct ?? false,
    });
    expect(differences(texts, (row) => [tokenizer.encode(row.text).ids, slowIds(row)])).toEqual([]);
  });

  test("pairs and singles: truncation, overflow, padding", async () => {
    const tokenizer = await open(golden);
    const calls = [...cases.pairs, ...cases.singles];
    expect(differences(calls, (row) => compareCall(tokenizer, row))).toEqual([]);
  });

  test("batches", async () => {
    const tokenizer = await open(golden);
    expect(differences(cases.batches, (row) => compareBatch(tokenizer, row))).toEqual([]);
  });

  test("pre-split words", async () => {
    const tokenizer = await open(golden);
    expect(differences(cases.words, (row) => compareWords(tokenizer, row))).toEqual([]);
  });

  test("decoding", async () => {
    const tokenizer = await open(golden);
    expect(differences(cases.decoding, (row) => [tokenizer.decode(row.ids, camelCase(row.options)), row.slow])).toEqual(
      [],
    );
  });

  test("methods", async () => {
    const tokenizer = await open(golden);

    expect({
      cls: tokenizer.clsTokenId,
      sep: tokenizer.sepTokenId,
      pad: tokenizer.padTokenId,
      unk: tokenizer.unkTokenId,
      mask: tokenizer.maskTokenId,
    }).toEqual(cases.slow_special_ids);
    expect(tokenizer.vocabSize).toBe(cases.slow_vocab_size);
    checkMethods(tokenizer, cases.methods.slow);
    const saved = tokenizer.saveVocabulary();
    expect(saved.name).toBe("spm.model");
    expect(Buffer.compare(saved.bytes, golden.files["spm.model"]!)).toBe(0);
  });
});
