// How a file holds a weight: TensorFlow's kernels lie the other way round than torch's.
import { isReversed } from "../../checkpoint/tensorflow.js";
import type { TensorEntry } from "../../checkpoint/tensor-entry.js";
import type { FileLayout } from "../../kernels/pack-weights.js";

/** How the file holds what torch would hold in `layout`. */
export function layoutInFile(entry: Pick<TensorEntry, "name" | "shape">, layout: FileLayout): FileLayout {
  if (!isReversed(entry)) return layout;
  return layout.kind === "conv" ? { ...layout, kind: "convTransposed" } : { kind: "transposed" };
}
