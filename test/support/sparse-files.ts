// Weights of any size in each container: only what says where tensors lie is in memory, the numbers are made as they are read.
import { concat, little, utf8 } from "../hostile/made/case.js";
import { kerasParts, type Values } from "../hostile/made/hdf5-writer.js";
import { legacy, legacyTensor, op, pickle, tensor } from "../hostile/made/pickle-writer.js";
import { kerasName } from "./containers.js";
import { headerOf, safetensorsFile } from "./made-safetensors.js";
import { randomValues } from "./random.js";

type Shapes = ReadonlyMap<string, readonly number[]>;

/** A file as bytes, and as counts of bytes of numbers. */
export interface SparseFile {
  readonly name: string;
  readonly parts: readonly (Uint8Array | number)[];
  readonly size: number;
}

const MIB = 1 << 20;
const numbers = new Uint8Array(randomValues(MIB / 4, 7, 0.02).buffer);
const lengthOf = (part: Uint8Array | number): number => (typeof part === "number" ? part : part.length);
const bytesOfShape = (shape: readonly number[]): number => 4 * shape.reduce((product, size) => product * size, 1);
const sparse = (name: string, parts: SparseFile["parts"]): SparseFile => ({
  name,
  parts,
  size: parts.reduce<number>((sum, part) => sum + lengthOf(part), 0),
});

/** Bytes [start, end), in chunks of at most 1 MiB that take no memory of their own. */
export function* bytesOf({ parts }: SparseFile, start: number, end: number): Generator<Uint8Array> {
  let at = 0;
  for (const part of parts) {
    const length = lengthOf(part);
    const stop = Math.min(end - at, length);
    for (let from = Math.max(0, start - at); from < stop;) {
      const bytes = typeof part === "number" ? numbers.subarray(from % MIB) : part.subarray(from);
      const chunk = bytes.subarray(0, stop - from);
      yield chunk;
      from += chunk.length;
    }
    at += length;
    if (at >= end) return;
  }
}

export function safetensors(shapes: Shapes): SparseFile {
  const { header, dataBytes } = headerOf(Object.fromEntries(shapes));
  return sparse("model.safetensors", [safetensorsFile(header, 0), dataBytes]);
}

function told(shapes: Shapes, make: typeof tensor): Uint8Array {
  const entries = [...shapes].flatMap(([name, shape], i) => {
    const strides = shape.map((_, axis) => bytesOfShape(shape.slice(axis + 1)) / 4);
    const parts = {
      key: op.text(String(i)),
      count: op.int(bytesOfShape(shape) / 4),
      shape: op.tuple(...shape.map((size) => op.int(size))),
      strides: op.tuple(...strides.map((stride) => op.int(stride))),
    };
    return [op.text(name), make(parts)];
  });
  return pickle(op.dict(...entries));
}

/** The zip container of torch. */
export function zipped(shapes: Shapes): SparseFile {
  const entries: (readonly [name: string, part: Uint8Array | number])[] = [
    ["archive/data.pkl", told(shapes, tensor)],
    ...[...shapes.values()].map((shape, i) => [`archive/data/${i}`, bytesOfShape(shape)] as const),
    ["archive/version", utf8("3\n")],
  ];
  const parts: (Uint8Array | number)[] = [];
  const list: Uint8Array[] = [];
  let at = 0;
  for (const [name, part] of entries) {
    const size = lengthOf(part);
    const about = concat(little(0, 2), little(0, 2), little(0, 4), little(0, 4), little(size, 4), little(size, 4));
    const padding = (64 - ((at + 30 + name.length + 4) % 64)) % 64;
    const extra = concat("FB", little(padding, 2), new Uint8Array(padding));
    const local = concat(
      "PK\x03\x04",
      little(20, 2),
      about,
      little(name.length, 2),
      little(extra.length, 2),
      name,
      extra,
    );
    parts.push(local, part);
    const rest = concat(little(name.length, 2), new Uint8Array(12), little(at, 4), name);
    list.push(concat("PK\x01\x02", little(20, 2), little(20, 2), about, rest));
    at += local.length + size;
  }
  const directory = concat(...list);
  const count = little(entries.length, 2);
  const end = concat(
    "PK\x05\x06",
    little(0, 4),
    count,
    count,
    little(directory.length, 4),
    little(at, 4),
    little(0, 2),
  );
  return sparse("pytorch_model.bin", [...parts, directory, end]);
}

/** The container before torch 1.6. */
export function older(shapes: Shapes): SparseFile {
  const keys = [...shapes.keys()].map((_, i) => String(i)).sort();
  const sizes = [...shapes.values()].map(bytesOfShape);
  const list = pickle(op.list(...keys.map((key) => op.text(key))));
  const head = legacy({ dict: told(shapes, legacyTensor), keys: list, storages: new Uint8Array(0) });
  const storages = keys.flatMap((key) => [little(sizes[Number(key)]! / 4, 8), sizes[Number(key)]!]);
  return sparse("pytorch_model.bin", [head, ...storages]);
}

/** As Keras writes the weights of a TensorFlow twin. */
export function keras(shapes: Shapes): SparseFile {
  const layers = new Map<string, Map<string, Values>>();
  for (const [name, shape] of shapes) {
    const path = kerasName(name, shape.length);
    const layer = name.split(".")[0]!;
    const weights = layers.get(layer) ?? new Map<string, Values>();
    const turned = path.endsWith("/kernel:0") ? [...shape].reverse() : shape;
    layers.set(layer, weights.set(`tf_model/${path}`, { shape: turned, data: bytesOfShape(shape) }));
  }
  return sparse("tf_model.h5", kerasParts(layers));
}
