// Tokens beside the vocabulary's pieces: special ones like [MASK], and whatever was added after training. They are cut
// out of a text before the pieces are searched.

/** As Transformers' AddedToken. */
export interface AddedToken {
  readonly content: string;
  /** Only where no word character (fast) or no other character than a space (slow) touches it. */
  readonly singleWord: boolean;
  /** Takes the white space before it along. */
  readonly lstrip: boolean;
  /** Takes the white space after it along. */
  readonly rstrip: boolean;
  /** Compared with the normalised text (fast). */
  readonly normalized: boolean;
  readonly special: boolean;
}

export function addedToken(content: string, special: boolean, normalized: boolean = !special): AddedToken {
  return { content, singleWord: false, lstrip: false, rstrip: false, normalized, special };
}

/** The special tokens by their use, in the order in which missing ones are numbered. */
export const ROLES = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"] as const;
export type Role = (typeof ROLES)[number];

export const contentOf = (token: string | AddedToken): string => (typeof token === "string" ? token : token.content);

/** Special tokens as the slow tokenizer's constructor makes them: the unknown token's name becomes a token. */
export function slowSpecialTokens(special: readonly (string | AddedToken)[], unk: string): (string | AddedToken)[] {
  return special.map((token) => (token === unk ? addedToken(unk, true, true) : token));
}

/** A vocabulary, as far as numbering needs it. */
export interface Pieces {
  readonly size: number;
  /** The id of the piece with exactly this text, or -1. */
  readonly find: (text: string) => number;
}

/** The slow tokenizer's added tokens. Where files give two of them one id, it stands for the later one. */
export interface NumberedTokens {
  readonly tokens: ReadonlyMap<number, AddedToken>;
  readonly ids: ReadonlyMap<string, number>;
}

/** Those that the slow tokenizer's files number, then the special tokens that are left. */
export function numberTokens(
  { size, find }: Pieces,
  added: ReadonlyMap<number, AddedToken>,
  special: readonly (string | AddedToken)[],
): NumberedTokens {
  const tokens = new Map(added);
  const ids = new Map([...added].map(([id, { content }]) => [content, id]));
  let next = size + [...ids.keys()].filter((content) => find(content) < 0).length;
  for (const token of special) {
    const content = contentOf(token);
    // A token with flags of its own brings them along, even where its text is known.
    if (content === "" || (typeof token === "string" && ids.has(content))) continue;
    const found = ids.get(content) ?? find(content);
    const id = found < 0 ? next++ : found;
    tokens.set(id, typeof token === "string" ? addedToken(content, true) : token);
    ids.set(content, id);
  }
  return { tokens, ids };
}

/** How many units of white space end the text. A pattern for that takes time that grows with the square of a run of spaces. */
export function trailingSpaces(text: string, isSpace: RegExp): number {
  let end = text.length;
  while (end > 0 && isSpace.test(text[end - 1]!)) end--;
  return text.length - end;
}

export interface Match<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
}

/** Finds the strings in a text: leftmost first, without overlaps; among those that begin together, the longest. */
export type Matcher<T> = (text: string) => Match<T>[];

/**
 * In sorted order, the strings that agree with the text so far lie together: each further character narrows them. So a place
 * in the text costs no more than the longest match and the logarithm of how many strings there are.
 * @param prefer among strings that begin together: the longest, or the one that stands first in the list
 */
export function createMatcher<T>(
  entries: readonly (readonly [string, T])[],
  prefer: "longest" | "first" = "longest",
): Matcher<T> {
  const sorted = entries
    .map(([content, value], place) => ({ content, value, place }))
    .filter(({ content }) => content !== "")
    .sort((a, b) => (a.content < b.content ? -1 : a.content > b.content ? 1 : a.place - b.place))
    .filter(({ content }, i, all) => i === 0 || all[i - 1]!.content !== content);
  if (sorted.length === 0) return () => [];
  const firstUnits = new Set(sorted.map(({ content }) => content.charCodeAt(0)));
  const units = [...firstUnits].map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`);
  const anyFirst = new RegExp(`[${units.join("")}]`, "g");
  /** The first of sorted[from, to) whose unit at `depth` is at least `unit`. */
  const bound = (from: number, to: number, depth: number, unit: number): number => {
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (sorted[middle]!.content.charCodeAt(depth) < unit) from = middle + 1;
      else to = middle;
    }
    return from;
  };
  const find = (text: string, start: number): (typeof sorted)[number] | undefined => {
    let found: (typeof sorted)[number] | undefined;
    let [from, to] = [0, sorted.length];
    for (let depth = 0; start + depth < text.length; depth++) {
      const unit = text.charCodeAt(start + depth);
      from = bound(from, to, depth, unit);
      to = bound(from, to, depth, unit + 1);
      if (from === to) break;
      const entry = sorted[from]!;
      if (entry.content.length > depth + 1) continue;
      if (!found || prefer === "longest" || entry.place < found.place) found = entry;
      if (++from === to) break;
    }
    return found;
  };
  return (text) => {
    const matches: Match<T>[] = [];
    anyFirst.lastIndex = 0;
    for (let hit = anyFirst.exec(text); hit; hit = anyFirst.exec(text)) {
      const start = hit.index;
      const entry = find(text, start);
      anyFirst.lastIndex = start + (entry?.content.length ?? 1);
      if (entry) matches.push({ start, end: anyFirst.lastIndex, value: entry.value });
    }
    return matches;
  };
}

/** Added tokens with their ids, kept as the fast tokenizer's library keeps them. */
export interface AddedVocabulary {
  readonly ids: ReadonlyMap<string, number>;
  readonly tokens: ReadonlyMap<number, AddedToken>;
  readonly special: ReadonlySet<string>;
  /** Tokens looked for in the text itself and in the normalised text: a re-added token keeps its place in these. */
  readonly searched: readonly AddedToken[];
}

/**
 * Adds batches of tokens one after another, as tokenizers 0.22 does (`added_vocabulary.rs`): a token that is a piece takes
 * its id, others are numbered behind everything.
 */
export function addTokens({ size, find }: Pieces, batches: readonly (readonly AddedToken[])[]): AddedVocabulary {
  const ids = new Map<string, number>();
  const tokens = new Map<number, AddedToken>();
  const special = new Map<string, AddedToken>();
  const ordinary: AddedToken[] = [];
  let next = size;
  for (const batch of batches) {
    for (const token of batch)
      if (token.special && token.content !== "" && !special.has(token.content)) special.set(token.content, token);
    for (const token of batch) {
      const { content } = token;
      const known = ids.get(content) ?? find(content);
      const before = tokens.get(known);
      if (content === "" || (before && tokenKey(before) === tokenKey(token))) continue;
      const id = known >= 0 ? known : next++;
      ids.set(content, id);
      tokens.set(id, token);
      if (!special.has(content)) ordinary.push(token);
    }
  }
  return { ids, tokens, special: new Set(special.keys()), searched: [...special.values(), ...ordinary] };
}

/** Two tokens are the same when these are. */
export function tokenKey({ content, singleWord, lstrip, rstrip, normalized, special }: AddedToken): string {
  const flags = [singleWord, lstrip, rstrip, normalized, special].map(Number).join("");
  return `${flags}${content}`;
}

/** The same vocabulary with more special tokens: those that are not known yet are numbered behind everything. */
export function withSpecialTokens(
  { size, find }: Pieces,
  known: AddedVocabulary,
  contents: readonly string[],
): AddedVocabulary {
  const ids = new Map(known.ids);
  const tokens = new Map(known.tokens);
  const special = new Set(known.special);
  const searched = [...known.searched];
  let next = Math.max(size, ...[...tokens.keys()].map((id) => id + 1));
  for (const content of contents) {
    if (content === "" || ids.has(content)) continue;
    const token = addedToken(content, true);
    const found = find(content);
    const id = found >= 0 ? found : next++;
    ids.set(content, id);
    tokens.set(id, token);
    special.add(content);
    searched.unshift(token);
  }
  return { ids, tokens, special, searched };
}

/**
 * The fast tokenizer's added tokens: `own` ones of the file, then what the JSON files beside it number, then the special
 * tokens that are left. Source: Transformers 4.57, `tokenization_utils_fast.py`, `__init__`.
 */
export function addAllTokens(
  pieces: Pieces,
  own: readonly AddedToken[],
  numbered: ReadonlyMap<number, AddedToken>,
  special: readonly (string | AddedToken)[],
): AddedVocabulary {
  // Those that are known already come again: they may be special by their names now.
  const more = [...numbered].sort(([a], [b]) => a - b).map(([, token]) => token);
  const known = new Set([...own, ...more].map(contentOf));
  // A token with flags of its own is added even where its text is known: it brings its flags along.
  const same = new Set(more.map(tokenKey));
  const rest = special.filter((token) => (typeof token === "string" ? !known.has(token) : !same.has(tokenKey(token))));
  const names = new Set(special.map(contentOf));
  const added = [...more, ...rest].map((token) =>
    typeof token === "string"
      ? addedToken(token, true)
      : { ...token, special: token.special || names.has(token.content) },
  );
  return addTokens(pieces, [own, added]);
}
