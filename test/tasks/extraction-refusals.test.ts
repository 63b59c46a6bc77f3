// What the models for extraction refuse, word for word, before any weight is looked for.
import { expect, test } from "vitest";
import { bytesFromMemory, type Folder } from "../../src/checkpoint/byte-source.js";
import { openGliclass } from "../../src/model/extraction/gliclass.js";
import { openGliner } from "../../src/model/extraction/gliner.js";
import { openGliner2 } from "../../src/model/extraction/gliner2.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import { readSentenceTransformer } from "../../src/tasks/extraction/sentence-transformer.js";
import { checkSchema } from "../../src/tasks/extraction/schema.js";
import { settleOverlaps } from "../../src/tasks/extraction/overlaps.js";

const folder = (files: Readonly<Record<string, unknown>>): Folder => ({
  open: (name) =>
    Promise.resolve(
      Object.hasOwn(files, name) ? bytesFromMemory(new TextEncoder().encode(JSON.stringify(files[name]))) : undefined,
    ),
});

const ENCODER = { model_type: "deberta-v2" };
const saysNo = (file: string, field: string, value: string, but: string) =>
  `${file}: ${field} ${value} is not supported (${but})`;
const gliner = (field: string, value: string, but: string) => saysNo("gliner_config.json", field, value, but);

test.each([
  [
    { labels_encoder: "BAAI/bge-small-en-v1.5" },
    gliner("labels_encoder", '"BAAI/bge-small-en-v1.5"', "models with one encoder are"),
  ],
  [{ labels_decoder: "gpt2" }, gliner("labels_decoder", '"gpt2"', "models with one encoder are")],
  [{ relations_layer: "dot" }, gliner("relations_layer", '"dot"', "models with one encoder are")],
  [
    { span_encoder_config: { kind: "lstm" } },
    gliner("span_encoder_config", '{"kind":"lstm"}', "models with one encoder are"),
  ],
  [{ represent_spans: true }, gliner("represent_spans", "true", "models with one encoder are")],
  [{ precomputed_prompts_mode: true }, gliner("precomputed_prompts_mode", "true", "models with one encoder are")],
  [{ span_mode: "conv_share" }, gliner("span_mode", '"conv_share"', "markerV0, marker, markerV1, token_level are")],
  [{ span_mode: "markerV2" }, gliner("span_mode", '"markerV2"', "markerV0, marker, markerV1, token_level are")],
  [{ span_mode: "query" }, gliner("span_mode", '"query"', "markerV0, marker, markerV1, token_level are")],
  [{ span_mode: "mlp" }, gliner("span_mode", '"mlp"', "markerV0, marker, markerV1, token_level are")],
  [{ span_mode: "cat" }, gliner("span_mode", '"cat"', "markerV0, marker, markerV1, token_level are")],
  [{ span_mode: "conv_conv" }, gliner("span_mode", '"conv_conv"', "markerV0, marker, markerV1, token_level are")],
  [{ words_splitter_type: "jieba" }, gliner("words_splitter_type", '"jieba"', "whitespace is")],
  [
    { encoder_config: { model_type: "modernbert" } },
    gliner("encoder_config.model_type", '"modernbert"', "deberta-v2 is"),
  ],
  [{ subtoken_pooling: "sum" }, gliner("subtoken_pooling", '"sum"', "first, last, mean, max are")],
])("GLiNER: %j", async (fields, words) => {
  const opening = openGliner(folder({ "gliner_config.json": fields }), {});
  await expect(opening).rejects.toThrow(words);
  await expect(opening).rejects.toHaveProperty("name", "UnsupportedError");
});

test("GLiNER without a backbone config asks for baseModel", async () => {
  await expect(openGliner(folder({ "gliner_config.json": {} }), {})).rejects.toThrow(
    "gliner_config.json names microsoft/deberta-v3-small for its tokenizer and configuration: pass baseModel",
  );
});

test("adapters beside the weights", async () => {
  const files = {
    "gliner_config.json": { encoder_config: ENCODER },
    "tokenizer_config.json": {},
    "adapter_config.json": {},
  };
  await expect(openGliner(folder(files), {})).rejects.toThrow(
    "adapter_config.json: adapters are not supported; merge them first",
  );
});

const config = (field: string, value: string, but: string) => saysNo("config.json", field, value, but);

test.each([
  [{ architecture: "boundary" }, 'config.json: architecture "boundary" (GLiNER2.5) is not supported (span is)'],
  [
    { counting_layer: "count_gru" },
    config("counting_layer", '"count_gru"', "count_lstm, count_lstm_v2, count_lstm_moe are"),
  ],
  [{ token_pooling: "mean" }, config("token_pooling", '"mean"', "first is")],
])("GLiNER2: %j", async (fields, words) => {
  await expect(openGliner2(folder({ "config.json": { model_type: "extractor", ...fields } }), {})).rejects.toThrow(
    words,
  );
});

test.each([
  [{ architecture_type: "bi-encoder" }, config("architecture_type", '"bi-encoder"', "uni-encoder is")],
  [{ scorer_type: "cross-attn" }, config("scorer_type", '"cross-attn"', "simple, weighted-dot, mlp are")],
  [{ squeeze_layers: true }, config("squeeze_layers", "true", "false is")],
  [{ layer_wise: true }, config("layer_wise", "true", "false is")],
  [{ encoder_layer_id: 3 }, config("encoder_layer_id", "3", "-1 is")],
  [{ use_calibrator: true }, config("use_calibrator", "true", "false is")],
  [{ use_segment_embeddings: true }, config("use_segment_embeddings", "true", "false is")],
  [
    { pooling_strategy: "attention" },
    config("pooling_strategy", '"attention"', "first, last, max, avg, sum, rms, abs_max, abs_avg are"),
  ],
  [
    { encoder_config: { model_type: "modernbert" } },
    config("encoder_config.model_type", '"modernbert"', "deberta-v2 is"),
  ],
])("GLiClass: %j", async (fields, words) => {
  await expect(openGliclass(folder({ "config.json": { model_type: "GLiClass", ...fields } }), {})).rejects.toThrow(
    words,
  );
});

const library = (kind: string) => `sentence_transformers.models.${kind}`;
const POOLING = { type: library("Pooling"), path: "1_Pooling" };
const DENSE = { type: library("Dense"), path: "2_Dense" };
const SIZES = { in_features: 4, out_features: 4 };
const ofPooling = { "modules.json": [POOLING, DENSE], "1_Pooling/config.json": {} };

test.each([
  [
    { "modules.json": [{ type: library("CNN"), path: "1_CNN" }] },
    saysNo("modules.json", "type", `"${library("CNN")}"`, "Transformer, Pooling, Dense and Normalize are"),
  ],
  [
    { "modules.json": [POOLING], "1_Pooling/config.json": { pooling_mode: "attention" } },
    saysNo(
      "1_Pooling/config.json",
      "pooling_mode",
      '"attention"',
      "cls, max, mean, mean_sqrt_len_tokens, weightedmean, lasttoken are",
    ),
  ],
  [
    { "modules.json": [{ type: library("Transformer"), path: "0_Transformer" }, POOLING] },
    saysNo("modules.json", "path", '"0_Transformer"', "of the Transformer, the folder itself is"),
  ],
  [
    { ...ofPooling, "2_Dense/config.json": { ...SIZES, module_input_name: "token_embeddings" } },
    saysNo("2_Dense/config.json", "module_input_name", '"token_embeddings"', "sentence_embedding is"),
  ],
  [
    { ...ofPooling, "2_Dense/config.json": { ...SIZES, activation_function: "evil.Tanh" } },
    saysNo(
      "2_Dense/config.json",
      "activation_function",
      '"evil.Tanh"',
      "torch's Identity, Sigmoid, Tanh, ReLU, GELU, SiLU are",
    ),
  ],
  [
    { ...ofPooling, "2_Dense/config.json": { ...SIZES, activation_function: "torch.nn.modules.activation.Mish" } },
    saysNo(
      "2_Dense/config.json",
      "activation_function",
      '"torch.nn.modules.activation.Mish"',
      "torch's Identity, Sigmoid, Tanh, ReLU, GELU, SiLU are",
    ),
  ],
])("sentence-transformers: %j", async (files, words) => {
  const opened = await openFolder(folder(files), {});
  await expect(readSentenceTransformer(opened)).rejects.toThrow(words);
});

test.each([
  [[], "t: the schema must be an object, not an array"],
  [{ entity: ["a"] }, 't: the schema has "entity": its parts are entities, relations, classifications, structures'],
  [{ entities: [1] }, "t: a name of entities must be a text, not number"],
  [{ entities: { a: { threshold: 2 } } }, 't: entity "a": threshold is 2: it must be from 0 to 1'],
  [{ entities: { a: { dtype: "set" } } }, 't: entity "a": dtype is "set": it must be "list" or "str"'],
  [{ structures: { a: "b" } }, 't: structure "a" must be a list of fields, not string'],
  [
    { classifications: { a: { labels: ["x"], class_act: "tanh" } } },
    't: classification "a": classAct is "tanh": it must be "auto", "sigmoid" or "softmax"',
  ],
])("a schema that cannot be: %j", (schema, words) => {
  expect(() => checkSchema("t", schema)).toThrow(words);
});

test("a schema's parts in the order and the words of the model's input", () => {
  const parts = checkSchema("t", {
    classifications: {
      tone: {
        labels: { formal: "stiff" },
        prompt: "how",
        examples: [
          ["hi", "formal"],
          ["yo", "no label"],
        ],
      },
    },
    relations: { "works for": "employment" },
    entities: { person: "a name", date: { dtype: "str" } },
    structures: { move: ["from::str::old city", "mood::[happy| sad]", "tags::[a|b]::list"] },
  });
  expect(parts.map(({ prompt }) => prompt)).toEqual([
    "move [DESCRIPTION] from: old city",
    "entities [DESCRIPTION] person: a name",
    "works for: employment",
    "tone: how [DESCRIPTION] formal: stiff [EXAMPLE] hi [OUTPUT] formal",
  ]);
  expect(parts[0]!.fields.map(({ name, isList, choices }) => [name, isList, choices])).toEqual([
    ["from", false, undefined],
    ["mood", false, ["happy", "sad"]],
    ["tags", true, ["a", "b"]],
  ]);
});

test("an empty description is said of entities and labels, not of fields and relations", () => {
  const parts = checkSchema("t", {
    structures: { move: [{ name: "to", description: "" }] },
    entities: { person: "", date: {} },
    relations: { near: "" },
    classifications: { tone: { formal: "", casual: "relaxed" } },
  });
  expect(parts.map(({ prompt }) => prompt)).toEqual([
    "move",
    "entities [DESCRIPTION] person: ",
    "near",
    "tone [DESCRIPTION] formal:  [DESCRIPTION] casual: relaxed",
  ]);
});

test("overlaps are settled by each policy", () => {
  const span = (start: number, end: number, confidence: number) => ({ text: "", start, end, confidence });
  const spans = [span(0, 9, 0.9), span(0, 4, 0.6), span(5, 9, 0.6), span(3, 6, 0.8), span(0, 4, 0.5)];
  const kept = (policy?: Parameters<typeof settleOverlaps>[1]) =>
    settleOverlaps(spans, policy).map(({ start, end }) => `${start}-${end}`);
  expect(kept()).toEqual(["0-9"]);
  expect(kept("allow")).toEqual(["0-9", "3-6", "0-4", "5-9"]);
  expect(kept("nested")).toEqual(["0-9", "3-6"]);
  expect(kept("longest")).toEqual(["0-9"]);
  expect(kept("flat")).toEqual(["0-4", "5-9"]);
  expect(kept("disallow")).toEqual(kept("flat"));
});
