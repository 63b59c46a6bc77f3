// Which layers stay on the GPU and which take turns, where `gpuMemoryLimit` is below what all weights need. Pure.

/** The layer of a resident, or of a tensor as PyTorch and TensorFlow spell it. */
export function layerOf(name: string): number | undefined {
  const [, layer] = /\bencoder[./]layer(?:\.|_\._)(\d+)[./]/.exec(name) ?? [];
  return layer === undefined ? undefined : Number(layer);
}

/** Layers take turns in so many sets of buffers: one runs while the next arrives. */
export const SETS = 2;

/** What the GPU must hold when the layers from `first` on take turns. `layers`: bytes of each; `fixed`: of everything else. */
export function heldBytes(layers: readonly number[], fixed: number, first: number): number {
  const staying = layers.slice(0, first).reduce((sum, bytes) => sum + bytes, fixed);
  return staying + SETS * Math.max(0, ...layers.slice(first));
}

/** The first layer that takes turns, so that as many as the limit allows stay; undefined where not even two sets fit. */
export function firstToPage(layers: readonly number[], fixed: number, limit: number): number | undefined {
  for (let first = layers.length - SETS - 1; first >= 0; first--)
    if (heldBytes(layers, fixed, first) <= limit) return first;
  return undefined;
}
