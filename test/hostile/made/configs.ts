// config.json: every field with values of another kind, beyond bounds, or with another meaning than meant.
import { MINIATURE } from "../../support/checkpoint.js";
import { type Case, Cases, concat } from "./case.js";

const FILE = "config.json";

/** By field: JSON texts that must be refused. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  vocab_size: ["0", "-1", "1.5", `"50"`, "true", "[]", "1e400", "16777217", "9007199254740993"],
  hidden_size: ["0", "-24", "25", "24.5", `"24"`, "1e9", "{}"],
  num_hidden_layers: ["0", "-1", "1025", `"2"`, "1e300"],
  num_attention_heads: ["0", "5", "25", "-3", `"3"`, "1e-3"],
  intermediate_size: ["0", "-1", "0.5", `"40"`, "1e12"],
  hidden_act: [`"eval"`, `"constructor"`, `"__proto__"`, `"toString"`, "1", "[]", `""`],
  max_position_embeddings: ["0", "-1", "1e12", `"64"`],
  layer_norm_eps: ["-1", `"1e-7"`, "1e400", "null", "[]", "1e39"],
  relative_attention: [`"false"`, "1", "0", "[]"],
  share_att_key: [`"true"`, "1"],
  position_biased_input: [`"no"`, "0"],
  pos_att_type: [`"c2p|x2y"`, `["c2p", 1]`, "7", `{"c2p": true}`, "true"],
  norm_rel_ebd: [`"batch_norm"`, "1", "true", `["layer_norm"]`],
  position_buckets: ["1.5", `"8"`, "1e12"],
  type_vocab_size: ["1.5", `"2"`, "1e12"],
  conv_kernel_size: ["2", "1025", `"3"`, "3.5"],
  id2label: ["[]", `"x"`, "7", `{"0": {}}`, `{"1": "a"}`, `{"0": "a", "2": "b"}`, `{"-1": "a"}`, `{"a": "b"}`, "{}"],
  num_labels: ["0", "-1", "1e9", `"2"`, "65537"],
  problem_type: [`"x"`, "1", `["regression"]`],
  model_type: [`"bert"`, `"deberta"`, "null", "7", `"DEBERTA-V2"`],
  pooler_hidden_act: [`"x"`, "1"],
  tie_word_embeddings: [`"x"`, "1"],
};

const TAKEN: readonly (readonly [field: string, value: string])[] = [
  ["id2label", `{"0": "<img src=x onerror=alert(1)>", "1": "\\u202e"}`],
  ["id2label", `{"0": "__proto__", "1": "constructor"}`],
  ["id2label", `{"00": "a"}`],
  ["label2id", "[]"],
  ["label2id", `{"a": "0"}`],
  ["label2id", `{"a": 1.5}`],
  ["label2id", "7"],
  ["label2id", `{"__proto__": 0, "constructor": 1}`],
  ["__proto__", `{"hidden_size": 8}`],
  ["constructor", `{"prototype": {"hidden_size": 8}}`],
  ["auto_map", `{"AutoModel": "evil.Model"}`],
  ["chat_template", `"{{ ''.__class__ }}"`],
  ["extra", "[[[[1]]]]"],
];

export function configs(): Case[] {
  const cases = new Cases("config");
  const text = (name: string, expect: Case["expect"], json: string | Uint8Array): void =>
    cases.add(name, expect, { [FILE]: json });
  const fields = Object.entries(MINIATURE).map(([field, value]) => [field, JSON.stringify(value)] as const);
  /** The miniature's config with one field written so. */
  const withField = (field: string, value: string): string =>
    `{${[...new Map([...fields, [field, value]])].map(([key, each]) => `"${key}": ${each}`).join(", ")}}`;

  text("plain", "loads", JSON.stringify(MINIATURE));
  for (const [field, values] of Object.entries(REFUSED))
    for (const value of values) text(`${field} ${value}`, "UnsupportedError", withField(field, value));
  for (const [field, value] of TAKEN) text(`${field} ${value}`, "loads", withField(field, value));
  text("a pooler of another size", "CheckpointError", withField("pooler_hidden_size", "8"));
  text("nested 1 000 deep", "UnsupportedError", withField("extra", `${"[".repeat(1000)}${"]".repeat(1000)}`));
  text("nested 100 000 deep", "UnsupportedError", withField("extra", `${"[".repeat(100_000)}${"]".repeat(100_000)}`));
  for (const value of ["null", "7", `"x"`, "[]", "true"]) text(`the whole is ${value}`, "UnsupportedError", value);
  text("no model type, and nothing of the family", "UnsupportedError", "{}");
  text("fields of the prototype only", "UnsupportedError", `{"__proto__": ${JSON.stringify(MINIATURE)}}`);
  text("empty", "CheckpointError", "");
  text("half a JSON", "CheckpointError", JSON.stringify(MINIATURE).slice(0, -9));
  text("NaN as Python writes it", "CheckpointError", withField("layer_norm_eps", "NaN"));
  text("Infinity", "CheckpointError", withField("initializer_range", "-Infinity"));
  text("no UTF-8", "CheckpointError", concat(withField("x", `"`).slice(0, -1), Uint8Array.of(0xff), `"}`));
  text("a page in its place", "CheckpointError", "<!doctype html><title>Sign in</title>");
  text("a comment", "CheckpointError", `// x\n${JSON.stringify(MINIATURE)}`);
  return cases.all;
}
