// From streamed bytes to packed weights: each tensor's bytes pass in chunks through a scratch buffer (checked to be finite)
// into staging, and when a piece of it is whole, one dispatch packs it into its resident.
import { byteLengthOf, type Span } from "../../checkpoint/byte-plan.js";
import { FILE_BYTES, firstNotFinite, mostOf } from "../../checkpoint/finite.js";
import type { QuantisedEntry, WeightEntry } from "../../checkpoint/quantised.js";
import { stream, type StreamOptions } from "../../checkpoint/stream.js";
import { assert, CheckpointError } from "../../errors.js";
import type { PackedType } from "../../kernels/kernel.js";
import { type FileScales, packWeights, type PackedDType } from "../../kernels/pack-weights.js";
import type { Device } from "../../runtime/device.js";
import { type Conversion, type Residents, Staging } from "../../runtime/weights.js";
import type { Part, ResidentSpec } from "../deberta/layers.js";
import { layoutInFile } from "./file-layout.js";
import type { EmbeddingTables, HostTable } from "./embeddings.js";
import type { Checkpoint } from "./named-tensors.js";
import { Scales } from "./scales.js";

/** How the packing kernel reads each element type; F64 is narrowed on the way to staging. */
const PACKED: Readonly<Record<string, PackedDType>> = {
  F32: "F32",
  F16: "F16",
  BF16: "BF16",
  F64: "F32",
  I8: "I8",
  I4: "I4",
};

/** One contiguous piece of a tensor and what is made of it. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly uses: { readonly spec: ResidentSpec; readonly part: Part }[];
}

/** The pieces of every wanted tensor in the order of their bytes: whole tensors, or row blocks of a large table. */
function piecesOf(checkpoint: Checkpoint, specs: readonly ResidentSpec[]): Map<WeightEntry, Piece[]> {
  const pieces = new Map<WeightEntry, Piece[]>();
  for (const spec of specs) {
    for (const part of spec.parts) {
      const entry = checkpoint.find(part.tensor)!;
      const size = byteLengthOf(entry);
      const rowBytes = size / (entry.shape[0] ?? 1);
      const [from, to] = part.rows ? [part.rows[0] * rowBytes, part.rows[1] * rowBytes] : [0, size];
      const own = pieces.get(entry) ?? [];
      pieces.set(entry, own);
      const same = own.find((piece) => piece.from === from && piece.to === to);
      if (same) same.uses.push({ spec, part });
      else own.push({ from, to, uses: [{ spec, part }] });
    }
  }
  for (const [entry, own] of pieces) {
    own.sort((a, b) => a.from - b.from);
    const follows = own.every(({ from }, i) => i === 0 || from >= own[i - 1]!.to);
    assert(follows, `${entry.name} is wanted in pieces that overlap`);
  }
  return pieces;
}

/** Streams what the specs and tables need, in the order of the file. */
export async function streamWeights(
  checkpoint: Checkpoint,
  specs: readonly ResidentSpec[],
  { words, positions, types }: Partial<EmbeddingTables<HostTable>>,
  device: Device,
  residents: Residents,
  options: StreamOptions,
): Promise<void> {
  const pieces = piecesOf(checkpoint, specs);
  const prompt = new Map<Span, HostTable>();
  for (const table of [words, positions, types]) if (table?.prompt) prompt.set(table.prompt, table);
  const largest = Math.max(16, ...[...pieces.values()].flat().map(({ from, to }) => to - from));
  const scales = new Scales(checkpoint.folder, [...pieces.keys()]);
  const staging = await Staging.create(device, largest + scales.largest + 8);
  try {
    const wanted = [...new Set<Span>([...pieces.keys(), ...prompt.keys(), ...scales.entries])];
    // Tensors come one after another, so one writer and one scratch buffer are alive at a time.
    const scratch = new Uint8Array(SCRATCH);
    let writer: TensorWriter | undefined;
    for await (const { entry: span, offset, bytes } of stream(wanted, checkpoint.folder, options)) {
      device.throwIfLost();
      const table = prompt.get(span);
      table?.write(span.start - table.entry.start + offset, bytes);
      const entry = span as WeightEntry; // if it has pieces
      scales.take(entry, offset, bytes);
      const own = pieces.get(entry);
      if (!own) continue;
      if (writer?.entry !== entry) writer = new TensorWriter(entry, own, staging, residents, device, scales, scratch);
      await writer.write(offset, bytes);
    }
    await staging.settle();
  } finally {
    staging.dispose();
  }
}

const SCRATCH = 256 * 1024;

/** Puts one tensor's bytes into staging, piece by piece, checked to be finite, and converts each piece when it is whole. */
class TensorWriter {
  readonly entry: WeightEntry;
  private readonly pieces: readonly Piece[];
  private readonly staging: Staging;
  private readonly residents: Residents;
  private readonly device: Device;
  private readonly scales: Scales;
  private readonly scratch: Uint8Array<ArrayBuffer>;
  private filled = 0;
  private staged = 0;
  private current = 0;

  constructor(
    entry: WeightEntry,
    pieces: readonly Piece[],
    staging: Staging,
    residents: Residents,
    device: Device,
    scales: Scales,
    scratch: Uint8Array<ArrayBuffer>,
  ) {
    this.scratch = scratch;
    this.entry = entry;
    this.pieces = pieces;
    this.staging = staging;
    this.residents = residents;
    this.device = device;
    this.scales = scales;
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const piece = this.pieces[this.current];
      if (!piece) return;
      const position = offset + at;
      if (position < piece.from) {
        at += piece.from - position;
        continue;
      }
      const count = Math.min(bytes.length - at, piece.to - position, SCRATCH - this.filled);
      this.scratch.set(bytes.subarray(at, at + count), this.filled);
      this.filled += count;
      at += count;
      const whole = position + count === piece.to;
      if (this.filled === SCRATCH || whole) this.flush(position + count - this.filled);
      if (!whole) continue;
      const fileScales = "scales" in this.entry ? await this.stageScales(this.entry, piece) : undefined;
      await this.staging.convert(piece.uses.map(({ spec, part }) => this.conversion(spec, part, fileScales)));
      this.staged = 0;
      this.current++;
    }
  }

  /** Moves the scratch bytes, which begin at `position` of the tensor, to staging; F64 becomes F32 on the way. */
  private flush(position: number): void {
    const { dtype } = this.entry;
    const element = FILE_BYTES[dtype] ?? 1;
    const count = this.filled / element;
    if (dtype in FILE_BYTES) this.check(position / element, count);
    let bytes = this.scratch.subarray(0, Math.ceil(this.filled / 4) * 4);
    if (dtype === "F64")
      bytes = new Uint8Array(Float32Array.from(new Float64Array(this.scratch.buffer, 0, count)).buffer);
    this.staging.write(this.staged, bytes);
    this.staged += bytes.length;
    this.filled = 0;
  }

  /** Looks at the scratch elements, the first of which has this index in the tensor. */
  private check(first: number, count: number): void {
    const { file, name, dtype } = this.entry;
    const most = Math.min(...this.pieces[this.current]!.uses.map(({ spec }) => mostOf(spec.type.dtype)));
    const bad = firstNotFinite(this.scratch, dtype, count, most);
    if (bad < 0) return;
    const isFinite = firstNotFinite(this.scratch, dtype, bad + 1) < 0;
    const what = isFinite ? `an element beyond ${most}` : "a NaN or infinite element";
    const advice = isFinite ? ', which dtype "f16" does not hold ("f32" does)' : "";
    throw new CheckpointError(`${file}: ${name} has ${what} at index ${first + bad}${advice}`);
  }

  /** Puts the scales of a piece behind it. */
  private async stageScales(entry: QuantisedEntry, { from, to }: Piece): Promise<FileScales> {
    const { shape, scales } = entry;
    const bytes = await this.scales.of(entry);
    const share = bytes.length / byteLengthOf(entry);
    const own = new Uint8Array(4 * Math.ceil(((to - from) * share) / 4));
    own.set(bytes.subarray(from * share, to * share));
    const at = this.staged / 4;
    this.staging.write(this.staged, own);
    const row = shape.slice(1).reduce((product, size) => product * size, 1);
    return { dtype: scales.dtype as FileScales["dtype"], row, each: row / (scales.shape[1] ?? 1), at };
  }

  private conversion(spec: ResidentSpec, part: Part, scales: FileScales | undefined): Conversion {
    const rows = spec.type.shape.length > 1 ? spec.type.shape[0]! : 1;
    const attrs = {
      dtype: PACKED[this.entry.dtype]!,
      layout: layoutInFile(this.entry, part.layout),
      input: part.input,
      output: part.output,
      scale: part.scale,
      ...(scales ? { scales } : {}),
      into: { dtype: spec.type.dtype as "f32" | PackedType, rows, columns: spec.type.shape.at(-1)!, from: part.from },
    };
    const file = { dtype: "u32", shape: [1] } as const;
    packWeights.result([file], attrs);
    return {
      dispatch: packWeights.dispatch([file], attrs, this.device.capabilities),
      target: this.residents.buffers.get(spec.name)!,
    };
  }
}
