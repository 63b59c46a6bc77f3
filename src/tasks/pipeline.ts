// pipeline(task, source, options): loads a model with its tokenizer and gives one async function. A new task is one line in
// each of the three tables below.
import type { Source } from "../checkpoint/folder.js";
import { DebertaV2Config } from "../model/config.js";
import type { LoadOptions } from "../model/load.js";
import { DebertaV2ForSequenceClassification } from "../model/model-heads.js";
import { DebertaV2Tokenizer } from "../tokenizer/tokenizer.js";
import { loadTogether, type Loaded, type Task, type TaskModel } from "./task.js";
import { textClassification, type TextClassificationOptions, type TextClassifier } from "./text-classification.js";

/** How each task is called. */
export interface TaskFunctions {
  "text-classification": TextClassifier;
}

/** What `pipeline` gives for each task. */
export interface Pipelines {
  "text-classification": TaskFunctions["text-classification"] &
    Task<DebertaV2ForSequenceClassification, DebertaV2Tokenizer>;
}

/** Each task's options, beside those of loading. */
export interface PipelineOptions {
  "text-classification": TextClassificationOptions;
}

type Make<Name extends keyof Pipelines> = (
  source: Source,
  options: LoadOptions & PipelineOptions[Name],
) => Promise<Pipelines[Name]>;

const TASKS: { readonly [Name in keyof Pipelines]: Make<Name> } = {
  "text-classification": of(
    (...from) => DebertaV2ForSequenceClassification.fromPretrained(...from),
    textClassification,
  ),
};

/**
 * Loads a model for a task. The result is an async function with `.model`, `.tokenizer` and `.dispose()`.
 *
 * ```ts
 * const classify = await pipeline("text-classification", "https://example.org/model/");
 * const [best] = await classify("wake me up at six"); // { label: "alarm", score: 0.84 }
 * ```
 *
 * @param options those of loading, and defaults for the calls; its `signal` ends loading only
 * @throws as `fromPretrained` of models and tokenizers do; RangeError for a task that does not exist
 */
export async function pipeline<Name extends keyof Pipelines>(
  task: Name,
  source: Source,
  options: LoadOptions & PipelineOptions[Name] = {},
): Promise<Pipelines[Name]> {
  if (!Object.hasOwn(TASKS, task))
    throw new RangeError(`there is no task "${task}": the tasks are ${Object.keys(TASKS).join(", ")}`);
  return TASKS[task](source, options);
}

/** How a task is made: load its model and the tokenizer, hand over the defaults for its calls. */
function of<Model extends TaskModel, Options, Made>(
  loadModel: (source: Source, options: LoadOptions) => Promise<Model>,
  make: (loaded: Loaded<Model, DebertaV2Tokenizer>, defaults: Omit<Options, "signal">) => Made,
): (source: Source, options: LoadOptions & Options) => Promise<Made> {
  return async (source, options) => {
    const { signal, ...defaults } = options;
    const loaded = await loadTogether(
      (either) => loadModel(source, { ...options, signal: either }),
      (either) => loadTokenizer(source, { ...options, signal: either }),
      signal,
    );
    return make(loaded, defaults);
  };
}

async function loadTokenizer(source: Source, options: LoadOptions): Promise<DebertaV2Tokenizer> {
  try {
    return await DebertaV2Tokenizer.fromPretrained(source, options);
  } catch (error) {
    // Where not even a config.json lies, that says more than a missing vocabulary.
    await DebertaV2Config.fromPretrained(source, options);
    throw error;
  }
}
