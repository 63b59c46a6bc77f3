// The unigram search: cuts a normalised text into the pieces whose scores sum to the largest value (Viterbi).
// The two tokenizers differ in arithmetic only, and only ties show it: sentencepiece rounds every sum to float32 before
// it compares, tokenizers works in float64.
import type { PieceTrie } from "./piece-trie.js";

/** What may be found, and how sums are made. */
export interface UnigramOptions {
  /** Log probabilities by id. */
  readonly scores: Float64Array;
  /** The piece that stands for a code point which no piece covers. */
  readonly unkId: number;
  /** Score of such a code point. */
  readonly unkScore: number;
  /** Round each sum to float32, and count long texts from 0 again (sentencepiece); otherwise plain float64. */
  readonly float32: boolean;
  /** Pieces that the search must not use, by id; undefined when it may use all. */
  readonly skip: Uint8Array | undefined;
}

/** A cutting: piece `i` is `ids[i]` and ends before byte `ends[i]`; only the first `count` entries are valid. */
export interface Cutting {
  count: number;
  ids: Int32Array;
  ends: Int32Array;
}

/** A cutting with what tells whether the same bytes would be cut the same way behind another text. */
export interface Search extends Cutting {
  /** The sum of the scores, `base` included. */
  score: number;
  /** By how much every other cutting's sum is smaller; Infinity when there is none. */
  margin: number;
  /** The largest absolute value that a sum had on the way. */
  reach: number;
}

export interface Unigram {
  /** Cuts bytes [start, end); sums begin at `base`. The result is overwritten by the next call. */
  (bytes: Uint8Array, start: number, end: number, base?: number): Search;
}

/** Bytes of the UTF-8 sequence that begins with each byte, by its upper four bits; stray bytes count as one. */
const SEQUENCE_BYTES = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4];
/** Beyond this sentencepiece subtracts the running sum from all open ends, to keep float32 exact enough. */
export const REBASE = 100_000;

export function createUnigram({ size, root, edges, shift }: PieceTrie, options: UnigramOptions): Unigram {
  const { scores, unkId, unkScore, float32, skip } = options;
  const mask = edges.length - 1;
  const empty = { count: 0, ids: new Int32Array(256), ends: new Int32Array(256) };
  const cutting: Search = { ...empty, score: 0, margin: 0, reach: 0 };
  // By position of the text: the best score of a cutting that ends here, where its last piece began (-1: none yet), which it is.
  let best = new Float64Array(256);
  let second = new Float64Array(256); // the best score of another cutting that ends here
  let from = new Int32Array(256);
  let last = new Int32Array(256);

  return (bytes, start, end, base = 0) => {
    const length = end - start;
    if (best.length <= length) {
      const room = length + (length >> 1) + 1;
      best = new Float64Array(room);
      second = new Float64Array(room);
      from = new Int32Array(room);
      last = new Int32Array(room);
    }
    for (let at = 0; at <= length; at++) from[at] = -1; // `fill` is slow to be called for a word
    best[0] = base;
    second[0] = -Infinity;
    let frontier = 0;
    let reach = Math.abs(base);
    for (let at = 0; at < length;) {
      let here = best[at]!;
      const other = second[at]! - here; // how far the second cutting is behind
      if (here > reach || -here > reach) reach = Math.abs(here);
      if (float32 && (here < -REBASE || here > REBASE)) {
        for (let i = at; i <= frontier; i++) {
          best[i] = Math.fround(best[i]! - here);
          second[i]! -= here;
        }
        here = 0;
      }
      const next = Math.min(at + SEQUENCE_BYTES[bytes[start + at]! >> 4]!, length);
      let covered = false;
      let node = root;
      for (let to = at; to < length;) {
        const key = ((node << 8) | bytes[start + to]!) + 1;
        let slot = (Math.imul(key, 0x9e3779b1) >>> shift) << 1; // as piece-trie.ts, written out: half the time goes here
        let found = edges[slot]!;
        while (found !== key && found !== 0) {
          slot = (slot + 2) & mask;
          found = edges[slot]!;
        }
        if (found === 0) break;
        node = edges[slot + 1]!;
        to++;
        if (node >= size || (skip !== undefined && skip[node] === 1)) continue;
        if (to > frontier) frontier = to;
        const sum = float32 ? Math.fround(scores[node]! + here) : scores[node]! + here;
        if (from[to]! < 0 || sum > best[to]!) {
          second[to] = Math.max(from[to]! < 0 ? -Infinity : best[to]!, sum + other);
          best[to] = sum;
          from[to] = at;
          last[to] = node;
        } else if (sum > second[to]!) second[to] = sum;
        if (to === next) covered = true;
      }
      if (!covered) {
        if (next > frontier) frontier = next;
        const sum = float32 ? Math.fround(unkScore + here) : unkScore + here;
        if (from[next]! < 0 || sum > best[next]!) {
          second[next] = Math.max(from[next]! < 0 ? -Infinity : best[next]!, sum + other);
          best[next] = sum;
          from[next] = at;
          last[next] = unkId;
        } else if (sum > second[next]!) second[next] = sum;
      }
      at = next;
    }

    cutting.score = best[length]!;
    cutting.margin = best[length]! - second[length]!;
    cutting.reach = Math.max(reach, Math.abs(cutting.score));
    let count = 0;
    for (let at = length; at > 0; at = from[at]!) count++;
    cutting.count = count;
    if (cutting.ids.length < count) {
      cutting.ids = new Int32Array(count + (count >> 1));
      cutting.ends = new Int32Array(count + (count >> 1));
    }
    for (let at = length; at > 0; at = from[at]!) {
      cutting.ids[--count] = last[at]!;
      cutting.ends[count] = start + at;
    }
    return cutting;
  };
}
