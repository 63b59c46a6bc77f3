// What calls of a model take, and what it says of its memory: at hand before the engine is.
import type { OptionTable } from "../../options.js";

/** Options of one call. */
export interface ForwardOptions {
  /** Stops the run between two submits; the call rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
  /** Told the share of a long run that is done, from 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

export const FORWARD_OPTIONS: OptionTable<ForwardOptions> = { signal: "object", onProgress: "function" };

/** Options of `inspect`. */
export interface InspectOptions {
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
  /** Whether the three terms of the scores are given apart: of all layers (true), or of some, by number. */
  readonly attentionTerms?: boolean | readonly number[];
}

export const INSPECT_OPTIONS: OptionTable<InspectOptions> = { signal: "object", attentionTerms: "boolean|array" };

/** What a model holds. */
export interface Memory {
  /** On the GPU: the sum of weights, slots, staging and plans. */
  readonly gpuBytes: number;
  /** How many buffers that is. */
  readonly buffers: number;
  /** In JavaScript: the embedding tables. */
  readonly hostBytes: number;
  /** Bytes of weights on the GPU. */
  readonly weights: number;
  /** Bytes of activations on the GPU: as much as recent requests needed. */
  readonly slots: number;
  /** Bytes of buffers for reading back. */
  readonly staging: number;
  /** Bytes of the parameters of cached plans. */
  readonly plans: number;
  /** Bytes of the embedding tables in JavaScript. */
  readonly tables: number;
  /**
   * What of `gpuBytes` and `hostBytes` other models hold, too: those of one checkpoint share its weights. Each counts all that it uses, and
   * the last to be disposed frees it.
   */
  readonly shared: {
    /** Bytes on the GPU. */
    readonly gpuBytes: number;
    /** Bytes of embedding tables in JavaScript. */
    readonly hostBytes: number;
  };
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
  shared: { gpuBytes: 0, hostBytes: 0 },
};
