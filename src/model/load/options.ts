// The options of loading.
import type { SourceOptions } from "../../checkpoint/folder.js";

/** Options of every `fromPretrained` that loads weights. */
export interface LoadOptions extends SourceOptions {
  /** A device to share with other libraries; it is used, never destroyed. Default: one of the engine's own. */
  readonly device?: GPUDevice;
  /** How weights are kept on the GPU. "auto" and "f32" today. */
  readonly dtype?: "auto" | "f32" | "f16" | "q8" | "q4";
  /** Most bytes of GPU memory that the weights may take. */
  readonly gpuMemoryLimit?: number;
}
