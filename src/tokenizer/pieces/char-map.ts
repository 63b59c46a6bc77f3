// sentencepiece's precompiled character map: rules "these bytes become those bytes" in a darts double array.
// Layout: uint32 (little endian) bytes of the array, the array's uint32 units, then the replacements, each ended by a zero
// byte. The slow tokenizer replaces by the longest rule that begins at a place, the fast one by the shortest.
import { CheckpointError, UnsupportedError } from "../../errors.js";

export interface CharMap {
  readonly units: Uint32Array;
  /** The replacements. */
  readonly text: Uint8Array;
}

/** A rule that matched; reused between calls. */
export interface Rule {
  /** Bytes of the text that the rule covers. */
  length: number;
  /** Its replacement is text[start, end). */
  start: number;
  end: number;
}

/** sentencepiece's own maps replace one character by 33 bytes at most. */
const MAX_REPLACEMENT = 1024;

const hasLeaf = (unit: number): boolean => ((unit >>> 8) & 1) === 1;
const offsetOf = (unit: number): number => (unit >>> 10) << ((unit & 0x200) >>> 6);
const labelOf = (unit: number): number => unit & 0x800000ff;

/** Checks every rule's target before anything is looked up. Throws CheckpointError or UnsupportedError, naming `file`. */
export function parseCharMap(bytes: Uint8Array, file: string): CharMap {
  const fail = (what: string): never => {
    throw new CheckpointError(`${file}: the character map is damaged: ${what}`);
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes`);
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  if (size === 0 || size % 4 !== 0 || size >= bytes.length - 4)
    fail(`its table says ${size} bytes, the map has ${bytes.length}`);
  const copy = bytes.slice(4, 4 + size); // aligned
  const units = new Uint32Array(copy.buffer);
  const text = bytes.subarray(4 + size);
  if (text[text.length - 1] !== 0) fail("the last replacement has no end");
  for (let start = 0; start < text.length; start = text.indexOf(0, start) + 1) {
    const end = text.indexOf(0, start);
    if (end - start > MAX_REPLACEMENT)
      throw new UnsupportedError(
        `${file}: the character map makes ${end - start} bytes of one character (at most ${MAX_REPLACEMENT})`,
      );
  }
  if (offsetOf(units[0]!) >>> 0 >= units.length) fail("its root points outside");
  for (let node = 0; node < units.length; node++) {
    const unit = units[node]!;
    if (unit >>> 31 === 1 || !hasLeaf(unit)) continue;
    const leaf = (node ^ offsetOf(unit)) >>> 0;
    if (leaf >= units.length || (units[leaf]! & 0x7fffffff) >= text.length) fail(`unit ${node} points outside`);
  }
  return { units, text };
}

/** Finds the longest or the shortest rule for bytes[at, end); `rule.length` is 0 when there is none. */
export function findRule(
  { units, text }: CharMap,
  bytes: Uint8Array,
  at: number,
  end: number,
  longest: boolean,
  rule: Rule,
): void {
  rule.length = 0;
  let node = offsetOf(units[0]!);
  for (let i = at; i < end; i++) {
    const byte = bytes[i]!;
    node ^= byte;
    // A zero byte would meet the leaves themselves. Beyond the table `units[node]` is undefined, whose label is 0.
    if (byte === 0 || labelOf(units[node] ?? 0) !== byte) break;
    const unit = units[node]!;
    node ^= offsetOf(unit);
    if (!hasLeaf(unit)) continue;
    rule.length = i + 1 - at;
    rule.start = units[node]! & 0x7fffffff;
    if (!longest) break;
  }
  if (rule.length > 0) rule.end = text.indexOf(0, rule.start);
}

/** Whether a rule of two or more bytes begins with these two. */
export function beginsRule({ units }: CharMap, first: number, second: number): boolean {
  let node = offsetOf(units[0]!) ^ first;
  if (labelOf(units[node] ?? 0) !== first) return false;
  node ^= offsetOf(units[node]!) ^ second;
  return labelOf(units[node] ?? 0) === second;
}
