// config.json of a GLiNER2 folder: the span architecture's sizes, and how often its fields are asked for.
import { Fields } from "./fields.js";

export const GLINER2_CONFIG = "config.json";

/** From the vectors of fields to a query for every instance. */
export type CountingLayer = "count_lstm" | "count_lstm_v2" | "count_lstm_moe";

/** The checked fields, with the library's defaults. */
export class Gliner2Config {
  readonly modelName: string;
  readonly encoderFile = "encoder_config/config.json";
  /** K: the longest span, in words. */
  readonly maxWidth: number;
  /** Words of a text that are looked at; undefined for all. */
  readonly maxLen: number | undefined;
  readonly countingLayer: CountingLayer;

  /**
   * @param json a parsed config.json whose model_type is "extractor"
   * @throws UnsupportedError that names the field and its value; CheckpointError for values of a wrong kind
   */
  constructor(json: unknown) {
    const fields = new Fields(GLINER2_CONFIG, json);
    fields.choice("model_type", "extractor", ["extractor"]);
    const architecture = fields.text("architecture", "span");
    if (architecture !== "span")
      fields.refuse("architecture", "span is", architecture === "boundary" ? " (GLiNER2.5)" : "");
    fields.choice("token_pooling", "first", ["first"]);
    this.countingLayer = fields.choice("counting_layer", "count_lstm", [
      "count_lstm",
      "count_lstm_v2",
      "count_lstm_moe",
    ]);
    const ofHead = fields.inside("span_head")?.integer("max_width", 8, 1, 1024) ?? 8;
    this.maxWidth = fields.integer("max_width", ofHead, 1, 1024);
    const most = fields.integer("max_len", 0, 0);
    this.maxLen = most > 0 ? most : undefined;
    this.modelName = fields.text("model_name", "microsoft/deberta-v3-base");
  }
}
