// The options of loading.
import { WEIGHTS_OPTIONS, type WeightsOptions } from "../../checkpoint/weights-options.js";
import type { Source } from "../../checkpoint/source.js";
import type { OptionTable } from "../../options.js";
import type { WeightsDType } from "./storage.js";

/** Options of every `fromPretrained` that loads weights. */
export interface LoadOptions extends WeightsOptions, BaseModelOptions {
  /** A device to share with other libraries; it is used, never destroyed. Default: one of the engine's own. */
  readonly device?: GPUDevice;
  /**
   * How weights lie on the GPU; sums and activations are f32. "auto" (default) keeps what the file holds and never changes a number.
   * "f32", "f16"; "q8": 8 bits, a scale for each output; "q4": 4 bits, a scale for each block of 32 inputs.
   */
  readonly dtype?: WeightsDType;
  /**
   * Most bytes of GPU memory that the weights may take; activations come on top. Where all weights need more, the last layers take turns in
   * two sets of buffers: each request reads them again, from what the browser keeps or else from the source, while earlier layers
   * run. Numbers are the same. UnsupportedError where not even two layers fit, or where a file cannot be read in parts.
   */
  readonly gpuMemoryLimit?: number;
  /**
   * Whether a device that is new to this page must first compute a small layer rightly (default true), which costs little more than
   * compiling what the model needs anyway. Where a driver is wrong: without what it gets wrong, or DeviceError.
   */
  readonly checkDevice?: boolean;
  /**
   * How the word table comes from a server. "whole" (the default): in the order of the file, whatever the texts are; a text waits
   * until its rows are here. "on-demand": only the rows that texts need are ever fetched, so **the server learns which words
   * they hold**: for a server of one's own.
   */
  readonly wordTable?: "whole" | "on-demand";
}

export const LOAD_OPTIONS: OptionTable<LoadOptions> = {
  ...WEIGHTS_OPTIONS,
  device: "object",
  dtype: "any",
  gpuMemoryLimit: "number",
  checkDevice: "boolean",
  wordTable: ["whole", "on-demand"],
  baseModel: "any",
};

/** Options of models whose checkpoint may lean on another repository. */
export interface BaseModelOptions {
  /** Where tokenizer and backbone config come from when the checkpoint has none; on the hub, the repository that it names. */
  readonly baseModel?: Source;
}
