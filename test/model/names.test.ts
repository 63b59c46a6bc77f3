import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";
import { nearestName, resolveNames, spellNames } from "../../src/model/deberta/names.js";
import { SHARED } from "../support/golden-node.js";

const BACKBONE = [
  "deberta.embeddings.word_embeddings.weight",
  "deberta.embeddings.LayerNorm.weight",
  "deberta.embeddings.LayerNorm.bias",
  "deberta.encoder.rel_embeddings.weight",
  "deberta.encoder.LayerNorm.weight",
  "deberta.encoder.conv.conv.weight",
  "deberta.encoder.layer.0.attention.self.query_proj.weight",
  "deberta.encoder.layer.0.attention.output.LayerNorm.bias",
  "deberta.encoder.layer.11.output.dense.bias",
];
const HEADS = ["pooler.dense.weight", "classifier.weight", "classifier.bias", "cls.predictions.bias"];
const ALL = [...BACKBONE, ...HEADS];

/** Each spelling as a function from Transformers' name to the name in such a file. */
const SPELLINGS: Record<string, (name: string) => string> = {
  "as Transformers saves it": (name) => name,
  "a bare backbone": (name) => name.replace(/^deberta\./, ""),
  DataParallel: (name) => `module.${name}`,
  "torch.compile": (name) => `_orig_mod.${name}`,
  Lightning: (name) => `model.${name}`,
  "wrappers in a mix": (name) => `module._orig_mod.model._fsdp_wrapped_module.${name}`,
  "torch.compile of the backbone alone": (name) => name.replace(/^deberta\./, "deberta._orig_mod."),
  "FSDP around every layer": (name) => name.replace(/layer\.(\d+)\./, "layer.$1._fsdp_wrapped_module."),
  "TF 1 norms": (name) =>
    name.replace(/LayerNorm\.weight$/, "LayerNorm.gamma").replace(/LayerNorm\.bias$/, "LayerNorm.beta"),
  "the authors' older files": (name) => name.replace(/^deberta\./, "bert."),
  "the authors' older files, wrapped, with TF 1 norms": (name) =>
    `module.${name.replace(/^deberta\./, "bert.").replace(/LayerNorm\.weight$/, "LayerNorm.gamma")}`,
  "a discriminator of its own": (name) => `discriminator.${name}`,
  GLiNER: (name) => name.replace(/^deberta\./, "token_rep_layer.bert_layer.model."),
  "GLiNER2, whose backbone is called encoder as well": (name) => name.replace(/^deberta\./, "encoder."),
  "sentence-transformers": (name) => name.replace(/^deberta\./, "0.auto_model."),
  "a custom class": (name) => name.replace(/^deberta\./, "backbone."),
  "a custom class within a wrapper": (name) => `model.${name.replace(/^deberta\./, "backbone.transformer.")}`,
};

test.each(Object.entries(SPELLINGS))("finds every weight of %s", (_, spell) => {
  const file = new Set(ALL.map(spell));
  const find = resolveNames(file);
  expect(Object.fromEntries(ALL.map((name) => [name, find(name)]))).toEqual(
    Object.fromEntries(ALL.map((name) => [name, spell(name)])),
  );
  expect(find("deberta.encoder.layer.0.output.dense.weight")).toBeUndefined();
  expect(find("qa_outputs.weight")).toBeUndefined();
});

test.each(Object.entries(SPELLINGS))("spells a missing weight as the file would: %s", (label, spell) => {
  if (label.startsWith("FSDP") || label.includes("backbone alone")) return; // wrappers inside a name cannot be guessed
  for (const missing of ["deberta.encoder.rel_embeddings.weight", "deberta.embeddings.word_embeddings.weight"]) {
    const available = new Set(ALL.filter((name) => name !== missing).map(spell));
    expect(spellNames([missing], available)[0]).toBe(spell(missing));
    expect(resolveNames(available)(missing)).toBeUndefined();
  }
});

test("a missing LayerNorm is called gamma where the file says gamma", () => {
  const available = new Set(["deberta.embeddings.word_embeddings.weight", "deberta.encoder.LayerNorm.gamma"]);
  expect(spellNames(["deberta.embeddings.LayerNorm.weight"], available)[0]).toBe("deberta.embeddings.LayerNorm.gamma");
  expect(spellNames(["deberta.encoder.layer.0.output.dense.bias"], available)[0]).toBe(
    "deberta.encoder.layer.0.output.dense.bias",
  );
});

test("a file without any backbone gets Transformers' names, all missing", () => {
  for (const available of [new Set<string>(), new Set(["encoder.weight", "lstm.bias", "__proto__", "constructor"])]) {
    const find = resolveNames(available);
    expect(BACKBONE.map(find)).toEqual(BACKBONE.map(() => undefined));
    expect(BACKBONE.map((name) => spellNames([name], available)[0])).toEqual(BACKBONE);
  }
});

test("heads beside the backbone win over heads at the top", () => {
  const names = [
    "discriminator.deberta.embeddings.word_embeddings.weight",
    "discriminator.classifier.bias",
    "classifier.bias",
  ];
  expect(resolveNames(new Set(names))("classifier.bias")).toBe("discriminator.classifier.bias");
});

test("a name that needs no change wins over one that only becomes the same", () => {
  const names = ["module.deberta.encoder.LayerNorm.bias", "deberta.encoder.LayerNorm.beta"];
  const find = resolveNames(new Set([...BACKBONE, ...names]));
  expect(find("deberta.encoder.LayerNorm.weight")).toBe("deberta.encoder.LayerNorm.weight");
  const both = new Set(["deberta.encoder.LayerNorm.beta", "deberta.encoder.LayerNorm.bias", BACKBONE[0]!]);
  expect(resolveNames(both)("deberta.encoder.LayerNorm.bias")).toBe("deberta.encoder.LayerNorm.bias");
});

test("Transformers' own backbone is taken although another stands beside it", () => {
  const file = new Set([...BACKBONE, "teacher.deberta.embeddings.word_embeddings.weight"]);
  expect(resolveNames(file)(BACKBONE[0]!)).toBe(BACKBONE[0]);
});

test("several backbones are an error that lists them", () => {
  const tables = ["generator", "discriminator"].map((name) => `${name}.deberta.embeddings.word_embeddings.weight`);
  const resolve = (): unknown => resolveNames(new Set(tables), "pytorch_model.bin");
  expect(resolve).toThrow(CheckpointError);
  expect(resolve).toThrow(`pytorch_model.bin holds several models, one is expected: ${tables[1]!}, ${tables[0]!}`);
});

test("a discriminator's difference to its generator's embeddings cannot be used alone", () => {
  const names = ["deberta.embeddings.word_embeddings._weight", ...BACKBONE.slice(1)];
  const resolve = (): unknown => resolveNames(new Set(names), "model.safetensors");
  expect(resolve).toThrow(CheckpointError);
  expect(resolve).toThrow(/^model\.safetensors: .*only the difference to its generator's embeddings \(.*_weight\)/);
  expect(resolveNames(new Set([...names, BACKBONE[0]!]))(BACKBONE[0]!)).toBe(BACKBONE[0]);
});

test("the fused projections of DeBERTa v1 are refused by name", () => {
  const name = "deberta.encoder.layer.0.attention.self.in_proj.weight";
  const resolve = (): unknown => resolveNames(new Set([...BACKBONE, name]), "model.safetensors");
  expect(resolve).toThrow(UnsupportedError);
  expect(resolve).toThrow(name);
});

test("the nearest name is the one that shares most at both ends, and none where nothing resembles", () => {
  const available = new Set([...ALL, "pooler.dens.bias"]);
  expect(nearestName("pooler.dense.bias", available)).toBe("pooler.dens.bias");
  expect(nearestName("deberta.encoder.layer.11.output.dense.weight", available)).toBe(
    "deberta.encoder.layer.11.output.dense.bias",
  );
  expect(nearestName("qa_outputs.weight", new Set(["lstm.bias"]))).toBeUndefined();
});

test.skipIf(!SHARED)(
  "every golden safetensors file has its weights under Transformers' names (needs the shared data)",
  () => {
    const root = `${SHARED!}/golden/models`;
    const needed = [
      "deberta.embeddings.word_embeddings.weight",
      "deberta.embeddings.LayerNorm.weight",
      "deberta.embeddings.LayerNorm.bias",
      "deberta.encoder.layer.0.attention.self.query_proj.weight",
      "deberta.encoder.layer.0.attention.output.LayerNorm.weight",
      "deberta.encoder.layer.0.output.dense.bias",
    ];
    let cases = 0;
    for (const name of readdirSync(root)) {
      const folder = `${root}/${name}`;
      if (!existsSync(`${folder}/case.json`)) continue;
      const shards = readdirSync(folder).filter((file) => /^model.*\.safetensors$/.test(file));
      if (shards.length === 0) continue;
      const inFile = shards.flatMap((file) => {
        const bytes = readFileSync(`${folder}/${file}`);
        return Object.keys(JSON.parse(bytes.toString("utf8", 8, 8 + Number(bytes.readBigUInt64LE(0)))) as object);
      });
      const find = resolveNames(new Set(inFile), name);
      expect(
        needed.filter((weight) => find(weight) === undefined),
        name,
      ).toEqual([]);
      cases++;
    }
    expect(cases).toBeGreaterThan(25);
  },
);

test("TensorFlow's paths, single file and shards, and no copy of the embeddings beside the head", () => {
  const model = "tf_deberta_v2_for_masked_lm";
  const paths = {
    [`deberta/${model}/deberta/embeddings/word_embeddings/weight:0`]: "deberta.embeddings.word_embeddings.weight",
    [`deberta/${model}/deberta/embeddings/position_embeddings/embeddings:0`]:
      "deberta.embeddings.position_embeddings.weight",
    [`deberta/${model}/deberta/encoder/rel_embeddings.weight:0`]: "deberta.encoder.rel_embeddings.weight",
    [`deberta/${model}/deberta/encoder/LayerNorm/gamma:0`]: "deberta.encoder.LayerNorm.weight",
    [`deberta/${model}/deberta/encoder/conv/conv/kernel:0`]: "deberta.encoder.conv.conv.weight",
    [`deberta/${model}/deberta/encoder/layer_._11/attention/self/pos_q_proj/kernel:0`]:
      "deberta.encoder.layer.11.attention.self.pos_query_proj.weight",
    "deberta/encoder/layer_._2/attention/self/pos_proj/bias:0":
      "deberta.encoder.layer.2.attention.self.pos_key_proj.bias",
    "cls/predictions/transform/dense/kernel:0": "cls.predictions.transform.dense.weight",
    [`cls/${model}/cls/predictions/bias:0`]: "cls.predictions.bias",
    "pooler/tf_deberta_v2_for_sequence_classification/pooler/dense/bias:0": "pooler.dense.bias",
    "classifier/tf_deberta_v2_for_token_classification_1/classifier/kernel:0": "classifier.weight",
    "qa_outputs/tf_deberta_v2_for_question_answering/qa_outputs/bias:0": "qa_outputs.bias",
  };
  const copy = `cls/${model}/deberta/embeddings/word_embeddings/weight:0`;
  const resolve = resolveNames(new Set([copy, ...Object.keys(paths)]));
  for (const [path, name] of Object.entries(paths)) expect(resolve(name), name).toBe(path);
});
