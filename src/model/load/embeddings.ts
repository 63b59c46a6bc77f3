// The embedding tables, kept on the host: a run uploads only the rows of its tokens. Over half of v3-base's weights are the
// word table, which so needs neither GPU memory nor a binding limit.
import { assert, CheckpointError } from "../../errors.js";
import { byteLengthOf, type Span } from "../../checkpoint/byte-plan.js";
import { halfValue } from "../../checkpoint/floats.js";
import type { WeightEntry } from "../../checkpoint/quantised.js";

/** Rows that are here. */
export interface RowReader {
  readonly width: number;
  /** Adds a row to `target` [width]. @throws CheckpointError for a NaN or infinite element: it is found when the row is used */
  addRow(row: number, target: Float32Array): void;
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

  constructor(entry: WeightEntry) {
    const [rows, width] = entry.shape;
    assert(rows !== undefined && width !== undefined, `${entry.name} is not a table`);
    this.rows = rows;
    this.width = width;
    this.rowBytes = byteLengthOf(entry) / rows;
    this.entry = entry;
    this.decode = rowDecoder(entry.dtype);
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

  addRow(row: number, target: Float32Array): void {
    this.addBytes(row, this.bytesOf(row), target);
  }

  /** Adds a row, given as bytes whose offset in their buffer is a multiple of the row's length. */
  protected addBytes(row: number, bytes: Uint8Array, target: Float32Array): void {
    if (this.scales) {
      addIntegers(bytes, this.scales[row]!, target, this.width);
      return;
    }
    const bad = this.decode(bytes, target, this.width);
    if (bad < 0) return;
    const { file, name } = this.entry;
    throw new CheckpointError(`${file}: ${name}[${row}, ${bad}] is not a finite number`);
  }
}

/** Adds a row's elements to `target`; gives the index of the first that is not finite, or −1. */
type RowDecoder = (bytes: Uint8Array, target: Float32Array, width: number) => number;

/** The one place that knows how a row's little-endian elements are numbers. */
function rowDecoder(dtype: string): RowDecoder {
  switch (dtype) {
    case "F32":
      return (bytes, target, width) => add(new Float32Array(bytes.buffer, bytes.byteOffset, width), target);
    case "F64":
      return (bytes, target, width) =>
        add(Float32Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, width)), target);
    case "BF16":
      return (bytes, target, width) => {
        const words = Uint32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, width), (half) => half << 16);
        return add(new Float32Array(words.buffer), target);
      };
    default:
      return (bytes, target, width) =>
        add(Float32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, width), halfValue), target);
  }
}

function add(values: Float32Array, target: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) return i;
    target[i]! += value;
  }
  return -1;
}

function addIntegers(bytes: Uint8Array, scale: number, target: Float32Array, width: number): void {
  const integers = new Int8Array(bytes.buffer, bytes.byteOffset, width);
  for (let i = 0; i < width; i++) target[i]! += integers[i]! * scale;
}
