// Most of a text is words of plain characters with single spaces between them. Normalising changes no such character but
// one for one, and nothing reaches over such a space: so a long part can be normalised stretch by stretch, and a stretch
// that is plain throughout needs no code points with ranges at all. What is said here holds for the steps of aligned-text.ts.
import { alignText, type AlignedText } from "./aligned-text.js";

const SPACE = 0x20;

/** By ASCII character: what normalising makes of it, when that is one such character again; otherwise, and for the space, 0. */
export function plainCharacters(normalize: (text: AlignedText) => AlignedText): Uint8Array {
  const plain = new Uint8Array(128);
  for (let code = SPACE + 1; code < 127; code++) {
    // With a space and a letter around: neither must change.
    const { codes } = normalize(alignText(`${String.fromCharCode(code)} ${String.fromCharCode(code)}`, 0, 3));
    const [first, space, last] = codes;
    if (codes.length === 3 && first === last && space === SPACE && first! > SPACE && first! < 127) plain[code] = first!;
  }
  return plain;
}

/** Where the stretch that begins at `start` ends: at a single space between two plain characters, or at `end`. */
export function endOfStretch(text: string, start: number, end: number, plain: Uint8Array): number {
  let wasPlain = false;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    const isPlain = unit < 128 && plain[unit] !== 0;
    if (unit === SPACE && wasPlain && at + 1 < end && (plain[text.charCodeAt(at + 1)] ?? 0) !== 0) return at;
    wasPlain = isPlain;
  }
  return end;
}

/**
 * Whether a stretch that was normalised alone comes out as it would with its neighbours: no space at an inner end, which
 * would join the one beside it, and no ranges that slipped (see `Rewriting.replace`).
 * @param stop the unit where the stretch ends, undefined at the end of the part
 */
export function fitsBetweenSpaces(
  { codes, ends }: AlignedText,
  afterSpace: boolean,
  stop: number | undefined,
): boolean {
  if (afterSpace && codes[0] === SPACE) return false;
  return stop === undefined || (codes.at(-1) !== SPACE && ends.at(-1) === stop);
}

/** The stretch with the space at `unit` put before it. */
export function withSpaceBefore({ codes, starts, ends }: AlignedText, unit: number): AlignedText {
  return { codes: [SPACE, ...codes], starts: [unit, ...starts], ends: [unit + 1, ...ends] };
}
