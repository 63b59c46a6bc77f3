// The fast tokenizer's path from a text to pieces: cut out added tokens, normalise what lies between, cut out those that
// are compared in normalised form, split into words at ▁, search each word. Follows tokenizers 0.22,
// `tokenizer/{added_vocabulary,pre_tokenizer}.rs`, `pre_tokenizers/metaspace.rs` and `models/unigram/model.rs`.
import { createMatcher, trailingSpaces, type AddedVocabulary, type Match } from "./added-tokens.js";
import {
  alignText,
  collapseSpaces,
  compose,
  lowerCase,
  plainSpaces,
  precompiled,
  sliceAligned,
  strip,
  textOf,
  type AlignedText,
  type Step,
} from "./aligned-text.js";
import { parseCharMap } from "../pieces/char-map.js";
import { createWordWriter, nextWord, writeToken, type WordOutput } from "./fast-words.js";
import type { ByteStrings } from "../pieces/piece-trie.js";
import { endOfStretch, fitsBetweenSpaces, plainCharacters, withSpaceBefore } from "./stretches.js";
import { truncateTokens, type Tokens } from "../tokens.js";
import { createUnigram } from "../pieces/unigram.js";
import { createVocabulary, type Vocabulary } from "../pieces/vocabulary.js";
import { createWordSearch } from "../pieces/words.js";

type PlainStep = "lower case" | "collapse spaces" | "plain spaces" | "compose";

const PLAIN_STEPS: Readonly<Record<PlainStep, Step>> = {
  "lower case": lowerCase,
  "collapse spaces": collapseSpaces,
  "plain spaces": plainSpaces,
  compose,
};

/** A step of the normaliser, as data; `bytes` is a precompiled character map. */
export type Rewrite =
  | { readonly kind: PlainStep }
  | { readonly kind: "strip"; readonly left: boolean; readonly right: boolean }
  | { readonly kind: "map"; readonly bytes: Uint8Array };

/** What a tokenizer.json describes, or what Transformers makes of a spm.model. */
export interface Pipeline {
  readonly vocabulary: Vocabulary;
  readonly unkId: number;
  readonly steps: readonly Step[];
  /** Makes each punctuation character a part of its own, before spaces become ▁. */
  readonly splitPunctuation: boolean;
}

/** The same as data. */
export interface PipelineData {
  readonly pieces: ByteStrings;
  readonly scores: Float64Array;
  readonly unkId: number;
  readonly rewrites: readonly Rewrite[];
  readonly splitPunctuation: boolean;
}

/** Throws CheckpointError or UnsupportedError, naming `file`. */
export function createPipeline(
  { pieces, scores, unkId, rewrites, splitPunctuation }: PipelineData,
  file: string,
): Pipeline {
  const stepOf = (rewrite: Rewrite): Step => {
    if (rewrite.kind === "strip") return strip(rewrite.left, rewrite.right);
    if (rewrite.kind === "map") return precompiled(parseCharMap(rewrite.bytes, file));
    return PLAIN_STEPS[rewrite.kind];
  };
  return { vocabulary: createVocabulary(pieces, scores, file), unkId, steps: rewrites.map(stepOf), splitPunctuation };
}

/** A found added token. */
interface Found {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export interface FastEncoder {
  /**
   * Appends a text's tokens. `word` fixes the word index of all of them (pre-split input); otherwise words are counted.
   * `asWritten`: the tokens are what stands in the text, not what their ids mean (they differ for unknown runs).
   */
  (text: string, output: Tokens, word?: number, asWritten?: boolean): void;
}

/** Punctuation as of Unicode 8, which tokenizers' tables follow: what was added since is listed to be left out. */
const PUNCTUATION =
  // eslint-disable-next-line no-misleading-character-class -- single characters, some of them marks
  /(?![\u061d\u09fd\u0a76\u0c77\u0c84\u1b4e\u1b4f\u1b7d-\u1b7f\u2e43-\u2e4f\u2e52-\u2e5d\u{10d6e}\u{10ead}\u{10ed0}\u{10f55}-\u{10f59}\u{10f86}-\u{10f89}\u{113d4}\u{113d5}\u{113d7}\u{113d8}\u{1144b}-\u{1144f}\u{1145a}\u{1145b}\u{1145d}\u{11660}-\u{1166c}\u{116b9}\u{1183b}\u{11944}-\u{11946}\u{119e2}\u{11a3f}-\u{11a46}\u{11a9a}-\u{11a9c}\u{11a9e}-\u{11aa2}\u{11b00}-\u{11b09}\u{11be1}\u{11c41}-\u{11c45}\u{11c70}\u{11c71}\u{11ef7}\u{11ef8}\u{11f43}-\u{11f4f}\u{11fff}\u{12ff1}\u{12ff2}\u{16d6d}-\u{16d6f}\u{16e97}-\u{16e9a}\u{16fe2}\u{1e5ff}\u{1e95e}\u{1e95f}])[\p{P}\u166d\u{111c9}$+<=>^`|~]/u;

export function createFastEncoder(pipeline: Pipeline, added: AddedVocabulary): FastEncoder {
  const { vocabulary, unkId, steps, splitPunctuation } = pipeline;
  const normalize = (text: AlignedText): AlignedText => steps.reduce((result, step) => step(result), text);
  const search = createUnigram(vocabulary.trie, {
    scores: vocabulary.scores,
    unkId,
    unkScore: vocabulary.scores.reduce((least, score) => Math.min(least, score)) - 10,
    float32: false,
    skip: undefined,
  });
  const words = createWordWriter(vocabulary, unkId, createWordSearch(search));
  const idOf = (content: string): number => added.ids.get(content)!;
  const inText = createMatcher(
    added.searched.filter(({ normalized }) => !normalized).map(({ content }) => [content, idOf(content)]),
  );
  const normalizedTokens = added.searched
    .filter(({ normalized }) => normalized)
    .map(({ content }) => [textOf(normalize(alignText(content, 0, content.length)).codes), idOf(content)] as const);
  const inNormalized = createMatcher(normalizedTokens);
  const firstCodes = new Set(normalizedTokens.map(([content]) => content.codePointAt(0)));
  const mayHoldAdded = ({ codes }: AlignedText): boolean => codes.some((code) => firstCodes.has(code));
  // Punctuation takes the spaces around it along, and a token with a space reaches over several words.
  const plain =
    splitPunctuation || normalizedTokens.some(([content]) => content.includes(" "))
      ? undefined
      : plainCharacters(normalize).map((code) => (firstCodes.has(code) ? 0 : code));

  return (text, tokens, word, asWritten = false) => {
    const output: WordOutput = { tokens, asWritten, word: word ?? 0, countsWords: word === undefined };
    const pushAdded = (id: number, written: string, start: number, end: number): void => {
      writeToken(output, id, asWritten ? written : added.tokens.get(id)!.content, start, end);
      nextWord(output);
    };

    const splitPart = (part: AlignedText): void => {
      let start = 0;
      for (let i = 0; splitPunctuation && i < part.codes.length; i++) {
        if (!PUNCTUATION.test(String.fromCodePoint(part.codes[i]!))) continue;
        words.write(part, start, i, output);
        words.write(part, i, i + 1, output);
        start = i + 1;
      }
      words.write(part, start, part.codes.length, output);
    };
    const encodeWhole = (start: number, end: number): void => {
      const part = normalize(alignText(text, start, end));
      if (!mayHoldAdded(part)) {
        splitPart(part);
        return;
      }
      const normalized = textOf(part.codes);
      const units = alignText(normalized, 0, normalized.length).starts; // code point → unit
      let last = 0;
      let at = 0;
      const codeAt = (unit: number): number => {
        while (at < units.length && units[at]! < unit) at++;
        return at;
      };
      for (const { id, start: first, end: after } of widen(normalized, inNormalized(normalized), added)) {
        const [begin, stop] = [codeAt(first), codeAt(after)];
        if (last < begin) splitPart(sliceAligned(part, last, begin));
        pushAdded(id, normalized.slice(first, after), part.starts[begin]!, part.ends[stop - 1]!);
        last = stop;
      }
      if (last < part.codes.length) splitPart(sliceAligned(part, last, part.codes.length));
    };
    /** The same stretch by stretch; false when the part must be looked at as a whole. */
    const encodeStretches = (start: number, end: number, plain: Uint8Array): boolean => {
      for (let at = start, stop; at < end; at = stop + 1) {
        const afterSpace = at > start;
        stop = endOfStretch(text, at, end, plain);
        if (words.writePlain(text, at, stop, plain, afterSpace, output)) continue;
        let part = normalize(alignText(text, at, stop));
        if (!fitsBetweenSpaces(part, afterSpace, stop < end ? stop : undefined)) return false;
        if (mayHoldAdded(part) && inNormalized(textOf(part.codes)).length > 0) return false;
        if (afterSpace) part = withSpaceBefore(part, at - 1);
        words.write(part, 0, part.codes.length, output);
      }
      return true;
    };
    const encodePart = (start: number, end: number): void => {
      const [count, firstWord] = [tokens.ids.length, output.word];
      if (plain && encodeStretches(start, end, plain)) return;
      truncateTokens(tokens, count);
      output.word = firstWord;
      encodeWhole(start, end);
    };

    let last = 0;
    for (const { id, start, end } of widen(text, inText(text), added)) {
      if (last < start) encodePart(last, start);
      pushAdded(id, text.slice(start, end), start, end);
      last = end;
    }
    if (last < text.length) encodePart(last, text.length);
  };
}

const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;
const LEADING = /^\p{White_Space}+/u;
const SPACE = /\p{White_Space}/u;

/** Drops matches inside of words where the token asks for that, and takes white space along. */
function widen(text: string, matches: readonly Match<number>[], added: AddedVocabulary): Found[] {
  const found: Found[] = [];
  let last = 0;
  for (const { value: id, ...match } of matches) {
    let { start, end } = match;
    const token = added.tokens.get(id)!;
    if (token.singleWord && (isWordAt(text, start, -1) || isWordAt(text, end, 1))) continue;
    if (token.lstrip) start -= trailingSpaces(text.slice(last, start), SPACE);
    if (token.rstrip) end += LEADING.exec(text.slice(end))?.[0].length ?? 0;
    found.push({ id, start, end });
    last = end;
  }
  return found;
}

/** Whether the character before (-1) or after (1) a place belongs to a word. */
function isWordAt(text: string, unit: number, direction: -1 | 1): boolean {
  const near = direction === 1 ? text.slice(unit, unit + 2) : text.slice(Math.max(0, unit - 2), unit);
  const char = direction === 1 ? Array.from(near)[0] : Array.from(near).at(-1);
  return char !== undefined && WORD.test(char);
}
