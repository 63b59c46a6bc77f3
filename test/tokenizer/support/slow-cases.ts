// How rows of cases.json are run through a slow tokenizer: each function gives [what it gave, what Python gave]. Both
// engines go through these.
import type { DebertaV2Tokenizer } from "../../../src/tokenizer.js";
import { camelCase, type CallRow, type Cases, type PythonBatch } from "./goldens.js";

type Compared = readonly [got: unknown, expected: unknown];

/** The row's ids of the slow tokenizer; `slow_ids` stands there only where they are not the fast one's. */
export const slowIds = (row: { ids: number[]; slow_ids?: number[] }): number[] => row.slow_ids ?? row.ids;

/** A call with truncation, overflow, padding. */
export function compareCall(tokenizer: DebertaV2Tokenizer, { text, pair, options, slow }: CallRow): Compared {
  const withOverflow = options.return_overflowing_tokens === true;
  const call = (): unknown => {
    try {
      const got = tokenizer.encode(text, pair, camelCase(options));
      const overflow = withOverflow ? [got.overflowing.map((each) => each.ids)] : [];
      return [got.ids, got.typeIds, got.attentionMask, got.specialTokensMask, ...overflow];
    } catch (error) {
      return (error as Error).name;
    }
  };
  if ("error" in slow) return [call(), "RangeError"];
  const expected = [slow.input_ids, slow.token_type_ids, slow.attention_mask, slow.special_tokens_mask];
  return [call(), [...expected, ...(withOverflow ? [[slow.overflowing_tokens]] : [])]];
}

export function compareBatch(tokenizer: DebertaV2Tokenizer, row: Cases["batches"][number]): Compared {
  const got = tokenizer.encodeBatch(row.texts, { ...camelCase(row.options), paddingSide: row.padding_side });
  const batch: PythonBatch = {
    input_ids: got.map((each) => each.ids),
    attention_mask: got.map((each) => each.attentionMask),
    token_type_ids: got.map((each) => each.typeIds),
  };
  return [batch, row.slow ?? row.fast];
}

/** Those rows of a batch whose texts are not `tied`, without padding: its length may hang on a text that is. */
export function compareFirmRows(
  tokenizer: DebertaV2Tokenizer,
  row: Cases["batches"][number],
  tied: ReadonlySet<string>,
): Compared {
  const [got, expected] = compareBatch(tokenizer, row) as readonly [PythonBatch, PythonBatch];
  const firm = ({ input_ids: ids, attention_mask: masks, token_type_ids: types }: PythonBatch): unknown =>
    row.texts.map((text, i) => {
      const isReal = (_: number, at: number): boolean => masks[i]![at] === 1;
      return tied.has(text) ? [] : [ids[i]!.filter(isReal), types[i]!.filter(isReal)];
    });
  return [firm(got), firm(expected)];
}

export function compareWords(tokenizer: DebertaV2Tokenizer, row: Cases["words"][number]): Compared {
  return [tokenizer.encode(row.words, undefined, { isSplitIntoWords: true }).ids, row.slow_ids];
}
