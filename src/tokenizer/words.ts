// Words that have been cut before: texts repeat their words, and a search costs much more than a look-up. A word is what
// stands from one ▁ to the next; where no piece reaches over a ▁, words can be cut one by one.
import type { ByteStrings } from "./piece-trie.js";
import { REBASE, type Cutting, type Unigram } from "./unigram.js";

/** A word cut into pieces. */
export interface Word {
  readonly ids: readonly number[];
  /** Where each piece ends, in bytes of the word. */
  readonly ends: readonly number[];
  /** As in `Search`. */
  readonly margin: number;
  readonly reach: number;
}

/** Words that are remembered; and the longest such word, in UTF-16 units. */
const MAX_KNOWN = 20_000;
const MAX_LENGTH = 40;
const MARK = "\u2581";

/** Cuts words and remembers the frequent ones. */
export function createWordSearch(search: Unigram): (word: string) => Word {
  const known = new Map<string, Word>();
  const encoder = new TextEncoder();
  return (word) => {
    let result = known.get(word);
    if (result) return result;
    const bytes = encoder.encode(word);
    const { count, ids, ends, margin, reach } = search(bytes, 0, bytes.length);
    result = { ids: Array.from(ids.subarray(0, count)), ends: Array.from(ends.subarray(0, count)), margin, reach };
    if (known.size === MAX_KNOWN) known.clear();
    if (word.length <= MAX_LENGTH) known.set(word, result);
    return result;
  };
}

/** Calls `visit` for each word of a text whose spaces are ▁. */
export function forEachWord(text: string, visit: (word: string) => void): void {
  let start = 0;
  while (start < text.length) {
    const mark = text.indexOf(MARK, start + 1);
    const end = mark < 0 ? text.length : mark;
    visit(text.slice(start, end));
    start = end;
  }
}

/** Whether some piece that the search may use holds a ▁ behind its first character. */
export function crossesWords({ bytes, starts, ends }: ByteStrings, skip: Uint8Array): boolean {
  for (let id = 0; id < starts.length; id++) {
    if (skip[id] === 1) continue;
    for (let at = starts[id]! + 1; at + 2 < ends[id]!; at++)
      if (bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81) return true;
  }
  return false;
}

/**
 * Cuts a whole text as `search` with float32 sums would cut it in one go. A remembered word is used where no rounding can
 * matter: its cutting leads by more than the sums can be off, and no sum comes near the bound where counting starts anew.
 * @param scoreOf the score of a piece, of the unknown piece too
 */
export function createTextSearch(
  search: Unigram,
  scoreOf: (id: number) => number,
): (bytes: Uint8Array, length: number) => Cutting {
  const ROUNDING = 0.01; // float32 values below REBASE are 1/128 apart; two sums are each off by half of that a piece
  const cutWord = createWordSearch(search);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const result: Cutting = { count: 0, ids: new Int32Array(256), ends: new Int32Array(256) };
  return (bytes, length) => {
    const text = decoder.decode(bytes.subarray(0, length));
    if (text.includes("\ufffd")) return search(bytes, 0, length); // perhaps bytes that are no text
    if (result.ids.length < length) {
      result.ids = new Int32Array(length * 2);
      result.ends = new Int32Array(length * 2);
    }
    let count = 0;
    let start = 0;
    let score = 0;
    forEachWord(text, (word) => {
      const { ids, ends, margin, reach } = cutWord(word);
      const end = start + ends.at(-1)!;
      if (margin > ROUNDING * (end - start) && Math.abs(score) + reach < REBASE) {
        for (let i = 0; i < ids.length; i++) {
          const id = ids[i]!;
          score = Math.fround(scoreOf(id) + score);
          result.ids[count] = id;
          result.ends[count++] = start + ends[i]!;
        }
      } else {
        const exact = search(bytes, start, end, score);
        for (let i = 0; i < exact.count; i++) {
          result.ids[count] = exact.ids[i]!;
          result.ends[count++] = exact.ends[i]!;
        }
        ({ score } = exact);
      }
      start = end;
    });
    result.count = count;
    return result;
  };
}
