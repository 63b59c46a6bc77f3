// deberta-webgpu/checkpoint: the files of a model and the places of its tensors, without WebGPU; in pages, workers and Node.
export { openFolder } from "./checkpoint/folder.js";
export type { ModelFolder } from "./checkpoint/folder.js";
export type { Phase, Progress, Step } from "./checkpoint/progress.js";
export type { Source, SourceOptions } from "./checkpoint/source.js";
export type { ByteSource, Folder, NamedSource } from "./checkpoint/byte-source.js";
export { cachedModels, clearCache, deleteCachedModel, type CachedModel } from "./checkpoint/cache/models.js";
export { openWeights } from "./checkpoint/shards.js";
export type { FileDType, TensorEntry } from "./checkpoint/shards.js";
export type { WeightsOptions } from "./checkpoint/weights-options.js";
export { readRows } from "./checkpoint/rows.js";
export { stream } from "./checkpoint/stream.js";
export type { Piece, StreamOptions } from "./checkpoint/stream.js";
export { CheckpointError, UnsupportedError } from "./errors.js";
export { shrinkWeights } from "./checkpoint/shrink.js";
export type { ByteSink, ShrinkOptions, Shrunk, ShrunkType } from "./checkpoint/shrink.js";
