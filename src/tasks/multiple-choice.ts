// Multiple choice: which of some texts goes on from a prompt. The pairs (prompt, choice) run packed.
import type { Tensor } from "../model/outputs.js";
import { type OptionTable, readOptions } from "../options.js";
import type { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import { softmax } from "./scores.js";
import { asTask, checkText, modelInputs, oneOrMany, type Loaded, type Task, type TaskModel } from "./task.js";

/** A prompt, and texts of which one goes on from it. */
export interface MultipleChoiceInput {
  /** What stands first in every pair. */
  readonly prompt: string;
  /** One text or more. */
  readonly choices: readonly string[];
}

/** Options of calls. */
export interface MultipleChoiceOptions {
  /** Stops the call, which rejects with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export const MULTIPLE_CHOICE_OPTIONS: OptionTable<MultipleChoiceOptions> = { signal: "object" };

/** One number a choice, in the order of the choices. */
export interface MultipleChoiceResult {
  /** The model's outputs. */
  readonly logits: number[];
  /** Probabilities: the logits' softmax. */
  readonly scores: number[];
}

/**
 * What `pipeline("multiple-choice")` gives.
 *
 * ```ts
 * const { scores } = await choose({ prompt: "When is it open?", choices: ["From nine.", "In Paris."] });
 * ```
 */
export interface Chooser {
  /** One question → its numbers. */
  (input: MultipleChoiceInput, options?: MultipleChoiceOptions): Promise<MultipleChoiceResult>;
  /** Several questions → a result for each; they may have unequally many choices. */
  (inputs: readonly MultipleChoiceInput[], options?: MultipleChoiceOptions): Promise<MultipleChoiceResult[]>;
}

/** What the task asks of a DebertaV2ForMultipleChoice. */
export interface MultipleChoiceModel extends TaskModel {
  forward(
    inputs: { inputIds: number[][][]; tokenTypeIds: number[][][] },
    options: { signal?: AbortSignal },
  ): Promise<{ logits: Tensor }>;
}

export function multipleChoice<Model extends MultipleChoiceModel>(
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: MultipleChoiceOptions = {},
): Chooser & Task<Model, DebertaV2TokenizerFast> {
  const { model, tokenizer } = loaded;

  async function run(
    input: MultipleChoiceInput | readonly MultipleChoiceInput[],
    options: MultipleChoiceOptions = {},
  ): Promise<MultipleChoiceResult | MultipleChoiceResult[]> {
    const { signal } = { ...defaults, ...readOptions("multiple-choice", options, MULTIPLE_CHOICE_OPTIONS) };
    // One run an input: the model takes batches of equally many choices only.
    return oneOrMany<MultipleChoiceInput, MultipleChoiceResult>(input, (inputs) =>
      Promise.all(inputs.map((each) => choose(each, signal))),
    );
  }

  async function choose(
    input: Partial<MultipleChoiceInput>,
    signal: AbortSignal | undefined,
  ): Promise<MultipleChoiceResult> {
    const { prompt, choices } = readOptions("multiple-choice", input, { prompt: "any", choices: "any" }, "field");
    checkText("multiple-choice", "prompt", prompt);
    if (!Array.isArray(choices) || choices.length === 0)
      throw new TypeError("multiple-choice: choices must be a list of one text or more");
    const pairs = choices.map((choice: unknown): [string, string] => {
      checkText("multiple-choice", "a choice", choice);
      return [prompt, choice];
    });
    const { inputIds, tokenTypeIds } = modelInputs(tokenizer.encodeBatch(pairs));
    const { logits } = await model.forward(
      { inputIds: [inputIds], tokenTypeIds: [tokenTypeIds] },
      signal ? { signal } : {},
    );
    return { logits: Array.from(logits.data), scores: softmax(logits.data) }; // logits: [1, choices]
  }

  return asTask(run as Chooser, loaded);
}
