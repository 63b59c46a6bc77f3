// config.json → a checked configuration with every default filled in. What this engine cannot run is refused here, by the
// name of the field, before anything else is fetched. Defaults and meanings are Transformers' (4.57 and 5.23 agree).
import { activationOf } from "./activations.js";
import {
  activationField,
  booleanField,
  checkModelType,
  indexField,
  integerField,
  labelField,
  normField,
  numberField,
  optionalIntegerField,
  optionalTextField,
  optionalTokenField,
  positionTermsField,
  problemTypeField,
  refuse,
  requireEqual,
  requireShallow,
  sizeField,
  type PositionTerm,
  type ProblemType,
} from "./config-fields.js";
import { openFolder } from "../../checkpoint/folder.js";
import { openPresent, readWhole } from "../../checkpoint/read-whole.js";
import { SOURCE_OPTIONS, type Source, type SourceOptions } from "../../checkpoint/source.js";
import { CheckpointError, UnsupportedError } from "../../errors.js";
import { fieldOf, isObject, parseJson, show } from "../../json.js";
import { bindMembers } from "../../bound.js";
import { readOptions } from "../../options.js";

export type { PositionTerm, ProblemType };

const SIZE = { min: 1, max: 65_536 };
const ROWS = { min: 1, max: 1 << 24 };
const LAYERS = { min: 1, max: 1024 };
const POSITIONS = { min: 1, max: 1 << 20 };
/** Below 1: "not set". */
const POSITIONS_OR_NONE = { min: -(2 ** 31), max: 1 << 20 };
const KERNEL_OR_NONE = { min: -(2 ** 31), max: 1023 };
const LABELS = { min: 1, max: 65_536 };
/** Of config.json; 65 536 label names fit. */
const MAX_FILE_BYTES = 16 << 20;

/** The configuration of a DeBERTa-v2 model (v2, v3 and mDeBERTa alike). Immutable. Members are config.json's fields in camelCase. */
export class DebertaV2Config {
  /** V, rows of the word table. The tokenizer may use fewer. */
  readonly vocabSize: number;
  /** D. */
  readonly hiddenSize: number;
  /** L. */
  readonly numHiddenLayers: number;
  /** H. */
  readonly numAttentionHeads: number;
  /** F. */
  readonly intermediateSize: number;
  /** Activation of the feed-forward layers and of both masked-LM heads, by its name in Transformers. */
  readonly hiddenAct: string;
  /** Rows of the table of absolute positions; also the relative range where `maxRelativePositions` < 1. */
  readonly maxPositionEmbeddings: number;
  /** Rows of the token type table; none below 1. */
  readonly typeVocabSize: number;
  /** Added to the variance in every LayerNorm. */
  readonly layerNormEps: number;
  /** Whether attention has relative terms at all. */
  readonly relativeAttention: boolean;
  /** As given: below 1 means `maxPositionEmbeddings`. `range` is the resolved one. */
  readonly maxRelativePositions: number;
  /** Whether absolute positions are added to the embeddings. */
  readonly positionBiasedInput: boolean;
  /** The relative terms, each once, in the order given. They count in the scale even without `relativeAttention`. */
  readonly posAttType: readonly PositionTerm[];
  /** Log buckets on either side; raw distances below 1. */
  readonly positionBuckets: number;
  /** Whether the relative table goes through the layer's own query and key projections. */
  readonly shareAttKey: boolean;
  /** Whether `encoder.LayerNorm` is applied to the relative table. */
  readonly normRelEbd: boolean;
  /** Width of the convolution after the first layer; odd, or 0 for none. */
  readonly convKernelSize: number;
  /** Groups of the conv layer; divides `hiddenSize`. */
  readonly convGroups: number;
  /** Activation of the convolution, by its name in Transformers; any text where there is none. */
  readonly convAct: string;
  /** E. */
  readonly embeddingSize: number;
  /** d = D / H. */
  readonly attentionHeadSize: number;
  /** Always D. */
  readonly poolerHiddenSize: number;
  /** Activation of the pooler of sequence classification and multiple choice. */
  readonly poolerHiddenAct: string;
  /** Which masked-LM head Transformers would build; the engine goes by what the file holds. */
  readonly legacy: boolean;
  /** Whether the old masked-LM head multiplies with the word table instead of a matrix of its own. */
  readonly tieWordEmbeddings: boolean;
  /** The padding token's id; null where there is none. The engine packs texts and needs none. */
  readonly padTokenId: number | null;
  /** Which loss labels of sequence classification have; undefined: told by their shape. */
  readonly problemType: ProblemType;
  /** C, the classes of a classification head. Where `num_labels` and `id2label` disagree, the names' count: see `withNumLabels`. */
  readonly numLabels: number;
  /** Label names by class index 0 … C − 1. */
  readonly id2label: ReadonlyMap<number, string>;
  /** Class indices by label name, as the file has them; else the inverse of `id2label`. */
  readonly label2id: ReadonlyMap<string, number>;
  /** Whether requests that do not say get the hidden states. */
  readonly outputHiddenStates: boolean;
  /** Whether requests that do not say get the attention probabilities. */
  readonly outputAttentions: boolean;
  /** Used in training only, as are the next four. */
  readonly hiddenDropoutProb: number;
  /** Of training; kept for `toJSON`. */
  readonly attentionProbsDropoutProb: number;
  /** Of training; kept for `toJSON`. */
  readonly poolerDropout: number;
  /** Of training; kept for `toJSON`. */
  readonly clsDropout: number | null;
  /** Of training; kept for `toJSON`. */
  readonly initializerRange: number;
  /** Everything else that the file holds, by its name there. */
  readonly extra: ReadonlyMap<string, unknown>;
  readonly #givenNumLabels: number;

  /**
   * @param json a parsed config.json
   * @throws UnsupportedError that names the field and its value
   */
  constructor(json: unknown) {
    if (!isObject(json)) throw new UnsupportedError(`config.json: an object is expected, not ${show(json)}`);
    requireShallow(json);
    checkModelType(json);

    this.vocabSize = integerField(json, "vocab_size", 128_100, ROWS);
    this.hiddenSize = integerField(json, "hidden_size", 1536, SIZE);
    this.numHiddenLayers = integerField(json, "num_hidden_layers", 24, LAYERS);
    this.numAttentionHeads = integerField(json, "num_attention_heads", 24, SIZE);
    this.intermediateSize = integerField(json, "intermediate_size", 6144, { min: 1, max: 1 << 20 });
    this.hiddenAct = activationField(json, "hidden_act", "gelu");
    this.layerNormEps = sizeField(json, "layer_norm_eps", 1e-7);
    if (this.hiddenSize % this.numAttentionHeads !== 0) {
      throw new UnsupportedError(
        `config.json: hidden_size ${this.hiddenSize} is not a multiple of num_attention_heads ${this.numAttentionHeads}`,
      );
    }
    this.attentionHeadSize = this.hiddenSize / this.numAttentionHeads;
    this.poolerHiddenSize = this.hiddenSize;
    requireEqual(json, "attention_head_size", this.attentionHeadSize, "hidden_size / num_attention_heads");
    requireEqual(json, "pooler_hidden_size", this.hiddenSize, "hidden_size");

    this.maxPositionEmbeddings = integerField(json, "max_position_embeddings", 512, POSITIONS);
    this.typeVocabSize = integerField(json, "type_vocab_size", 0, { min: -(2 ** 31), max: 65_536 });
    this.positionBiasedInput = booleanField(json, "position_biased_input", true);
    this.embeddingSize = optionalIntegerField(json, "embedding_size", this.hiddenSize, SIZE);
    this.padTokenId = optionalTokenField(json, "pad_token_id", 0);
    if (this.padTokenId !== null && Math.abs(this.padTokenId) >= this.vocabSize) {
      refuse("pad_token_id", this.padTokenId, `ids below ${this.vocabSize} are`);
    }

    this.relativeAttention = booleanField(json, "relative_attention", false);
    this.maxRelativePositions = integerField(json, "max_relative_positions", -1, POSITIONS_OR_NONE);
    this.positionBuckets = optionalIntegerField(json, "position_buckets", -1, POSITIONS_OR_NONE);
    this.posAttType = positionTermsField(json);
    this.shareAttKey = booleanField(json, "share_att_key", false);
    this.normRelEbd = normField(json);
    // One bucket has no middle: the formula divides by zero.
    if (this.positionBuckets === 1) refuse("position_buckets", 1, "2 and more, or -1 for none, are");

    this.convKernelSize = Math.max(0, optionalIntegerField(json, "conv_kernel_size", 0, KERNEL_OR_NONE));
    const hasConv = this.convKernelSize > 0;
    if (hasConv && this.convKernelSize % 2 === 0) refuse("conv_kernel_size", this.convKernelSize, "odd sizes are");
    this.convGroups = optionalIntegerField(json, "conv_groups", 1, SIZE);
    this.convAct = optionalTextField(json, "conv_act", "tanh");
    if (hasConv) activationOf(this.convAct, "conv_act");
    if (hasConv && this.hiddenSize % this.convGroups !== 0) {
      refuse("conv_groups", this.convGroups, `divisors of hidden_size ${this.hiddenSize} are`);
    }

    this.poolerHiddenAct = activationField(json, "pooler_hidden_act", "gelu");
    this.legacy = booleanField(json, "legacy", true);
    this.tieWordEmbeddings = booleanField(json, "tie_word_embeddings", true);
    this.problemType = problemTypeField(json);
    const labels = labelField(json, LABELS.max);
    this.#givenNumLabels = optionalIntegerField(json, "num_labels", labels?.size ?? 2, LABELS);
    this.id2label = labels ?? unnamedLabels(this.#givenNumLabels);
    this.numLabels = this.id2label.size;
    this.label2id = indexField(json) ?? new Map([...this.id2label].map(([index, name]) => [name, index]));
    this.outputHiddenStates = booleanField(json, "output_hidden_states", false);
    this.outputAttentions = booleanField(json, "output_attentions", false);
    this.hiddenDropoutProb = numberField(json, "hidden_dropout_prob", 0.1);
    this.attentionProbsDropoutProb = numberField(json, "attention_probs_dropout_prob", 0.1);
    this.poolerDropout = numberField(json, "pooler_dropout", 0);
    this.clsDropout = numberField(json, "cls_dropout", null);
    this.initializerRange = numberField(json, "initializer_range", 0.02);
    this.extra = new Map(Object.entries(json).filter(([field]) => !Object.hasOwn(this, camelCase(field))));
    bindMembers(this);
  }

  /**
   * Reads config.json from a source.
   * @throws CheckpointError when the file is missing or not JSON; UnsupportedError that names the field and its value
   */
  static async fromPretrained(source: Source, given?: SourceOptions): Promise<DebertaV2Config> {
    const options = readOptions("DebertaV2Config.fromPretrained", given, SOURCE_OPTIONS);
    const folder = await openFolder(source, options);
    const file = await openPresent(folder, "config.json");
    const json = parseJson("config.json", await readWhole(file, MAX_FILE_BYTES, options.signal));
    requireFittingPooler(json);
    return new DebertaV2Config(json);
  }

  /** d, the size of one attention head. */
  get headSize(): number {
    return this.attentionHeadSize;
  }

  /** The relative range: distances beyond it share the outermost rows. */
  get range(): number {
    return this.maxRelativePositions >= 1 ? this.maxRelativePositions : this.maxPositionEmbeddings;
  }

  /** Rows of the relative table on either side: the buckets, or the range without them. */
  get span(): number {
    return this.positionBuckets > 0 ? this.positionBuckets : this.range;
  }

  /** S = 2 · span rows of the relative table; 0 where no relative term uses it. */
  get relativeSlots(): number {
    return this.relativeAttention && this.posAttType.length > 0 ? 2 * this.span : 0;
  }

  /** n of the score scale √(d · n): one and the number of relative terms, counted even without `relativeAttention`. */
  get scaleFactor(): number {
    return 1 + this.posAttType.length;
  }

  /**
   * This config, or, where config.json's `num_labels` and `id2label` disagree and the classifier has as many rows as
   * `num_labels` says, the same one with that many unnamed labels.
   */
  withNumLabels(rows: number): DebertaV2Config {
    if (rows === this.numLabels || rows !== this.#givenNumLabels) return this;
    return new DebertaV2Config({ ...this.toJSON(), num_labels: rows, id2label: null, label2id: null });
  }

  /** All fields under their names in config.json, defaults filled in, unknown fields kept. */
  toJSON(): Record<string, unknown> {
    const { extra, ...fields } = this;
    return {
      model_type: "deberta-v2",
      ...Object.fromEntries(extra),
      ...Object.fromEntries(Object.entries(fields).map(([member, value]) => [snakeCase(member), value as unknown])),
      norm_rel_ebd: this.normRelEbd ? "layer_norm" : "none",
      id2label: Object.fromEntries(this.id2label),
      label2id: Object.fromEntries(this.label2id),
    };
  }
}

/** Two sizes in one file that contradict each other: the file is wrong, whatever an engine supports. */
function requireFittingPooler(json: unknown): void {
  if (!isObject(json)) return;
  const [hidden, pooler] = [fieldOf(json, "hidden_size"), fieldOf(json, "pooler_hidden_size")];
  if (!Number.isInteger(hidden) || !Number.isInteger(pooler) || hidden === pooler) return;
  throw new CheckpointError(`config.json: pooler_hidden_size ${show(pooler)} does not fit hidden_size ${show(hidden)}`);
}

function unnamedLabels(count: number): ReadonlyMap<number, string> {
  return new Map(Array.from({ length: count }, (_, index) => [index, `LABEL_${index}`]));
}

const camelCase = (field: string): string => field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const snakeCase = (member: string): string => member.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
