// The shape all tasks share: a model and its tokenizer loaded together, an async function to call, one dispose.
import type { Encoding, EncodeOptions } from "../tokenizer/encoding.js";

/** What a task asks of a tokenizer; both classes of ../tokenizer have it. */
export interface TaskTokenizer {
  /** How many tokens the model was made for; Infinity where nothing says. */
  readonly modelMaxLength: number;
  encodeBatch(texts: readonly (string | readonly [string, string])[], options?: EncodeOptions): Encoding[];
}

/** What a task asks of a model: to be freed. */
export interface TaskModel {
  dispose(): void | Promise<void>;
}

/** A model with its tokenizer; the task that is made of them owns the model. */
export interface Loaded<Model extends TaskModel, Tokenizer extends TaskTokenizer = TaskTokenizer> {
  readonly model: Model;
  readonly tokenizer: Tokenizer;
}

/** What every task has beside being callable. */
export interface Task<Model extends TaskModel, Tokenizer extends TaskTokenizer = TaskTokenizer> extends Loaded<
  Model,
  Tokenizer
> {
  /** Frees the model's memory on the GPU. May be called twice; calls of the task afterwards reject with DisposedError. */
  dispose(): void | Promise<void>;
  [Symbol.dispose](): void;
}

/** Gives a task's function its model, tokenizer and dispose. */
export function asTask<Run extends object, Model extends TaskModel, Tokenizer extends TaskTokenizer>(
  run: Run,
  { model, tokenizer }: Loaded<Model, Tokenizer>,
): Run & Task<Model, Tokenizer> {
  const dispose = (): void | Promise<void> => model.dispose();
  return Object.assign(run, { model, tokenizer, dispose, [Symbol.dispose]: () => void dispose() });
}

/**
 * Loads model and tokenizer side by side. When one fails, the other is stopped, or freed if it is already there, and the
 * first error is thrown: a failed load leaves nothing behind.
 */
export async function loadTogether<Model extends TaskModel, Tokenizer extends TaskTokenizer>(
  loadModel: (signal: AbortSignal) => Promise<Model>,
  loadTokenizer: (signal: AbortSignal) => Promise<Tokenizer>,
  signal?: AbortSignal,
): Promise<Loaded<Model, Tokenizer>> {
  const failure = new AbortController();
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  const stopOther = (error: unknown): never => {
    failure.abort(error);
    throw error;
  };
  const [model, tokenizer] = await Promise.allSettled([
    loadModel(either).catch(stopOther),
    loadTokenizer(either).catch(stopOther),
  ]);
  if (model.status === "fulfilled" && tokenizer.status === "fulfilled")
    return { model: model.value, tokenizer: tokenizer.value };
  if (model.status === "fulfilled") await model.value.dispose();
  throw failure.signal.reason;
}

/** Runs a task's batch function on one input or on many: an array in, an array out; an empty one asks nothing of the model. */
export async function oneOrMany<Input, Output>(
  input: Input | readonly Input[],
  run: (inputs: readonly Input[]) => Promise<Output[]>,
): Promise<Output | Output[]> {
  if (!Array.isArray(input)) return (await run([input as Input]))[0]!;
  return input.length === 0 ? [] : run(input as readonly Input[]);
}

/** Encoded texts as a model takes them: rows of different length, nothing padded. */
export function modelInputs(encodings: readonly Encoding[]): { inputIds: number[][]; tokenTypeIds: number[][] } {
  return { inputIds: encodings.map(({ ids }) => ids), tokenTypeIds: encodings.map(({ typeIds }) => typeIds) };
}

/** What was given instead of what a task takes, for a message. */
export function kindOf(input: unknown): string {
  if (input === null) return "null";
  return Array.isArray(input) ? "an array" : typeof input;
}

/** Throws a TypeError unless a caller gave a text. */
export function checkText(task: string, what: string, value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError(`${task}: ${what} must be a text, not ${kindOf(value)}`);
}
