// Quantised tensors in safetensors, named as compressed-tensors names them, so that a file says by itself what it holds:
// - 8 bits: `x` I8 [rows, …] and `x_scale` [rows, 1], a scale for each row of the file
// - 4 bits: `x_packed` I32 [rows, columns / 8], eight to a word, lowest first, each plus 8; `x_scale` [rows, columns / each];
//   `x_shape` repeats the shape
import { CheckpointError, quote } from "../errors.js";
import type { TensorEntry } from "./tensor-entry.js";

/** A tensor of integers and the scales that they are multiplied by. */
export interface QuantisedEntry extends Omit<TensorEntry, "dtype"> {
  readonly dtype: "I8" | "I4";
  /** [rows, n]: each of a row's n parts of equal length has a scale. */
  readonly scales: TensorEntry;
}

/** A tensor of weights as it lies in a file. */
export type WeightEntry = TensorEntry | QuantisedEntry;

const SCALE_TYPES: readonly string[] = ["F32", "F16", "BF16"];

/**
 * Joins integers with their scales, under the name of the tensor that both make.
 * @throws CheckpointError when scales do not fit their tensor
 */
export function joinQuantised(entries: ReadonlyMap<string, TensorEntry>): ReadonlyMap<string, WeightEntry> {
  const joined = new Map<string, WeightEntry>(entries);
  for (const [name, scales] of entries) {
    if (!name.endsWith("_scale")) continue;
    const base = name.slice(0, -"_scale".length);
    const bytes = entries.get(base);
    const words = entries.get(`${base}_packed`);
    if (bytes?.dtype === "I8") joined.set(base, checked({ ...bytes, dtype: "I8", scales }, 1));
    else if (words?.dtype === "I32") {
      const columns = 8 * (words.shape[1] ?? 0);
      joined.set(
        base,
        checked({ ...words, name: base, dtype: "I4", shape: [words.shape[0] ?? 0, columns], scales }, 8),
      );
      joined.delete(`${base}_packed`);
      joined.delete(`${base}_shape`);
    } else continue;
    joined.delete(name);
  }
  return joined;
}

function checked(entry: QuantisedEntry, least: number): QuantisedEntry {
  const { name, file, shape, scales } = entry;
  const [rows = 0, parts = 1] = scales.shape;
  const columns = shape.slice(1).reduce((product, size) => product * size, 1);
  const fits = rows === shape[0] && scales.shape.length <= 2 && parts > 0 && columns % (parts * least) === 0;
  if (!fits || !SCALE_TYPES.includes(scales.dtype))
    throw new CheckpointError(
      `${file}: ${quote(scales.name)} ${scales.dtype} [${scales.shape.join(", ")}] are no scales for ${quote(name)} [${shape.join(", ")}]`,
    );
  return entry;
}
