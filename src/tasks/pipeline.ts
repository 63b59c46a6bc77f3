// pipeline(task, source, options): loads a model with its tokenizer and gives one async function. A new task is one line in
// each of the tables below.
import { type ModelFolder, openFolder } from "../checkpoint/folder.js";
import { SOURCE_OPTIONS, type Source } from "../checkpoint/source.js";
import { DebertaV2Config } from "../model/deberta/config.js";
import type { LoadOptions } from "../model/load/options.js";
import { DebertaV2Model, type DebertaV2PreTrainedModel, headLoader } from "../model/model.js";
import {
  DebertaV2ForMaskedLM,
  DebertaV2ForMultipleChoice,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  type MaskedLmOptions,
} from "../model/model-heads.js";
import { lazily } from "../lazy.js";
import { type OptionTable, pick, readOptions } from "../options.js";
import { TOKENIZER_OPTIONS, type TokenizerOptions } from "../tokenizer/settings.js";
import { DebertaV2TokenizerFast, FAST_TOKENIZER_OPTIONS } from "../tokenizer/tokenizer-fast.js";
import type { CrossEncoderSettings } from "./extraction/sentence-settings.js";
import type { SentenceTransformer } from "./extraction/sentence-transformer.js";
import type { EntityExtractionOptions, EntityExtractor } from "./extraction/entity-extraction.js";
import type { NvidiaClassifier } from "../model/extraction/nvidia.js";
import { isNvidiaConfig } from "../model/extraction/nvidia-config.js";
import type { GLiClassModel } from "../model/extraction/gliclass.js";
import { Fields } from "../model/extraction/fields.js";
import type { StructuredExtractionOptions, StructuredExtractor } from "./extraction/structured-extraction.js";
import type { GLiNERModel, GlinerOptions } from "../model/extraction/gliner.js";
import type { GLiNER2Model } from "../model/extraction/gliner2.js";
import type { FeatureExtractionOptions, FeatureExtractor } from "./feature-extraction.js";
import type { FillMaskOptions, MaskFiller } from "./fill-mask.js";
import type { Chooser, MultipleChoiceOptions } from "./multiple-choice.js";
import type { QuestionAnswerer, QuestionAnsweringOptions } from "./question-answering.js";
import type { RedactionOptions, Redactor } from "./redaction/redaction.js";
import type { Reranker, RerankOptions } from "./rerank.js";
import { isLoaded, type LoadedParts, OF_LOADED, shareLoaded } from "./loaded-parts.js";
import { loadTogether, type Loaded, type Task, type TaskModel } from "./task.js";
import {
  TEXT_CLASSIFICATION_OPTIONS,
  textClassification,
  type TextClassificationOptions,
  type TextClassifier,
} from "./text-classification.js";
import type { TokenClassificationOptions, TokenClassifier } from "./token-classification.js";
import type { ZeroShotClassifier, ZeroShotOptions } from "./zero-shot-classification.js";

/** How each task is called. */
export interface TaskFunctions {
  /** A label for a whole text, or for two that are read together. */
  "text-classification": TextClassifier;
  /** Which of any labels fits, by a model of entailment or GLiClass. */
  "zero-shot-classification": ZeroShotClassifier;
  /** Entities of the kinds that the model was trained on. */
  "token-classification": TokenClassifier;
  /** Personal data in the whole of a text, by a model and by rules. */
  redact: Redactor;
  /** The span of a context that answers a question. */
  "question-answering": QuestionAnswerer;
  /** The likeliest tokens for each `[MASK]`. */
  "fill-mask": MaskFiller;
  /** Which of some texts goes on from a prompt. */
  "multiple-choice": Chooser;
  /** A vector for each token, or for the whole text. */
  "feature-extraction": FeatureExtractor;
  /** Documents by their relevance to a query. */
  rerank: Reranker;
  /** Spans that are what any labels say (GLiNER, GLiNER2). */
  "entity-extraction": EntityExtractor;
  /** Entities, relations, records and classes by a schema (GLiNER2). */
  "structured-extraction": StructuredExtractor;
}

interface TaskModels {
  "text-classification": DebertaV2ForSequenceClassification | NvidiaClassifier;
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
  /** `topK`, `functionToApply`, `truncation`, `maxLength`, `windows`. */
  "text-classification": TextClassificationOptions;
  /** `hypothesisTemplate`, `multiLabel`; of GLiClass `threshold`, `prompt`, `examples`, `lstm`. */
  "zero-shot-classification": ZeroShotOptions & Pick<GlinerOptions, "lstm">;
  /** `aggregationStrategy`, `ignoreLabels`, `stride`. */
  "token-classification": TokenClassificationOptions;
  /** `rules`, `aggregationStrategy`, `ignoreLabels`, `stride`. */
  redact: RedactionOptions;
  /** `topK`, `docStride`, `maxSeqLen`, `maxAnswerLen`, `handleImpossibleAnswer`, `alignToWords`. */
  "question-answering": QuestionAnsweringOptions;
  /** `topK`, `targets`; when the pipeline is made `enhancedMaskDecoder`. */
  "fill-mask": FillMaskOptions & Pick<MaskedLmOptions, "enhancedMaskDecoder">;
  /** None beside `signal`. */
  "multiple-choice": MultipleChoiceOptions;
  /** `pooling`, `normalize`; with modules.json `promptName`, `prompt`. */
  "feature-extraction": FeatureExtractionOptions;
  /** `topK`, `activation`. */
  rerank: RerankOptions;
  /** `threshold`, `flatNer`, `multiLabel`, `returnClassProbs`, `chunkSize`, `chunkOverlap`; when the pipeline is made `lstm`. */
  "entity-extraction": EntityExtractionOptions & Pick<GlinerOptions, "lstm">;
  /** `threshold`, `includeConfidence`, `includeSpans`, `overlapPolicy`, `maxLen`, `chunkSize`, `chunkOverlap`. */
  "structured-extraction": StructuredExtractionOptions;
}

export type { LoadedParts };

type Make<Name extends keyof Pipelines> = (
  from: Source | LoadedParts,
  options: LoadOptions & TokenizerOptions & PipelineOptions[Name],
) => Promise<Pipelines[Name]>;

/** Text classification is at hand; the code of other tasks comes when it is asked for. */
const TASKS: { readonly [Name in keyof Pipelines]: Make<Name> } = {
  "text-classification": async (from, options) => {
    const usual = of(
      DebertaV2ForSequenceClassification,
      textClassification<DebertaV2ForSequenceClassification, DebertaV2TokenizerFast>,
      TEXT_CLASSIFICATION_OPTIONS,
    );
    if (isLoaded(from)) {
      if (from.model instanceof DebertaV2ForSequenceClassification) return usual(from, options);
      return (await lazily(() => import("./extraction/nvidia.js"))).nvidiaClassifierOf(from, options);
    }
    const folder = await openFolder(from, options);
    if (!isNvidiaConfig(await Fields.read(folder, "config.json", options.signal))) return usual(folder, options);
    return (await lazily(() => import("./extraction/nvidia.js"))).nvidiaClassifier(from, options);
  },
  "zero-shot-classification": async (from, options) => {
    const { zeroShotClassification, ZERO_SHOT_OPTIONS } = await lazily(() => import("./zero-shot-classification.js"));
    const byEntailment = of(
      DebertaV2ForSequenceClassification,
      zeroShotClassification<DebertaV2ForSequenceClassification>,
      ZERO_SHOT_OPTIONS,
    );
    if (isLoaded(from)) {
      if (from.model instanceof DebertaV2ForSequenceClassification) return byEntailment(from, options);
      return (await lazily(() => import("./extraction/gliclass.js"))).gliclassClassifierOf(from, options);
    }
    const folder = await openFolder(from, options);
    const config = await Fields.read(folder, "config.json", options.signal);
    if (config?.value("model_type") !== "GLiClass") return byEntailment(folder, options);
    return (await lazily(() => import("./extraction/gliclass.js"))).gliclassClassifier(from, options);
  },
  "token-classification": async (from, options) => {
    const { tokenClassification, TOKEN_CLASSIFICATION_OPTIONS } = await lazily(
      () => import("./token-classification.js"),
    );
    return of(DebertaV2ForTokenClassification, tokenClassification, TOKEN_CLASSIFICATION_OPTIONS)(from, options);
  },
  redact: async (from, options) => {
    const { redaction, REDACTION_OPTIONS } = await lazily(() => import("./redaction/redaction.js"));
    return of(DebertaV2ForTokenClassification, redaction, REDACTION_OPTIONS)(from, options);
  },
  "question-answering": async (from, options) => {
    const { questionAnswering, QUESTION_ANSWERING_OPTIONS } = await lazily(() => import("./question-answering.js"));
    return of(DebertaV2ForQuestionAnswering, questionAnswering, QUESTION_ANSWERING_OPTIONS)(from, options);
  },
  "fill-mask": async (from, options) => {
    const { fillMask, FILL_MASK_OPTIONS } = await lazily(() => import("./fill-mask.js"));
    return of(DebertaV2ForMaskedLM, fillMask, FILL_MASK_OPTIONS)(from, options);
  },
  "multiple-choice": async (from, options) => {
    const { multipleChoice, MULTIPLE_CHOICE_OPTIONS } = await lazily(() => import("./multiple-choice.js"));
    return of(DebertaV2ForMultipleChoice, multipleChoice, MULTIPLE_CHOICE_OPTIONS)(from, options);
  },
  "feature-extraction": async (from, options) => {
    const { featureExtraction, FEATURE_EXTRACTION_OPTIONS } = await lazily(() => import("./feature-extraction.js"));
    return of(DebertaV2Model, featureExtraction, FEATURE_EXTRACTION_OPTIONS, sentenceModules)(from, options);
  },
  rerank: async (from, options) => {
    const { rerank, RERANK_OPTIONS } = await lazily(() => import("./rerank.js"));
    return of(DebertaV2ForSequenceClassification, rerank, RERANK_OPTIONS, crossEncoder)(from, options);
  },
  "entity-extraction": async (from, options) => {
    const { entityExtractor, entityExtractorOf } = await lazily(() => import("./extraction/load-entities.js"));
    return isLoaded(from) ? entityExtractorOf(from, options) : entityExtractor(from, options);
  },
  "structured-extraction": async (from, options) => {
    const { structuredExtractor, structuredExtractorOf } = await lazily(() => import("./extraction/load-gliner2.js"));
    return isLoaded(from) ? structuredExtractorOf(from, options) : structuredExtractor(from, options);
  },
};

/**
 * Loads a model for a task. The result is an async function with `.model`, `.tokenizer` and `.dispose()`.
 *
 * ```ts
 * const classify = await pipeline("text-classification", "https://example.org/model/");
 * const [best] = await classify("wake me up at six"); // { label: "alarm", score: 0.91 }
 * ```
 *
 * @param source where the files are; or a loaded task or `{ model, tokenizer }`, whose model has the head that this task needs:
 *   nothing is loaded then, and what they hold is freed with the last that uses it
 * @param options those of loading, and defaults for the calls; its `signal` ends loading only
 * @throws as `fromPretrained` of models and tokenizers do; RangeError for a task that does not exist, TypeError for an option
 *   that does not exist or a loaded model with another head
 */
export async function pipeline<Name extends keyof Pipelines>(
  task: Name,
  source: Source | LoadedParts,
  options: LoadOptions & TokenizerOptions & PipelineOptions[Name] = {},
): Promise<Pipelines[Name]> {
  if (!Object.hasOwn(TASKS, task))
    throw new RangeError(`there is no task "${task}": the tasks are ${Object.keys(TASKS).join(", ")}`);
  return TASKS[task](source, options);
}

interface ModelClass<Model, Options> {
  new (engine: never): Model;
  readonly options: OptionTable<Options>;
  fromPretrained(source: Source, options: Options): Promise<unknown>;
}

/** Makes a task: `more` is what else of the folder it needs. */
type MakeTask<Model extends TaskModel, Options, More, Made> = (
  loaded: Loaded<Model, DebertaV2TokenizerFast>,
  defaults: Options,
  more: More | undefined,
) => Made;

/** How a task is made: load its model and the tokenizer, or take loaded ones; hand over the defaults for its calls. */
function of<
  Model extends DebertaV2PreTrainedModel,
  ModelOptions extends LoadOptions,
  Options extends object,
  Made,
  More,
>(
  Class: ModelClass<Model, ModelOptions>,
  makeTask: MakeTask<Model, Options, More, Made>,
  ofTask: OptionTable<Options>,
  more?: (folder: ModelFolder, options: LoadOptions & Options) => Promise<More>,
): (from: Source | LoadedParts, options: LoadOptions & TokenizerOptions & Options) => Promise<Made> {
  const all = { ...Class.options, ...TOKENIZER_OPTIONS, ...ofTask };
  const defaultsOf = (options: Options): Options => ({ ...pick(options, ofTask), signal: undefined });

  return async (from, given) => {
    if (isLoaded(from)) {
      const options = readOptions(OF_LOADED, given as Options, ofTask);
      return makeTask(shareLoaded<Model>(from, Class), defaultsOf(options), undefined);
    }
    const options = readOptions<LoadOptions & TokenizerOptions & Options>("pipeline", given, all as never);
    const { signal } = options;
    headLoader().catch(() => undefined); // code comes while files are looked for; a failure is the model's
    const folder = await openFolder(from, options); // one for both, so that each file is opened once
    const found = await more?.(folder, options);
    const loaded = await loadTogether(
      (either) => {
        const ofModel = { ...pick(options, Class.options), signal: either };
        return Class.fromPretrained(folder, ofModel) as Promise<Model>;
      },
      (either) => loadTokenizer(folder, { ...options, signal: either }),
      signal,
    );
    return makeTask(loaded, defaultsOf(options), found);
  };
}

/** What modules.json of a folder says, where it is asked for. */
async function sentenceModules(
  folder: ModelFolder,
  { pooling, signal }: LoadOptions & FeatureExtractionOptions,
): Promise<SentenceTransformer | undefined> {
  if (pooling !== "auto") return undefined;
  return (await lazily(() => import("./extraction/sentence-transformer.js"))).readSentenceTransformer(folder, signal);
}

/** What sentence-transformers wrote beside config.json. */
const crossEncoder = async (folder: ModelFolder, { signal }: LoadOptions): Promise<CrossEncoderSettings | undefined> =>
  (await lazily(() => import("./extraction/sentence-settings.js"))).readCrossEncoder(folder, signal);

async function loadTokenizer(source: Source, options: LoadOptions & TokenizerOptions): Promise<DebertaV2TokenizerFast> {
  try {
    return await DebertaV2TokenizerFast.fromPretrained(source, pick(options, FAST_TOKENIZER_OPTIONS));
  } catch (error) {
    // Where not even a config.json lies, that says more than a missing vocabulary.
    await DebertaV2Config.fromPretrained(source, pick(options, SOURCE_OPTIONS));
    throw error;
  }
}
