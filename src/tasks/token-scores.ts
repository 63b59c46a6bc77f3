// What a token classifier says of every token of some texts. A long text runs as overlapping windows; all windows of all
// texts are one packed batch.
import type { DebertaV2Config } from "../model/deberta/config.js";
import type { Tensor } from "../model/outputs.js";
import type { Encoding } from "../tokenizer/encoding.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { softmax } from "./scores.js";
import { modelInputs, type Loaded, type TaskModel } from "./task.js";

/** What the task asks of a DebertaV2ForTokenClassification. */
export interface TokenClassifierModel extends TaskModel {
  readonly config: Pick<DebertaV2Config, "id2label">;
  forward(
    inputs: { inputIds: number[][]; tokenTypeIds: number[][] },
    options: { signal?: AbortSignal },
  ): Promise<{ logits: Tensor }>;
}

/** A token that is no special one, with the probabilities of its labels. */
export interface Token {
  readonly word: string;
  readonly scores: readonly number[];
  /** UTF-16 position in the text. */
  readonly start: number;
  readonly end: number;
  /** Place in its window, special tokens counted. */
  readonly index: number;
  readonly continuesWord: boolean;
}

/** The windows of one text. */
export interface Reading {
  readonly windows: readonly (readonly Token[])[];
  /** UTF-16 position after the last token that was read. */
  readonly readTo: number;
  /** Whether tokens follow that no window holds. */
  readonly isCut: boolean;
}

/** @param stride tokens that neighbouring windows share; without it, a text longer than model_max_length is cut */
export async function readTokens(
  { model, tokenizer }: Loaded<TokenClassifierModel, DebertaV2TokenizerFast>,
  texts: readonly string[],
  { stride, signal }: { readonly stride?: number | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Reading[]> {
  const encodings = texts.map((text) =>
    tokenizer.encode(text, undefined, {
      truncation: tokenizer.modelMaxLength < Infinity,
      stride: stride ?? 0,
      returnOverflowingTokens: true,
    }),
  );
  const windowsOf = (first: Encoding): Encoding[] => (stride === undefined ? [first] : [first, ...first.overflowing]);
  const inputs = modelInputs(encodings.flatMap(windowsOf));
  const { logits } = await model.forward(inputs, signal ? { signal } : {});
  let next = 0;
  return encodings.map((first, index) => {
    const windows = windowsOf(first).map((window) => tokensOf(texts[index]!, window, logits, next++));
    return {
      windows,
      readTo: windows.at(-1)!.at(-1)?.end ?? 0,
      isCut: stride === undefined && first.overflowing.length > 0,
    };
  });

  function tokensOf(text: string, window: Encoding, logits: Tensor, row: number): Token[] {
    const [, columns, labels] = logits.shape as [number, number, number]; // logits: [windows, N, labels]
    const tokens: Token[] = [];
    for (const [index, id] of window.ids.entries()) {
      if (window.specialTokensMask[index]) continue;
      const at = (row * columns + index) * labels;
      const [start, end] = window.offsets[index]!;
      const isUnknown = id === tokenizer.unkTokenId;
      tokens.push({
        word: isUnknown ? text.slice(start, end) : tokenizer.convertIdsToTokens(id)!,
        scores: softmax(logits.data.subarray(at, at + labels)),
        start,
        end,
        index,
        continuesWord: !isUnknown && start > 0 && !text.slice(start - 1, start + 1).includes(" "),
      });
    }
    return tokens;
  }
}

/** How many tokens neighbouring windows share where nobody says: a quarter of what fits beside the special tokens. */
export const usualStride = ({ modelMaxLength }: { readonly modelMaxLength: number }): number =>
  modelMaxLength < Infinity ? Math.max(0, Math.floor((modelMaxLength - 2) / 4)) : 0;
