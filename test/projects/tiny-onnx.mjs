// Models of ONNX for transformers.js, as small as they can be: what each token gives stands in a table. A folder as their `pipeline` takes it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Messages of Protocol Buffers: a number as a varint, everything else as bytes with their length.
const varint = (value) => {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};
const field = (number, value) => {
  if (typeof value === "number") return Buffer.concat([varint(8 * number), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(8 * number + 2), varint(bytes.length), bytes]);
};
const message = (...fields) =>
  Buffer.concat(fields.flatMap(([number, value]) => [value].flat().map((each) => field(number, each))));

const FLOAT = 1;
const INT64 = 7;

/** A graph's input or output: axes are sizes or names. */
const valueInfo = (name, type, axes) => {
  const dims = axes.map((axis) => message([typeof axis === "number" ? 1 : 2, axis]));
  return message([1, name], [2, message([1, message([1, type], [2, message([1, dims])])])]);
};

/** A table [V, C], or [V] of one number each. */
function table(name, tokens, columns) {
  const values = Float32Array.from({ length: tokens * Math.max(1, columns) }, (_, i) => Math.sin(1 + i));
  const dims = columns > 0 ? [tokens, columns] : [tokens];
  return message(...dims.map((size) => [1, size]), [2, FLOAT], [8, name], [9, Buffer.from(values.buffer)]);
}

/**
 * What a model computes: for each output the row of its table for every token, or the mean of all rows.
 * @param {Record<string, { columns: number, mean?: boolean }>} outputs columns 0: one number a token
 */
function onnx(tokens, outputs) {
  const nodes = [];
  const tables = [];
  const infos = [];
  for (const [name, { columns, mean = false }] of Object.entries(outputs)) {
    tables.push(table(`${name}.table`, tokens, columns));
    const rows = mean ? `${name}.rows` : name;
    nodes.push(message([1, [`${name}.table`, "input_ids"]], [2, rows], [4, "Gather"]));
    const axes = message([1, "axes"], [8, 1], [20, 7]);
    const keep = message([1, "keepdims"], [3, 0], [20, 2]);
    if (mean) nodes.push(message([1, rows], [2, name], [4, "ReduceMean"], [5, [axes, keep]]));
    infos.push(valueInfo(name, FLOAT, ["batch", ...(mean ? [] : ["tokens"]), ...(columns > 0 ? [columns] : [])]));
  }
  const inputs = ["input_ids", "attention_mask"].map((name) => valueInfo(name, INT64, ["batch", "tokens"]));
  const graph = message([1, nodes], [2, "tiny"], [5, tables], [11, inputs], [12, infos]);
  return message([1, 8], [7, graph], [8, message([1, ""], [2, 13])]);
}

const WORDS = "wake me up at half past six tomorrow what is the time in paris it rains . ?".split(" ");
const TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS];

/** Writes a BERT to <folder>/<name>. `config` names its architecture and labels. */
export function writeOnnxModel(folder, name, config, outputs) {
  const special = TOKENS.slice(0, 5);
  const piece = (id, type) => ({ SpecialToken: { id, type_id: type } });
  const text = (id, type) => ({ Sequence: { id, type_id: type } });
  const files = {
    "config.json": { model_type: "bert", vocab_size: TOKENS.length, hidden_size: 8, ...config },
    "tokenizer.json": {
      version: "1.0",
      added_tokens: special.map((content, id) => ({ id, content, special: true, normalized: false })),
      normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: {
        type: "TemplateProcessing",
        single: [piece("[CLS]", 0), text("A", 0), piece("[SEP]", 0)],
        pair: [piece("[CLS]", 0), text("A", 0), piece("[SEP]", 0), text("B", 1), piece("[SEP]", 1)],
        special_tokens: Object.fromEntries(
          ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [TOKENS.indexOf(id)], tokens: [id] }]),
        ),
      },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(TOKENS.map((token, id) => [token, id])),
      },
    },
    "tokenizer_config.json": {
      tokenizer_class: "BertTokenizer",
      model_max_length: 128,
      ...{ pad_token: "[PAD]", unk_token: "[UNK]", cls_token: "[CLS]", sep_token: "[SEP]", mask_token: "[MASK]" },
    },
  };
  mkdirSync(join(folder, name, "onnx"), { recursive: true });
  for (const [file, json] of Object.entries(files)) writeFileSync(join(folder, name, file), JSON.stringify(json));
  writeFileSync(join(folder, name, "onnx/model.onnx"), onnx(TOKENS.length, outputs));
}
