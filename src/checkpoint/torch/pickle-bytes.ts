// The bytes of a pickle: numbers, texts and lines with bounds.
import { CheckpointError } from "../../errors.js";

const MAX_STRING = 1 << 20;
const MAX_LINE = 1024;

/** The bytes ended before the pickle did. */
export class UnfinishedPickle extends CheckpointError {}

/** Bytes of a pickle, read forward. */
export class PickleBytes {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly what: string;
  at: number;

  constructor(what: string, bytes: Uint8Array, at: number) {
    this.what = what;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  /** Where the next `count` bytes begin; they are passed over. */
  skip(count: number): number {
    const from = this.at;
    if (count > this.bytes.length - from) throw new UnfinishedPickle(`${this.what}: ends within a pickle`);
    this.at += count;
    return from;
  }

  text(length: number): string {
    if (length > MAX_STRING) throw this.wrong(`a string of ${length} bytes; at most ${MAX_STRING} are read`);
    const from = this.skip(length);
    return this.decode(this.bytes.subarray(from, from + length));
  }

  line(): string {
    const end = this.bytes.subarray(this.at, this.at + MAX_LINE).indexOf(10);
    if (end >= 0) return this.decode(this.bytes.subarray(this.skip(end + 1), this.at - 1));
    if (this.bytes.length - this.at < MAX_LINE) this.skip(MAX_LINE);
    throw this.wrong("a name without an end");
  }

  /** A signed little-endian number of any length. */
  long(length: number): number | bigint {
    const from = this.skip(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[from + i]!);
    if (length > 0 && this.bytes[from + length - 1]! >= 0x80) value -= 1n << BigInt(8 * length);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  wrong(what: string): CheckpointError {
    return new CheckpointError(`${this.what}: its pickle has ${what} (at byte ${this.at})`);
  }

  private decode(bytes: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw new CheckpointError(`${this.what}: its pickle has a text that is not UTF-8 (at byte ${this.at})`, {
        cause,
      });
    }
  }
}
