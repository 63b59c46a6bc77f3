// A task's run with what the line under a result tells: how long it took, how many tokens, how much memory.
import type { Pipeline } from "./use-model.js";

/** What a screen needs of a loaded task beside calling it. */
export interface EnginePipe extends Pipeline {
  readonly model: { memory(): Promise<{ gpuBytes: number; buffers: number }> };
  readonly tokenizer: {
    encodeBatch(texts: readonly (string | readonly [string, string])[]): Promise<readonly { ids: readonly number[] }[]>;
  };
}

export interface Measured<Input, Result> {
  readonly input: Input;
  readonly value: Result;
  readonly milliseconds: number;
  /** Of each sequence that the model read, special tokens included. */
  readonly tokens: readonly number[];
  readonly gpuBytes: number;
  readonly buffers: number;
}

/** @param texts what of the input the model reads, as texts or pairs */
export async function measured<Input, Result>(
  pipe: EnginePipe,
  input: Input,
  texts: readonly (string | readonly [string, string])[],
  run: () => Promise<Result>,
): Promise<Measured<Input, Result>> {
  const started = performance.now();
  const value = await run();
  const milliseconds = performance.now() - started;
  const [encodings, memory] = await Promise.all([pipe.tokenizer.encodeBatch(texts), pipe.model.memory()]);
  return { input, value, milliseconds, tokens: encodings.map(({ ids }) => ids.length), ...memory };
}
