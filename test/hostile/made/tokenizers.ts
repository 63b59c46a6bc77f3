// tokenizer.json: the pipeline of this family with one part of it replaced at a time.
import { type Case, Cases, concat } from "./case.js";

const FILE = "tokenizer.json";

type Json = Record<string, unknown>;

const added = (id: number, content: string): Json => ({
  id,
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  special: true,
});
const METASPACE = { type: "Metaspace", replacement: "\u2581", prepend_scheme: "always", split: true };
const COLLAPSE = { type: "Replace", pattern: { Regex: " {2,}" }, content: " " };
const item = (kind: string, id: string, type_id: unknown = 0): Json => ({ [kind]: { id, type_id } });
const SPECIAL = {
  "[CLS]": { id: "[CLS]", ids: [1], tokens: ["[CLS]"] },
  "[SEP]": { id: "[SEP]", ids: [2], tokens: ["[SEP]"] },
};
const SINGLE = [item("SpecialToken", "[CLS]"), item("Sequence", "A"), item("SpecialToken", "[SEP]")];
const TEMPLATE = {
  type: "TemplateProcessing",
  single: SINGLE,
  pair: [...SINGLE, item("Sequence", "B", 1), item("SpecialToken", "[SEP]", 1)],
  special_tokens: SPECIAL,
};
const VOCAB = [
  ["[PAD]", 0],
  ["[CLS]", 0],
  ["[SEP]", 0],
  ["[UNK]", 0],
  ["\u2581", -2],
  ["\u2581the", -3],
  ["a", -4],
  ["t", -4.5],
  ["e", -5],
  ["\u2581tea", -6],
  ["store", -7],
];
const MODEL = { type: "Unigram", unk_id: 3, vocab: VOCAB, byte_fallback: false };
export const GOOD_TOKENIZER: Json = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [added(0, "[PAD]"), added(1, "[CLS]"), added(2, "[SEP]"), added(3, "[UNK]"), added(11, "[MASK]")],
  normalizer: { type: "Sequence", normalizers: [{ type: "Strip", strip_left: true, strip_right: true }, COLLAPSE] },
  pre_tokenizer: { type: "Sequence", pretokenizers: [METASPACE] },
  post_processor: TEMPLATE,
  decoder: METASPACE,
  model: MODEL,
};

export function tokenizers(): Case[] {
  const cases = new Cases("tokenizer");
  const text = (name: string, expect: Case["expect"], json: string | Uint8Array): void =>
    cases.add(name, expect, { [FILE]: json });
  const part = (name: string, expect: Case["expect"], change: Json): void =>
    text(name, expect, JSON.stringify({ ...GOOD_TOKENIZER, ...change }));
  const bad = (name: string, change: Json): void => part(name, "CheckpointError", change);
  const refused = (name: string, change: Json): void => part(name, "UnsupportedError", change);
  const model = (change: Json): Json => ({ model: { ...MODEL, ...change } });
  const normalizer = (...normalizers: unknown[]): Json => ({ normalizer: { type: "Sequence", normalizers } });
  const template = (change: Json): Json => ({ post_processor: { ...TEMPLATE, ...change } });
  const nested = (depth: number): unknown =>
    depth === 0 ? COLLAPSE : { type: "Sequence", normalizers: [nested(depth - 1)] };

  part("plain", "loads", {});
  part("no normalizer", "loads", { normalizer: null });
  part("no post-processor", "loads", { post_processor: null });
  for (const value of ["[]", "null", "7", `"x"`]) text(`the whole is ${value}`, "CheckpointError", value);
  text("empty", "CheckpointError", "");
  text("half a JSON", "CheckpointError", JSON.stringify(GOOD_TOKENIZER).slice(0, -20));
  text(
    "no UTF-8",
    "CheckpointError",
    concat(JSON.stringify(GOOD_TOKENIZER).slice(0, -1), `,"x":"`, Uint8Array.of(0xff), `"}`),
  );
  bad("an unknown field", { hook: "evil" });
  for (const field of ["model", "decoder", "pre_tokenizer", "normalizer", "post_processor", "added_tokens"])
    for (const value of [7, "x", field === "added_tokens" ? {} : []])
      bad(`${field} ${JSON.stringify(value)}`, { [field]: value });
  for (const type of ["BPE", "WordPiece", "WordLevel", "constructor", null, 7])
    refused(`model.type ${JSON.stringify(type)}`, model({ type }));
  refused("byte_fallback", model({ byte_fallback: true }));
  for (const vocab of [[], {}, null, "x", [["a"]], [["a", 1, 2]], [[1, "a"]], [["a", "1"]], [["a", null]], ["a"], [{}]])
    bad(`model.vocab ${JSON.stringify(vocab)}`, model({ vocab }));
  text("a score of 1e400", "CheckpointError", JSON.stringify(GOOD_TOKENIZER).replace("-4.5", "-1e400"));
  text(
    "half of a surrogate pair as a piece",
    "CheckpointError",
    JSON.stringify(GOOD_TOKENIZER).replace(`"store"`, `"\\ud83d"`),
  );
  for (const unk_id of [-1, 11, 1e9, 1.5, "3", null]) bad(`model.unk_id ${JSON.stringify(unk_id)}`, model({ unk_id }));
  for (const [name, value] of Object.entries({
    "a type of a prototype": { type: "constructor" },
    NFKD: { type: "NFKD" },
    BertNormalizer: { type: "BertNormalizer" },
    "a pattern that takes exponential time": { type: "Replace", pattern: { Regex: "(a+)+$" }, content: "" },
    "another text for spaces": { ...COLLAPSE, content: "" },
    "a String pattern": { type: "Replace", pattern: { String: "a" }, content: "b" },
  }))
    refused(`normalizer: ${name}`, normalizer(value));
  for (const [name, value] of Object.entries({
    "no pattern": { type: "Replace", content: "" },
    "a pattern that is none": { type: "Replace", pattern: { Regex: "(" }, content: "" },
    "a pattern of numbers": { type: "Replace", pattern: { Regex: 7 }, content: "" },
    "a map that is no base64": { type: "Precompiled", precompiled_charsmap: "***" },
    "a map that is a number": { type: "Precompiled", precompiled_charsmap: 7 },
    "a map of three bytes": { type: "Precompiled", precompiled_charsmap: "AAAA" },
    "a map whose trie is longer than it": { type: "Precompiled", precompiled_charsmap: "/////wAAAAA=" },
    "a text": "Strip",
  }))
    bad(`normalizer: ${name}`, normalizer(value));
  bad("normalizers within 9 normalizers", { normalizer: nested(9) });
  bad("normalizers within 2 000 normalizers", { normalizer: nested(2000) });
  part("normalizers within 5 normalizers", "loads", { normalizer: nested(5) });
  part("1 000 equal normalizers", "any", normalizer(...new Array<unknown>(1000).fill(COLLAPSE)));
  for (const pre of [
    { type: "ByteLevel" },
    { type: "Whitespace" },
    { ...METASPACE, replacement: "_" },
    { ...METASPACE, prepend_scheme: "never" },
    { ...METASPACE, split: false },
  ])
    refused(`pre_tokenizer ${JSON.stringify(pre)}`, { pre_tokenizer: pre });
  for (const pre of [
    { ...METASPACE, replacement: "" },
    { ...METASPACE, replacement: "ab" },
    { ...METASPACE, prepend_scheme: "x" },
  ])
    bad(`pre_tokenizer ${JSON.stringify(pre)}`, { pre_tokenizer: pre });
  refused("two Metaspaces", { pre_tokenizer: { type: "Sequence", pretokenizers: [METASPACE, METASPACE] } });
  refused("another decoder", { decoder: { type: "ByteLevel" } });
  refused("another post-processor", { post_processor: { type: "RobertaProcessing" } });
  bad("a template without texts", template({ single: [item("SpecialToken", "[CLS]")] }));
  bad("a template whose pair lacks B", template({ pair: SINGLE }));
  bad("a template of a list", template({ special_tokens: [] }));
  bad("a special token that is not listed", template({ special_tokens: {} }));
  bad(
    "a special token of the prototype",
    template({ single: [item("SpecialToken", "constructor"), item("Sequence", "A")] }),
  );
  bad(
    "a special token beyond the vocabulary",
    template({ special_tokens: { ...SPECIAL, "[CLS]": { id: "[CLS]", ids: [4e9], tokens: [] } } }),
  );
  bad(
    "a special token of id -1",
    template({ special_tokens: { ...SPECIAL, "[CLS]": { id: "[CLS]", ids: [-1], tokens: [] } } }),
  );
  bad("a sequence C", template({ single: [item("Sequence", "C"), item("Sequence", "A")] }));
  bad("a type id of -1", template({ single: [item("Sequence", "A", -1)] }));
  bad("an empty template", template({ single: [], pair: [] }));
  for (const token of [
    7,
    null,
    {},
    { id: 4 },
    { ...added(4, "x"), id: -1 },
    { ...added(4, "x"), id: "4" },
    { ...added(4, "x"), content: 7 },
    { ...added(4, "x"), special: "yes" },
  ])
    bad(`an added token ${JSON.stringify(token)}`, { added_tokens: [token] });
  part("an added token whose id is far away", "any", { added_tokens: [added(2 ** 31, "[FAR]")] });
  part("an added token without letters", "any", {
    added_tokens: [...(GOOD_TOKENIZER["added_tokens"] as Json[]), added(12, "")],
  });
  part("10 000 added tokens that begin alike", "any", {
    added_tokens: Array.from({ length: 10_000 }, (_, i) => added(11 + i, `aaaaaaaa${i}`)),
  });
  for (const padding of [
    { strategy: { Fixed: 2 ** 40 } },
    { strategy: "Longest" },
    { strategy: "BatchLongest", direction: "Up" },
    { strategy: "BatchLongest", pad_to_multiple_of: 0 },
    7,
  ])
    bad(`padding ${JSON.stringify(padding)}`, { padding });
  for (const truncation of [
    { max_length: -1 },
    { max_length: 8, stride: 1.5 },
    { direction: "Down", max_length: 8 },
    7,
  ])
    bad(`truncation ${JSON.stringify(truncation)}`, { truncation });
  text("fields of the prototype", "CheckpointError", `{"__proto__": ${JSON.stringify(GOOD_TOKENIZER)}}`);
  text("nested 50 000 deep", "CheckpointError", `{"model": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`);
  return cases.all;
}
