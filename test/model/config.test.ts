import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ByteSource, Folder } from "../../src/checkpoint/byte-source.js";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { goldenCases, readJson, SHARED } from "../support/golden-node.js";
import { generator, randomInteger } from "../support/random.js";

const BASE = {
  model_type: "deberta-v2",
  vocab_size: 40,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 32,
  relative_attention: true,
  position_buckets: 8,
  pos_att_type: "p2c|c2p",
  position_biased_input: false,
};

const parse = (fields: Record<string, unknown>): DebertaV2Config => new DebertaV2Config({ ...BASE, ...fields });

/** A folder in memory, as a caller may give one. */
function folderOf(files: Record<string, string | Uint8Array>): Folder {
  return {
    open: (name) => {
      const content = Object.hasOwn(files, name) ? files[name] : undefined;
      if (content === undefined) return Promise.resolve(undefined);
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      const source: ByteSource = {
        size: bytes.length,
        // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
        async *read(start, end) {
          yield bytes.subarray(start, end);
        },
      };
      return Promise.resolve(source);
    },
  };
}

test("every default is Transformers'", () => {
  const config = new DebertaV2Config({ model_type: "deberta-v2" });
  expect(Object.fromEntries(Object.entries(config))).toEqual({
    vocabSize: 128100,
    hiddenSize: 1536,
    numHiddenLayers: 24,
    numAttentionHeads: 24,
    intermediateSize: 6144,
    hiddenAct: "gelu",
    maxPositionEmbeddings: 512,
    typeVocabSize: 0,
    layerNormEps: 1e-7,
    relativeAttention: false,
    maxRelativePositions: -1,
    positionBiasedInput: true,
    posAttType: [],
    positionBuckets: -1,
    shareAttKey: false,
    normRelEbd: false,
    convKernelSize: 0,
    convGroups: 1,
    convAct: "tanh",
    embeddingSize: 1536,
    attentionHeadSize: 64,
    poolerHiddenSize: 1536,
    poolerHiddenAct: "gelu",
    legacy: true,
    tieWordEmbeddings: true,
    padTokenId: 0,
    problemType: null,
    numLabels: 2,
    id2label: new Map([
      [0, "LABEL_0"],
      [1, "LABEL_1"],
    ]),
    label2id: new Map([
      ["LABEL_0", 0],
      ["LABEL_1", 1],
    ]),
    outputHiddenStates: false,
    outputAttentions: false,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    poolerDropout: 0,
    clsDropout: null,
    initializerRange: 0.02,
    extra: new Map([["model_type", "deberta-v2"]]),
  });
  const { headSize, range, span, relativeSlots, scaleFactor } = config;
  expect({ headSize, range, span, relativeSlots, scaleFactor }).toEqual({
    headSize: 64,
    range: 512,
    span: 512,
    relativeSlots: 0,
    scaleFactor: 1,
  });
});

test("what follows from the relative fields", () => {
  const v3 = parse({ position_buckets: 256, max_position_embeddings: 512 });
  expect([v3.range, v3.span, v3.relativeSlots, v3.scaleFactor]).toEqual([512, 256, 512, 3]);
  const raw = parse({ position_buckets: -1, max_relative_positions: 24, pos_att_type: ["c2p"] });
  expect([raw.range, raw.span, raw.relativeSlots, raw.scaleFactor]).toEqual([24, 24, 48, 2]);
  const off = parse({ relative_attention: false });
  expect([off.relativeSlots, off.scaleFactor]).toEqual([0, 3]);
  const unused = parse({ pos_att_type: "none" });
  expect([unused.relativeSlots, unused.scaleFactor]).toEqual([0, 1]);
});

test.each<[unknown, string[]]>([
  [null, []],
  ["", []],
  ["none", []],
  [[], []],
  [["none", ""], []],
  ["c2p", ["c2p"]],
  ["P2C|c2p", ["p2c", "c2p"]],
  [" C2P | p2c ", ["c2p", "p2c"]],
  ["c2p|c2p", ["c2p"]],
  [
    ["p2c", "c2p", "p2c"],
    ["p2c", "c2p"],
  ],
])("pos_att_type %j means %j", (given, terms) => {
  expect(parse({ pos_att_type: given }).posAttType).toEqual(terms);
});

test.each<[string, boolean]>([
  ["layer_norm", true],
  [" Layer_Norm ", true],
  ["none|layer_norm", true],
  ["none", false],
  ["", false],
])("norm_rel_ebd %j means %j", (given, normed) => {
  expect(parse({ norm_rel_ebd: given }).normRelEbd).toBe(normed);
});

test("null is absent where Transformers reads a field without declaring it, and where null is a declared value", () => {
  const fields = [
    "position_buckets",
    "share_att_key",
    "conv_kernel_size",
    "conv_act",
    "conv_groups",
    "embedding_size",
    "attention_head_size",
  ];
  const more = [
    "pooler_hidden_size",
    "num_labels",
    "id2label",
    "label2id",
    "problem_type",
    "pos_att_type",
    "cls_dropout",
  ];
  const config = parse(Object.fromEntries([...fields, ...more].map((field) => [field, null])));
  expect(config.positionBuckets).toBe(-1);
  expect([config.embeddingSize, config.attentionHeadSize, config.numLabels]).toEqual([8, 4, 2]);
  expect(parse({ pad_token_id: null }).padTokenId).toBeNull();
});

test("an integer is taken where a float is meant", () => {
  expect(parse({ layer_norm_eps: 1 }).layerNormEps).toBe(1);
});

test("conv_groups and conv_act do not matter without a conv layer", () => {
  const config = parse({ conv_kernel_size: 0, conv_act: "gelu", conv_groups: 3 });
  expect([config.convKernelSize, config.convGroups, config.convAct]).toEqual([0, 3, "gelu"]);
  expect(parse({ conv_kernel_size: -1 }).convKernelSize).toBe(0);
  const conv = parse({ conv_kernel_size: 5, conv_act: "gelu", conv_groups: 4 });
  expect([conv.convKernelSize, conv.convGroups, conv.convAct]).toEqual([5, 4, "gelu"]);
});

test("unknown fields are kept, even under names that objects have by themselves", () => {
  const config = new DebertaV2Config(
    JSON.parse(`${JSON.stringify(BASE).slice(0, -1)}, "pooling": {"dropout": 0},
    "z_steps": 2, "range": 7, "constructor": 1, "__proto__": {"hidden_size": 12, "polluted": true}}`),
  );
  expect(config.extra.get("pooling")).toEqual({ dropout: 0 });
  expect([config.extra.get("z_steps"), config.extra.get("range"), config.extra.get("constructor")]).toEqual([2, 7, 1]);
  expect(config.hiddenSize).toBe(8);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  expect(Object.getPrototypeOf(config.toJSON())).toBe(Object.prototype);
});

test("fields under __proto__ are no fields", () => {
  const smuggled = JSON.parse(`{"__proto__": ${JSON.stringify(BASE)}}`) as unknown;
  expect(() => new DebertaV2Config(smuggled)).toThrow("config.json: model_type is missing (deberta-v2 is supported)");
});

test("the authors' files without a model_type are recognised by their fields", () => {
  const { model_type, ...fields } = BASE;
  expect(model_type).toBe("deberta-v2");
  expect(new DebertaV2Config(fields).hiddenSize).toBe(8);
  expect(() => new DebertaV2Config({ hidden_size: 8 })).toThrow(UnsupportedError);
});

describe("labels", () => {
  test("names, counts and indices", () => {
    const config = parse({ id2label: { "1": "b", "0": "a", "2": "__proto__" } });
    expect([...config.id2label]).toEqual([
      [0, "a"],
      [1, "b"],
      [2, "__proto__"],
    ]);
    expect(config.numLabels).toBe(3);
    expect(config.label2id.get("__proto__")).toBe(2);
    expect(parse({ num_labels: 3 }).id2label.get(2)).toBe("LABEL_2");
    expect(parse({ _num_labels: 7 }).numLabels).toBe(2);
    expect(parse({ label2id: { x: 5 } }).numLabels).toBe(2);
    expect(parse({ label2id: { x: 5 } }).label2id.get("x")).toBe(5);
  });

  test("where num_labels and id2label disagree, the classifier's rows decide", () => {
    const config = parse({ num_labels: 3, id2label: { "0": "a", "1": "b" } });
    expect(config.numLabels).toBe(2);
    expect(config.withNumLabels(2)).toBe(config);
    expect(config.withNumLabels(5)).toBe(config);
    const three = config.withNumLabels(3);
    expect([three.numLabels, three.id2label.get(2), three.label2id.get("LABEL_2")]).toEqual([3, "LABEL_2", 2]);
    expect(parse({ num_labels: 3 }).withNumLabels(2).numLabels).toBe(3);
  });
});

test("toJSON can be read again and says the same", () => {
  const config = parse({
    conv_kernel_size: 3,
    norm_rel_ebd: "layer_norm",
    foo: [1],
    id2label: { "0": "x" },
    embedding_size: 6,
  });
  const json = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  expect(json).toMatchObject({
    hidden_size: 8,
    embedding_size: 6,
    norm_rel_ebd: "layer_norm",
    foo: [1],
    id2label: { 0: "x" },
  });
  expect(json).toMatchObject({
    pos_att_type: ["p2c", "c2p"],
    layer_norm_eps: 1e-7,
    num_labels: 1,
    model_type: "deberta-v2",
  });
  expect(new DebertaV2Config(json).toJSON()).toEqual(config.toJSON());
});

test.each<[Record<string, unknown>, string]>([
  [{ model_type: "bert" }, `config.json: model_type "bert" is not supported (deberta-v2 is)`],
  [{ model_type: null }, `config.json: model_type null is not supported (deberta-v2 is)`],
  [{ pos_att_type: "c2p|p2p" }, `config.json: pos_att_type "p2p" is not supported (c2p and p2c are)`],
  [{ pos_att_type: ["C2P"] }, `config.json: pos_att_type "C2P" is not supported (c2p and p2c are)`],
  [
    { hidden_size: 10, num_attention_heads: 4 },
    "config.json: hidden_size 10 is not a multiple of num_attention_heads 4",
  ],
  [
    { attention_head_size: 32 },
    "config.json: attention_head_size 32 is not supported (hidden_size / num_attention_heads = 4 is)",
  ],
  [{ pooler_hidden_size: 16 }, "config.json: pooler_hidden_size 16 is not supported (hidden_size = 8 is)"],
  [{ conv_kernel_size: 4 }, "config.json: conv_kernel_size 4 is not supported (odd sizes are)"],
  [
    { conv_kernel_size: 3, conv_groups: 3 },
    "config.json: conv_groups 3 is not supported (divisors of hidden_size 8 are)",
  ],
  [{ position_buckets: 1 }, "config.json: position_buckets 1 is not supported"],
  [{ hidden_act: "foo" }, `config.json: hidden_act "foo" is not supported (gelu, `],
  [{ conv_kernel_size: 3, conv_act: "prelu" }, `config.json: conv_act "prelu" is not supported (gelu, `],
  [{ pooler_hidden_act: "xielu" }, `config.json: pooler_hidden_act "xielu" is not supported (gelu, `],
  [{ problem_type: "multi" }, `config.json: problem_type "multi" is not supported (regression, `],
  [{ tie_word_embeddings: "true" }, `config.json: tie_word_embeddings "true" is not supported`],
  [{ legacy: 1 }, "config.json: legacy 1 is not supported"],
  [{ id2label: {} }, "config.json: id2label {} is not supported"],
  [{ id2label: { "1": "a", "2": "b" } }, "id2label key"],
  [{ vocab_size: 2.5 }, "config.json: vocab_size 2.5 is not supported"],
])("refuses %j", (fields, message) => {
  expect(() => parse(fields)).toThrow(UnsupportedError);
  expect(() => parse(fields)).toThrow(message);
});

test("a value that JSON does not know is still refused by name", () => {
  const circular: unknown[] = [];
  circular.push(circular);
  for (const value of [8n, circular, Symbol("8"), (): number => 8]) {
    expect(() => parse({ hidden_size: value })).toThrow(/^config\.json: (hidden_size .* is not supported|is nested)/);
  }
});

test.each([[null], [undefined], [[]], ["{}"], [7]])("refuses %j in place of a config", (value) => {
  expect(() => new DebertaV2Config(value)).toThrow(UnsupportedError);
});

describe("fromPretrained", () => {
  test("reads config.json of a source", async () => {
    const config = await DebertaV2Config.fromPretrained(folderOf({ "config.json": JSON.stringify(BASE) }));
    expect(config.hiddenSize).toBe(8);
  });

  test.each<[string, Record<string, string>]>([
    ["is missing", {}],
    ["is cut off", { "config.json": `{"model_type": "deb` }],
    ["is empty", { "config.json": "" }],
    ["is a web page", { "config.json": "<!doctype html><title>404</title>" }],
    ["contradicts itself", { "config.json": JSON.stringify({ ...BASE, pooler_hidden_size: 16 }) }],
  ])("a config.json that %s is a CheckpointError that names it", async (_, files) => {
    const promise = DebertaV2Config.fromPretrained(folderOf(files));
    await expect(promise).rejects.toThrow(CheckpointError);
    await expect(promise).rejects.toThrow("config.json");
  });

  test("NaN, which Python writes and JSON does not know, is refused with the field's name", async () => {
    const promise = DebertaV2Config.fromPretrained(folderOf({ "config.json": `{"a": "NaN", "layer_norm_eps": NaN}` }));
    await expect(promise).rejects.toThrow(CheckpointError);
    await expect(promise).rejects.toThrow("layer_norm_eps");
  });
});

test.skipIf(!SHARED)("every golden config is accepted and says what its file says (needs the shared data)", () => {
  for (const { name, config: json } of goldenCases()) {
    const config = new DebertaV2Config(json);
    expect(config.hiddenSize, name).toBe(json["hidden_size"]);
    expect(config.attentionHeadSize * config.numAttentionHeads, name).toBe(config.hiddenSize);
    expect(new DebertaV2Config(config.toJSON()).toJSON(), name).toEqual(config.toJSON());
  }
});

interface HostileEntry {
  file: string;
  format: string;
  expect: "reject" | "load" | "either";
  errors?: string[];
  mention?: string[];
  probe_ms?: number;
  config?: Record<string, unknown>;
}

const hostile = SHARED
  ? (readJson(`${SHARED}/hostile/manifest.json`) as { entries: HostileEntry[] }).entries.filter(
      (entry) => entry.format === "config",
    )
  : [];

describe.skipIf(!SHARED)("hostile configs (need the shared data)", () => {
  test("all 106 are here", () => {
    expect(hostile.length).toBe(106);
  });

  test.each(hostile)("$file", async (entry) => {
    const bytes = readFileSync(`${SHARED!}/hostile/${entry.file}`);
    const start = performance.now();
    const result = await DebertaV2Config.fromPretrained(folderOf({ "config.json": bytes })).catch(
      (error: unknown) => error,
    );
    expect(performance.now() - start).toBeLessThan(entry.probe_ms ?? 2000);
    if (entry.expect === "load" || (entry.expect === "either" && !(result instanceof Error))) {
      expect(result).toBeInstanceOf(DebertaV2Config);
      for (const [field, value] of Object.entries(entry.config ?? {})) {
        const member = field.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
        const own = (result as Record<string, unknown>)[member];
        expect(own, field).toEqual(field === "pos_att_type" ? (value ?? []) : value);
      }
    } else {
      expect(entry.errors).toContain((result as Error | { name?: undefined }).name);
      for (const text of entry.mention ?? []) expect((result as Error).message).toContain(text);
      // The class does not depend on where a config comes from, as far as a parsed one can be had at all.
      let json: unknown;
      try {
        json = JSON.parse(bytes.toString());
      } catch {
        return;
      }
      expect(() => new DebertaV2Config(json)).toThrow(UnsupportedError);
    }
  });
});

test("random mutants are accepted or refused by name, never anything else", () => {
  const fields = Object.keys(new DebertaV2Config(BASE).toJSON());
  const numbers = [0, -1, 1, 2, 3, 7.5, -0, 2 ** 31, 2 ** 53, 1e300, NaN, Infinity, 1 << 20];
  const values = [...numbers, null, true, "", "8", "none", "c2p|p2c", "layer_norm", "gelu", "__proto__", [], ["c2p"]];
  const objects = [{}, { "0": "a" }, { "0": 1 }, { "00": "a" }, { a: 1 }, [[]], { __proto__: null }, [null]];
  const pool: unknown[] = [...values, ...objects];
  let accepted = 0;
  for (let seed = 0; seed < 3000; seed++) {
    const next = generator(seed);
    const json: Record<string, unknown> = { ...BASE };
    for (let mutations = randomInteger(next, 1, 3); mutations > 0; mutations--) {
      json[fields[randomInteger(next, 0, fields.length - 1)]!] = pool[randomInteger(next, 0, pool.length - 1)];
    }
    try {
      const config = new DebertaV2Config(json);
      expect(config.hiddenSize % config.numAttentionHeads, `seed ${seed}`).toBe(0);
      expect(config.id2label.size, `seed ${seed}`).toBe(config.numLabels);
      expect(Number.isInteger(config.span) && config.span > 0, `seed ${seed}`).toBe(true);
      accepted++;
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(UnsupportedError);
      const named = fields.filter((field) => (error as Error).message.includes(field));
      expect(named.length, `seed ${seed}: ${(error as Error).message}`).toBeGreaterThan(0);
    }
  }
  expect(accepted).toBeGreaterThan(100);
});

test("random damage to the file's bytes ends in a config or a typed error", async () => {
  const clean = new TextEncoder().encode(
    JSON.stringify({ ...BASE, id2label: { "0": "a", "1": "b" }, conv_kernel_size: 3 }),
  );
  for (let seed = 0; seed < 500; seed++) {
    const next = generator(seed);
    const bytes = clean.slice(0, next() < 0.1 ? randomInteger(next, 0, clean.length) : clean.length);
    for (let damage = randomInteger(next, 1, 4); damage > 0; damage--) {
      const at = randomInteger(next, 0, bytes.length - 1);
      bytes[at] = next() < 0.5 ? randomInteger(next, 0x20, 0x7e) : randomInteger(next, 0, 255);
    }
    const result = await DebertaV2Config.fromPretrained(folderOf({ "config.json": bytes })).catch((e: unknown) => e);
    const isFine = [DebertaV2Config, CheckpointError, UnsupportedError].some((kind) => result instanceof kind);
    expect(isFine, `seed ${seed}: ${String(result)}`).toBe(true);
    if (result instanceof Error) expect(result.message, `seed ${seed}`).toContain("config.json");
  }
});

test("nothing reached the prototypes that every object shares", () => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Object.keys(Array.prototype)).toEqual([]);
});

test("labels that are numbers are names", () => {
  const { id2label, numLabels } = new DebertaV2Config({
    model_type: "deberta-v2",
    id2label: { 0: 0, 1: 5, 2: 2.5 },
    label2id: { 0: 0, 5: 1, 2.5: 2 },
  });
  expect([...id2label.values()]).toEqual(["0", "5", "2.5"]);
  expect(numLabels).toBe(3);
});
