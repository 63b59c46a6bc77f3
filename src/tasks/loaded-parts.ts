// A task of what another one has loaded: its model is shared, its tokenizer used as it is.
import { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import type { Loaded, TaskModel } from "./task.js";

/** What is loaded already: a task, or a model with its tokenizer. */
export interface LoadedParts {
  /** A model that has the head that the task needs. */
  readonly model: object;
  /** A `DebertaV2TokenizerFast`. */
  readonly tokenizer: object;
}

/** What is called, in messages about its options. */
export const OF_LOADED = "pipeline of a loaded model";

/** Whether something was loaded already: a source has no model. */
export const isLoaded = (from: unknown): from is LoadedParts =>
  from !== null && (typeof from === "object" || typeof from === "function") && "model" in from && "tokenizer" in from;

/**
 * Shares a loaded model of a class.
 * @throws TypeError for a model with another head or a tokenizer that no task has
 */
export function shareLoaded<Model extends TaskModel & { share(): Model }>(
  { model, tokenizer }: LoadedParts,
  Class: { readonly prototype: Model },
): Loaded<Model, DebertaV2TokenizerFast> {
  if (!(model instanceof (Class as unknown as abstract new () => Model)))
    throw new TypeError("the loaded model has another head than this task needs");
  if (!(tokenizer instanceof DebertaV2TokenizerFast))
    throw new TypeError("the tokenizer of a task is a DebertaV2TokenizerFast");
  return { model: model.share(), tokenizer };
}
