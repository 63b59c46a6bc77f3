// The public API as a list. See the README for a tour and docs/architecture.md for how the parts fit.
import "./ambient.js";
export { CheckpointError, DeviceError, DisposedError, UnsupportedError } from "./errors.js";
export type { CheckpointReason } from "./errors.js";
export {
  cachedModels,
  canRun,
  clearCache,
  DebertaV2Tokenizer,
  deleteCachedModel,
  GLiNERModel,
  hashesOf,
  selfTest,
} from "./on-demand.js";
export type { CachedModel } from "./checkpoint/cache/models.js";
export type { ByteSource, Folder } from "./checkpoint/byte-source.js";
export type { Phase, Progress } from "./checkpoint/progress.js";
export type { Source, SourceOptions } from "./checkpoint/source.js";
export type { CanRun } from "./model/can-run.js";
export type { GliclassInputs, GliclassOutput, GLiClassModel } from "./model/extraction/gliclass.js";
export type { GlinerInputs, GlinerOptions, GlinerOutput } from "./model/extraction/gliner.js";
export type {
  Gliner2Inputs,
  GLiNER2Model,
  Gliner2Output,
  SchemaColumns,
  SchemaScores,
} from "./model/extraction/gliner2.js";
export type { NvidiaClassifier, NvidiaOutput } from "./model/extraction/nvidia.js";
export { DebertaV2Config } from "./model/deberta/config.js";
export type { ModelInputs } from "./model/inputs/types.js";
export type { LoadOptions } from "./model/load/options.js";
export { DebertaV2Model, DebertaV2PreTrainedModel } from "./model/model.js";
export {
  DebertaV2ForMaskedLM,
  DebertaV2ForMultipleChoice,
  DebertaV2ForQuestionAnswering,
  DebertaV2ForSequenceClassification,
  DebertaV2ForTokenClassification,
  type MaskedLmOptions,
} from "./model/model-heads.js";
export type {
  BaseModelOutput,
  MaskedLMOutput,
  ModelOutput,
  MultipleChoiceModelOutput,
  QuestionAnsweringModelOutput,
  SequenceClassifierOutput,
  Tensor,
  TokenClassifierOutput,
} from "./model/outputs.js";
export type { ForwardOptions, InspectOptions, Memory } from "./model/run/calls.js";
export type { CaseResult } from "./self-test/case.js";
export type { SelfTestOptions, SelfTestReport } from "./self-test/self-test.js";
export type { StepTime } from "./runtime/profile.js";
export { pipeline, type PipelineOptions, type Pipelines, type TaskFunctions } from "./tasks/pipeline.js";
export type {
  EntityExtractionOptions,
  EntityExtractor,
  ExtractedEntity,
} from "./tasks/extraction/entity-extraction.js";
export type { LabelInput, Labels } from "./tasks/extraction/labels.js";
export type { OverlapPolicy } from "./tasks/extraction/overlaps.js";
export type {
  ClassificationField,
  EntityField,
  ExtractionSchema,
  RelationField,
  StructureField,
} from "./tasks/extraction/schema.js";
export type { StructuredExtractionOptions, StructuredExtractor } from "./tasks/extraction/structured-extraction.js";
export type {
  ExtractedClass,
  ExtractedField,
  ExtractedRelation,
  ExtractedValue,
  StructuredResult,
} from "./tasks/extraction/structured-result.js";
export type { FeatureExtractionOptions, FeatureExtractor } from "./tasks/feature-extraction.js";
export type { Filling, FillMaskOptions, MaskFiller } from "./tasks/fill-mask.js";
export type {
  Chooser,
  MultipleChoiceInput,
  MultipleChoiceOptions,
  MultipleChoiceResult,
} from "./tasks/multiple-choice.js";
export type {
  Answer,
  QuestionAnswerer,
  QuestionAnsweringInput,
  QuestionAnsweringOptions,
} from "./tasks/question-answering.js";
export { redact, type RedactableEntity, type RedactOptions } from "./tasks/redact.js";
export type { PersonalData, RedactionOptions, Redactor } from "./tasks/redaction/redaction.js";
export type { Ranked, Reranker, RerankOptions } from "./tasks/rerank.js";
export type {
  Classification,
  ClassificationInput,
  TextClassificationOptions,
  TextClassifier,
} from "./tasks/text-classification.js";
export type {
  AggregationStrategy,
  Entity,
  TokenClassificationOptions,
  TokenClassifier,
} from "./tasks/token-classification.js";
export type {
  LabelTree,
  ZeroShotClassifier,
  ZeroShotLabels,
  ZeroShotOptions,
  ZeroShotResult,
} from "./tasks/zero-shot-classification.js";
export type { Encoding, EncodeOptions } from "./tokenizer/encoding.js";
export { DebertaV2TokenizerFast } from "./tokenizer/tokenizer-fast.js";
