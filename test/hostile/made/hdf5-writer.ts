// Parts of HDF5 files in the old format, right or wrong on purpose, and whole files as Keras writes them.
import { concat, little, utf8 } from "./case.js";

export const NOWHERE: Uint8Array = little(-1, 8);

/** A fixed-length text type, a shape of one axis, and the attribute over both. */
export function texts(name: string, size: number, list: readonly string[]): Uint8Array {
  const type = concat(Uint8Array.of(0x13, 1, 0, 0), little(size, 4));
  const shape = concat(Uint8Array.of(1, 1, 0, 0), little(0, 4), little(list.length, 8));
  const named = utf8(`${name}\0`.padEnd(8 * Math.ceil((name.length + 1) / 8), "\0"));
  const body = concat(...list.map((each) => each.padEnd(size, "\0")));
  return message(
    0x0c,
    concat(
      little(1, 2),
      little(name.length + 1, 2),
      little(type.length, 2),
      little(shape.length, 2),
      named,
      type,
      shape,
      body,
    ),
  );
}

export function message(type: number, body: Uint8Array): Uint8Array {
  const padded = concat(body, new Uint8Array((8 - (body.length % 8)) % 8));
  return concat(little(type, 2), little(padded.length, 2), little(0, 4), padded);
}

/** A version 1 object header. */
export function object(...messages: readonly Uint8Array[]): Uint8Array {
  const body = concat(...messages);
  return concat(little(1, 2), little(messages.length, 2), little(1, 4), little(body.length, 4), little(0, 4), body);
}

export const superblock = (end: number, root = 96): Uint8Array =>
  concat(
    Uint8Array.of(0x89),
    "HDF\r\n\x1a\n",
    Uint8Array.of(0, 0, 0, 0, 0, 8, 8, 0),
    little(4, 2),
    little(16, 2),
    little(0, 4),
    little(0, 8),
    NOWHERE,
    little(end, 8),
    NOWHERE,
    little(0, 8),
    little(root, 8),
    new Uint8Array(24),
  );

/** Float32 in little-endian order. */
const FLOAT32 = concat(
  Uint8Array.of(0x11, 0x20, 0x1f, 0),
  little(4, 4),
  little(0, 2),
  little(32, 2),
  Uint8Array.of(23, 8, 0, 23),
  little(127, 4),
);

/** A dataset, by its sizes and its numbers; of those that a caller makes himself only how many bytes they take is told. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer> | number;
}

interface Group {
  readonly members: Map<string, Group | Values>;
  readonly attribute?: Uint8Array;
}

/** A file of layers with their weights, by the names that Keras gives them. */
export function kerasFile(layers: ReadonlyMap<string, ReadonlyMap<string, Values>>): Uint8Array<ArrayBuffer> {
  return concat(...kerasParts(layers).map((part) => (typeof part === "number" ? new Uint8Array(part) : part)));
}

/** The same in parts: bytes, or how many of a dataset follow. */
export function kerasParts(layers: ReadonlyMap<string, ReadonlyMap<string, Values>>): (Uint8Array | number)[] {
  const parts: (Uint8Array | number)[] = [];
  let end = 96;
  const put = (part: Uint8Array | number): number => {
    const at = end;
    const length = typeof part === "number" ? part : part.length;
    const padding = (8 - (length % 8)) % 8;
    parts.push(part, new Uint8Array(padding));
    end += length + padding;
    return at;
  };
  const putValues = ({ shape, data }: Values): number => {
    const bytes = typeof data === "number" ? data : data.byteLength;
    const at = put(typeof data === "number" ? data : new Uint8Array(data.buffer, data.byteOffset, bytes));
    const sizes = concat(Uint8Array.of(1, shape.length, 0, 0), little(0, 4), ...shape.map((size) => little(size, 8)));
    const place = concat(Uint8Array.of(3, 1), little(at, 8), little(bytes, 8));
    return put(object(message(1, sizes), message(3, FLOAT32), message(8, place)));
  };
  const putGroup = ({ members, attribute }: Group): number => {
    const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
    let names: Uint8Array = new Uint8Array(8);
    const entries = sorted.map(([name, member]) => {
      const address = "data" in member ? putValues(member) : putGroup(member);
      const entry = concat(little(names.length, 8), little(address, 8), new Uint8Array(24));
      names = concat(names, name.padEnd(8 * Math.ceil((name.length + 1) / 8), "\0"));
      return entry;
    });
    const node = put(concat("SNOD", Uint8Array.of(1, 0), little(entries.length, 2), ...entries));
    const heap = put(concat("HEAP", little(0, 4), little(names.length, 8), little(1, 8), little(put(names), 8)));
    const keys = [little(0, 8), little(node, 8), little(8, 8)];
    const tree = put(concat("TREE", Uint8Array.of(0, 0), little(1, 2), NOWHERE, NOWHERE, ...keys));
    return put(object(message(0x11, concat(little(tree, 8), little(heap, 8))), ...(attribute ? [attribute] : [])));
  };
  const root: Group = { members: new Map(), attribute: listOf("layer_names", [...layers.keys()]) };
  for (const [layer, weights] of layers) {
    const group: Group = { members: new Map(), attribute: listOf("weight_names", [...weights.keys()]) };
    root.members.set(layer, group);
    for (const [path, values] of weights) {
      const names = path.split("/");
      const last = names.pop()!;
      let { members } = group;
      for (const name of names) {
        const below = (members.get(name) as Group | undefined) ?? { members: new Map<string, Group | Values>() };
        members.set(name, below);
        members = below.members;
      }
      members.set(last, values);
    }
  }
  const rootAt = putGroup(root);
  return [superblock(end, rootAt), ...parts];
}

const listOf = (name: string, list: readonly string[]): Uint8Array =>
  texts(name, Math.max(1, ...list.map(({ length }) => length)), list);
