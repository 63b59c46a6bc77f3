// config.json of a GLiClass folder: how texts and labels become vectors, and how these are compared.
import { activationOf } from "../deberta/activations.js";
import { Fields } from "./fields.js";

export const GLICLASS_CONFIG = "config.json";

const POOLINGS = ["first", "last", "max", "avg", "sum", "rms", "abs_max", "abs_avg"] as const;

/** The checked fields, with the library's defaults. */
export class GliclassConfig {
  readonly modelName: string;
  readonly encoderConfig: Readonly<Record<string, unknown>> | undefined;
  /** Width between the two layers of the projectors. */
  readonly hiddenSize: number | undefined;
  readonly classTokenIndex: number;
  /** The separator's id, from which on the text is read with `extractTextFeatures`. */
  readonly textTokenIndex: number;
  readonly pooling: (typeof POOLINGS)[number];
  readonly classPooling: "first" | "average";
  readonly scorer: "simple" | "weighted-dot" | "mlp";
  readonly projectorAct: string;
  readonly normalizeFeatures: boolean;
  readonly extractTextFeatures: boolean;
  readonly useLstm: boolean;
  readonly promptFirst: boolean;
  /** Whether a label's vector includes that of its marker; else only of what follows. */
  readonly embedClassToken: boolean;

  /**
   * @param json a parsed config.json whose model_type is "GLiClass"
   * @throws UnsupportedError that names the field and its value; CheckpointError for values of a wrong kind
   */
  constructor(json: unknown) {
    const fields = new Fields(GLICLASS_CONFIG, json);
    fields.choice("model_type", "GLiClass", ["GLiClass"]);
    fields.choice("architecture_type", "uni-encoder", ["uni-encoder"]);
    for (const field of ["squeeze_layers", "layer_wise", "use_segment_embeddings", "use_calibrator", "multimodal"])
      if (fields.flag(field, false)) fields.refuse(field, "false is");
    if (fields.integer("encoder_layer_id", -1, -1000) !== -1) fields.refuse("encoder_layer_id", "-1 is");
    const encoder = fields.inside("encoder_config");
    encoder?.choice("model_type", "deberta-v2", ["deberta-v2"]);
    this.encoderConfig = encoder?.json;
    this.modelName = fields.text("encoder_model_name", "microsoft/deberta-v3-small");
    const hidden = fields.integer("hidden_size", 0, 0, 65_536);
    this.hiddenSize = hidden > 0 ? hidden : undefined;
    this.classTokenIndex = fields.integer("class_token_index", -1, -1);
    this.textTokenIndex = fields.integer("text_token_index", -1, -1);
    this.pooling = fields.choice("pooling_strategy", "first", POOLINGS);
    this.classPooling = fields.choice("class_token_pooling", "first", ["first", "average"]);
    this.scorer = fields.choice("scorer_type", "simple", ["simple", "weighted-dot", "mlp"]);
    this.projectorAct = fields.text("projector_hidden_act", "gelu");
    activationOf(this.projectorAct, "projector_hidden_act");
    this.normalizeFeatures = fields.flag("normalize_features", false);
    this.extractTextFeatures = fields.flag("extract_text_features", false);
    this.useLstm = fields.flag("use_lstm", false);
    this.promptFirst = fields.flag("prompt_first", false);
    this.embedClassToken = fields.flag("embed_class_token", true);
  }
}
