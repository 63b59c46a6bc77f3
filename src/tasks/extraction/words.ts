// Words as the extraction libraries split them, with UTF-16 positions. Patterns are written for JavaScript with the sets that Python's
// \w and \s have; JavaScript's own differ.

/** A word of a text: [start, end) in UTF-16 units. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What Python calls space, as the inside of a character class. JavaScript's \s has U+FEFF and lacks U+001C–1F and U+0085. */
const SPACES = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const BLANK = new RegExp(`^[${SPACES}]*$`, "u");
const ENDS = new RegExp(`^[${SPACES}]+|[${SPACES}]+$`, "gu");

/** GLiNER's words: letters, digits and _, joined by - and _; every other sign by itself. Marks and joiners are such signs. */
const GLINER_WORDS = new RegExp(`[\\p{L}\\p{N}_]+(?:[-_][\\p{L}\\p{N}_]+)*|[^${SPACES}]`, "gu");

/** What Python's case-insensitive a–z takes beside them. */
const A_Z = "a-z\\u0130\\u0131\\u017f\\u212a";
const LETTER = "[\\p{L}\\p{N}_\\p{M}\\u200c\\u200d]";

/** GLiNER2's words: addresses, mail addresses and @names whole; marks and joiners belong to words. */
const GLINER2_WORDS = new RegExp(
  `(?:https?://[^${SPACES}]+|www\\.[^${SPACES}]+)|[${A_Z}0-9._%+\\-]+@[${A_Z}0-9.\\-]+\\.[${A_Z}]{2,}|` +
    `@[${A_Z}0-9_]+|${LETTER}+(?:[-_]${LETTER}+)*|[^${SPACES}]`,
  "giu",
);

const wordsBy = (pattern: RegExp, text: string): Word[] =>
  Array.from(text.matchAll(pattern), ({ 0: word, index }) => ({ text: word, start: index, end: index + word.length }));

export const glinerWords = (text: string): Word[] => wordsBy(GLINER_WORDS, text);
export const gliner2Words = (text: string): Word[] => wordsBy(GLINER2_WORDS, text);

/** Whether a text is empty or all space. */
export const isBlank = (text: string): boolean => BLANK.test(text);

/** A text without the space at its ends, as Python's strip(). */
export const stripped = (text: string): string => text.replace(ENDS, "");
