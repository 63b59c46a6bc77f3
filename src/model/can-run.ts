// Whether a model would run here, and what it would take, from its headers alone: no byte of weights is fetched.
import { byteLengthOf } from "../checkpoint/byte-plan.js";
import { openFolder } from "../checkpoint/folder.js";
import { elementCount } from "../checkpoint/tensor-entry.js";
import type { QuantisedEntry, WeightEntry } from "../checkpoint/quantised.js";
import type { Source } from "../checkpoint/source.js";
import { CheckpointError, UnsupportedError } from "../errors.js";
import { readOptions } from "../options.js";
import { backboneOf } from "./extraction/backbone-of.js";
import { Checkpoint } from "./load/named-tensors.js";
import { LOAD_OPTIONS, type LoadOptions } from "./load/options.js";
import { firstToPage, heldBytes, layerOf } from "./load/page-plan.js";

/** What `canRun` finds. Bytes are estimates from the files' headers; activations come on top. */
export interface CanRun {
  /** Whether the model can be loaded and run here. */
  readonly ok: boolean;
  /** In the words of browsers' built-in AI: "downloadable" when bytes must be fetched first. */
  readonly availability: "available" | "downloadable" | "unavailable";
  /** Why not, in words; empty when it runs. */
  readonly reasons: readonly string[];
  /** Bytes of weights and vocabulary that lie on a server; 0 for local files. */
  readonly downloadBytes: number;
  /** How many of them this origin keeps already. */
  readonly cachedBytes: number;
  /** Weights on the GPU in the type that `dtype` asks for; with `gpuMemoryLimit` as many as stay below it. */
  readonly gpuBytes: number;
  /** Embedding tables in JavaScript. */
  readonly hostBytes: number;
  /** Bytes of the files that every request reads again, because `gpuMemoryLimit` is below what all layers need together. */
  readonly pagedBytes: number;
  /** Of the adapter; empty without one. */
  readonly features: readonly string[];
  /** Of the adapter, in bytes; undefined without one. */
  readonly limits:
    | {
        /** Most bytes of a buffer. */
        readonly maxBufferSize: number;
        /** Most bytes that one binding shows a kernel, so also of a matrix. */
        readonly maxStorageBufferBindingSize: number;
      }
    | undefined;
}

const TABLE = "deberta.embeddings.word_embeddings.weight";

/** Bytes an element of a matrix takes on the GPU: by what is asked for, else by what the file holds. */
const ASKED: Readonly<Record<string, number>> = { f32: 4, f16: 2, q8: 1, q4: 0.5 + 2 / 32 };
const HELD: Readonly<Record<string, number>> = { F16: 2, BF16: 2, I8: 1, I4: 0.5 + 2 / 32 };

/**
 * Looks whether a model can be loaded and run here.
 * @throws TypeError for a wrong source; rejects with the signal's reason on abort. What cannot run is told by `reasons`
 */
export async function canRun(source: Source, given: LoadOptions = {}): Promise<CanRun> {
  const options = readOptions("canRun", given, LOAD_OPTIONS);
  const reasons: string[] = [];
  const adapter = await adapterOf(options);
  if (!adapter)
    reasons.push("there is no WebGPU here: the browser has none, it is switched off, or there is no usable GPU");
  const folder = await openFolder(source, { ...options, cache: options.cache === "off" ? "off" : "read-only" });
  let [downloadBytes, cachedBytes, gpuBytes, pagedBytes, hostBytes] = [0, 0, 0, 0, 0];
  try {
    const backbone = await backboneOf(source, folder, options);
    const checkpoint = await Checkpoint.open(folder, options);
    const config = backbone.config(checkpoint);
    const entries = checkpoint.all();
    const table = checkpoint.find(TABLE);
    hostBytes = table ? byteLengthOf(table) : 0;
    const matrices = entries.filter((entry) => entry !== table);
    gpuBytes = matrices.reduce((sum, entry) => sum + bytesOnGpu(entry, options.dtype), 0);
    gpuBytes += 2 * config.numHiddenLayers * config.relativeSlots * config.hiddenSize * 4; // posK and posQ of every layer
    const { gpuMemoryLimit: limit = Infinity } = options;
    if (gpuBytes > limit) {
      const layers: number[] = [];
      let staged = 0;
      for (const entry of matrices) {
        const layer = layerOf(entry.name);
        if (layer === undefined) continue;
        layers[layer] = (layers[layer] ?? 0) + bytesOnGpu(entry, options.dtype);
        staged = Math.max(staged, byteLengthOf(entry));
      }
      const fixed = gpuBytes + staged - sum(layers);
      const first = firstToPage(layers, fixed, limit);
      gpuBytes = heldBytes(layers, fixed, first ?? 0);
      if (first !== undefined)
        pagedBytes = sum(matrices.filter(({ name }) => (layerOf(name) ?? -1) >= first).map(byteLengthOf));
      else
        reasons.push(
          `the weights need ${Math.ceil(gpuBytes)} bytes of GPU memory when layers take turns, gpuMemoryLimit is ${limit}`,
        );
    }
    const largest = Math.max(0, ...matrices.map((entry) => bytesOnGpu(entry, options.dtype)));
    const most = adapter && Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize);
    if (most !== undefined && largest > most)
      reasons.push(`one matrix needs ${largest} bytes, this device binds ${most}: try dtype "q8" or "f16"`);
    if (folder.isRemote) {
      const weights = await Promise.all([...new Set(entries.map(({ file }) => file))].map((file) => folder.open(file)));
      const vocabulary =
        (await backbone.tokenizer.open("spm.model")) ?? (await backbone.tokenizer.open("tokenizer.json"));
      for (const file of [...weights, vocabulary]) {
        downloadBytes += file?.size ?? 0;
        cachedBytes += file?.keptBytes ?? 0;
      }
    }
  } catch (error) {
    folder.refuse(error);
    if (!(error instanceof CheckpointError || error instanceof UnsupportedError)) throw error;
    reasons.push(error.message);
  } finally {
    folder.close();
  }
  const ok = reasons.length === 0;
  return {
    ok,
    availability: ok ? (downloadBytes > cachedBytes ? "downloadable" : "available") : "unavailable",
    reasons,
    downloadBytes,
    cachedBytes,
    gpuBytes: Math.ceil(gpuBytes),
    pagedBytes,
    hostBytes,
    features: adapter ? [...adapter.features].sort() : [],
    limits: adapter && {
      maxBufferSize: adapter.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
    },
  };
}

async function adapterOf({ device }: LoadOptions): Promise<Pick<GPUDevice, "features" | "limits"> | undefined> {
  if (device) return device;
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  return (await gpu?.requestAdapter({ powerPreference: "high-performance" })) ?? undefined;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Vectors stay f32; a quantised tensor's scales are counted with it. */
function bytesOnGpu(entry: WeightEntry, dtype: LoadOptions["dtype"] = "auto"): number {
  const count = elementCount(entry.shape) ?? 0;
  if (entry.shape.length < 2) return 4 * count;
  const held = "scales" in entry && !isKept(entry) ? 4 : (HELD[entry.dtype] ?? 4);
  return count * (ASKED[dtype] ?? held) + 4 * entry.shape[0]!;
}

/** Whether integers have the scales that they may have on the GPU: of a whole row, or in 4 bits halves for every 32. */
function isKept({ dtype, shape, scales }: QuantisedEntry): boolean {
  const parts = scales.shape[1] ?? 1;
  return dtype === "I8" ? parts === 1 : scales.dtype === "F16" && shape[1]! % (32 * parts) === 0;
}
