// The files beside weights by which the libraries for extraction and sentence vectors tell their models: one good folder of each, and
// fields with values of another kind, beyond bounds, or leading elsewhere.
import { MINIATURE } from "../../support/checkpoint.js";
import { headerOf, safetensorsFile } from "../../support/made-safetensors.js";
import { type Case, Cases } from "./case.js";

type Json = Readonly<Record<string, unknown>>;

const GLINER = {
  model_name: "microsoft/deberta-v3-small",
  hidden_size: 12,
  max_width: 4,
  max_len: 12,
  span_mode: "markerV0",
  subtoken_pooling: "first",
  class_token_index: 7,
  encoder_config: MINIATURE,
};
const GLINER2 = {
  model_type: "extractor",
  model_name: "a/b",
  counting_layer: "count_lstm_v2",
  max_width: 4,
  max_len: 9,
};
const GLICLASS = {
  model_type: "GLiClass",
  encoder_config: MINIATURE,
  hidden_size: 20,
  class_token_index: 7,
  text_token_index: 8,
  pooling_strategy: "avg",
  scorer_type: "simple",
  projector_hidden_act: "gelu",
};
const NVIDIA_ONE = { base_model: "a/b", fc_dropout: 0.2, id2label: { 0: "x", 1: "y" } };
const NVIDIA_HEADS = {
  target_sizes: { task_type: 2, scope: 3 },
  task_type_map: { 0: "x", 1: "y" },
  weights_map: { scope: [2, 1, 0] },
  divisor_map: { scope: 2 },
};
const POOLING = { word_embedding_dimension: 8, pooling_mode_mean_tokens: true, include_prompt: true };
const DENSE = { in_features: 8, out_features: 2, bias: false, activation_function: "torch.nn.modules.activation.Tanh" };
const MODULES = [
  { type: "sentence_transformers.models.Transformer", path: "" },
  { type: "sentence_transformers.models.Pooling", path: "1_Pooling" },
  { type: "sentence_transformers.models.Dense", path: "2_Dense" },
  { type: "sentence_transformers.models.Normalize", path: "3_Normalize" },
];
const SETTINGS = { prompts: { query: "q: " }, default_prompt_name: "query" };
const SIZES = { max_seq_length: 24, do_lower_case: true };

type Contents = Readonly<Record<string, Uint8Array | string>>;
const json = (value: unknown): string => JSON.stringify(value);
const OWN_TOKENIZER = { "tokenizer_config.json": "{}" };
const gliner = (own: unknown): Contents => ({ "gliner_config.json": json(own), ...OWN_TOKENIZER });
const gliner2 = (own: unknown): Contents => ({
  "config.json": json(own),
  "encoder_config/config.json": json(MINIATURE),
  ...OWN_TOKENIZER,
});
const config = (own: unknown): Contents => ({ "config.json": json(own), ...OWN_TOKENIZER });
const sentences = (changes: Contents = {}): Contents => ({
  "modules.json": json(MODULES),
  "1_Pooling/config.json": json(POOLING),
  "2_Dense/config.json": json(DENSE),
  "2_Dense/model.safetensors": safetensorsFile(headerOf({ "linear.weight": [2, 8] }).header, 64),
  "sentence_bert_config.json": json(SIZES),
  "config_sentence_transformers.json": json(SETTINGS),
  ...changes,
});

/** By library: its good fields, how they are written, and values that must be refused by one error or the other. */
const LIBRARIES: readonly (readonly [
  name: string,
  good: Json,
  write: (own: unknown) => Contents,
  refused: Readonly<Record<string, readonly unknown[]>>,
])[] = [
  [
    "gliner_config.json",
    GLINER,
    gliner,
    {
      hidden_size: [0, -1, 1.5, "12", 1e9, []],
      max_width: [0, 1e6, "4"],
      max_len: [0, 2 ** 31],
      span_mode: ["markerV2", "__proto__", 1],
      labels_encoder: ["a/b", {}],
      encoder_config: [[], "x", { model_type: "bert" }],
      class_token_index: [-2, 2 ** 40, "7"],
      ent_token: ["", 7],
      fuse_layers: ["yes"],
    },
  ],
  [
    "config.json of GLiNER2",
    GLINER2,
    gliner2,
    { counting_layer: ["constructor", 7], architecture: ["boundary", 1], max_width: [0, 1e9], max_len: [-1] },
  ],
  [
    "config.json of GLiClass",
    GLICLASS,
    config,
    {
      pooling_strategy: ["__proto__", "attention"],
      scorer_type: ["toString"],
      projector_hidden_act: ["eval", 1],
      encoder_layer_id: [3, "x"],
      hidden_size: [-1, 1e9],
    },
  ],
  ["config.json of one head", NVIDIA_ONE, config, { base_model: [7, []] }],
  [
    "config.json of several heads",
    NVIDIA_HEADS,
    config,
    {
      target_sizes: [{ a: 0 }, { a: 1e9 }, [], { a: "3" }],
      weights_map: [{ scope: [1] }, { scope: "x" }, 7],
      divisor_map: [{ scope: 0 }, { scope: "2" }],
    },
  ],
];

export function libraries(): Case[] {
  const cases = new Cases("library");
  for (const [name, good, write, refused] of LIBRARIES) {
    cases.add(name, "loads", write(good));
    for (const [field, values] of Object.entries(refused))
      for (const value of values)
        cases.add(`${name}: ${field} ${json(value)}`, "any", write({ ...good, [field]: value }));
    for (const whole of [null, [], "x", 7]) cases.add(`${name}: the whole is ${json(whole)}`, "any", write(whole));
  }
  cases.add("sentence vectors", "loads", sentences());
  const paths = ["../up", "https://evil.example/x", "a\\b", "", "."];
  for (const path of paths)
    cases.add(
      `modules.json: path ${path}`,
      "CheckpointError",
      sentences({ "modules.json": json([MODULES[0], { ...MODULES[1], path }]) }),
    );
  for (const [file, own] of [
    ["modules.json", {}],
    ["modules.json", [7]],
    ["1_Pooling/config.json", { pooling_mode: ["mean", "__proto__"] }],
    ["1_Pooling/config.json", { pooling_mode_mean_tokens: "yes" }],
    ["2_Dense/config.json", { ...DENSE, activation_function: "os.system" }],
    ["2_Dense/config.json", { ...DENSE, in_features: 4 }],
    ["2_Dense/config.json", { ...DENSE, out_features: 65_536 }],
    ["config_sentence_transformers.json", { prompts: { query: {} } }],
    ["config_sentence_transformers.json", { prompts: [] }],
    ["sentence_bert_config.json", { max_seq_length: "x" }],
  ] as const)
    cases.add(`${file}: ${json(own)}`, "any", sentences({ [file]: json(own) }));
  return cases.all;
}
