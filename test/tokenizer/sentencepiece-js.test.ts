// The second engine, in Node: every golden through it. The C++ inside breaks ties in its own way, so of texts that a
// tie decides (marked in the goldens) only the text and the score of the cutting are compared, and what else is known to
// differ is named here.
import { describe, expect, test } from "vitest";
import { parsePieceModel } from "../../src/tokenizer/pieces/piece-model.js";
import { DebertaV2Tokenizer, type SlowTokenizerOptions } from "../../src/tokenizer.js";
import { folderOf } from "./support/folders.js";
import { differences, loadGoldens } from "./support/goldens.js";
import { compareBatch, compareCall, compareFirmRows, compareWords, slowIds } from "./support/slow-cases.js";

const isFirm = (row: { tie?: true }): boolean => row.tie !== true;

/** Pre-split words that a tie decides without a mark: by the model's name. */
const TIED_WORDS: Readonly<Record<string, readonly string[]>> = { "nfkc-4k": ["3.5", "%", "of", "$1,000"] };

describe.each(loadGoldens())("sentencepiece-js $name", ({ name, cases, files }) => {
  const { "spm.model": model, "tokenizer_config.json": config } = files;
  const source = folderOf({ "spm.model": model!, "tokenizer_config.json": config! });
  const open = (options?: SlowTokenizerOptions): Promise<DebertaV2Tokenizer> =>
    DebertaV2Tokenizer.fromPretrained(source, { engine: "sentencepiece-js", ...options });

  test("texts: ids, and offsets as the own engine's", async () => {
    const tokenizer = await open();
    const own = await open({ engine: "javascript" });
    expect(
      differences(cases.texts.filter(isFirm), (row) => {
        const { ids, tokens, offsets } = tokenizer.encode(row.text);
        const other = own.encode(row.text);
        return [
          [ids, tokens, offsets],
          [slowIds(row), other.tokens, other.offsets],
        ];
      }),
    ).toEqual([]);
  });

  test("texts that a tie decides: a cutting of the same text and score", async () => {
    const tokenizer = await open();
    const { scores } = parsePieceModel(model!, "spm.model");
    const weight = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + (scores[id] ?? 0), 0);
    const tied = cases.texts.filter((row) => !isFirm(row));
    for (const row of tied) {
      const { ids } = tokenizer.encode(row.text);
      expect(tokenizer.decode(ids), row.text).toBe((row.slow_decode ?? row.decode)[0]);
      expect(Math.abs(weight(ids) - weight(slowIds(row))), row.text).toBeLessThan(0.01);
    }
  });

  test.each(Object.entries(cases.variants))("variant %s", async (_, { settings, texts }) => {
    const tokenizer = await open({
      doLowerCase: settings.do_lower_case ?? false,
      splitByPunct: settings.split_by_punct ?? false,
    });
    expect(differences(texts.filter(isFirm), (row) => [tokenizer.encode(row.text).ids, slowIds(row)])).toEqual([]);
  });

  test("pairs, singles, batches and pre-split words", async () => {
    const tokenizer = await open();
    const calls = [...cases.pairs, ...cases.singles].filter(isFirm);
    expect(differences(calls, (row) => compareCall(tokenizer, row))).toEqual([]);
    const tied = new Set(cases.texts.filter((row) => !isFirm(row)).map(({ text }) => text));
    const isTied = ({ texts }: { texts: string[] }): boolean => texts.some((text) => tied.has(text));
    expect(
      differences(cases.batches, (row) =>
        isTied(row) ? compareFirmRows(tokenizer, row, tied) : compareBatch(tokenizer, row),
      ),
    ).toEqual([]);
    const words = cases.words.filter((row) => row.words.join("|") !== TIED_WORDS[name]?.join("|"));
    expect(differences(words, (row) => compareWords(tokenizer, row))).toEqual([]);
  });
});
