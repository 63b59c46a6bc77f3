// What calls of a model take, and what it says of its memory: at hand before the engine is.
import type { OptionTable } from "../../options.js";

/** Options of one call. */
export interface ForwardOptions {
  readonly signal?: AbortSignal;
  /** Told the share of a long run that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export const FORWARD_OPTIONS: OptionTable<ForwardOptions> = { signal: "object", onProgress: "function" };

/** Options of `inspect`: true for the attention terms of all layers, or the layers. */
export interface InspectOptions {
  readonly signal?: AbortSignal;
  readonly attentionTerms?: boolean | readonly number[];
}

export const INSPECT_OPTIONS: OptionTable<InspectOptions> = { signal: "object", attentionTerms: "boolean|array" };

/** Bytes that a model holds, and the number of its GPU buffers. */
export interface Memory {
  /** On the GPU: the sum of weights, slots, staging and plans. */
  readonly gpuBytes: number;
  readonly buffers: number;
  /** In JavaScript: the embedding tables. */
  readonly hostBytes: number;
  /** Weights, activations, buffers for reading back, parameters of cached plans; embedding tables on the host. */
  readonly weights: number;
  readonly slots: number;
  readonly staging: number;
  readonly plans: number;
  readonly tables: number;
}

export const NO_MEMORY: Memory = {
  gpuBytes: 0,
  buffers: 0,
  hostBytes: 0,
  weights: 0,
  slots: 0,
  staging: 0,
  plans: 0,
  tables: 0,
};
