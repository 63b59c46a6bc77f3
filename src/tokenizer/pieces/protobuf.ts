// The little of protobuf's wire format that spm.model needs: walks over the fields of a message and checks every length.
// Source: https://protobuf.dev/programming-guides/encoding/
import { CheckpointError } from "../../errors.js";

/** Wire types. Groups (3 and 4) are only ever skipped. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const GROUP_START = 3;
export const GROUP_END = 4;
export const FIXED32 = 5;

/** Groups within groups; protobuf's own limit. */
const MAX_DEPTH = 100;

/** A field met by `readFields`. The object is reused: copy what must outlast the callback. */
export interface Field {
  number: number;
  wire: number;
  /** The value of a varint (above 2^53 rounded). */
  value: number;
  /** The bytes of the value: [start, end) of the file. */
  start: number;
  end: number;
}

/** Calls `visit` for each field of the message in bytes [start, end). Throws CheckpointError, naming `file` and the place. */
export function readFields(
  bytes: Uint8Array,
  start: number,
  end: number,
  file: string,
  visit: (field: Field) => void,
): void {
  let at = start;
  const fail = (what: string): never => {
    throw new CheckpointError(`${file}: ${what} at byte ${at}; the file is damaged or no sentencepiece model`);
  };
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (at >= end) return fail("a number breaks off");
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    return fail("a number of more than ten bytes");
  };
  const field: Field = { number: 0, wire: 0, value: 0, start: 0, end: 0 };
  const groups: number[] = []; // numbers of the groups that are open
  while (at < end) {
    const tag = varint();
    field.number = Math.floor(tag / 8);
    field.wire = tag % 8;
    if (field.number < 1 || field.number >= 2 ** 29) fail(`field number ${field.number}`);
    field.start = at;
    if (field.wire === VARINT) field.value = varint();
    else if (field.wire === FIXED64) at += 8;
    else if (field.wire === FIXED32) at += 4;
    else if (field.wire === BYTES) {
      const length = varint();
      field.start = at;
      if (length > end - at) fail(`a field of ${length} bytes where ${end - at} are left`);
      at += length;
    } else if (field.wire === GROUP_START) {
      if (groups.push(field.number) > MAX_DEPTH) fail("too many nested groups");
    } else if (field.wire !== GROUP_END || groups.pop() !== field.number) fail(`wire type ${field.wire}`);
    if (at > end) fail("a field breaks off");
    field.end = at;
    if (groups.length === 0 && field.wire !== GROUP_END) visit(field);
  }
  if (groups.length > 0) fail("an open group");
}
