// Extraction models of test/fixtures/extraction as folders like those of golden/extraction. Their weights are numbers by name
// and place, the same as in make_models.py, so that a stored model is its configs and a seed.
import { DebertaV2Config } from "../../src/model/deberta/config.js";
import { type MadeTensor, shapesOf, writeSafetensors } from "./checkpoint.js";

/** A model as stored: its files without the weights, and what Python answers. */
export interface StoredModel {
  readonly name: string;
  readonly kind: string;
  readonly seed: number;
  readonly files: Readonly<Record<string, unknown>>;
  readonly backbone: { readonly prefix: string; readonly config: Readonly<Record<string, unknown>> };
  /** Tensors beside the backbone's, with their shapes. */
  readonly heads: Readonly<Record<string, readonly number[]>>;
  /** Fields of tokenizer_config.json. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** Files of the second repository. */
  readonly base?: Readonly<Record<string, unknown>>;
  /** The content of cases.json. */
  readonly cases: object;
  /** expected.safetensors in base64. */
  readonly expected?: string;
}

/** Behind the 805 tokens of the tokenizer foreign-ids-800. */
const ADDED = [
  ...["[SEP_STRUCT]", "[SEP_TEXT]", "[P]", "[C]", "[E]", "[R]", "[L]", "[EXAMPLE]", "[OUTPUT]", "[DESCRIPTION]"],
  ...["<<LABEL>>", "<<EXAMPLE>>", "[FLERT]", "<<ENT>>", "<<SEP>>"],
];

/** CRC-32 as zlib computes it. */
function crc32(text: string): number {
  let crc = -1;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

function madeTensor(seed: number, name: string, shape: readonly number[]): MadeTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const key = crc32(`${seed} ${name}`);
  const isNorm = name.includes("LayerNorm.weight") || /norm[12]\.weight$/.test(name);
  const isTable = name.endsWith("embeddings.weight");
  const scale = isNorm || shape.length < 2 ? 0.4 : isTable ? 1 : 2 / Math.sqrt(count / shape[0]!);
  const data = Float32Array.from({ length: count }, (_, at) => {
    let x = Math.imul(at + 1, 0x9e3779b1) ^ key;
    x = Math.imul(x ^ (x >>> 15), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    const value = scale * (((x ^ (x >>> 16)) >>> 8) / 2 ** 23 - 1);
    if (name.endsWith("count_pred.2.bias")) return value - 0.6 * at; // few instances are the likeliest
    return isNorm ? 1 + value : value;
  });
  return { shape, data };
}

/** The weights of a model. */
export function madeTensors({ seed, backbone, heads }: StoredModel): Map<string, MadeTensor> {
  const shapes = new Map<string, readonly number[]>();
  for (const [name, shape] of shapesOf(new DebertaV2Config(backbone.config), "none"))
    shapes.set(name.replace(/^deberta\./, backbone.prefix), shape);
  for (const [name, shape] of Object.entries(heads)) shapes.set(name, shape);
  return new Map([...shapes].map(([name, shape]) => [name, madeTensor(seed, name, shape)]));
}

/**
 * The files of stored models, each in a folder of its name, as the golden cases' are read.
 * @param readTokenizer a file of the tokenizer foreign-ids-800
 */
export async function madeFiles(
  models: readonly StoredModel[],
  readTokenizer: (name: string) => Promise<Uint8Array>,
): Promise<(path: string) => Promise<Uint8Array | undefined>> {
  const parsed = async (name: string) =>
    JSON.parse(new TextDecoder().decode(await readTokenizer(name))) as Record<string, unknown>;
  const tokenizer = await parsed("tokenizer.json");
  const own = tokenizer["added_tokens"] as readonly { readonly id: number }[];
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const added = ADDED.map((content, at) => ({ id: own.at(-1)!.id + 1 + at, content, ...flags }));
  const settings = {
    ...(await parsed("tokenizer_config.json")),
    tokenizer_class: "DebertaV2Tokenizer",
    unk_token: "<unk>",
  };
  const files = new Map<string, () => Uint8Array>();
  const json = (path: string, value: unknown) => files.set(path, () => new TextEncoder().encode(JSON.stringify(value)));
  for (const model of models) {
    const { name, cases, base, expected } = model;
    for (const [file, value] of Object.entries(model.files)) json(`${name}/${file}`, value);
    json(`${name}/tokenizer.json`, { ...tokenizer, added_tokens: [...own, ...added] });
    json(`${name}/tokenizer_config.json`, { ...settings, ...model.tokenizer });
    json(`${name}/cases.json`, base ? { ...cases, backbone: { folder: `${name}-base` } } : cases);
    for (const [file, value] of Object.entries(base ?? {})) json(`${name}-base/${file}`, value);
    files.set(`${name}/model.safetensors`, () => writeSafetensors(madeTensors(model)));
    if (expected)
      files.set(`${name}/expected.safetensors`, () => Uint8Array.from(atob(expected), (sign) => sign.charCodeAt(0)));
  }
  return (path) => Promise.resolve(files.get(path)?.());
}
