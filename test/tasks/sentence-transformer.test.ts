// What modules.json of a folder makes of a text's states, on numbers small enough to check by hand.
import { expect, test } from "vitest";
import { bytesFromMemory } from "../../src/checkpoint/byte-source.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import { readSentenceTransformer } from "../../src/tasks/extraction/sentence-transformer.js";
import { featureExtraction } from "../../src/tasks/feature-extraction.js";
import { torchActivation } from "../../src/tasks/torch-activations.js";
import { DebertaV2TokenizerFast } from "../../src/tokenizer.js";
import { headerOf, safetensorsFile } from "../support/made-safetensors.js";
import { folderOf, readFolder } from "../tokenizer/support/folders.js";

const JSON_BYTES = (json: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(json));
const module = (type: string, path: string) => ({ type: `sentence_transformers.models.${type}`, path });
const TRANSFORMER = module("Transformer", "");
const POOLING = module("Pooling", "1_Pooling");

const read = async (pooling: object, more: Readonly<Record<string, Uint8Array>> = {}, modules: object[] = []) => {
  const files: Readonly<Record<string, Uint8Array>> = {
    "modules.json": JSON_BYTES([TRANSFORMER, POOLING, ...modules]),
    "1_Pooling/config.json": JSON_BYTES(pooling),
    ...more,
  };
  const open = (name: string) => Promise.resolve(files[name] && bytesFromMemory(files[name]));
  return readSentenceTransformer(await openFolder({ open }));
};

/** Three tokens of two numbers, the first of them the prompt's. */
const STATES = { rows: Float32Array.of(1, -8, 2, 4, 6, -4), width: 2, promptTokens: 1 };
const vectorOf = async (...given: Parameters<typeof read>) => [...(await read(...given)).vector(STATES)];

test.each([
  [{}, [3, -8 / 3]],
  [{ pooling_mode_cls_token: true }, [1, -8]],
  [{ pooling_mode_max_tokens: true }, [6, 4]],
  [{ pooling_mode_mean_sqrt_len_tokens: true }, [9 / Math.sqrt(3), -8 / Math.sqrt(3)]],
  [{ pooling_mode_weightedmean_tokens: true }, [23 / 6, -12 / 6]],
  [{ pooling_mode_lasttoken: true }, [6, -4]],
  // Flags in their own order, names in the config's.
  [{ pooling_mode_max_tokens: true, pooling_mode_cls_token: true }, [1, -8, 6, 4]],
  [{ pooling_mode: ["max", "cls"] }, [6, 4, 1, -8]],
  [{ pooling_mode: "mean_sqrt_len_tokens" }, [9 / Math.sqrt(3), -8 / Math.sqrt(3)]],
  // Without the prompt, weights still count from the text's first token.
  [{ include_prompt: false }, [4, 0]],
  [{ include_prompt: false, pooling_mode: "weightedmean" }, [(2 * 2 + 3 * 6) / 5, (2 * 4 - 3 * 4) / 5]],
  [{ include_prompt: false, pooling_mode: "cls" }, [2, 4]],
])("pooling %j", async (config, wanted) => {
  const got = await vectorOf(config);
  expect(got.length).toBe(wanted.length);
  got.forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 5));
});

test("Dense and Normalize act in the order of the list", async () => {
  const { header } = headerOf({ "linear.weight": [2, 2], "linear.bias": [2] });
  const weights = safetensorsFile(header, new Uint8Array(Float32Array.of(1, 0, 0, 0.5, -3, 0).buffer));
  const config = { in_features: 2, out_features: 2, activation_function: "torch.nn.modules.activation.ReLU" };
  const more = { "2_Dense/config.json": JSON_BYTES(config), "2_Dense/model.safetensors": weights };
  const last = { pooling_mode: "lasttoken" };
  expect(await vectorOf(last, more, [module("Dense", "2_Dense"), module("Normalize", "3_Normalize")])).toEqual([1, 0]);
  const twice = { pooling_mode: ["cls", "max"] };
  await expect(vectorOf(twice, more, [module("Dense", "2_Dense")])).rejects.toThrow(
    "in_features is 2, what it is given has 4",
  );
});

test("torch's activations", () => {
  const at = (name: string, x: number) => torchActivation(`torch.nn.modules.activation.${name}`)!(x);
  // Python: torch.nn.functional.gelu in float64
  expect(at("GELU", 1)).toBeCloseTo(0.8413447460685429, 12);
  expect(at("GELU", -2.5)).toBeCloseTo(-0.01552416331444, 12);
  expect(at("GELU", 5)).toBeCloseTo(4.999998566742141, 12);
  expect(at("SiLU", 1)).toBeCloseTo(0.7310585786300049, 12);
  expect(at("Sigmoid", -1)).toBeCloseTo(0.2689414213699951, 12);
  for (const path of ["Tanh", "os.system", "evil.torch.Tanh", "torch.constructor", "torch.nn.Mish"])
    expect(torchActivation(path)).toBeUndefined();
});

test("prompts that are no texts are the file's mistake", async () => {
  const settings = { "config_sentence_transformers.json": JSON_BYTES({ prompts: { query: { a: 1 } } }) };
  await expect(read({}, settings)).rejects.toMatchObject({ name: "CheckpointError" });
});

test("lower case is for what lies between added tokens, as the library puts it before the tokenizer's own steps", async () => {
  const folder = new URL("../fixtures/tokenizer/foreign-ids-800/", import.meta.url).pathname;
  const files = ["tokenizer.json", "tokenizer_config.json"];
  const tokenizer = await DebertaV2TokenizerFast.fromPretrained(folderOf(readFolder(folder, files)));
  const sizes = { "sentence_bert_config.json": JSON_BYTES({ max_seq_length: 24, do_lower_case: true }) };
  const given: number[][] = [];
  const model = {
    config: { maxPositionEmbeddings: 512 },
    forward({ inputIds }: { inputIds: number[][] }) {
      given.push(...inputIds);
      const [batch, tokens] = [inputIds.length, inputIds[0]!.length];
      return Promise.resolve({
        lastHiddenState: { data: new Float32Array(batch * tokens), shape: [batch, tokens, 1] },
      });
    },
  };
  const embed = featureExtraction({ model, tokenizer } as never, { pooling: "auto" }, await read({}, sizes));
  await embed("Anna MOVED [SEP] to BERLIN");
  await embed("anna moved [SEP] to berlin");
  expect(given[0]).toEqual(given[1]);
  expect(given[0]).toEqual(tokenizer.encode("anna moved [SEP] to berlin").ids);
  expect(given[0]).not.toEqual(tokenizer.encode("Anna MOVED [SEP] to BERLIN").ids);
});
