// Words that have been cut before: texts repeat their words, and a search costs much more than a look-up. A word is what
// stands from one ▁ to the next; where no piece reaches over a ▁, words can be cut one by one.
import type { ByteStrings } from "./piece-trie.js";
import { REBASE, type Cutting, type Unigram } from "./unigram.js";

/**
 * A word cut into pieces; overwritten by the next call. Piece `i` is `data[at + i]` and ends before byte
 * `data[at + count + i]` of the word.
 */
export interface Word {
  data: Int32Array;
  at: number;
  count: number;
  /** As in `Search`, rounded up; REBASE where rounding could change how the word is cut. */
  reach: number;
}

/** Cuts bytes [start, end), which are one word. */
export type WordSearch = (bytes: Uint8Array, start: number, end: number) => Word;

/** The longest word that is remembered, in bytes. */
const MAX_LENGTH = 64;
/** What is remembered of a word, in 32-bit numbers: its length in bytes, number of pieces, reach; bytes; ids; ends. */
const HEAD = 3;
const MAX_ENTRY = HEAD + MAX_LENGTH / 4 + 2 * MAX_LENGTH;
/** Room for some 25 000 words (1 MiB). When it is full, all are forgotten. */
const ROOM = 2 ** 18;
/** Places in the table of words; at most half of them are taken. */
const PLACE_BITS = 16;
/** Places that are looked at for a word; the next one is then taken from another, so that no text can make long searches. */
const MAX_TRIES = 8;
const HASH = 0x9e3779b1; // 2^32 / golden ratio
/** float32 values below REBASE are 1/128 apart; two sums are each off by half of that a piece. */
const ROUNDING = 0.01;

/** Cuts words and remembers them. */
export function createWordSearch(search: Unigram): WordSearch {
  const room = new Int32Array(ROOM);
  const roomBytes = new Uint8Array(room.buffer);
  const places = new Uint32Array(2 ** PLACE_BITS); // where in `room` a word stands; 0: nowhere
  const word: Word = { data: room, at: 0, count: 0, reach: 0 };
  let used = 1;
  let words = 0;
  let long = new Int32Array(0);

  /** Cuts into `data` from `at` on; both must have room for two numbers a byte. */
  const cut = (bytes: Uint8Array, start: number, end: number, data: Int32Array, at: number): void => {
    const { count, ids, ends, margin, reach } = search(bytes, start, end);
    for (let i = 0; i < count; i++) {
      data[at + i] = ids[i]!;
      data[at + count + i] = ends[i]! - start;
    }
    word.data = data;
    word.at = at;
    word.count = count;
    word.reach = margin > ROUNDING * (end - start) ? Math.min(REBASE, Math.ceil(reach)) : REBASE;
  };
  const isAt = (at: number, bytes: Uint8Array, start: number, length: number): boolean => {
    if (room[at] !== length) return false;
    const first = (at + HEAD) * 4;
    for (let i = 0; i < length; i++) if (roomBytes[first + i] !== bytes[start + i]) return false;
    return true;
  };

  return (bytes, start, end) => {
    const length = end - start;
    if (length > MAX_LENGTH) {
      if (long.length < 2 * length) long = new Int32Array(2 * length);
      cut(bytes, start, end, long, 0);
      return word;
    }
    if (used > ROOM - MAX_ENTRY || 2 * words === places.length) {
      places.fill(0);
      [used, words] = [1, 0];
    }
    let hash = 0;
    for (let at = start; at < end; at++) hash = Math.imul(hash, HASH) + bytes[at]!;
    let place = Math.imul(hash, HASH) >>> (32 - PLACE_BITS);
    const behind = HEAD + ((length + 3) >> 2);
    for (let tries = 0; tries < MAX_TRIES && places[place] !== 0; tries++) {
      const at = places[place]!;
      if (isAt(at, bytes, start, length)) {
        word.data = room;
        word.at = at + behind;
        word.count = room[at + 1]!;
        word.reach = room[at + 2]!;
        return word;
      }
      place = (place + 1) & (places.length - 1);
    }
    cut(bytes, start, end, room, used + behind);
    room[used] = length;
    room[used + 1] = word.count;
    room[used + 2] = word.reach;
    for (let i = 0, to = (used + HEAD) * 4; i < length; i++) roomBytes[to + i] = bytes[start + i]!;
    places[place] = used;
    used = word.at + 2 * word.count;
    words++;
    return word;
  };
}

/** Where the word that begins at `start` ends: before the next ▁. */
export function endOfWord(bytes: Uint8Array, start: number, length: number): number {
  for (let at = start + 1; at < length; at++) if (isMark(bytes, at)) return at;
  return length;
}

/** Whether a ▁ begins here. */
export const isMark = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0xe2 && bytes[at + 1] === 0x96 && bytes[at + 2] === 0x81;

/** Whether some piece that the search may use holds a ▁ behind its first character. */
export function crossesWords({ bytes, starts, ends }: ByteStrings, skip: Uint8Array): boolean {
  for (let id = 0; id < starts.length; id++) {
    if (skip[id] === 1) continue;
    for (let at = starts[id]! + 1; at + 2 < ends[id]!; at++) if (isMark(bytes, at)) return true;
  }
  return false;
}

/**
 * Cuts a whole text as `search` with float32 sums would cut it in one go. A remembered word is used where no rounding can
 * matter: its cutting leads by more than the sums can be off, and no sum comes near the bound where counting starts anew.
 * @param scores by id, with the score that the unknown piece has in a search
 */
export function createTextSearch(
  search: Unigram,
  scores: Float64Array,
): (bytes: Uint8Array, length: number) => Cutting {
  const cutWord = createWordSearch(search);
  const result: Cutting = { count: 0, ids: new Int32Array(256), ends: new Int32Array(256) };
  return (bytes, length) => {
    if (result.ids.length < length) {
      result.ids = new Int32Array(length * 2);
      result.ends = new Int32Array(length * 2);
    }
    const { ids, ends } = result;
    let count = 0;
    let score = 0;
    for (let start = 0, end; start < length; start = end) {
      end = endOfWord(bytes, start, length);
      const { data, at, count: pieces, reach } = cutWord(bytes, start, end);
      if (Math.abs(score) + reach < REBASE) {
        for (let i = 0; i < pieces; i++) {
          const id = data[at + i]!;
          score = Math.fround(scores[id]! + score);
          ids[count] = id;
          ends[count++] = start + data[at + pieces + i]!;
        }
      } else {
        const exact = search(bytes, start, end, score);
        for (let i = 0; i < exact.count; i++) {
          ids[count] = exact.ids[i]!;
          ends[count++] = exact.ends[i]!;
        }
        ({ score } = exact);
      }
    }
    result.count = count;
    return result;
  };
}
