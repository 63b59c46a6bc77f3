// The sizes of a model as the kernels see them: every axis padded to a multiple of 4 with zeros, every head by itself.
// Zeros stay zeros or meet zero rows in the next matrix; only LayerNorm knows the true size, and read-back cuts padding off.
import { padded } from "../../kernels/kernel.js";
import type { PaddedAxis } from "../../kernels/pack-weights.js";
import type { DebertaV2Config } from "./config.js";

/** An axis that is one group. */
export function plainAxis(size: number): PaddedAxis {
  return { size, group: size, padded: padded(size, 4) };
}

/** The hidden axis seen as heads, each padded by itself. */
export function headAxis({ hiddenSize, headSize }: DebertaV2Config): PaddedAxis {
  return { size: hiddenSize, group: headSize, padded: padded(headSize, 4) };
}

/** The axis of a vector that has no inputs: biases, gamma, beta. */
export const NO_AXIS: PaddedAxis = { size: 1, group: 1, padded: 1 };

/** Padded head size. */
export function headWidth({ headSize }: DebertaV2Config): number {
  return padded(headSize, 4);
}

/** H · padded head size: columns of query, key, value and context each. */
export function headsWidth(config: DebertaV2Config): number {
  return config.numAttentionHeads * headWidth(config);
}
