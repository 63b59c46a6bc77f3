// How the slow tokenizer prepares a text: lower case that spares added tokens, and the split at added tokens. Follows
// Transformers 4.57, `tokenization_utils.py`, `tokenize`.
import { trailingSpaces, type AddedToken, type Match } from "./added-tokens.js";

/** A stretch of a text: words to be cut into pieces, or an added token. */
export interface Part {
  readonly text: string;
  /** A unit of `text` → one of the whole text. */
  readonly place: (unit: number) => number;
}

/** Each punctuation character alone, or a run of anything else. ASCII symbols count as punctuation. */
export const PUNCTUATION_OR_NOT: RegExp = /[\p{P}$+<=>^`|~]|[^\p{P}$+<=>^`|~]+/gu;

const SPACES = "[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"; // Python's str.isspace
const LEADING = new RegExp(`^${SPACES}+`);
const SPACE = new RegExp(SPACES);

/** Python's str.rstrip. */
const trimEnd = (text: string): string => text.slice(0, text.length - trailingSpaces(text, SPACE));

/** Python's str.strip. */
export const trimPython = (text: string): string => trimEnd(text.replace(LEADING, ""));

/** A lower-cased text; `positions[i]` is where unit `i` came from, undefined when nothing moved. */
export interface Lowered {
  readonly text: string;
  readonly positions: readonly number[] | undefined;
}

/** Lower case outside of `kept`, one code point at a time: Σ never becomes ς. */
export function lowerCase(text: string, kept: readonly Match<unknown>[]): Lowered {
  let result = "";
  const growths: [at: number, by: number][] = []; // only İ grows, by one unit
  let last = 0;
  const lower = (end: number): void => {
    for (const char of text.slice(last, end)) {
      const lowered = char.toLowerCase();
      result += lowered;
      if (lowered.length !== char.length) growths.push([result.length, lowered.length - char.length]);
    }
  };
  for (const { start, end } of kept) {
    lower(start);
    result += text.slice(start, end);
    last = end;
  }
  lower(text.length);
  if (growths.length === 0) return { text: result, positions: undefined };
  const positions = Array.from({ length: result.length + 1 }, (_, i) => i);
  let shift = 0;
  let next = 0;
  for (let i = 0; i < positions.length; i++) {
    while (next < growths.length && i >= growths[next]![0]) shift += growths[next++]![1];
    positions[i]! -= shift;
  }
  return { text: result, positions };
}

/**
 * Splits at added tokens and lets them take white space along or stick to their neighbours, as their flags say. What comes
 * out so may be a token's text again, and then is that token.
 * @param tokenOf the added token with exactly this text
 */
export function splitParts(
  text: string,
  matches: readonly Match<unknown>[],
  tokenOf: (text: string) => AddedToken | undefined,
): Part[] {
  const parts: Part[] = [];
  const cut = (start: number, end: number): void => {
    parts.push({ text: text.slice(start, end), place: (unit) => start + unit });
  };
  let last = 0;
  for (const { start, end } of matches) {
    if (last < start) cut(last, start);
    cut(start, end);
    last = end;
  }
  if (last < text.length) cut(last, text.length);
  if (matches.length === 0) return parts;

  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!;
    const token = tokenOf(part.text);
    if (!token) continue;
    const left = parts[i - 1]?.text ?? "";
    const right = parts[i + 1]?.text ?? "";
    if (token.rstrip && right !== "") parts[i + 1] = without(parts[i + 1]!, LEADING.exec(right)?.[0].length ?? 0);
    if (token.lstrip && left !== "") parts[i - 1] = { ...parts[i - 1]!, text: trimEnd(left) };
    if (!token.singleWord) continue;
    if (left !== "" && !left.endsWith(" ")) parts[i - 1] = joined(parts[i - 1]!, part);
    else if (right !== "" && !right.startsWith(" ")) parts[i + 1] = joined(part, parts[i + 1]!);
    else continue;
    parts[i] = { ...part, text: "" };
  }
  return parts.filter((part) => part.text !== "");
}

/** A part without its first units. */
function without({ text, place }: Part, count: number): Part {
  return { text: text.slice(count), place: (unit) => place(count + unit) };
}

function joined(a: Part, b: Part): Part {
  const { length } = a.text;
  return { text: a.text + b.text, place: (unit) => (unit < length ? a.place(unit) : b.place(unit - length)) };
}
