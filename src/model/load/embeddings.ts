// The embedding tables, kept on the host: a run uploads only the rows of its tokens. Over half of v3-base's weights are the
// word table, which so needs neither GPU memory nor a binding limit.
import { assert, CheckpointError } from "../../errors.js";
import { byteLengthOf } from "../../checkpoint/byte-plan.js";
import type { TensorEntry } from "../../checkpoint/shards.js";

/** A table [rows, width] of the checkpoint in its file's element type, decoded row by row. */
export class HostTable {
  readonly rows: number;
  readonly width: number;
  readonly entry: TensorEntry;
  private readonly bytes: Uint8Array;
  /** The element at an index, decoded. */
  private readonly at: (index: number) => number;

  constructor(entry: TensorEntry) {
    const [rows, width] = entry.shape;
    assert(rows !== undefined && width !== undefined, `${entry.name} is not a table`);
    this.rows = rows;
    this.width = width;
    this.entry = entry;
    this.bytes = new Uint8Array(byteLengthOf(entry));
    this.at = decoder(entry.dtype, this.bytes.buffer as ArrayBuffer);
  }

  get byteLength(): number {
    return this.bytes.byteLength;
  }

  /** Takes bytes of the file as they arrive. */
  write(offset: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, offset);
  }

  /** Adds a row to `target`; a NaN or infinite element is found here, when the row is used. */
  addRow(row: number, target: Float32Array): void {
    const { at, width } = this;
    const start = row * width;
    for (let i = 0; i < width; i++) {
      const value = at(start + i);
      if (!Number.isFinite(value))
        throw new CheckpointError(
          `${this.entry.file}: ${this.entry.name}[${row}, ${i}] is ${value}, not a finite number`,
        );
      target[i]! += value;
    }
  }
}

/** Reads little-endian elements of a buffer that begins with the table. */
function decoder(dtype: string, buffer: ArrayBuffer): (index: number) => number {
  switch (dtype) {
    case "F32": {
      const values = new Float32Array(buffer);
      return (index) => values[index]!;
    }
    case "F16": {
      const halves = new Uint16Array(buffer);
      return (index) => HALF[halves[index]!]!;
    }
    case "BF16": {
      const halves = new Uint16Array(buffer);
      const word = new Uint32Array(1);
      const float = new Float32Array(word.buffer);
      return (index) => {
        word[0] = halves[index]! << 16;
        return float[0]!;
      };
    }
    default: {
      const values = new Float64Array(buffer);
      return (index) => Math.fround(values[index]!);
    }
  }
}

/** The value of every half-precision number, by its bits (IEEE 754 binary16). */
const HALF = Float32Array.from({ length: 65536 }, (_, bits) => {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
});

/** Word, absolute position and token type tables; the latter two where the model has them. */
export interface EmbeddingTables {
  readonly words: HostTable;
  readonly positions?: HostTable;
  readonly types?: HostTable;
}
