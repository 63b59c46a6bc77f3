// How each weight lies on the GPU: what the file holds ("auto") or what was asked for. Only matrices that nothing but products
// read may be packed; a graph is built with all of them in f32 and then told (Graph.store), so that architectures need not know.
import type { WeightEntry } from "../../checkpoint/quantised.js";
import type { PackedType } from "../../kernels/kernel.js";
import { type FileScales, keepsIntegers } from "../../kernels/pack-weights.js";
import type { Graph } from "../../runtime/graph.js";
import type { ResidentSpec } from "../deberta/layers.js";
import { layoutInFile } from "./file-layout.js";

export const WEIGHT_TYPES = ["auto", "f32", "f16", "q8", "q4"] as const;

/** `dtype` of the loading options. */
export type WeightsDType = (typeof WEIGHT_TYPES)[number];

/** What is not f32, by the resident's name. */
export type Storage = ReadonlyMap<string, PackedType>;

/** Types of a file that are kept as they are. */
const SAME: Readonly<Record<string, PackedType>> = { F16: "f16", BF16: "bf16", I8: "q8", I4: "q4" };

/** The residents of some graphs that every node reads as the operand that it can unpack. */
function packable(graphs: readonly Graph[]): Set<string> {
  const names = new Set(graphs.flatMap(({ residents }) => residents.map(({ name }) => name)));
  for (const { nodes, outputs } of graphs) {
    for (const { kernel, inputs } of nodes)
      inputs.forEach((value, i) => {
        if (value.kind === "resident" && kernel.operands[i] !== kernel.packs) names.delete(value.name);
      });
    // What the host reads back is numbers.
    for (const value of outputs.values()) if (value.kind === "resident") names.delete(value.name);
  }
  return names;
}

/** Chooses for every resident that the graphs need. */
export function chooseStorage(
  dtype: WeightsDType,
  graphs: readonly Graph[],
  specs: Iterable<ResidentSpec>,
  find: (tensor: string) => WeightEntry,
): Storage {
  const storage = new Map<string, PackedType>();
  if (dtype === "f32") return storage;
  const candidates = packable(graphs);
  for (const { name, parts } of specs) {
    if (!candidates.has(name) || parts.length === 0) continue;
    const packed = dtype === "auto" ? asInFile(parts, find) : dtype;
    // Four bits cost the conv layer's few weights and the vocabulary's many rows more than they save.
    const isDelicate = parts.some(({ layout, rows }) => rows !== undefined || layout.kind.startsWith("conv"));
    if (packed) storage.set(name, packed === "q4" && dtype === "q4" && isDelicate ? "q8" : packed);
  }
  return storage;
}

/** A resident as it lies on the device. */
export function stored(spec: ResidentSpec, storage: Storage): ResidentSpec {
  const dtype = storage.get(spec.name);
  return dtype ? spec.as({ ...spec.type, dtype }) : spec;
}

/** The type that tensors side by side share; undefined where no packed type holds them all unchanged. */
function asInFile(parts: ResidentSpec["parts"], find: (tensor: string) => WeightEntry): PackedType | undefined {
  const [type, ...others] = new Set(parts.map(({ tensor }) => find(tensor).dtype));
  const isKept = parts.every(({ tensor, layout, input }) => {
    const entry = find(tensor);
    if (!("scales" in entry)) return true;
    const { shape, scales, dtype } = entry;
    const row = shape.slice(1).reduce((product, size) => product * size, 1);
    const each = row / (scales.shape[1] ?? 1);
    return keepsIntegers(dtype, layoutInFile(entry, layout), input, {
      dtype: scales.dtype as FileScales["dtype"],
      row,
      each,
    });
  });
  return others.length === 0 && isKept ? SAME[type!] : undefined;
}
