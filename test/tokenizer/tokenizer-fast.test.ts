// The fast tokenizer against every golden, made from spm.model and, where there is one, from tokenizer.json.
import { describe, expect, test } from "vitest";
import { DebertaV2TokenizerFast, type Encoding, type FastTokenizerOptions } from "../../src/tokenizer.js";
import { folderOf } from "./support/folders.js";
import { camelCase, differences, loadGoldens, type CallRow, type PythonWindow } from "./support/goldens.js";
import { checkMethods } from "./support/methods.js";

const made = loadGoldens().flatMap(({ name, cases, files }) => {
  const { "spm.model": model, "tokenizer_config.json": config, "tokenizer.json": json } = files;
  const fromModel = {
    name: `${name}, spm.model`,
    cases,
    files: { "spm.model": model!, "tokenizer_config.json": config! },
  };
  return json
    ? [fromModel, { name: `${name}, tokenizer.json`, cases, files: { ...fromModel.files, "tokenizer.json": json } }]
    : [fromModel];
});

const windowOf = (encoding: Encoding): PythonWindow => ({
  ids: encoding.ids,
  type_ids: encoding.typeIds,
  attention_mask: encoding.attentionMask,
  special_tokens_mask: encoding.specialTokensMask,
  offsets: encoding.offsets,
  sequence_ids: encoding.sequenceIds,
});

describe.each(made)("fast $name", ({ name, cases, files }) => {
  const open = (options?: FastTokenizerOptions): Promise<DebertaV2TokenizerFast> =>
    DebertaV2TokenizerFast.fromPretrained(folderOf(files), options);

  test("texts: ids, tokens, offsets, decoded texts", async () => {
    const tokenizer = await open();
    expect(
      differences(cases.texts, (row) => {
        const { ids, tokens, offsets } = tokenizer.encode(row.text);
        return [
          [ids, tokens, offsets],
          [row.ids, row.tokens ?? tokens, row.offsets],
        ];
      }),
    ).toEqual([]);
    expect(
      differences(cases.texts, (row) => [
        [false, true].map((skipSpecialTokens) => tokenizer.decode(row.ids, { skipSpecialTokens })),
        row.decode,
      ]),
    ).toEqual([]);
  });

  test.each(name.endsWith("spm.model") ? Object.entries(cases.variants) : [])(
    "variant %s",
    async (_, { settings, texts }) => {
      const tokenizer = await open({
        doLowerCase: settings.do_lower_case ?? false,
        splitByPunct: settings.split_by_punct ?? false,
      });
      expect(
        differences(texts, (row) => {
          const { ids, offsets } = tokenizer.encode(row.text);
          return [
            [ids, offsets],
            [row.ids, row.offsets],
          ];
        }),
      ).toEqual([]);
    },
  );

  test("pairs and singles: truncation, windows, padding", async () => {
    const tokenizer = await open();
    const call = ({ text, pair, options }: CallRow): unknown => {
      try {
        const main = tokenizer.encode(text, pair, camelCase(options));
        return [main, ...main.overflowing].map(windowOf);
      } catch (error) {
        return (error as Error).name;
      }
    };
    expect(
      differences([...cases.pairs, ...cases.singles], (row) => [
        call(row),
        "error" in row.fast ? "RangeError" : row.fast,
      ]),
    ).toEqual([]);
  });

  test("batches", async () => {
    const tokenizer = await open();
    expect(
      differences(cases.batches, ({ texts, options, padding_side, fast }) => {
        const got = tokenizer.encodeBatch(texts, { ...camelCase(options), paddingSide: padding_side });
        const batch = {
          input_ids: got.map(({ ids }) => ids),
          attention_mask: got.map(({ attentionMask }) => attentionMask),
          token_type_ids: got.map(({ typeIds }) => typeIds),
        };
        return [batch, fast];
      }),
    ).toEqual([]);
  });

  test("pre-split words", async () => {
    const tokenizer = await open();
    expect(
      differences(cases.words, ({ words, ids, word_ids, offsets }) => {
        const got = tokenizer.encode(words, undefined, { isSplitIntoWords: true });
        return [
          [got.ids, got.wordIds, got.offsets],
          [ids, word_ids, offsets],
        ];
      }),
    ).toEqual([]);
  });

  test("decoding", async () => {
    const tokenizer = await open();
    expect(
      differences(cases.decoding, ({ ids, options, fast }) => [tokenizer.decode(ids, camelCase(options)), fast]),
    ).toEqual([]);
  });

  test("methods", async () => {
    const tokenizer = await open();
    expect({
      cls: tokenizer.clsTokenId,
      sep: tokenizer.sepTokenId,
      pad: tokenizer.padTokenId,
      unk: tokenizer.unkTokenId,
      mask: tokenizer.maskTokenId,
    }).toEqual(cases.special_ids);
    expect(tokenizer.vocabSize).toBe(cases.vocab_size);
    checkMethods(tokenizer, cases.methods.fast);
    expect(Buffer.compare((await tokenizer.saveVocabulary()).bytes, files["spm.model"])).toBe(0);
  });
});
