// How the slow tokenizer prepares a text: lower case that spares added tokens, and the split at added tokens. Follows
// Transformers 4.57, `tokenization_utils.py`, `tokenize`.
import type { AddedToken, Match } from "./added-tokens.js";

/** A stretch of a text: words to be cut into pieces, or an added token. */
export interface Part {
  start: number;
  end: number;
  token: AddedToken | undefined;
}

/** Each punctuation character alone, or a run of anything else. ASCII symbols count as punctuation. */
export const PUNCTUATION_OR_NOT: RegExp = /[\p{P}$+<=>^`|~]|[^\p{P}$+<=>^`|~]+/gu;

const SPACES = "[\\t-\\r\\x1c- \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]"; // Python's str.isspace
const LEADING = new RegExp(`^${SPACES}+`);
const TRAILING = new RegExp(`${SPACES}+$`);

/** Python's str.strip. */
export function trimPython(text: string): string {
  return text.replace(LEADING, "").replace(TRAILING, "");
}

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

/** Splits at added tokens and lets them take white space along or stick to their neighbours, as their flags say. */
export function splitParts(text: string, matches: readonly Match<AddedToken>[]): Part[] {
  const parts: Part[] = [];
  let last = 0;
  for (const { start, end, value } of matches) {
    if (last < start) parts.push({ start: last, end: start, token: undefined });
    parts.push({ start, end, token: value });
    last = end;
  }
  if (last < text.length) parts.push({ start: last, end: text.length, token: undefined });

  parts.forEach((part, i) => {
    const { token } = part;
    if (!token) return;
    const left = nonEmpty(parts[i - 1]);
    const right = nonEmpty(parts[i + 1]);
    const touchesLeft = left !== undefined && text[left.end - 1] !== " ";
    const touchesRight = right !== undefined && text[right.start] !== " ";
    if (token.rstrip && right) {
      const spaces = LEADING.exec(text.slice(right.start, right.end));
      if (spaces) Object.assign(right, { start: right.start + spaces[0].length, token: undefined });
    }
    if (token.lstrip && left) {
      const spaces = TRAILING.exec(text.slice(left.start, left.end));
      if (spaces) Object.assign(left, { end: left.end - spaces[0].length, token: undefined });
    }
    if (token.singleWord && touchesLeft) {
      Object.assign(left, { end: part.end, token: undefined });
      part.end = part.start;
    } else if (token.singleWord && touchesRight) {
      Object.assign(right, { start: part.start, token: undefined });
      part.end = part.start;
    }
  });
  return parts.filter((part) => nonEmpty(part));
}

const nonEmpty = (part: Part | undefined): Part | undefined => (part && part.start < part.end ? part : undefined);
