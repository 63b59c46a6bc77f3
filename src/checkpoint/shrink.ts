// Writes a smaller checkpoint: matrices in 8 or 4 bits with scales (quantised.ts), the rest in f16 or as it was. Every tensor passes
// row by row (of TensorFlow's twins one matrix at a time, as their rows are torch's columns), so a file of any size needs some megabytes.
// Names and axes become torch's. The engine packs such files to the same numbers on the GPU.
import { CheckpointError } from "../errors.js";
import { type OptionTable, pick, readOptions } from "../options.js";
import { byteLengthOf } from "./byte-plan.js";
import { openFolder } from "./folder.js";
import type { Source } from "./source.js";
import { FILE_BYTES } from "./finite.js";
import { floatsOf, halfBits, halfValue } from "./floats.js";
import { joinQuantised, type WeightEntry } from "./quantised.js";
import type { FileDType, TensorEntry } from "./tensor-entry.js";
import { openWeights } from "./shards.js";
import { WEIGHTS_OPTIONS, type WeightsOptions } from "./weights-options.js";
import { stream } from "./stream.js";
import { fromTensorFlow, isReversed, torchShape } from "./tensorflow.js";

/** What matrices, or the word table, are stored as. */
export type ShrunkType = "f16" | "q8" | "q4";

/** Options of `shrinkWeights`, beside those of reading. */
export interface ShrinkOptions extends WeightsOptions {
  /** Matrices: "q8" (default), "q4" or "f16". The conv layer's, and matrices that blocks of 32 do not divide, stay in 8 bits. */
  readonly dtype?: ShrunkType;
  /** The word table: "q8" (default, a scale for each row) or "f16". */
  readonly wordTable?: "f16" | "q8";
}

const SHRINK_OPTIONS: OptionTable<ShrinkOptions> = {
  ...WEIGHTS_OPTIONS,
  dtype: ["f16", "q8", "q4"],
  wordTable: ["f16", "q8"],
};

/** Where the bytes go: positions never overlap, and do not always rise. */
export interface ByteSink {
  /** Writes bytes from a position of the new file on; awaited before the next write. */
  write(position: number, bytes: Uint8Array): Promise<void> | void;
}

/** What was made of a checkpoint. */
export interface Shrunk {
  /** Bytes of the weights before. */
  readonly before: number;
  /** Bytes of the weights after. */
  readonly after: number;
  /** Every tensor that was written, in the order of its bytes. */
  readonly tensors: readonly Pick<TensorEntry, "name" | "dtype" | "shape">[];
}

/** Elements of a row that share a scale in 4 bits. */
const BLOCK = 32;

/** One tensor of the new file. */
interface Output {
  readonly name: string;
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

/** One tensor of the old file and what becomes of it; names and shapes as torch has them. */
interface Step {
  readonly entry: TensorEntry;
  readonly name: string;
  readonly shape: readonly number[];
  readonly as: "same" | "f16" | "q8" | "q4";
  /** What is written, scales before the integers: whoever streams the file has them when the integers come. */
  readonly outputs: readonly Output[];
}

const WORD_TABLE = /(^|\.)(word_embeddings|embed_tokens)\.weight$/;
const KEPT = /embeddings|LayerNorm|layer_norm/;

/**
 * Reads a checkpoint's weights and writes them, shrunk, as one safetensors file.
 * @throws CheckpointError when a weight is missing, damaged, quantised already, or not a finite number
 */
export async function shrinkWeights(source: Source, sink: ByteSink, given: ShrinkOptions = {}): Promise<Shrunk> {
  const options = readOptions("shrinkWeights", given, SHRINK_OPTIONS);
  const folder = await openFolder(source, options);
  const entries = [...joinQuantised(await openWeights(folder, pick(options, WEIGHTS_OPTIONS))).values()];
  const steps = entries.flatMap((entry) => stepFor(entry, options) ?? []);
  const outputs = steps.flatMap((step) => step.outputs);
  const header = headerOf(outputs);
  await sink.write(0, header);
  const starts = new Map<Output, number>();
  let end = header.length;
  for (const output of outputs) {
    starts.set(output, end);
    end += output.bytes;
  }
  const byEntry = new Map(steps.map((step) => [step.entry, step]));
  let current: Writer | undefined;
  for await (const { entry, offset, bytes } of stream(
    steps.map((step) => step.entry),
    folder,
    { signal: options.signal, onProgress: folder.progress.tell },
  )) {
    if (current?.step.entry !== entry) current = new Writer(byEntry.get(entry)!, starts, sink);
    await current.take(offset, bytes);
  }
  return {
    before: steps.reduce((sum, { entry }) => sum + byteLengthOf(entry), 0),
    after: end - header.length,
    tensors: outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
  };
}

function stepFor(entry: WeightEntry, { dtype = "q8", wordTable = "q8" }: ShrinkOptions): Step | undefined {
  if ("scales" in entry) throw new CheckpointError(`${entry.file}: ${entry.name} is quantised already`);
  const isTwins = entry.name.endsWith(":0");
  const name = isTwins ? fromTensorFlow(entry.name) : entry.name;
  if (name === undefined) return undefined; // what only training needs
  const shape = torchShape(entry);
  const count = shape.reduce((product, size) => product * size, 1);
  const same: Step = {
    entry,
    name,
    shape,
    as: "same",
    outputs: [{ name, dtype: entry.dtype, shape, bytes: byteLengthOf(entry) }],
  };
  if (!(entry.dtype in FILE_BYTES) || shape.length < 2 || count === 0) return same;
  const half: Step = { entry, name, shape, as: "f16", outputs: [{ name, dtype: "F16", shape, bytes: 2 * count }] };
  const isTable = WORD_TABLE.test(name);
  const wanted = isTable ? wordTable : KEPT.test(name) ? "f16" : dtype;
  if (wanted === "f16") return half;
  const rows = shape[0]!;
  const columns = count / rows;
  if (wanted === "q4" && shape.length === 2 && columns % BLOCK === 0) {
    const blocks = columns / BLOCK;
    return {
      entry,
      name,
      shape,
      as: "q4",
      outputs: [
        { name: `${name}_scale`, dtype: "F16", shape: [rows, blocks], bytes: 2 * rows * blocks },
        { name: `${name}_packed`, dtype: "I32", shape: [rows, columns / 8], bytes: count / 2 },
        { name: `${name}_shape`, dtype: "I64", shape: [2], bytes: 16 },
      ],
    };
  }
  return {
    entry,
    name,
    shape,
    as: "q8",
    outputs: [
      { name: `${name}_scale`, dtype: "F32", shape: [rows, 1], bytes: 4 * rows },
      { name, dtype: "I8", shape, bytes: count },
    ],
  };
}

/** A safetensors header for tensors that lie one after another; its length is a multiple of 8. */
function headerOf(outputs: readonly Output[]): Uint8Array {
  const table: Record<string, object> = { __metadata__: { format: "pt" } };
  let at = 0;
  for (const { name, dtype, shape, bytes } of outputs)
    table[name] = { dtype, shape, data_offsets: [at, (at += bytes)] };
  const text = JSON.stringify(table);
  const json = new TextEncoder().encode(
    text.padEnd(text.length + ((8 - (new TextEncoder().encode(text).length % 8)) % 8)),
  );
  const header = new Uint8Array(8 + json.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(json.length), true);
  header.set(json, 8);
  return header;
}

/** Takes one tensor's bytes and writes what they become, row by row. */
class Writer {
  readonly step: Step;
  private readonly sink: ByteSink;
  private readonly starts: ReadonlyMap<Output, number>;
  /** A row, or of a reversed tensor all of it. */
  private readonly piece: Uint8Array;
  private filled = 0;
  private rows = 0;

  constructor(step: Step, starts: ReadonlyMap<Output, number>, sink: ByteSink) {
    this.step = step;
    this.starts = starts;
    this.sink = sink;
    const { as, entry } = step;
    const size = as === "same" ? 0 : byteLengthOf(entry) / (isReversed(entry) ? 1 : entry.shape[0]!);
    this.piece = new Uint8Array(size);
  }

  async take(offset: number, bytes: Uint8Array): Promise<void> {
    const { step, piece } = this;
    if (step.as === "same") return this.put(0, offset, bytes);
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(piece.length - this.filled, bytes.length - at);
      piece.set(bytes.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      if (this.filled < piece.length) continue;
      const values = floatsOf(step.entry.dtype, piece);
      if (isReversed(step.entry)) for (const row of rowsOf(values, step.shape)) await this.writeRow(row);
      else await this.writeRow(values);
      this.filled = 0;
    }
  }

  private async writeRow(values: Float32Array): Promise<void> {
    const { step } = this;
    const row = this.rows++;
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new CheckpointError(`${step.entry.file}: ${step.name}[${row}, ${bad}] is ${values[bad]!}`);
    if (step.as === "f16") {
      await this.put(0, 2 * row * values.length, new Uint8Array(Uint16Array.from(values, halfBits).buffer));
    } else if (step.as === "q8") {
      const { integers, scale } = quantise8(values);
      await this.put(0, 4 * row, new Uint8Array(Float32Array.of(scale).buffer));
      await this.put(1, row * values.length, new Uint8Array(integers.buffer));
    } else {
      const { nibbles, scales } = quantise4(values);
      await this.put(0, row * scales.byteLength, new Uint8Array(scales.buffer));
      await this.put(1, row * nibbles.length, nibbles);
      const shape = BigInt64Array.from(step.shape, BigInt);
      if (row === 0) await this.put(2, 0, new Uint8Array(shape.buffer));
    }
  }

  private async put(output: number, offset: number, bytes: Uint8Array): Promise<void> {
    await this.sink.write(this.starts.get(this.step.outputs[output]!)! + offset, bytes);
  }
}

/** The rows of a tensor whose values lie with the axes of `shape` in reverse order. */
function* rowsOf(values: Float32Array, [rows, inner, taps = 1]: readonly number[]): Generator<Float32Array> {
  for (let row = 0; row < rows!; row++)
    yield Float32Array.from(
      { length: inner! * taps },
      (_, i) => values[((i % taps) * inner! + Math.floor(i / taps)) * rows! + row]!,
    );
}

/** A row as signed bytes: the largest magnitude becomes 127. */
export function quantise8(values: Float32Array): { integers: Int8Array<ArrayBuffer>; scale: number } {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const scale = Math.fround(largest / 127);
  const inverse = scale > 0 ? 1 / scale : 0;
  const integers = new Int8Array(values.length);
  for (let i = 0; i < values.length; i++) integers[i] = clamp(roundToEven(values[i]! * inverse), -127, 127);
  return { integers, scale };
}

/**
 * A row as half bytes plus 8, two to a byte, lower first, in blocks of 32: the value of largest magnitude becomes −8, so that the
 * range is used whole. Scales are the bits of f16.
 */
export function quantise4(values: Float32Array): {
  nibbles: Uint8Array<ArrayBuffer>;
  scales: Uint16Array<ArrayBuffer>;
} {
  const nibbles = new Uint8Array(values.length / 2);
  const scales = new Uint16Array(values.length / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const first = BLOCK * block;
    let extreme = 0;
    for (let i = first; i < first + BLOCK; i++) if (Math.abs(values[i]!) > Math.abs(extreme)) extreme = values[i]!;
    scales[block] = halfBits(clamp(extreme / -8, -65504, 65504));
    const scale = halfValue(scales[block]!);
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = first; i < first + BLOCK; i++) {
      const q = clamp(roundToEven(values[i]! * inverse) + 8, 0, 15);
      nibbles[i >> 1]! |= q << (4 * (i % 2));
    }
  }
  return { nibbles, scales };
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** As WGSL's round(). */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
