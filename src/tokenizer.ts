// The entry `deberta-webgpu/tokenizer`: both tokenizers, usable without WebGPU in pages, workers and Node.
export type { Encoding, EncodeOptions, Side, TruncationStrategy } from "./tokenizer/encoding.js";
export type { DecodeOptions, TextInput, TextOrPair, VocabularyFile } from "./tokenizer/base-tokenizer.js";
export type { TokenizerOptions } from "./tokenizer/settings.js";
export { DebertaV2Tokenizer, type SlowTokenizerOptions } from "./tokenizer/tokenizer.js";
export { DebertaV2TokenizerFast, type FastTokenizerOptions } from "./tokenizer/tokenizer-fast.js";
