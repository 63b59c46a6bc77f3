// sentencepiece as the slow tokenizer uses it: a text → pieces with their places in the text, and pieces → text.
// Normalising, offsets and decoding are the same for both engines; the engine only cuts the normalised text.
import { parseCharMap } from "./char-map.js";
import { createNormalizer, type Normalized } from "../text/normalizer.js";
import type { PieceModel } from "./piece-model.js";
import { BYTE, CONTROL, NORMAL, UNKNOWN, UNUSED, USER_DEFINED } from "./piece-types.js";
import { buildTrie, type PieceTrie } from "./piece-trie.js";
import type { Tokens } from "../tokens.js";
import { createUnigram, type Cutting, type UnigramOptions } from "./unigram.js";
import { createVocabulary, type Vocabulary } from "./vocabulary.js";
import { createTextSearch, crossesWords } from "./words.js";

/** Cuts a text that has been normalised; `text` is the original. */
export type Engine = (normalized: Normalized, text: string) => Cutting;

export interface SentencePiece {
  readonly model: PieceModel;
  readonly vocabulary: Vocabulary;
  /** Whether a text can be cut into this piece: not for control, byte and unused pieces, nor for -1. */
  readonly isUsable: (id: number) => boolean;
  /** The engine in use; assigned once, when another than the own one was asked for. */
  engine: Engine;
  /** Appends the pieces of `text`. `place` turns a UTF-16 unit of `text` into one of the caller's text. */
  encode(text: string, place: (unit: number) => number, output: Tokens): void;
  /** The text of these pieces. */
  decode(pieces: readonly string[]): string;
}

/** Throws CheckpointError or UnsupportedError, naming `file`. */
export function createSentencePiece(model: PieceModel, file: string): SentencePiece {
  const { pieces, types, unkId, byteIds } = model;
  const vocabulary = createVocabulary(pieces, model.scores, file);
  const map = model.charsMap && parseCharMap(model.charsMap, file);
  const normalize = createNormalizer(model, map, symbolTrie(model));
  const options = searchOptions(model);
  const search = createUnigram(vocabulary.trie, options);
  const { scores, skip, unkScore } = options;
  const byWords =
    model.escapeWhitespaces && !model.whitespaceAsSuffix && !crossesWords(pieces, skip)
      ? createTextSearch(search, scores.with(unkId, unkScore))
      : undefined;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

  const encode = (text: string, place: (unit: number) => number, { ids, tokens, offsets }: Tokens): void => {
    const normalized = normalize(text);
    const cutting = sentencePiece.engine(normalized, text);
    const { bytes, at } = normalized;
    let start = 0;
    let to = place(at[0]!);
    let openUnknown = false; // neighbouring unknown pieces become one token
    for (let i = 0; i < cutting.count; i++) {
      const id = cutting.ids[i]!;
      const end = cutting.ends[i]!;
      const isUnknown = id === unkId;
      const from = to;
      to = place(at[end]!);
      if (!isUnknown) {
        ids.push(id);
        tokens.push(vocabulary.text(id));
        offsets.push([from, to]);
      } else if (byteIds) {
        for (let b = start; b < end; b++) {
          const byteId = byteIds[bytes[b]!]!;
          ids.push(byteId);
          tokens.push(vocabulary.text(byteId));
          offsets.push([from, b === end - 1 ? to : from]);
        }
      } else if (openUnknown) {
        tokens[tokens.length - 1]! += decoder.decode(bytes.subarray(start, end));
        offsets.at(-1)![1] = to;
      } else {
        ids.push(unkId);
        tokens.push(decoder.decode(bytes.subarray(start, end)));
        offsets.push([from, to]);
      }
      openUnknown = isUnknown;
      start = end;
    }
  };

  const decode = (tokens: readonly string[]): string => {
    let text = "";
    let pending: number[] = []; // bytes of a run of byte pieces
    let atStart = true; // only ▁ and invisible pieces so far
    const flush = (): void => {
      text += decodeBytes(pending);
      pending = [];
    };
    for (const token of tokens) {
      const id = vocabulary.find(token);
      const type = id < 0 ? UNKNOWN : types[id]!;
      if (type === BYTE) {
        pending.push(byteOf(token));
        continue;
      }
      flush();
      if (type === CONTROL) continue;
      if (text !== "") atStart = false;
      if (type === UNKNOWN) {
        text += id < 0 ? token : model.unkSurface;
        continue;
      }
      const dropMark = atStart && (model.addDummyPrefix || model.removeExtraWhitespaces) && token.startsWith("\u2581");
      if (!model.removeExtraWhitespaces) atStart = false;
      text += (dropMark ? token.slice(1) : token).replaceAll("\u2581", " ");
    }
    flush();
    return text;
  };

  const sentencePiece: SentencePiece = {
    model,
    vocabulary,
    isUsable: (id) => skip[id] === 0,
    engine: ({ bytes, length }) => (byWords ? byWords(bytes, length) : search(bytes, 0, length)),
    encode,
    decode,
  };
  return sentencePiece;
}

const byteOf = (token: string): number => parseInt(token.slice(3, 5), 16);

/** The user-defined pieces: the normaliser leaves them as they are. */
function symbolTrie({ pieces, types }: PieceModel): PieceTrie | undefined {
  const { bytes, starts, ends } = pieces;
  const isSymbol = (_: number, id: number): boolean => types[id] === USER_DEFINED;
  if (!types.includes(USER_DEFINED)) return undefined;
  return buildTrie({ bytes, starts: starts.filter(isSymbol), ends: ends.filter(isSymbol) }, () => undefined);
}

/** sentencepiece's scores: user-defined pieces always win, an unknown code point costs 10 more than the worst piece. */
export function searchOptions({
  pieces,
  types,
  unkId,
  ...model
}: PieceModel): UnigramOptions & { readonly skip: Uint8Array } {
  const scores = model.scores.slice();
  let worst = Infinity;
  const skip = new Uint8Array(types.length);
  for (let id = 0; id < types.length; id++) {
    const type = types[id]!;
    if (type === NORMAL) worst = Math.min(worst, scores[id]!);
    if (type === USER_DEFINED) scores[id] = Math.fround(0.1 * (pieces.ends[id]! - pieces.starts[id]! - 1));
    if (type === UNKNOWN || type === CONTROL || type === BYTE || type === UNUSED) skip[id] = 1;
  }
  return { scores, skip, unkId, unkScore: Math.fround(worst - 10), float32: true };
}

/** UTF-8 to text, one U+FFFD for each byte that fits nowhere. */
function decodeBytes(bytes: readonly number[]): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    try {
      text += decoder.decode(Uint8Array.from(bytes.slice(at, at + length)));
      at += length;
    } catch {
      text += "\ufffd";
      at++;
    }
  }
  return text;
}
