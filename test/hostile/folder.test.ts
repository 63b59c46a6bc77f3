// A whole folder from a stranger: what it names in each of its files reaches neither prototypes nor other origins, and what it says
// of itself stays text.
import { afterEach, describe, expect, test } from "vitest";
import { openWeights } from "../../src/checkpoint/shards.js";
import { CheckpointError } from "../../src/errors.js";
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { DebertaV2Tokenizer, DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { folderOf, MINIATURE } from "../support/checkpoint.js";
import { openGliclass } from "../../src/model/extraction/gliclass.js";
import { openGliner } from "../../src/model/extraction/gliner.js";
import { openGliner2 } from "../../src/model/extraction/gliner2.js";
import { NvidiaClassifier } from "../../src/model/extraction/nvidia.js";
import { safetensorsFile } from "../support/made-safetensors.js";
import { GOOD_MODEL } from "./made/sentencepiece.js";
import { GOOD_TOKENIZER } from "./made/tokenizers.js";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const TENSOR = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
/** What would be an own field of every object, were it merged into a prototype. */
const POISON = `"__proto__": {"polluted": "yes"}, "constructor": {"prototype": {"polluted": "yes"}}`;
/** The same in the text of an object that has fields of its own. */
const poisoned = (json: object): string => JSON.stringify(json).replace("{", `{${POISON}, `);

describe("prototypes", () => {
  afterEach(() => {
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test("config.json: fields, labels, indices", async () => {
    const labels = `"id2label": {"0": "__proto__", "1": "constructor"}, "label2id": {"__proto__": 0, "constructor": 1}`;
    const json = poisoned(MINIATURE).replace("{", `{${labels}, `);
    const config = await DebertaV2Config.fromPretrained(folderOf(new Map([["config.json", bytes(json)]])));
    expect([...config.id2label]).toEqual([
      [0, "__proto__"],
      [1, "constructor"],
    ]);
    expect([...config.label2id.keys()]).toEqual(["__proto__", "constructor"]);
    expect(config.hiddenSize).toBe(MINIATURE.hidden_size);
    expect((config as unknown as Record<string, unknown>)["polluted"]).toBeUndefined();
    const written = config.toJSON();
    expect(written["polluted"]).toBeUndefined();
  });

  test("the tokenizer's files: settings, added tokens, vocabulary", async () => {
    const tokens = `{"__proto__": 12, "constructor": 13, "toString": 14}`;
    const files = new Map<string, Uint8Array>([
      ["spm.model", GOOD_MODEL],
      ["tokenizer_config.json", bytes(poisoned({ do_lower_case: false }))],
      ["special_tokens_map.json", bytes(poisoned({ unk_token: "[UNK]" }))],
      ["added_tokens.json", bytes(tokens)],
    ]);
    for (const tokenizer of [DebertaV2Tokenizer, DebertaV2TokenizerFast]) {
      const made = await tokenizer.fromPretrained(folderOf(files));
      expect(made.encode("__proto__").ids).toContain(12);
      expect(made.encode("valueOf").ids).not.toContain(undefined);
    }
    const model = {
      ...(GOOD_TOKENIZER["model"] as object),
      vocab: [
        ["[UNK]", 0],
        ["__proto__", -1],
        ["constructor", -2],
        ["\u2581", -3],
      ],
      unk_id: 0,
    };
    const json = JSON.stringify({ ...GOOD_TOKENIZER, model, added_tokens: [], post_processor: null });
    const fast = await DebertaV2TokenizerFast.fromPretrained(folderOf(new Map([["tokenizer.json", bytes(json)]])));
    expect(fast.encode("__proto__").ids).toContain(1);
  });

  test("weights: names of tensors", async () => {
    const header = `{"__proto__": ${JSON.stringify(TENSOR)}}`;
    const files = new Map([["model.safetensors", safetensorsFile(header, 4)]]);
    const table = await openWeights(folderOf(files));
    expect([...table.keys()]).toEqual(["__proto__"]);
  });
});

describe("other origins", () => {
  const BASE = "https://models.example/a/b/";
  const FOREIGN = [
    "https://evil.example/x.safetensors",
    "//evil.example/x.safetensors",
    "\\\\evil.example\\x.safetensors",
    "../../../secret.safetensors",
    "..%2f..%2fsecret.safetensors",
    "%2e%2e/secret.safetensors",
    "/etc/passwd.safetensors",
    "file:///etc/passwd.safetensors",
    "data:,x.safetensors",
    "x.safetensors?to=https://evil.example",
  ];

  const requestsOf = async (files: Readonly<Record<string, object>>): Promise<{ urls: string[]; error: unknown }> => {
    const urls: string[] = [];
    const fetch = (input: RequestInfo | URL): Promise<Response> => {
      const { url, headers } = new Request(input);
      urls.push(url);
      expect(headers.get("authorization")).toBeNull(); // it goes in the second argument, to the folder's own origin only
      const json = files[url.slice(BASE.length)];
      return Promise.resolve(json ? new Response(JSON.stringify(json)) : new Response("", { status: 404 }));
    };
    const error: unknown = await openWeights(BASE, { fetch }).catch((reason: unknown) => reason);
    return { urls, error };
  };

  test.each(FOREIGN)("%s, as a shard and as the name of the weights", async (name) => {
    const places = [
      { "model.safetensors.index.json": { weight_map: { a: name } } },
      { "config.json": { ...MINIATURE, transformers_weights: name } },
    ];
    for (const files of places) {
      const { urls, error } = await requestsOf(files);
      expect(error).toBeInstanceOf(CheckpointError);
      expect(urls.length).toBeGreaterThan(0);
      for (const url of urls) expect(url).toMatch(/^https:\/\/models\.example\/a\/b\/[\w.-]+$/);
      expect(urls.some((url) => url.includes("secret") || url.includes("passwd"))).toBe(false);
    }
  });

  // Weights without a tokenizer name a repository of the hub that has one. A hub id is followed, an address is not.
  test.each([
    ["gliner_config.json", "model_name", openGliner, {}],
    ["config.json", "model_name", openGliner2, { model_type: "extractor" }],
    ["config.json", "encoder_model_name", openGliclass, { model_type: "GLiClass" }],
    ["config.json", "base_model", (source, options) => NvidiaClassifier.load(source, options), {}],
  ] as readonly [string, string, (source: string, options: object) => Promise<unknown>, object][])(
    "%s: %s leads to no other place than the hub, and takes no token there",
    async (file, field, open, fields) => {
      for (const name of [
        "https://evil.example/x/",
        "//evil.example/x/",
        "../up/",
        "/up/",
        "./x/",
        "a/b/c",
        "..",
        "",
      ]) {
        const urls: string[] = [];
        const fetch = (input: RequestInfo | URL): Promise<Response> => {
          const { url } = new Request(input);
          urls.push(url);
          const isConfig = url.endsWith(`/${file}`);
          return Promise.resolve(
            isConfig ? new Response(JSON.stringify({ ...fields, [field]: name })) : new Response("", { status: 404 }),
          );
        };
        const opening = open("owner/name", { fetch, token: "hf_secret", cache: false });
        await expect(opening, name).rejects.toThrow("pass baseModel");
        expect(urls.length).toBeGreaterThan(0);
        for (const url of urls) expect(url).toMatch(/^https:\/\/huggingface\.co\/(api\/models\/)?owner\/name\//);
      }
    },
  );

  test("code that a config names is never asked for", async () => {
    const auto_map = { AutoModel: "evil--modeling.Evil", AutoTokenizer: ["evil.py", null] };
    const { urls } = await requestsOf({ "config.json": { ...MINIATURE, auto_map } });
    expect(urls.filter((url) => url.includes("evil") || url.endsWith(".py"))).toEqual([]);
  });
});
