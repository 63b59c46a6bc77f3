// Added tokens with every flag, from every file they may stand in, against Transformers 4.57 (the stored answers were made
// by test/fixtures/tokenizer/make_added_tokens.py).
import { describe, expect, test } from "vitest";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import stored from "../fixtures/tokenizer/added-tokens.json" with { type: "json" };
import { folderOf, readFolder } from "./support/folders.js";
import { differences } from "./support/goldens.js";

interface Answers {
  readonly rows: readonly {
    readonly text: string;
    readonly ids: number[];
    readonly tokens: string[];
    readonly offsets: number[][] | null;
    readonly words: (number | null)[] | null;
    readonly decode: string;
    readonly skip: string;
  }[];
  readonly vocab_size: number;
  readonly special: string[];
  readonly special_ids: number[];
  readonly left: number[][];
}
const cases: readonly { name: string; files: Record<string, object>; slow: Answers; fast: Answers }[] = stored;
const model = readFolder(new URL("../fixtures/tokenizer/foreign-ids-800", import.meta.url).pathname, ["spm.model"]);
const classes = { slow: DebertaV2Tokenizer, fast: DebertaV2TokenizerFast } as const;

describe.each(cases)("$name", (each) => {
  test.each(["slow", "fast"] as const)("%s", async (kind) => {
    const tokenizer = await classes[kind].fromPretrained(folderOf({ ...model, ...each.files }));
    const expected = each[kind];
    expect(
      differences(expected.rows, (row) => {
        const { ids, offsets, wordIds } = tokenizer.encode(row.text);
        const decoded = [tokenizer.decode(row.ids), tokenizer.decode(row.ids, { skipSpecialTokens: true })];
        const places = row.offsets ? [offsets, wordIds] : [];
        return [
          [ids, tokenizer.tokenize(row.text), decoded, ...places],
          [row.ids, row.tokens, [row.decode, row.skip], ...(row.offsets ? [row.offsets, row.words] : [])],
        ];
      }),
    ).toEqual([]);
    const special = tokenizer.allSpecialTokens;
    expect([tokenizer.vocabSize, special, tokenizer.convertTokensToIds(special)]).toEqual([
      expected.vocab_size,
      expected.special,
      expected.special_ids,
    ]);
    const batch = tokenizer.encodeBatch(["a b c d", "a"], { padding: true, truncation: true, maxLength: 5 });
    expect(batch.map(({ ids }) => ids)).toEqual(expected.left);
  });
});
