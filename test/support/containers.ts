// The weights of a folder in another container: as torch writes them, now and before 1.6, and as Keras writes those of the
// TensorFlow twins. Knows no file system, so that Node and Chromium convert the same.
import { bytesFromMemory, type Folder } from "../../src/checkpoint/byte-source.js";
import { floatsOf } from "../../src/checkpoint/floats.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { fromTensorFlow } from "../../src/checkpoint/tensorflow.js";
import { concat, little } from "../hostile/made/case.js";
import { kerasFile, type Values } from "../hostile/made/hdf5-writer.js";
import { legacy, legacyTensor, op, pickle, tensor, torchEntries, zip } from "../hostile/made/pickle-writer.js";

/** A tensor as torch has it. */
export interface TorchTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Tensors = ReadonlyMap<string, TorchTensor>;

/** Every tensor of a folder; those of a TensorFlow twin under torch's names and with torch's axes. */
export async function tensorsOf(source: Folder): Promise<Tensors> {
  const folder = await openFolder(source);
  const table = await openWeights(folder);
  const all = new Map([...table.values()].map((entry) => [entry.name, new Uint8Array(0)]));
  const parts = new Map([...table.keys()].map((name) => [name, [] as Uint8Array[]]));
  for await (const { entry, bytes } of stream([...table.values()], folder)) parts.get(entry.name)!.push(bytes.slice());
  for (const [name, list] of parts) all.set(name, concat(...list));
  const tensors = new Map<string, TorchTensor>();
  for (const { name, dtype, shape } of table.values()) {
    const bytes = all.get(name)!;
    const isKeras = name.endsWith(":0");
    const own = isKeras ? fromTensorFlow(name) : name;
    if (own === undefined) continue; // a copy
    const turned = isKeras && name.endsWith("/kernel:0") && shape.length > 1;
    tensors.set(own, turned ? turn({ dtype, shape, bytes }) : { dtype, shape, bytes });
  }
  return tensors;
}

/** The axes in reverse order. */
function turn({ dtype, shape, bytes }: TorchTensor): TorchTensor {
  const reversed = [...shape].reverse();
  const size = bytes.length / shape.reduce((product, each) => product * each, 1);
  const turned = new Uint8Array(bytes.length);
  const count = bytes.length / size;
  for (let i = 0; i < count; i++) {
    let rest = i;
    let to = 0;
    let stride = 1;
    // From the last axis on, which is the first of the result.
    const places = reversed.map((axis) => {
      const place = rest % axis;
      rest = Math.floor(rest / axis);
      return place;
    });
    for (let axis = reversed.length - 1; axis >= 0; axis--) {
      to += places[axis]! * stride;
      stride *= reversed[axis]!;
    }
    turned.set(bytes.subarray(i * size, (i + 1) * size), to * size);
  }
  return { dtype, shape: reversed, bytes: turned };
}

const STORAGES: Readonly<Record<string, readonly [name: string, bytes: number]>> = {
  F32: ["FloatStorage", 4],
  F16: ["HalfStorage", 2],
  BF16: ["BFloat16Storage", 2],
  F64: ["DoubleStorage", 8],
  I64: ["LongStorage", 8],
  U8: ["ByteStorage", 1],
  BOOL: ["BoolStorage", 1],
};

const WORDS = "deberta.embeddings.word_embeddings.weight";
/** Lies the other way round in its storage. */
const TURNED = "deberta.encoder.layer.0.output.dense.weight";

const isSame = (a: TorchTensor, b: TorchTensor): boolean =>
  a.dtype === b.dtype && a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);

/** The state dict and its storages; a tied decoder shares the word table's storage, and one matrix is a transposed view. */
function torchParts(
  tensors: Tensors,
  make: typeof tensor,
): { dict: Uint8Array; storages: Map<string, Uint8Array>; sizes: Map<string, number> } {
  const storages = new Map<string, Uint8Array>();
  const sizes = new Map<string, number>();
  const words = tensors.get(WORDS);
  let wordsKey: string | undefined;
  const entries = [...tensors].flatMap(([name, each], i) => {
    const [storageClass, size] = STORAGES[each.dtype]!;
    const isTied = name !== WORDS && wordsKey !== undefined && isSame(each, words!);
    const key = isTied ? wordsKey! : String(i);
    if (name === WORDS) wordsKey = key;
    const isTurned = name === TURNED;
    storages.set(key, isTurned ? turn(each).bytes : each.bytes);
    sizes.set(key, size);
    const strides = each.shape.map((_, axis) => each.shape.slice(axis + 1).reduce((product, n) => product * n, 1));
    const told = make({
      storageClass: op.global("torch", storageClass),
      key: op.text(key),
      count: op.int(each.bytes.length / size),
      shape: op.tuple(...each.shape.map((n) => op.int(n))),
      strides: op.tuple(...(isTurned ? [1, each.shape[0]!] : strides).map((n) => op.int(n))),
    });
    return [op.text(name), told];
  });
  return { dict: pickle(op.dict(...entries)), storages, sizes };
}

function zipped(tensors: Tensors): Uint8Array<ArrayBuffer> {
  const { dict, storages } = torchParts(tensors, tensor);
  return new Uint8Array(zip(torchEntries(dict, Object.fromEntries(storages))));
}

function older(tensors: Tensors): Uint8Array<ArrayBuffer> {
  const { dict, storages, sizes } = torchParts(tensors, legacyTensor);
  const keys = [...storages.keys()].sort();
  const bodies = keys.map((key) => concat(little(storages.get(key)!.length / sizes.get(key)!, 8), storages.get(key)!));
  return new Uint8Array(
    legacy({ dict, keys: pickle(op.list(...keys.map((key) => op.text(key)))), storages: concat(...bodies) }),
  );
}

/** What the twins have, and what they call it. */
const TWINS =
  /^(?:deberta\.(?:embeddings|encoder)\.|cls\.predictions\.(?:transform\.|bias$)|pooler\.dense\.|classifier\.|qa_outputs\.)/;

/** What a TensorFlow twin calls a weight, without its own name. */
export function kerasName(name: string, rank: number): string {
  const path = name.split(".");
  const last = path.pop()!;
  const parent = path.at(-1)!;
  const here = path
    .join("/")
    .replace(/\blayer\/(\d+)/, "layer_._$1")
    .replace(/pos_key_proj$/, "pos_proj")
    .replace(/pos_query_proj$/, "pos_q_proj");
  if (parent === "rel_embeddings") return `${here}.weight:0`;
  if (parent === "LayerNorm") return `${here}/${last === "weight" ? "gamma" : "beta"}:0`;
  if (parent === "word_embeddings") return `${here}/weight:0`;
  if (/_embeddings$/.test(parent)) return `${here}/embeddings:0`;
  return `${here}/${rank > 1 ? "kernel" : "bias"}:0`;
}

/** A name freed of wrappers and of older spellings, as the twins know none. */
export const plainName = (name: string): string =>
  name
    .replace(/^(?:(?:module|_orig_mod|model)\.)+/, "")
    .replace(/^(?=(?:embeddings|encoder)\.)/, "deberta.")
    .replace(/LayerNorm\.gamma$/, "LayerNorm.weight")
    .replace(/LayerNorm\.beta$/, "LayerNorm.bias");

function keras(tensors: Tensors): Uint8Array<ArrayBuffer> | undefined {
  const layers = new Map<string, Map<string, Values>>();
  const words = tensors.get(WORDS);
  for (const [wrapped, each] of tensors) {
    const name = plainName(wrapped);
    if (!/^B?F\d+$/.test(each.dtype)) continue; // a buffer
    if (name === "cls.predictions.decoder.weight" && words && isSame(each, words)) continue;
    if (name === "cls.predictions.decoder.bias") continue; // cls.predictions.bias again
    if (!TWINS.test(name)) return undefined;
    const path = kerasName(name, each.shape.length);
    const layer = name.split(".")[0]!;
    const { dtype, shape, bytes } = path.endsWith("/kernel:0") ? turn(each) : each;
    const weights = layers.get(layer) ?? new Map<string, Values>();
    layers.set(layer, weights.set(`tf_model/${path}`, { shape, data: floatsOf(dtype, bytes) }));
  }
  return kerasFile(layers);
}

export const CONTAINERS = ["torch", "torch before 1.6", "Keras"] as const;
export type Container = (typeof CONTAINERS)[number];

/** A folder with its weights in another container; undefined where that has no such weights: TensorFlow's twins lack some heads. */
export async function inContainer(folder: Folder, container: Container): Promise<Folder | undefined> {
  const tensors = await tensorsOf(folder);
  const bytes = container === "torch" ? zipped(tensors) : container === "Keras" ? keras(tensors) : older(tensors);
  if (!bytes) return undefined;
  const file = container === "Keras" ? "tf_model.h5" : "pytorch_model.bin";
  return {
    open: (name) =>
      /^(?:model|pytorch_model|tf_model)[-.]/.test(name)
        ? Promise.resolve(name === file ? bytesFromMemory(bytes) : undefined)
        : folder.open(name),
  };
}
