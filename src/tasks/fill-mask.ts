// Fill-mask: the likeliest tokens for each [MASK] of a text. Logits are computed at the masks only. Options and results are
// those of Transformers' pipeline.
import type { Tensor } from "../model/outputs.js";
import { type OptionTable, readOptions } from "../options.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { checkTopK, softmax, topIndexes } from "./scores.js";
import { asTask, checkText, modelInputs, oneOrMany, type Loaded, type Task, type TaskModel } from "./task.js";

/** Options of `pipeline("fill-mask")` and of its calls. */
export interface FillMaskOptions {
  /** How many tokens for each mask; `null` for the whole vocabulary. Default: 5. */
  readonly topK?: number | null;
  /** Only these tokens. A target that is none is replaced by its first piece. */
  readonly targets?: string | readonly string[];
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const FILL_MASK_OPTIONS: OptionTable<FillMaskOptions> = {
  topK: "number|null",
  targets: "string|array",
  signal: "object",
};

/** A token for a mask. Names as in Transformers. */
export interface Filling {
  /** Probability over the whole vocabulary. */
  readonly score: number;
  /** The token's id. */
  readonly token: number;
  /** The token's text. */
  readonly token_str: string;
  /** The text with this token in the mask's place. */
  readonly sequence: string;
}

/**
 * What `pipeline("fill-mask")` gives.
 *
 * ```ts
 * const [best] = await fill("What [MASK] does the movie start?"); // { token_str: "time", … }
 * ```
 */
export interface MaskFiller {
  /** One mask → its fillings, best first; several → a list for each mask. */
  (text: string, options?: FillMaskOptions): Promise<Filling[] | Filling[][]>;
  /** Several texts → for each what it would give alone. */
  (texts: readonly string[], options?: FillMaskOptions): Promise<(Filling[] | Filling[][])[]>;
}

/** What the task asks of a DebertaV2ForMaskedLM. */
export interface MaskedLmModel extends TaskModel {
  forward(
    inputs: { inputIds: number[][]; tokenTypeIds: number[][]; logitsAt: [number, number][] },
    options: { signal?: AbortSignal },
  ): Promise<{ logits: Tensor }>;
}

export function fillMask<Model extends MaskedLmModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: FillMaskOptions = {},
): MaskFiller & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;

  async function run(
    input: string | readonly string[],
    options: FillMaskOptions = {},
  ): Promise<Filling[] | Filling[][] | (Filling[] | Filling[][])[]> {
    const { topK = 5, targets, signal } = { ...defaults, ...readOptions("fill-mask", options, FILL_MASK_OPTIONS) };
    checkTopK(topK);
    const targetIds = targets === undefined ? undefined : idsOf(typeof targets === "string" ? [targets] : targets);

    return oneOrMany<string, Filling[] | Filling[][]>(input, async (texts) => {
      for (const text of texts) checkText("fill-mask", "the input", text);
      const encodings = tokenizer.encodeBatch(texts);
      const masks = encodings.map(({ ids }, index) => {
        const places = [...ids.keys()].filter((at) => ids[at] === tokenizer.maskTokenId);
        if (places.length === 0)
          throw new RangeError(`fill-mask: there is no ${tokenizer.maskToken} in ${JSON.stringify(texts[index])}`);
        return places;
      });
      const logitsAt = masks.flatMap((places, sequence) => places.map((at): [number, number] => [sequence, at]));
      const { logits } = await model.forward({ ...modelInputs(encodings), logitsAt }, signal ? { signal } : {});
      const width = logits.shape.at(-1)!; // logits: [masks, V]
      let row = 0;
      return encodings.map(({ ids }, sequence) => {
        const places = masks[sequence]!;
        const lists = places.map((place) => {
          const scores = softmax(logits.data.subarray(row * width, ++row * width));
          return bestOf(scores, topK, targetIds).map((token): Filling => ({
            score: scores[token]!,
            token,
            token_str: tokenizer.decode([token]),
            // With several masks the others must stay visible, so no special token is left out.
            sequence: tokenizer.decode(
              ids.with(place, token).filter((id) => id !== tokenizer.padTokenId),
              { skipSpecialTokens: places.length === 1 },
            ),
          }));
        });
        return lists.length === 1 ? lists[0]! : lists;
      });
    });
  }

  function idsOf(targets: readonly string[]): number[] {
    const ids = targets.flatMap((target) => {
      checkText("fill-mask", "a target", target);
      const id = tokenizer.convertTokensToIds(target);
      const isToken = tokenizer.convertIdsToTokens(id) === target;
      return isToken ? [id] : tokenizer.encode(target, undefined, { addSpecialTokens: false }).ids.slice(0, 1);
    });
    if (ids.length === 0) throw new RangeError("fill-mask: targets are empty");
    return [...new Set(ids)].sort((a, b) => a - b);
  }

  return asTask(run as MaskFiller, loaded);
}

function bestOf(scores: readonly number[], count: number | null, among: readonly number[] | undefined): number[] {
  if (!among) return topIndexes(scores, count);
  return topIndexes(
    among.map((token) => scores[token]!),
    count,
  ).map((at) => among[at]!);
}
