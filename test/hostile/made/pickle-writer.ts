// Pickles opcode by opcode, and the two containers that torch puts them in, right or wrong on purpose.
import { concat, little, utf8 } from "./case.js";

/** Opcodes of protocol 2. Names are those of Python's pickletools. */
export const op = {
  proto: (version = 2) => concat(Uint8Array.of(0x80, version)),
  global: (module: string, name: string) => concat(`c${module}\n${name}\n`),
  text: (value: string) => concat("X", little(utf8(value).length, 4), value),
  int: (value: number) => (value >= 0 && value < 256 ? concat("K", little(value, 1)) : concat("J", little(value, 4))),
  long: (value: bigint, bytes = 8) => concat(Uint8Array.of(0x8a, bytes), little(value, bytes)),
  bool: (value: boolean) => Uint8Array.of(value ? 0x88 : 0x89),
  tuple: (...items: readonly Uint8Array[]) => concat("(", ...items, "t"),
  dict: (...entries: readonly Uint8Array[]) => concat("}", "(", ...entries, "u"),
  list: (...items: readonly Uint8Array[]) => concat("]", "(", ...items, "e"),
  float: (value: number) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    return concat("G", bytes);
  },
  persistent: (id: Uint8Array) => concat(id, "Q"),
  call: (callee: Uint8Array, args: Uint8Array) => concat(callee, args, "R"),
  stop: () => utf8("."),
} as const;

export const pickle = (...parts: readonly (Uint8Array | string)[]): Uint8Array =>
  concat(op.proto(), ...parts, op.stop());

export interface TensorParts {
  readonly key?: Uint8Array;
  readonly storageClass?: Uint8Array;
  readonly count?: Uint8Array;
  readonly offset?: Uint8Array;
  readonly shape?: Uint8Array;
  readonly strides?: Uint8Array;
  /** In the container before torch 1.6 a storage's description has a sixth part. */
  readonly view?: Uint8Array;
  readonly callee?: Uint8Array;
}

/** A tensor of [2, 3] floats in the storage "0", with parts of one's own. */
export function tensor(parts: TensorParts = {}): Uint8Array {
  const id = op.tuple(
    op.text("storage"),
    parts.storageClass ?? op.global("torch", "FloatStorage"),
    parts.key ?? op.text("0"),
    op.text("cpu"),
    parts.count ?? op.int(6),
    ...(parts.view ? [parts.view] : []),
  );
  const sizes = [parts.shape ?? op.tuple(op.int(2), op.int(3)), parts.strides ?? op.tuple(op.int(3), op.int(1))];
  const hooks = op.call(op.global("collections", "OrderedDict"), utf8(")"));
  return op.call(
    parts.callee ?? op.global("torch._utils", "_rebuild_tensor_v2"),
    op.tuple(op.persistent(id), parts.offset ?? op.int(0), ...sizes, op.bool(false), hooks),
  );
}

export const stateDict = (...tensors: readonly Uint8Array[]): Uint8Array =>
  pickle(op.dict(...tensors.flatMap((each, i) => [op.text(`w${i}`), each])));

export const FLOATS: Uint8Array = new Uint8Array(Float32Array.of(1, -2, 3, 0.5, -0.25, 6).buffer);

export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What the list says where it is not the truth. */
  readonly listed?: {
    readonly name?: string;
    readonly size?: number;
    readonly packed?: number;
    readonly header?: number;
    readonly method?: number;
    readonly flags?: number;
  };
}

/** The end of a zip archive, where it is not the truth. */
export interface ZipEnd {
  readonly count?: number;
  readonly size?: number;
  readonly start?: number;
  readonly comment?: string;
}

/** A stored zip archive whose data begin at multiples of 64. */
export function zip(entries: readonly Entry[], end: ZipEnd = {}): Uint8Array {
  let at = 0;
  const parts: Uint8Array[] = [];
  const list: Uint8Array[] = [];
  for (const { name, bytes, listed = {} } of entries) {
    const header = at;
    const padding = (64 - ((at + 30 + utf8(name).length + 4) % 64)) % 64;
    const extra = concat("FB", little(padding, 2), new Uint8Array(padding));
    const sizes = concat(little(0, 4), little(bytes.length, 4), little(bytes.length, 4));
    const shared = (text: string, method: number, flags: number, numbers: Uint8Array, extraBytes: number): Uint8Array =>
      concat(
        little(20, 2),
        little(flags, 2),
        little(method, 2),
        little(0, 4),
        numbers,
        little(utf8(text).length, 2),
        little(extraBytes, 2),
      );
    const local = concat("PK\x03\x04", shared(name, 0, 0, sizes, extra.length), name, extra, bytes);
    parts.push(local);
    at += local.length;
    const told = concat(
      little(0, 4),
      little(listed.packed ?? listed.size ?? bytes.length, 4),
      little(listed.size ?? bytes.length, 4),
    );
    const text = listed.name ?? name;
    list.push(
      concat(
        "PK\x01\x02",
        little(20, 2),
        shared(text, listed.method ?? 0, listed.flags ?? 0, told, 0),
        little(0, 2),
        little(0, 2),
        little(0, 2),
        little(0, 4),
        little(listed.header ?? header, 4),
        text,
      ),
    );
  }
  const listBytes = concat(...list);
  const count = little(end.count ?? entries.length, 2);
  const place = concat(little(end.size ?? listBytes.length, 4), little(end.start ?? at, 4));
  const comment = end.comment ?? "";
  return concat(
    ...parts,
    listBytes,
    "PK\x05\x06",
    little(0, 4),
    count,
    count,
    place,
    little(utf8(comment).length, 2),
    comment,
  );
}

/** The entries that torch writes around a pickle. */
export function torchEntries(
  dataPkl: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = { "0": FLOATS },
): Entry[] {
  return [
    { name: "archive/data.pkl", bytes: dataPkl },
    { name: "archive/byteorder", bytes: utf8("little") },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    { name: "archive/version", bytes: utf8("3\n") },
  ];
}

export interface LegacyParts {
  readonly magic?: Uint8Array;
  readonly version?: Uint8Array;
  readonly system?: Uint8Array;
  readonly dict?: Uint8Array;
  readonly keys?: Uint8Array;
  readonly storages?: Uint8Array;
}

const NONE = utf8("N");

/** A tensor as the older container describes it. */
export const legacyTensor = (parts: TensorParts = {}): Uint8Array => tensor({ view: NONE, ...parts });

/** The container before torch 1.6. */
export function legacy(parts: LegacyParts = {}): Uint8Array {
  const system = op.dict(op.text("protocol_version"), op.int(1001), op.text("little_endian"), op.bool(true));
  return concat(
    parts.magic ?? pickle(op.long(0x1950a86a20f9469cfc6cn, 10)),
    parts.version ?? pickle(op.int(1001)),
    parts.system ?? pickle(system),
    parts.dict ?? stateDict(legacyTensor()),
    parts.keys ?? pickle(op.list(op.text("0"))),
    parts.storages ?? concat(little(6, 8), FLOATS),
  );
}
