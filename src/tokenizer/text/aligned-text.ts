// The fast tokenizer's normaliser: a text as code points, each with the range of the original that it stands for, and the
// steps that rewrite it. They follow tokenizers 0.22 to the letter, odd corners included: offsets that a fine-tuned model's
// answers were cut by must come out the same. Sources: `tokenizer/normalizer.rs`, `normalizers/`, spm_precompiled 0.1.4.
import { findRule, type CharMap, type Rule } from "../pieces/char-map.js";

/** Code point `i` stands for [starts[i], ends[i]) of the original, in UTF-16 units. */
export interface AlignedText {
  readonly codes: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export type Step = (text: AlignedText) => AlignedText;

/** Units [start, end) of a text; lone surrogates count as U+FFFD. */
export function alignText(text: string, start: number, end: number): AlignedText {
  const [codes, starts, ends]: [number[], number[], number[]] = [[], [], []];
  for (let at = start; at < end;) {
    const code = text.codePointAt(at)!;
    codes.push(code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
    starts.push(at);
    at += code > 0xffff ? 2 : 1;
    ends.push(at);
  }
  return { codes, starts, ends };
}

export function sliceAligned({ codes, starts, ends }: AlignedText, start: number, end: number): AlignedText {
  return { codes: codes.slice(start, end), starts: starts.slice(start, end), ends: ends.slice(start, end) };
}

/** Code points as a string; in chunks, as arguments are limited. */
export function textOf(codes: readonly number[], start: number = 0, end: number = codes.length): string {
  let text = "";
  for (let at = start; at < end; at += 4096) text += String.fromCodePoint(...codes.slice(at, Math.min(at + 4096, end)));
  return text;
}

const isWhiteSpace = (code: number): boolean =>
  code < 0x80 ? code === 32 || (code >= 9 && code <= 13) : /\p{White_Space}/u.test(String.fromCodePoint(code));

/** Removes white space at the ends. */
export function strip(left: boolean, right: boolean): Step {
  return (text) => {
    let [start, end] = [0, text.codes.length];
    while (left && start < end && isWhiteSpace(text.codes[start]!)) start++;
    while (right && start < end && isWhiteSpace(text.codes[end - 1]!)) end--;
    return end - start === text.codes.length ? text : sliceAligned(text, start, end);
  };
}

/** Makes one space of every run of them. The range is the last one's. */
export const collapseSpaces: Step = (text) => {
  const { codes, starts, ends } = text;
  const isDouble = (i: number): boolean => codes[i] === 0x20 && codes[i + 1] === 0x20;
  let i = 0;
  while (i < codes.length && !isDouble(i)) i++;
  if (i === codes.length) return text;
  const result = { codes: codes.slice(0, i), starts: starts.slice(0, i), ends: ends.slice(0, i) };
  for (; i < codes.length; i++) {
    if (isDouble(i)) continue;
    result.codes.push(codes[i]!);
    result.starts.push(starts[i]!);
    result.ends.push(ends[i]!);
  }
  return result;
};

/**
 * Rewritten code points, each with a change: 0 stands for the next code point of the old text, 1 is an addition to the one
 * before, -n stands for the next one and swallows n more.
 */
class Rewriting {
  readonly #codes: number[] = [];
  readonly #changes: number[] = [];
  changed = false;

  keep(code: number): void {
    this.#codes.push(code);
    this.#changes.push(0);
  }

  /** `count` code points become `codes`. What vanishes is charged to the code point before; at the very start it is lost. */
  replace(count: number, codes: readonly number[]): void {
    this.changed = true;
    for (const code of codes) this.keep(code);
    const changes = this.#changes;
    for (let i = 0; i < codes.length - count; i++) changes[changes.length - 1 - i] = 1;
    if (codes.length < count && changes.length > 0) changes[changes.length - 1]! += codes.length - count;
  }

  /** The same for characters that are composed: what vanishes is charged to the first of the new ones. */
  compose(count: number, codes: readonly number[]): void {
    const first = this.#changes.length;
    this.replace(Math.min(count, codes.length), codes);
    if (codes.length < count) this.#changes[first] = codes.length - count;
  }

  /** The new text with the old one's ranges. */
  apply(old: AlignedText): AlignedText {
    if (!this.changed) return old;
    const [starts, ends]: [number[], number[]] = [[], []];
    let at = 0;
    for (const change of this.#changes) {
      const source = change > 0 ? at - 1 : at;
      starts.push(old.starts[source]!);
      ends.push(old.ends[source]!);
      if (change <= 0) at = Math.min(at + 1 - change, old.codes.length);
    }
    return { codes: this.#codes, starts, ends };
  }
}

/** Lower case, one code point at a time: no final sigma. */
export const lowerCase: Step = (text) => {
  const result = new Rewriting();
  for (const code of text.codes) {
    if (code < 128) {
      if (code >= 65 && code <= 90) result.replace(1, [code + 32]);
      else result.keep(code);
      continue;
    }
    const lower = Array.from(String.fromCodePoint(code).toLowerCase(), (char) => char.codePointAt(0)!);
    if (lower.length === 1 && lower[0] === code) result.keep(code);
    else result.replace(1, lower);
  }
  return result.apply(text);
};

/** Makes a space of every line break and tab, and one of every run of white space. The range is the last one's. */
export const plainSpaces: Step = ({ codes, starts, ends }) => {
  const result: Record<"codes" | "starts" | "ends", number[]> = { codes: [], starts: [], ends: [] };
  for (let i = 0, run = 0; i < codes.length; i++) {
    const isSpace = isWhiteSpace(codes[i]!);
    run = isSpace ? run + 1 : 0;
    if (isSpace && i + 1 < codes.length && isWhiteSpace(codes[i + 1]!)) continue;
    const isReplaced = run > 1 || (isSpace && LINE_OR_TAB.has(codes[i]!));
    result.codes.push(isReplaced ? 0x20 : codes[i]!);
    result.starts.push(starts[i]!);
    result.ends.push(ends[i]!);
  }
  return result;
};
const LINE_OR_TAB: ReadonlySet<number> = new Set([9, 10, 13]);

/** What composes with the character before it: marks, and the later letters of a Hangul syllable. */
const COMPOSES = /[\p{M}\u1161-\u1175\u11a8-\u11c2]/u;
/** Below this everything stands as it is. */
const FIRST_COMPOSED = 0x300;

/** Unicode's composed form, NFC. A composed character takes the range of its first part. */
export const compose: Step = (text) => {
  const { codes } = text;
  const result = new Rewriting();
  for (let start = 0, end = 1; start < codes.length; start = end, end = start + 1) {
    const composes = (code: number): boolean => code >= FIRST_COMPOSED && COMPOSES.test(String.fromCodePoint(code));
    while (end < codes.length && composes(codes[end]!)) end++;
    if (end === start + 1 && codes[start]! < FIRST_COMPOSED) {
      result.keep(codes[start]!);
      continue;
    }
    const composed = Array.from(textOf(codes, start, end).normalize("NFC"), (char) => char.codePointAt(0)!);
    let same = 0;
    while (same < composed.length && start + same < end && composed[same] === codes[start + same]) same++;
    for (let i = 0; i < same; i++) result.keep(composed[i]!);
    if (start + same < end || same < composed.length) result.compose(end - start - same, composed.slice(same));
  }
  return result.apply(text);
};

/**
 * The character map by grapheme clusters: a cluster of less than six bytes that begins with a rule becomes that rule's
 * replacement as a whole; in others each code point is looked up alone.
 */
export function precompiled(map: CharMap): Step {
  const clusters = new Intl.Segmenter("en", { granularity: "grapheme" });
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const rule: Rule = { length: 0, start: 0, end: 0 };
  const replacements = new Map<number, readonly number[]>();
  const bytes = new Uint8Array(8);
  /** The replacement for these code points, of eight bytes at most, or undefined. */
  const lookUp = (codes: readonly number[]): readonly number[] | undefined => {
    const length = codes.reduce((end, code) => putCode(bytes, end, code), 0);
    findRule(map, bytes, 0, length, false, rule);
    if (rule.length === 0) return undefined;
    let found = replacements.get(rule.start);
    if (!found) {
      found = Array.from(decoder.decode(map.text.subarray(rule.start, rule.end)), (char) => char.codePointAt(0)!);
      replacements.set(rule.start, found);
    }
    return found;
  };
  const known = new Map<number, readonly number[] | undefined>(); // of code points that stand alone, which are few
  const replacementOf = (code: number): readonly number[] | undefined => {
    if (!standsAlone(code)) return lookUp([code]);
    if (!known.has(code)) known.set(code, lookUp([code]));
    return known.get(code);
  };

  return (text) => {
    const { codes } = text;
    const result = new Rewriting();
    const rewrite = (code: number): void => {
      const replacement = replacementOf(code);
      if (replacement) result.replace(1, replacement);
      else result.keep(code);
    };
    for (let start = 0, end = 1; start < codes.length; start = end, end = start + 1) {
      while (end < codes.length && !isBoundary(codes[end - 1]!, codes[end]!)) end++;
      if (end === start + 1) {
        rewrite(codes[start]!);
        continue;
      }
      forEachCluster(clusters, codes, start, end, (cluster) => {
        const length = cluster.reduce((sum, code) => sum + byteLength(code), 0);
        const whole = length < 6 ? lookUp(cluster) : undefined;
        if (whole) result.replace(cluster.length, whole);
        else cluster.forEach(rewrite);
      });
    }
    return result.apply(text);
  };
}

/** Code points that the segmenter is asked about at a time. */
const WINDOW = 1024;

/**
 * Calls `visit` for each grapheme cluster of codes [start, end). The segmenter is asked about windows, as it takes time
 * that grows with the square of a text's length.
 */
function forEachCluster(
  clusters: Intl.Segmenter,
  codes: readonly number[],
  start: number,
  end: number,
  visit: (cluster: readonly number[]) => void,
): void {
  let room = WINDOW;
  for (let at = start; at < end;) {
    const stop = Math.min(at + room, end);
    let from = at;
    for (const { segment } of clusters.segment(textOf(codes, at, stop))) {
      const cluster = Array.from(segment, (char) => char.codePointAt(0)!);
      if (from + cluster.length === stop && stop < end) break; // it may go on behind the window
      visit(cluster);
      from += cluster.length;
    }
    room = from === at ? room * 2 : WINDOW;
    at = from;
  }
}

/** A place where clusters surely end, without asking Unicode. */
const isBoundary = (before: number, after: number): boolean =>
  standsAlone(before) && standsAlone(after) && !(before === 13 && after === 10);

/**
 * Common characters that form clusters only with marks and joiners, never with each other (but CR LF): Latin, Greek,
 * Cyrillic, general punctuation, kana, Chinese characters, full-width forms.
 */
export const standsAlone = (code: number): boolean =>
  code < 0x300 ||
  (code >= 0x370 && code < 0x483) ||
  (code >= 0x2010 && code < 0x2028) ||
  (code >= 0x2030 && code < 0x203c) ||
  (code >= 0x3001 && code < 0x302a) ||
  (code >= 0x3041 && code < 0x3097) ||
  (code >= 0x30a1 && code < 0x30fb) ||
  (code >= 0x3400 && code < 0xa000) ||
  (code >= 0xff01 && code < 0xff9e);

/** Bytes of a code point in UTF-8. */
export const byteLength = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);

/** Writes a code point as UTF-8; returns where it ends. */
export function putCode(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    bytes[at++] = code;
    return at;
  }
  const length = byteLength(code);
  bytes[at++] = (0xf00 >> length) | (code >> (6 * (length - 1)));
  for (let i = length - 2; i >= 0; i--) bytes[at++] = 0x80 | ((code >> (6 * i)) & 0x3f);
  return at;
}
