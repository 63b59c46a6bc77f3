// sentencepiece's normaliser: rewrites a text by the character map, tidies its spaces, turns them into ▁, and remembers
// where in the text each byte came from. The reference is sentencepiece 0.2.3, src/normalizer.cc.
import { beginsRule, findRule, type CharMap, type Rule } from "../pieces/char-map.js";
import type { PieceModel } from "../pieces/piece-model.js";
import { step, type PieceTrie } from "../pieces/piece-trie.js";

/** A normalised text; reused between calls, only the first `length` bytes are valid. */
export interface Normalized {
  bytes: Uint8Array;
  /** Byte `i` came from the input at UTF-16 unit `at[i]`; `at[length]` is where the last one's input ended. */
  at: Int32Array;
  length: number;
}

const SPACE = 0x20;
/** ▁, U+2581, in UTF-8. */
const MARK = [0xe2, 0x96, 0x81] as const;
/** What to do with an ASCII byte that another one follows: ask the map, copy it, or treat it as a space. */
const LOOK_UP = 0;
const COPY = 1;
const IS_SPACE = 2;

/**
 * `symbols`: the user-defined pieces, which are never rewritten. Lone surrogates count as U+FFFD, as TextEncoder has it.
 */
export function createNormalizer(
  model: Pick<PieceModel, "addDummyPrefix" | "removeExtraWhitespaces" | "escapeWhitespaces" | "whitespaceAsSuffix">,
  map: CharMap | undefined,
  symbols: PieceTrie | undefined,
): (text: string) => Normalized {
  const { addDummyPrefix, removeExtraWhitespaces, escapeWhitespaces, whitespaceAsSuffix } = model;
  const encoder = new TextEncoder();
  const result: Normalized = { bytes: new Uint8Array(1024), at: new Int32Array(1024), length: 0 };
  const rule: Rule = { length: 0, start: 0, end: 0 };
  const ascii = asciiActions(map, symbols);
  let input = new Uint8Array(1024);
  let written = 0;

  const put = (byte: number, unit: number): void => {
    result.bytes[written] = byte;
    result.at[written++] = unit;
  };
  const putSpace = (unit: number): void => {
    if (!escapeWhitespaces) put(SPACE, unit);
    else for (const byte of MARK) put(byte, unit);
  };
  const endsInSpace = (): boolean => {
    const { bytes } = result;
    if (!escapeWhitespaces) return bytes[written - 1] === SPACE;
    return bytes[written - 1] === MARK[2] && bytes[written - 2] === MARK[1] && bytes[written - 3] === MARK[0];
  };
  /** Room for `more` bytes of output, each of which may become a mark. */
  const reserve = (more: number): void => {
    if (written + more * 3 + 3 < result.bytes.length) return;
    const room = (written + more * 3 + 3) * 2;
    const { bytes, at } = result;
    result.bytes = new Uint8Array(room);
    result.bytes.set(bytes.subarray(0, written));
    result.at = new Int32Array(room);
    result.at.set(at.subarray(0, written));
  };

  return (text) => {
    if (input.length < text.length * 3) input = new Uint8Array(text.length * 3);
    const length = encoder.encodeInto(text, input).written;
    let at = 0; // byte of the input
    let unit = 0; // UTF-16 unit of the input
    /** What begins at `at`: its bytes, and its replacement if it has one. */
    let consumed = 0;
    let source = input;
    let from = 0;
    let to = 0;
    const look = (): void => {
      source = input;
      from = at;
      const symbol = symbols ? longestSymbol(symbols, input, at, length) : 0;
      if (symbol === 0 && map) {
        findRule(map, input, at, length, true, rule);
        if (rule.length > 0) {
          consumed = rule.length;
          source = map.text as Uint8Array<ArrayBuffer>;
          from = rule.start;
          to = rule.end;
          return;
        }
      }
      consumed = symbol || sequenceBytes(input[at]!);
      to = at + consumed;
    };
    const advance = (): void => {
      for (const end = at + consumed; at < end; at++) {
        const byte = input[at]!;
        if ((byte & 0xc0) !== 0x80) unit += byte >= 0xf0 ? 2 : 1;
      }
    };

    written = 0;
    reserve(length + 2);
    if (removeExtraWhitespaces) {
      while (at < length) {
        look();
        if (to - from !== 1 || source[from] !== SPACE) break;
        advance();
      }
    }
    if (at >= length) {
      result.length = 0;
      result.at[0] = 0;
      return result;
    }
    if (addDummyPrefix && !whitespaceAsSuffix) putSpace(unit);
    let afterSpace = removeExtraWhitespaces; // so that leading spaces of what comes next are dropped
    while (at < length) {
      const byte = input[at]!;
      if (byte < 128 && (at + 1 === length || input[at + 1]! < 128)) {
        const action = ascii[byte]!;
        if (action === COPY) {
          result.bytes[written] = byte;
          result.at[written++] = unit++;
          at++;
          afterSpace = false;
          continue;
        }
        if (action === IS_SPACE) {
          if (!afterSpace) putSpace(unit);
          afterSpace = removeExtraWhitespaces;
          at++;
          unit++;
          continue;
        }
      }
      look();
      if (source !== input) reserve(to - from + length - at);
      if (afterSpace) while (from < to && source[from] === SPACE) from++;
      if (from < to) {
        for (let i = from; i < to; i++) {
          if (source[i] === SPACE) putSpace(unit);
          else put(source[i]!, unit);
        }
        afterSpace = removeExtraWhitespaces && source[to - 1] === SPACE;
      }
      advance();
    }
    let end = unit;
    if (removeExtraWhitespaces) {
      while (written > 0 && endsInSpace()) {
        written -= escapeWhitespaces ? MARK.length : 1;
        end = result.at[written]!;
      }
    }
    if (addDummyPrefix && whitespaceAsSuffix) putSpace(end);
    result.at[written] = end;
    result.length = written;
    return result;
  };
}

function sequenceBytes(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Bytes of the longest user-defined piece that begins here, or 0. */
function longestSymbol(symbols: PieceTrie, bytes: Uint8Array, start: number, end: number): number {
  let longest = 0;
  let node = symbols.root;
  for (let at = start; at < end; at++) {
    node = step(symbols, node, bytes[at]!);
    if (node < 0) break;
    if (node < symbols.size) longest = at + 1 - start;
  }
  return longest;
}

/** For each ASCII byte what may be done when another ASCII byte (or nothing) follows it. */
function asciiActions(map: CharMap | undefined, symbols: PieceTrie | undefined): Uint8Array {
  const actions = new Uint8Array(128).fill(COPY);
  actions[SPACE] = IS_SPACE;
  const rule: Rule = { length: 0, start: 0, end: 0 };
  for (let byte = 1; byte < 128; byte++) {
    if (symbols && step(symbols, symbols.root, byte) >= 0) actions[byte] = LOOK_UP;
    if (!map) continue;
    findRule(map, Uint8Array.of(byte), 0, 1, true, rule);
    if (rule.length > 0) actions[byte] = LOOK_UP;
    for (let next = 1; next < 128; next++) if (beginsRule(map, byte, next)) actions[byte] = LOOK_UP;
  }
  return actions;
}
