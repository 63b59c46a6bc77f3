// From a checkpoint and a device to weights on the GPU. The graph itself says which tensors are needed; all that are missing or
// misshapen are reported at once, before a byte of weights is read. Bytes then pass in chunks: file → staging → packed.
import type { ModelFolder, SourceOptions } from "../../checkpoint/folder.js";
import { openWeights, type TensorEntry } from "../../checkpoint/shards.js";
import { stream } from "../../checkpoint/stream.js";
import { CheckpointError, UnsupportedError } from "../../errors.js";
import { byteLength } from "../../kernels/kernel.js";
import { packWeights, type PackedDType } from "../../kernels/pack-weights.js";
import type { Device } from "../../runtime/device.js";
import { warmUp } from "../../runtime/plan.js";
import { type Conversion, Residents, Staging } from "../../runtime/weights.js";
import { packBatch } from "../run/batch.js";
import type { DebertaV2Config } from "../deberta/config.js";
import { debertaGraph } from "../deberta/deberta.js";
import { type EmbeddingTables, HostTable } from "./embeddings.js";
import { GATHER_FROM, type LoadedWeights } from "../run/engine.js";
import type { HeadSpec } from "../deberta/heads.js";
import type { Part, ResidentSpec } from "../deberta/layers.js";
import { canBeLate, LateTable } from "./late-table.js";
import { nearestName, resolveNames, spellName } from "../deberta/names.js";
import { fillPositionCache, positionGraph } from "./position-cache.js";
import { slotTable } from "../deberta/relative-position.js";

/** Options of every `fromPretrained` that loads weights. */
export interface LoadOptions extends SourceOptions {
  /** A device to share with other libraries; it is used, never destroyed. Default: one of the engine's own. */
  readonly device?: GPUDevice;
  /** How weights are kept on the GPU. "auto" and "f32" today. */
  readonly dtype?: "auto" | "f32" | "f16" | "q8" | "q4";
  /** Most bytes of GPU memory that the weights may take. */
  readonly gpuMemoryLimit?: number;
}

/** The tensors of a checkpoint by Transformers' names. */
export class Checkpoint {
  readonly folder: ModelFolder;
  private readonly entries: ReadonlyMap<string, TensorEntry>;
  private readonly resolve: (name: string) => string | undefined;

  private constructor(folder: ModelFolder, entries: ReadonlyMap<string, TensorEntry>) {
    this.folder = folder;
    this.entries = entries;
    this.resolve = resolveNames(new Set(entries.keys()), this.file());
  }

  static async open(folder: ModelFolder, options: SourceOptions): Promise<Checkpoint> {
    return new Checkpoint(folder, await openWeights(folder, options));
  }

  find(name: string): TensorEntry | undefined {
    const inFile = this.resolve(name);
    return inFile === undefined ? undefined : this.entries.get(inFile);
  }

  /** Rows of a tensor, or of what the config says where it is missing (which is then reported with all others). */
  rows(name: string, otherwise: number): number {
    return this.find(name)?.shape[0] ?? otherwise;
  }

  /** Throws one CheckpointError for all tensors that are missing or have another shape than wanted. */
  check(wanted: ReadonlyMap<string, readonly number[]>): void {
    const names = new Set(this.entries.keys());
    const missing = [...wanted.keys()].filter((name) => !this.find(name));
    if (missing.length > 0) {
      const spelled = missing.map((name) => spellName(name, names));
      const nearest = nearestName(spelled[0]!, names);
      throw new CheckpointError(
        `${this.file()}: ${spelled.length} ${spelled.length === 1 ? "tensor is" : "tensors are"} missing: ${spelled.join(", ")}${nearest ? ` (nearest to the first: ${nearest})` : ""}`,
      );
    }
    const misshapen: string[] = [];
    for (const [name, shape] of wanted) {
      const entry = this.find(name)!;
      if (!(entry.dtype in PACKED))
        throw new CheckpointError(
          `${entry.file}: ${entry.name} has type ${entry.dtype}, weights are F32, F16, BF16 or F64`,
        );
      const same = entry.shape.length === shape.length && entry.shape.every((size, axis) => size === shape[axis]);
      if (!same)
        misshapen.push(`${entry.name} is [${entry.shape.join(", ")}], config.json asks for [${shape.join(", ")}]`);
    }
    if (misshapen.length > 0) throw new CheckpointError(`${this.file()}: ${misshapen.join("; ")}`);
  }

  private file(): string {
    return [...new Set([...this.entries.values()].map((entry) => entry.file))].join(", ") || "the checkpoint";
  }
}

const PACKED: Record<string, PackedDType> = { F32: "F32", F16: "F16", BF16: "BF16", F64: "F32" };
const FILE_BYTES: Record<string, number> = { F32: 4, F16: 2, BF16: 2, F64: 8 };

/** Loads what a config and a head need. A failure frees every buffer that was made. */
export async function loadWeights(
  checkpoint: Checkpoint,
  config: DebertaV2Config,
  head: HeadSpec,
  device: Device,
  options: LoadOptions,
): Promise<LoadedWeights> {
  const { signal } = options;
  if (options.dtype && !["auto", "f32"].includes(options.dtype))
    throw new UnsupportedError(`dtype "${options.dtype}" is not supported ("auto" and "f32" are)`);
  const slots = slotTable(config);
  const forward = typicalGraph(config, head, device, slots.reach);
  const specs = new Map(forward.residents);
  const constants = new Map<string, ResidentSpec>();
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    for (const [name, spec] of positionGraph(config, layer)?.residents ?? []) {
      if (!specs.has(name)) constants.set(name, spec);
    }
  }
  const tableNames = hostTables(config, head);
  const wanted = new Map<string, readonly number[]>();
  for (const spec of [...specs.values(), ...constants.values()])
    for (const part of spec.parts) wanted.set(part.tensor, part.shape);
  for (const [name, shape] of tableNames.values()) wanted.set(name, shape);
  checkpoint.check(wanted);

  const all = [...specs.values(), ...constants.values()];
  const bytes = all.reduce((sum, spec) => sum + byteLength(spec.type), 0);
  if (options.gpuMemoryLimit !== undefined && bytes > options.gpuMemoryLimit)
    throw new UnsupportedError(
      `the weights need ${bytes} bytes of GPU memory, gpuMemoryLimit is ${options.gpuMemoryLimit}`,
    );

  const residents = new Residents(device);
  let isLoading = true;
  const tellCompiled = (loaded: number, total: number) => {
    if (isLoading) options.onProgress?.({ file: "shaders", loaded, total, phase: "compile" });
  };
  try {
    await residents.allocate(all.map((spec) => [spec.name, byteLength(spec.type)]));
    if (residents.buffers.has("slots")) residents.write("slots", slots.table);
    const tables = await makeTables(checkpoint, tableNames, all);
    const prompt = [...tables.values()].filter((table) => !(table instanceof LateTable));
    // Allocation is answered before compilations that are asked for later, so the first bytes do not wait for shaders.
    const streamed = streamWeights(checkpoint, all, prompt, device, residents, options);
    const compiled = warmUp(device, forward.graph, tellCompiled);
    compiled.catch(() => undefined); // awaited after the weights, whose failure comes first
    await streamed;
    await compiled;
    signal?.throwIfAborted();
    await fillPositionCache(device, config, residents);
    for (const name of constants.keys()) residents.release(name);
    signal?.throwIfAborted();
    for (const table of tables.values()) if (table instanceof LateTable) void table.fill(options.onProgress);
    return { residents, slots, tables: Object.fromEntries(tables) as unknown as EmbeddingTables };
  } catch (error) {
    residents.dispose();
    throw error;
  } finally {
    isLoading = false; // after a failure compilations may go on, but nobody waits for them
  }
}

/** The graph of a short text: names every resident, and shares its pipelines with all sizes. */
function typicalGraph(config: DebertaV2Config, head: HeadSpec, device: Device, reach: number) {
  const sequence = { source: 0, from: 0, length: 64 };
  const asked = head.kind === "pooled" ? [{ sequence: 0, column: 0 }] : undefined;
  const { shape } = packBatch([sequence], asked, device.capabilities, {
    heads: config.numAttentionHeads,
    slots: config.relativeSlots,
    gatherFrom: GATHER_FROM,
    scoreBytes: 2 ** 20,
  });
  return debertaGraph(config, head, { shape, reach, hiddenStates: false, attentions: false, statesOnly: false });
}

type TableKind = keyof EmbeddingTables;

/** The tables that stay on the host, and the shape each must have. */
function hostTables(config: DebertaV2Config, head: HeadSpec): Map<TableKind, [name: string, shape: number[]]> {
  const { vocabSize, embeddingSize: E, hiddenSize: D, maxPositionEmbeddings, typeVocabSize } = config;
  const prefix = "deberta.embeddings";
  const tables = new Map<TableKind, [string, number[]]>([
    ["words", [`${prefix}.word_embeddings.weight`, [vocabSize, E]]],
  ]);
  const decodes = head.kind === "maskedLm" && head.maskDecoder;
  if (config.positionBiasedInput || decodes)
    tables.set("positions", [`${prefix}.position_embeddings.weight`, [maxPositionEmbeddings, decodes ? D : E]]);
  if (typeVocabSize > 0) tables.set("types", [`${prefix}.token_type_embeddings.weight`, [typeVocabSize, E]]);
  return tables;
}

/** Empty tables; the word table may be one that comes later, unless the GPU needs it too. */
async function makeTables(
  checkpoint: Checkpoint,
  names: ReadonlyMap<TableKind, readonly [name: string, shape: readonly number[]]>,
  specs: readonly ResidentSpec[],
): Promise<Map<TableKind, HostTable>> {
  const tables = new Map<TableKind, HostTable>();
  for (const [kind, [name]] of names) {
    const entry = checkpoint.find(name)!;
    const onGpu = specs.some(({ parts }) => parts.some(({ tensor }) => tensor === name));
    const isLate = kind === "words" && !onGpu && (await canBeLate(entry, checkpoint.folder));
    tables.set(kind, isLate ? new LateTable(entry, checkpoint.folder) : new HostTable(entry));
  }
  return tables;
}

/** One contiguous piece of a tensor and what is made of it. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly uses: { readonly spec: ResidentSpec; readonly part: Part }[];
}

/** The pieces of every wanted tensor in the order of their bytes: whole tensors, or row blocks of a large table. */
function piecesOf(checkpoint: Checkpoint, specs: readonly ResidentSpec[]): Map<TensorEntry, Piece[]> {
  const pieces = new Map<TensorEntry, Piece[]>();
  for (const spec of specs) {
    for (const part of spec.parts) {
      const entry = checkpoint.find(part.tensor)!;
      const size = entry.end - entry.start;
      const rowBytes = size / (entry.shape[0] ?? 1);
      const [from, to] = part.rows ? [part.rows[0] * rowBytes, part.rows[1] * rowBytes] : [0, size];
      const own = pieces.get(entry) ?? [];
      pieces.set(entry, own);
      const same = own.find((piece) => piece.from === from && piece.to === to);
      if (same) same.uses.push({ spec, part });
      else own.push({ from, to, uses: [{ spec, part }] });
    }
  }
  for (const own of pieces.values()) own.sort((a, b) => a.from - b.from);
  return pieces;
}

async function streamWeights(
  checkpoint: Checkpoint,
  specs: readonly ResidentSpec[],
  tables: readonly HostTable[],
  device: Device,
  residents: Residents,
  options: LoadOptions,
): Promise<void> {
  const pieces = piecesOf(checkpoint, specs);
  const hostTable = new Map(tables.map((table) => [table.entry, table]));
  const largest = Math.max(16, ...[...pieces.values()].flat().map(({ from, to }) => to - from));
  const staging = await Staging.create(device, largest + 8);
  try {
    const wanted = [...new Set([...pieces.keys(), ...hostTable.keys()])];
    const writers = new Map<TensorEntry, TensorWriter>();
    for await (const { entry, offset, bytes } of stream(wanted, checkpoint.folder, options)) {
      device.throwIfLost();
      hostTable.get(entry)?.write(offset, bytes);
      const own = pieces.get(entry);
      if (!own) continue;
      let writer = writers.get(entry);
      if (!writer) writers.set(entry, (writer = new TensorWriter(entry, own, staging, residents, device)));
      await writer.write(offset, bytes);
    }
  } finally {
    staging.dispose();
  }
}

const SCRATCH = 256 * 1024;

/** Puts one tensor's bytes into staging, piece by piece, checked to be finite, and converts each piece when it is whole. */
class TensorWriter {
  private readonly entry: TensorEntry;
  private readonly pieces: readonly Piece[];
  private readonly staging: Staging;
  private readonly residents: Residents;
  private readonly device: Device;
  private readonly scratch = new Uint8Array(SCRATCH);
  private filled = 0;
  private staged = 0;
  private current = 0;

  constructor(entry: TensorEntry, pieces: readonly Piece[], staging: Staging, residents: Residents, device: Device) {
    this.entry = entry;
    this.pieces = pieces;
    this.staging = staging;
    this.residents = residents;
    this.device = device;
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
      await this.staging.convert(piece.uses.map(({ spec, part }) => this.conversion(spec, part)));
      this.staged = 0;
      this.current++;
    }
  }

  /** Moves the scratch bytes, which begin at `position` of the tensor, to staging; F64 becomes F32 on the way. */
  private flush(position: number): void {
    const { dtype } = this.entry;
    const element = FILE_BYTES[dtype]!;
    const count = this.filled / element;
    const bad = firstNotFinite(this.scratch, dtype, count);
    if (bad >= 0)
      throw new CheckpointError(
        `${this.entry.file}: ${this.entry.name} has a NaN or infinite element at index ${position / element + bad}`,
      );
    let bytes = this.scratch.subarray(0, Math.ceil(this.filled / 4) * 4);
    if (dtype === "F64")
      bytes = new Uint8Array(Float32Array.from(new Float64Array(this.scratch.buffer, 0, count)).buffer);
    this.staging.write(this.staged, bytes);
    this.staged += bytes.length;
    this.filled = 0;
  }

  private conversion(spec: ResidentSpec, part: Part): Conversion {
    const rows = spec.type.shape.length > 1 ? spec.type.shape[0]! : 1;
    const attrs = {
      dtype: PACKED[this.entry.dtype]!,
      layout: part.layout,
      input: part.input,
      output: part.output,
      scale: part.scale,
      into: { rows, columns: spec.type.shape.at(-1)!, from: part.from },
    };
    const file = { dtype: "u32", shape: [1] } as const;
    packWeights.result([file], attrs);
    return {
      dispatch: packWeights.dispatch([file], attrs, this.device.capabilities),
      target: this.residents.buffers.get(spec.name)!,
    };
  }
}

/** Index of the first element whose bits are those of NaN or an infinity; −1 if there is none. */
function firstNotFinite(bytes: Uint8Array, dtype: string, count: number): number {
  if (dtype === "F64")
    return new Float64Array(bytes.buffer, 0, count).findIndex((value) => !Number.isFinite(Math.fround(value)));
  const wide = dtype === "F32";
  const bits = wide ? new Uint32Array(bytes.buffer, 0, count) : new Uint16Array(bytes.buffer, 0, count);
  const exponent = wide ? 0x7f800000 : dtype === "F16" ? 0x7c00 : 0x7f80;
  for (let i = 0; i < count; i++) if ((bits[i]! & exponent) === exponent) return i;
  return -1;
}
