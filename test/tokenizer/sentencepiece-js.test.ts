// The second engine, in Node: every golden through it. It breaks ties in its own way, so rows that a tie decides (marked
// in the goldens), and those where it is known to differ, are counted apart.
import { describe, expect, test } from "vitest";
import { DebertaV2Tokenizer } from "../../src/tokenizer.js";
import { folderOf } from "./support/folders.js";
import { differences, loadGoldens } from "./support/goldens.js";

describe.each(loadGoldens())("sentencepiece-js $name", ({ cases, files }) => {
  const { "spm.model": model, "tokenizer_config.json": config } = files;
  const source = folderOf({ "spm.model": model!, "tokenizer_config.json": config! });

  test("texts: ids, and offsets as the own engine's", async () => {
    const tokenizer = await DebertaV2Tokenizer.fromPretrained(source, { engine: "sentencepiece-js" });
    const own = await DebertaV2Tokenizer.fromPretrained(source);
    const firm = cases.texts.filter(({ tie }) => !tie);
    expect(
      differences(firm, (row) => {
        const { ids, tokens, offsets } = tokenizer.encode(row.text);
        const other = own.encode(row.text);
        return [
          [ids, tokens, offsets],
          [row.slow_ids ?? row.ids, other.tokens, other.offsets],
        ];
      }),
    ).toEqual([]);
  });
});
