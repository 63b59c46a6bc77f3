// The embedding tables, kept on the host: a run uploads only the rows of its tokens. Over half of v3-base's weights are the
// word table, which so needs neither GPU memory nor a binding limit.
import { assert, CheckpointError } from "../../errors.js";
import { byteLengthOf, type Span } from "../../checkpoint/byte-plan.js";
import { halfValue } from "../../checkpoint/floats.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";

/** Rows that are here. */
export interface RowReader {
  readonly width: number;
  /** The elements of a row [width], until the next call. @throws CheckpointError for a NaN or infinite one: it is found when it is used */
  row(index: number): Float32Array;
}

/** Word, absolute position and token type tables; the latter two where the model has them. */
export interface EmbeddingTables<Table extends RowReader = RowReader> {
  readonly words: Table;
  readonly positions?: Table;
  readonly types?: Table;
}

/** A table [rows, width] of the checkpoint in its file's element type. Where its bytes lie is a subclass's matter. */
export abstract class HostTable implements RowReader {
  readonly rows: number;
  readonly width: number;
  readonly rowBytes: number;
  readonly entry: WeightEntry;
  /** The part of it that arrives with the weights; undefined for none. */
  abstract readonly prompt: Span | undefined;
  /** Resolves when nothing more of it will be fetched; rejects when the rest cannot be had, or is freed before. */
  abstract readonly whole: Promise<void>;
  /** Of a table in 8 bits: what the integers of each row are multiplied by. */
  scales?: Float32Array;
  private readonly decode: RowDecoder;
  private readonly room: Float32Array;
  /** A bit for every row that was used before, and so is known to be finite. */
  private readonly finite: Uint32Array;

  constructor(entry: WeightEntry) {
    const [rows, width] = entry.shape;
    assert(rows !== undefined && width !== undefined, `${entry.name} is not a table`);
    this.rows = rows;
    this.width = width;
    this.rowBytes = byteLengthOf(entry) / rows;
    this.entry = entry;
    this.decode = rowDecoder(entry.dtype, width);
    this.room = new Float32Array(width);
    this.finite = new Uint32Array(Math.ceil(rows / 32));
  }

  /** Bytes that it holds now. */
  abstract get byteLength(): number;

  /** Takes bytes that begin at `offset` of the table. */
  abstract write(offset: number, bytes: Uint8Array): void;

  /** Waits until these rows are here, or brings them. @throws CheckpointError; rejects with the signal's reason */
  abstract reader(rows: Iterable<number>, signal?: AbortSignal): Promise<RowReader>;

  /** Lets go of everything; who waits for rows is told the reason. */
  abstract free(reason: Error): void;

  /** The bytes of a row that is here. */
  protected abstract bytesOf(row: number): Uint8Array;

  row(index: number): Float32Array {
    return this.elementsOf(index, this.bytesOf(index));
  }

  /** The elements of a row whose bytes are these; their offset in their buffer is a multiple of the row's length. */
  protected elementsOf(row: number, bytes: Uint8Array): Float32Array {
    const elements = this.decode(bytes, this.room, this.scales?.[row] ?? 1);
    const [word, bit] = [row >> 5, 1 << (row & 31)];
    if (this.finite[word]! & bit) return elements;
    const bad = elements.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      const { file, name } = this.entry;
      throw new CheckpointError(`${file}: ${name}[${row}, ${bad}] is not a finite number`);
    }
    this.finite[word]! |= bit;
    return elements;
  }
}

/** A row's elements as f32: its bytes where these are that, else in `room`. `scale` is that of integers. */
type RowDecoder = (bytes: Uint8Array, room: Float32Array, scale: number) => Float32Array;

/** The one place that knows how a row's little-endian elements are numbers. */
function rowDecoder(dtype: string, width: number): RowDecoder {
  switch (dtype) {
    case "F32":
      return ({ buffer, byteOffset }) => new Float32Array(buffer, byteOffset, width);
    case "F64":
      return ({ buffer, byteOffset }, room) => {
        room.set(new Float64Array(buffer, byteOffset, width));
        return room;
      };
    case "BF16":
      return ({ buffer, byteOffset }, room) => {
        const halves = new Uint16Array(buffer, byteOffset, width);
        const words = new Uint32Array(room.buffer);
        for (let i = 0; i < width; i++) words[i] = halves[i]! << 16;
        return room;
      };
    case "F16":
      return ({ buffer, byteOffset }, room) => {
        const halves = new Uint16Array(buffer, byteOffset, width);
        for (let i = 0; i < width; i++) room[i] = halfValue(halves[i]!);
        return room;
      };
    default:
      return ({ buffer, byteOffset }, room, scale) => {
        const integers = new Int8Array(buffer, byteOffset, width);
        for (let i = 0; i < width; i++) room[i] = integers[i]! * scale;
        return room;
      };
  }
}
