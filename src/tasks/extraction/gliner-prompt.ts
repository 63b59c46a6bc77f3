// From labels and words to GLiNER's tokens: marker and label for each label, a separator, the words; and which token begins (or
// belongs to) which word.
import type { DebertaV2TokenizerFast } from "../../tokenizer/tokenizer-fast.js";
import type { GlinerConfig } from "../../model/extraction/gliner-config.js";
import type { Word } from "./words.js";

/** One text, ready for the model. */
export interface GlinerTokens {
  readonly ids: number[];
  /** 0, or the word's number from 1. */
  readonly wordsMask: number[];
}

type Settings = Pick<GlinerConfig, "entToken" | "sepToken" | "subtokenPooling">;

export function glinerTokens(
  tokenizer: DebertaV2TokenizerFast,
  { entToken, sepToken, subtokenPooling }: Settings,
  prompts: readonly string[],
  words: readonly Word[],
): GlinerTokens {
  const prompt = [...prompts.flatMap((label) => (label === "" ? [entToken] : [entToken, label])), sepToken];
  const { ids, wordIds } = tokenizer.encode([...prompt, ...words.map(({ text }) => text)], undefined, {
    isSplitIntoWords: true,
    truncation: tokenizer.modelMaxLength < Infinity,
  });
  // Words are counted as they are seen: one without any token is not, and all later ones move up, as in training.
  let seen = 0;
  const wordsMask = ids.map((_, at) => {
    const own = wordIds![at] ?? null;
    if (own === null) return 0;
    const begins = own !== (wordIds![at - 1] ?? null);
    const ends = own !== (wordIds![at + 1] ?? null);
    if (begins) seen++;
    const counts = subtokenPooling === "first" ? begins : subtokenPooling === "last" ? ends : true;
    return counts ? Math.max(0, seen - prompt.length) : 0;
  });
  return { ids, wordsMask };
}
