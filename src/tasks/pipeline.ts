// pipeline(task, source, options): loads a model with its tokenizer and gives one async function. A new task is one line in
// each of the tables below.
import { openFolder } from "../checkpoint/folder.js";
import type { Source } from "../checkpoint/source.js";
import { DebertaV2Config } from "../model/deberta/config.js";
import type { LoadOptions } from "../model/load/options.js";
import { DebertaV2Model } from "../model/model.js";
import {
  DebertaV2ForMaskedLM,
  DebertaV2ForMultipleChoice,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  type MaskedLmOptions,
} from "../model/model-heads.js";
import { DebertaV2TokenizerFast } from "../tokenizer/tokenizer-fast.js";
import type { EntityExtractionOptions, EntityExtractor } from "./extraction/entity-extraction.js";
import type { GLiClassModel } from "../model/extraction/gliclass.js";
import { Fields } from "../model/extraction/fields.js";
import type { StructuredExtractionOptions, StructuredExtractor } from "./extraction/structured-extraction.js";
import type { GLiNERModel, GlinerOptions } from "../model/extraction/gliner.js";
import type { GLiNER2Model } from "../model/extraction/gliner2.js";
import { featureExtraction, type FeatureExtractionOptions, type FeatureExtractor } from "./feature-extraction.js";
import { fillMask, type FillMaskOptions, type MaskFiller } from "./fill-mask.js";
import { multipleChoice, type Chooser, type MultipleChoiceOptions } from "./multiple-choice.js";
import { questionAnswering, type QuestionAnswerer, type QuestionAnsweringOptions } from "./question-answering.js";
import { redaction, type RedactionOptions, type Redactor } from "./redaction/redaction.js";
import { rerank, type Reranker, type RerankOptions } from "./rerank.js";
import { loadTogether, type Loaded, type Task, type TaskModel } from "./task.js";
import { textClassification, type TextClassificationOptions, type TextClassifier } from "./text-classification.js";
import { tokenClassification, type TokenClassificationOptions, type TokenClassifier } from "./token-classification.js";
import { zeroShotClassification, type ZeroShotClassifier, type ZeroShotOptions } from "./zero-shot-classification.js";

/** How each task is called. */
export interface TaskFunctions {
  "text-classification": TextClassifier;
  "zero-shot-classification": ZeroShotClassifier;
  "token-classification": TokenClassifier;
  redact: Redactor;
  "question-answering": QuestionAnswerer;
  "fill-mask": MaskFiller;
  "multiple-choice": Chooser;
  "feature-extraction": FeatureExtractor;
  rerank: Reranker;
  "entity-extraction": EntityExtractor;
  "structured-extraction": StructuredExtractor;
}

interface TaskModels {
  "text-classification": DebertaV2ForSequenceClassification;
  "zero-shot-classification": DebertaV2ForSequenceClassification | GLiClassModel;
  "token-classification": DebertaV2ForTokenClassification;
  redact: DebertaV2ForTokenClassification;
  "question-answering": DebertaV2ForQuestionAnswering;
  "fill-mask": DebertaV2ForMaskedLM;
  "multiple-choice": DebertaV2ForMultipleChoice;
  "feature-extraction": DebertaV2Model;
  rerank: DebertaV2ForSequenceClassification;
  "entity-extraction": GLiNERModel | GLiNER2Model;
  "structured-extraction": GLiNER2Model;
}

/** What `pipeline` gives for each task. */
export type Pipelines = {
  [Name in keyof TaskFunctions]: TaskFunctions[Name] & Task<TaskModels[Name], DebertaV2TokenizerFast>;
};

/** Each task's options, beside those of loading. */
export interface PipelineOptions {
  "text-classification": TextClassificationOptions;
  "zero-shot-classification": ZeroShotOptions & Pick<GlinerOptions, "lstm">;
  "token-classification": TokenClassificationOptions;
  redact: RedactionOptions;
  "question-answering": QuestionAnsweringOptions;
  "fill-mask": FillMaskOptions & Pick<MaskedLmOptions, "enhancedMaskDecoder">;
  "multiple-choice": MultipleChoiceOptions;
  "feature-extraction": FeatureExtractionOptions;
  rerank: RerankOptions;
  "entity-extraction": EntityExtractionOptions & Pick<GlinerOptions, "lstm">;
  "structured-extraction": StructuredExtractionOptions;
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
  "zero-shot-classification": async (source, options) => {
    const folder = await openFolder(source, options);
    const config = await Fields.read(folder, "config.json", options.signal);
    if (config?.value("model_type") === "GLiClass")
      return (await import("./extraction/gliclass.js")).gliclassClassifier(source, options);
    const make = of(
      (...from: Parameters<typeof loadClassifier>) => loadClassifier(...from),
      zeroShotClassification<DebertaV2ForSequenceClassification>,
    );
    return make(folder, options);
  },
  "token-classification": of((...from) => DebertaV2ForTokenClassification.fromPretrained(...from), tokenClassification),
  redact: of((...from) => DebertaV2ForTokenClassification.fromPretrained(...from), redaction),
  "question-answering": of((...from) => DebertaV2ForQuestionAnswering.fromPretrained(...from), questionAnswering),
  "fill-mask": of((...from) => DebertaV2ForMaskedLM.fromPretrained(...from), fillMask),
  "multiple-choice": of((...from) => DebertaV2ForMultipleChoice.fromPretrained(...from), multipleChoice),
  "feature-extraction": async (source, options) => {
    const folder = await openFolder(source, options);
    const sentences =
      options.pooling === "auto"
        ? await (await import("./extraction/sentence-transformer.js")).readSentenceTransformer(folder, options.signal)
        : undefined;
    const make = of<DebertaV2Model, FeatureExtractionOptions, Pipelines["feature-extraction"]>(
      (...from) => DebertaV2Model.fromPretrained(...from),
      (loaded, defaults) => featureExtraction(loaded, defaults, sentences),
    );
    return make(folder, options);
  },
  rerank: of((...from) => DebertaV2ForSequenceClassification.fromPretrained(...from), rerank),
  // Models for extraction come when they are asked for: most pages have none.
  "entity-extraction": async (source, options) =>
    (await import("./extraction/load-entities.js")).entityExtractor(source, options),
  "structured-extraction": async (source, options) =>
    (await import("./extraction/load-gliner2.js")).structuredExtractor(source, options),
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

const loadClassifier = (source: Source, options: LoadOptions): Promise<DebertaV2ForSequenceClassification> =>
  DebertaV2ForSequenceClassification.fromPretrained(source, options);

/** How a task is made: load its model and the tokenizer, hand over the defaults for its calls. */
function of<Model extends TaskModel, Options, Made>(
  loadModel: (source: Source, options: LoadOptions) => Promise<Model>,
  make: (loaded: Loaded<Model, DebertaV2TokenizerFast>, defaults: Omit<Options, "signal">) => Made,
): (source: Source, options: LoadOptions & Options) => Promise<Made> {
  return async (source, options) => {
    const { signal, ...defaults } = options;
    const folder = await openFolder(source, options); // one for both, so that each file is opened once
    const loaded = await loadTogether(
      (either) => loadModel(folder, { ...options, signal: either }),
      (either) => loadTokenizer(folder, { ...options, signal: either }),
      signal,
    );
    return make(loaded, defaults);
  };
}

async function loadTokenizer(source: Source, options: LoadOptions): Promise<DebertaV2TokenizerFast> {
  try {
    return await DebertaV2TokenizerFast.fromPretrained(source, options);
  } catch (error) {
    // Where not even a config.json lies, that says more than a missing vocabulary.
    await DebertaV2Config.fromPretrained(source, options);
    throw error;
  }
}
