// What tokenizing one sequence gives, before special tokens, truncation and padding.

/** Parallel arrays, one entry a token. */
export interface Tokens {
  readonly ids: number[];
  readonly tokens: string[];
  /** [start, end) of the given text in UTF-16 units; of the word for pre-split input. */
  readonly offsets: [start: number, end: number][];
  /** Index of the word each token belongs to, or undefined where the tokenizer has no notion of words. */
  readonly words: number[] | undefined;
}

export function noTokens(withWords: boolean): Tokens {
  return { ids: [], tokens: [], offsets: [], words: withWords ? [] : undefined };
}

export function sliceTokens({ ids, tokens, offsets, words }: Tokens, start: number, end?: number): Tokens {
  return {
    ids: ids.slice(start, end),
    tokens: tokens.slice(start, end),
    offsets: offsets.slice(start, end),
    words: words?.slice(start, end),
  };
}

/** Takes back all tokens behind the first `count`. */
export function truncateTokens({ ids, tokens, offsets, words }: Tokens, count: number): void {
  for (const list of [ids, tokens, offsets, words]) if (list) list.length = count;
}
