// The `methods` part of cases.json: name → [arguments …, result].
import { expect } from "vitest";
import type { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../../src/tokenizer.js";

type Ids = number[];

export function checkMethods(
  tokenizer: DebertaV2Tokenizer | DebertaV2TokenizerFast,
  methods: Readonly<Record<string, unknown>>,
): void {
  const [tokens, ids] = methods["convert_tokens_to_ids"] as [string[], Ids];
  expect(tokenizer.convertTokensToIds(tokens)).toEqual(ids);
  expect(tokens.map((token) => tokenizer.convertTokensToIds(token))).toEqual(ids);
  const [someIds, someTokens] = methods["convert_ids_to_tokens"] as [Ids, (string | null)[]];
  expect(tokenizer.convertIdsToTokens(someIds)).toEqual(someTokens);
  const [all, ordinary] = methods["convert_ids_to_tokens_without_special"] as [Ids, (string | null)[]];
  expect(tokenizer.convertIdsToTokens(all, { skipSpecialTokens: true })).toEqual(ordinary);
  for (const name of ["convert_tokens_to_string", "convert_tokens_to_string_with_special"]) {
    const [pieces, text] = methods[name] as [string[], string];
    expect(tokenizer.convertTokensToString(pieces)).toBe(text);
  }
  const forBoth = (name: string, method: (ids0: Ids, ids1?: Ids) => Ids): void => {
    for (const row of methods[name] as Ids[][])
      expect(method(...(row.slice(0, -1) as [Ids, Ids?]))).toEqual(row.at(-1));
  };
  forBoth("build_inputs_with_special_tokens", (a, b) => tokenizer.buildInputsWithSpecialTokens(a, b));
  forBoth("get_special_tokens_mask", (a, b) => tokenizer.getSpecialTokensMask(a, b));
  forBoth("create_token_type_ids_from_sequences", (a, b) => tokenizer.createTokenTypeIdsFromSequences(a, b));
  const [given, mask] = methods["get_special_tokens_mask_already"] as [Ids, Ids];
  expect(tokenizer.getSpecialTokensMask(given, undefined, true)).toEqual(mask);
  expect(tokenizer.allSpecialTokens).toEqual(methods["all_special_tokens"]);
}
