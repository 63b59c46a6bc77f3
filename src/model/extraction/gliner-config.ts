// gliner_config.json: which kind of GLiNER a folder holds, and the sizes of what stands on its backbone.
import { CheckpointError } from "../../errors.js";
import { Fields } from "./fields.js";

export const GLINER_CONFIG = "gliner_config.json";

export type SpanMode = "markerV0" | "marker" | "markerV1" | "token_level";
export type SubtokenPooling = "first" | "last" | "mean" | "max";

/** The checked fields, with the library's defaults. */
export class GlinerConfig {
  /** The hub id whose tokenizer and config.json belong to weights that come without. */
  readonly modelName: string;
  /** h. Where it differs from the backbone's, a projection comes first. */
  readonly hiddenSize: number;
  /** K: the longest span, in words. */
  readonly maxWidth: number;
  /** Words of a text that are looked at. */
  readonly maxLen: number;
  readonly spanMode: SpanMode;
  readonly subtokenPooling: SubtokenPooling;
  /** Whether a label's vector is that of its marker; else of the token after it. */
  readonly embedEntToken: boolean;
  /** The marker's id; undefined where the tokenizer has yet to be given its three tokens. */
  readonly classTokenIndex: number | undefined;
  readonly entToken: string;
  readonly sepToken: string;
  readonly fuseLayers: boolean;
  /** The backbone's config, if the file has it. */
  readonly encoderConfig: Readonly<Record<string, unknown>> | undefined;

  /**
   * @param json a parsed gliner_config.json
   * @throws UnsupportedError that names the field and its value; CheckpointError for values of a wrong kind
   */
  constructor(json: unknown) {
    const fields = new Fields(GLINER_CONFIG, json);
    for (const field of ["labels_encoder", "labels_decoder", "relations_layer", "span_encoder_config"])
      if (fields.value(field) !== undefined) fields.refuse(field, "models with one encoder are");
    for (const field of ["represent_spans", "precomputed_prompts_mode"])
      if (fields.flag(field, false)) fields.refuse(field, "models with one encoder are");
    if (fields.value("model_type") === "gliner_streaming_span")
      fields.refuse("model_type", "span and token models are");
    this.modelName = fields.text("model_name", "microsoft/deberta-v3-small");
    this.hiddenSize = fields.integer("hidden_size", 512, 1, 65_536);
    this.maxWidth = fields.integer("max_width", 12, 1, 1024);
    this.maxLen = fields.integer("max_len", 384, 1);
    this.spanMode = fields.choice("span_mode", "markerV0", ["markerV0", "marker", "markerV1", "token_level"]);
    fields.choice("words_splitter_type", "whitespace", ["whitespace"]);
    this.subtokenPooling = fields.choice("subtoken_pooling", "first", ["first", "last", "mean", "max"]);
    this.embedEntToken = fields.flag("embed_ent_token", true);
    const index = fields.integer("class_token_index", -1, -1);
    this.classTokenIndex = index < 0 ? undefined : index;
    this.entToken = fields.text("ent_token", "<<ENT>>");
    this.sepToken = fields.text("sep_token", "<<SEP>>");
    this.fuseLayers = fields.flag("fuse_layers", false);
    const encoder = fields.inside("encoder_config");
    encoder?.choice("model_type", "deberta-v2", ["deberta-v2"]);
    this.encoderConfig = encoder?.json;
    if (this.entToken === "" || this.sepToken === "")
      throw new CheckpointError(`${GLINER_CONFIG}: ent_token and sep_token must not be empty`);
  }

  /** Whether scores are given to words (start, end, inside) instead of spans. */
  get isTokenLevel(): boolean {
    return this.spanMode === "token_level";
  }
}
