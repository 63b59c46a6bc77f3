// What encoding a text gives and which options it takes; special tokens are put in and padding is added here.
import type { OptionTable } from "../options.js";
import type { Tokens } from "./tokens.js";

/** One text or pair, ready for a model. All arrays have one entry a token. */
export interface Encoding {
  /** Rows of the model's word table. */
  ids: number[];
  /** The tokens' own spelling: `▁` stands for a space. */
  tokens: string[];
  /** 0 for the first text and its special tokens, 1 for the second. */
  typeIds: number[];
  /** 1 for tokens, 0 for padding. */
  attentionMask: number[];
  /** 1 for special tokens that were put in, and for padding. */
  specialTokensMask: number[];
  /** [start, end) in UTF-16 units of the text the token comes from (of its word for pre-split input); [0, 0] for special tokens. */
  offsets: [start: number, end: number][];
  /** Which text a token comes from; null for special tokens. */
  sequenceIds: (0 | 1 | null)[];
  /** Which word a token belongs to; null for special tokens. The slow tokenizer has it for pre-split input only. */
  wordIds?: (number | null)[];
  /** Further windows (fast), or one encoding of the tokens that were cut off (slow); only with `returnOverflowingTokens`. */
  overflowing: Encoding[];
}

/** Which text is cut when both together are too long: token by token the longer one, the first, the second, none. */
export type TruncationStrategy = "longest_first" | "only_first" | "only_second" | "do_not_truncate";
/** Where padding is added, or where a text is cut. */
export type Side = "right" | "left";

/** Options of `encode` and `encodeBatch`: those of a Python tokenizer's call. */
export interface EncodeOptions {
  /** `true` is "longest_first". Default: none, but "longest_first" when `maxLength` is given without padding. */
  readonly truncation?: boolean | TruncationStrategy | undefined;
  /** Tokens, special ones included. Default: `model_max_length` of tokenizer_config.json, if it has one. */
  readonly maxLength?: number | undefined;
  /** Tokens that neighbouring windows share. */
  readonly stride?: number | undefined;
  /** Whether what is cut off comes as `overflowing`. Default: false. */
  readonly returnOverflowingTokens?: boolean | undefined;
  /** Whether `[CLS]` and `[SEP]` are put in. Default: true. */
  readonly addSpecialTokens?: boolean | undefined;
  /** `true` is "longest": as long as the longest of the batch. */
  readonly padding?: boolean | "longest" | "max_length" | "do_not_pad" | undefined;
  /** Lengths are padded up to a multiple of this. */
  readonly padToMultipleOf?: number | undefined;
  /** Default: `padding_side` of tokenizer_config.json, else right. */
  readonly paddingSide?: Side | undefined;
  /** Default: `truncation_side` of tokenizer_config.json, else right. */
  readonly truncationSide?: Side | undefined;
  /** Texts are given as lists of words. */
  readonly isSplitIntoWords?: boolean | undefined;
}

/** Values are checked by `resolveCall`. */
export const ENCODE_OPTIONS: OptionTable<EncodeOptions> = {
  truncation: "any",
  maxLength: "any",
  stride: "any",
  returnOverflowingTokens: "boolean",
  addSpecialTokens: "boolean",
  padding: "any",
  padToMultipleOf: "any",
  paddingSide: "any",
  truncationSide: "any",
  isSplitIntoWords: "boolean",
};

/** A run of tokens of the result: special tokens, or one of the texts. */
export type TemplateItem =
  | { readonly sequence: 0 | 1; readonly typeId: number }
  | {
      readonly sequence: null;
      readonly typeId: number;
      readonly ids: readonly number[];
      readonly tokens: readonly string[];
    };

/** Where special tokens go around one text and around two. */
export interface Template {
  readonly single: readonly TemplateItem[];
  readonly pair: readonly TemplateItem[];
}

/** `[CLS] A [SEP]` and `[CLS] A [SEP] B [SEP]`. */
export function createTemplate(cls: { id: number; token: string }, sep: { id: number; token: string }): Template {
  const special = ({ id, token }: { id: number; token: string }, typeId: number): TemplateItem => ({
    sequence: null,
    typeId,
    ids: [id],
    tokens: [token],
  });
  const single: TemplateItem[] = [special(cls, 0), { sequence: 0, typeId: 0 }, special(sep, 0)];
  return { single, pair: [...single, { sequence: 1, typeId: 1 }, special(sep, 1)] };
}

/** How many special tokens a template puts in. */
export function specialCount(items: readonly TemplateItem[]): number {
  return items.reduce((count, item) => count + (item.sequence === null ? item.ids.length : 0), 0);
}

/** Puts texts and special tokens together. */
export function assemble(
  items: readonly TemplateItem[],
  sequences: readonly Tokens[],
  addSpecialTokens: boolean,
): Encoding {
  const runs = items
    .filter(({ sequence }) => sequence !== null || addSpecialTokens)
    .map((item) => ({ item, run: item.sequence === null ? special(item) : sequences[item.sequence]! }));
  const length = runs.reduce((sum, { run }) => sum + run.ids.length, 0);
  const result: Encoding = {
    ids: new Array<number>(length),
    tokens: new Array<string>(length),
    typeIds: new Array<number>(length),
    attentionMask: new Array<number>(length).fill(1),
    specialTokensMask: new Array<number>(length),
    offsets: new Array<[number, number]>(length),
    sequenceIds: new Array<0 | 1 | null>(length),
    overflowing: [],
  };
  const wordIds = sequences[0]?.words && new Array<number | null>(length);
  let to = 0;
  for (const { item, run } of runs) {
    const { sequence, typeId } = item;
    for (let i = 0; i < run.ids.length; i++, to++) {
      result.ids[to] = run.ids[i]!;
      result.tokens[to] = run.tokens[i]!;
      result.typeIds[to] = typeId;
      result.specialTokensMask[to] = sequence === null ? 1 : 0;
      result.offsets[to] = run.offsets[i]!;
      result.sequenceIds[to] = sequence;
      if (wordIds) wordIds[to] = run.words?.[i] ?? null;
    }
  }
  if (wordIds) result.wordIds = wordIds;
  return result;
}

const special = ({ ids, tokens }: { ids: readonly number[]; tokens: readonly string[] }): Tokens => ({
  ids: [...ids],
  tokens: [...tokens],
  offsets: ids.map(() => [0, 0]),
  words: undefined,
});

/** How far and with what to pad. */
export interface Padding {
  /** "longest" of the batch, or a number of tokens. */
  readonly to: "longest" | number;
  readonly multipleOf: number | undefined;
  readonly side: Side;
  /** Whether `overflowing` holds windows of the same kind, to be padded as well. */
  readonly windows: boolean;
  readonly id: number;
  readonly token: string;
}

/** Pads a batch in place, overflow windows too where `windows` is set. */
export function pad(batch: readonly Encoding[], { to, multipleOf = 1, side, id, token, windows }: Padding): void {
  const target = to === "longest" ? batch.reduce((most, { ids }) => Math.max(most, ids.length), 0) : to;
  const length = Math.ceil(target / multipleOf) * multipleOf;
  const extend = <T>(values: T[], missing: number, make: () => T): void => {
    const padding = Array.from({ length: missing }, make);
    if (side === "right") for (const value of padding) values.push(value);
    else values.unshift(...padding);
  };
  for (const encoding of batch.flatMap((main) => [main, ...(windows ? main.overflowing : [])])) {
    const missing = Math.max(0, length - encoding.ids.length);
    extend(encoding.ids, missing, () => id);
    extend(encoding.tokens, missing, () => token);
    extend(encoding.typeIds, missing, () => 0);
    extend(encoding.attentionMask, missing, () => 0);
    extend(encoding.specialTokensMask, missing, () => 1);
    extend(encoding.offsets, missing, () => [0, 0]);
    extend(encoding.sequenceIds, missing, () => null);
    if (encoding.wordIds) extend(encoding.wordIds, missing, () => null);
  }
}
