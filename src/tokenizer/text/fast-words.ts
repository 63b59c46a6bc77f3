// The fast tokenizer's words: spaces become ▁, each begins a word, and every word is cut on its own.
import { byteLength, putCode, textOf, type AlignedText } from "./aligned-text.js";
import type { Tokens } from "../tokens.js";
import type { Vocabulary } from "../pieces/vocabulary.js";
import { endOfWord, type WordSearch } from "../pieces/words.js";

/** Where tokens go. */
export interface WordOutput {
  readonly tokens: Tokens;
  /** The tokens are what stands in the text, not what their ids mean (they differ for unknown runs). */
  readonly asWritten: boolean;
  /** Index of the word that is being written. */
  word: number;
  /** False for pre-split input, where all words of a text count as one. */
  readonly countsWords: boolean;
}

export function writeToken({ tokens, word }: WordOutput, id: number, token: string, start: number, end: number): void {
  tokens.ids.push(id);
  tokens.tokens.push(token);
  tokens.offsets.push([start, end]);
  tokens.words?.push(word);
}

export function nextWord(output: WordOutput): void {
  if (output.countsWords) output.word++;
}

export interface WordWriter {
  /** Writes code points [first, last) of a normalised text. A ▁ is put before them if they have none. */
  write(text: AlignedText, first: number, last: number, output: WordOutput): void;
  /**
   * The same for units [start, end) of the text itself, all of them characters that `plain` maps. `afterSpace`: the space
   * before `start` is the word's ▁. Returns false, and writes nothing, when a character is not plain or has no piece.
   */
  writePlain(
    text: string,
    start: number,
    end: number,
    plain: Uint8Array,
    afterSpace: boolean,
    output: WordOutput,
  ): boolean;
}

const SPACE = 0x20;
const MARK = 0x2581; // ▁
const MARK_BYTES = [0xe2, 0x96, 0x81];

export function createWordWriter(vocabulary: Vocabulary, unkId: number, cutWord: WordSearch): WordWriter {
  let plainBytes = Uint8Array.from(MARK_BYTES);

  const write = ({ codes, starts, ends }: AlignedText, first: number, last: number, output: WordOutput): void => {
    if (first === last) return;
    const marked = codes.slice(first, last);
    for (let i = 0; i < marked.length; i++) if (marked[i] === SPACE) marked[i] = MARK;
    // An added ▁ stands for what the first character stands for.
    const added = marked[0] === MARK ? 0 : 1;
    const sourceOf = (index: number): number => first + Math.max(0, index - added);
    if (added) marked.unshift(MARK);
    const bytes = new Uint8Array(marked.length * 4);
    const length = marked.reduce((end, code) => putCode(bytes, end, code), 0);
    let at = 0; // in code points
    let byte = 0;
    for (let start = 0; start < length;) {
      const stop = endOfWord(bytes, start, length);
      const { data, at: place, count } = cutWord(bytes, start, stop);
      for (let i = 0; i < count; i++) {
        let id = data[place + i]!;
        // Neighbouring unknown pieces are one token; what it spells may have an id after all.
        while (id === unkId && i + 1 < count && data[place + i + 1] === unkId) i++;
        const from = at;
        const end = start + data[place + count + i]!;
        while (byte < end) byte += byteLength(marked[at++]!);
        let token: string | undefined;
        if (id === unkId) {
          token = textOf(marked, from, at);
          const spelled = vocabulary.find(token);
          if (spelled >= 0) id = spelled;
        }
        if (token === undefined || !output.asWritten) token = vocabulary.text(id);
        writeToken(output, id, token, starts[sourceOf(from)]!, ends[sourceOf(at - 1)]!);
      }
      nextWord(output);
      start = stop;
    }
  };

  const writePlain: WordWriter["writePlain"] = (text, start, end, plain, afterSpace, output) => {
    const length = MARK_BYTES.length + end - start;
    if (plainBytes.length < length) {
      plainBytes = new Uint8Array(length * 2);
      plainBytes.set(MARK_BYTES);
    }
    for (let at = start, to = MARK_BYTES.length; at < end; at++, to++) {
      const code = plain[text.charCodeAt(at)] ?? 0;
      if (code === 0) return false;
      plainBytes[to] = code;
    }
    const { data, at, count } = cutWord(plainBytes, 0, length);
    for (let i = 0; i < count; i++) if (data[at + i] === unkId) return false;
    let from = afterSpace ? start - 1 : start;
    for (let i = 0; i < count; i++) {
      const id = data[at + i]!;
      const characters = Math.max(0, data[at + count + i]! - MARK_BYTES.length);
      // A ▁ alone stands for the space, or for the first character where there is none.
      const to = characters === 0 ? from + 1 : start + characters;
      writeToken(output, id, vocabulary.text(id), from, to);
      from = start + characters;
    }
    nextWord(output);
    return true;
  };

  return { write, writePlain };
}
