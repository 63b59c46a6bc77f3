// pytorch_model.bin in both of its containers: pickles that ask for code, views outside their storage, archives that lie.
import { type Case, Cases, concat, little, utf8 } from "./case.js";
import {
  type Entry,
  FLOATS,
  legacy,
  legacyTensor,
  op,
  pickle,
  stateDict,
  tensor,
  type TensorParts,
  torchEntries,
  zip,
  type ZipEnd,
} from "./pickle-writer.js";

const FILE = "pytorch_model.bin";

/** Names that run code, read files or open the network when Python's own loader meets them. */
const CODE: readonly (readonly [module: string, name: string])[] = [
  ["os", "system"],
  ["posix", "system"],
  ["nt", "system"],
  ["builtins", "eval"],
  ["builtins", "exec"],
  ["builtins", "getattr"],
  ["builtins", "__import__"],
  ["__builtin__", "compile"],
  ["subprocess", "Popen"],
  ["subprocess", "check_output"],
  ["runpy", "run_path"],
  ["socket", "create_connection"],
  ["urllib.request", "urlopen"],
  ["pickle", "loads"],
  ["shutil", "rmtree"],
  ["importlib", "import_module"],
  ["operator", "attrgetter"],
  ["functools", "partial"],
  ["torch", "load"],
  ["torch.hub", "load"],
  ["torch._utils", "_import_dotted_name"],
  ["torch.serialization", "load"],
  ["torch", "storage._load_from_bytes"],
  ["collections", "OrderedDict.__class__"],
  ["__main__", "Evil"],
  ["constructor", "constructor"],
  ["__proto__", "toString"],
  ["", ""],
];

const TENSORS: Readonly<Record<string, readonly [Case["expect"], TensorParts]>> = {
  "a shape beyond its storage": ["CheckpointError", { shape: op.tuple(op.int(3), op.int(3)) }],
  "an offset beyond its storage": ["CheckpointError", { offset: op.int(1) }],
  "a huge offset": ["CheckpointError", { offset: op.long(2n ** 62n) }],
  "a negative offset": ["CheckpointError", { offset: op.int(-1) }],
  "an offset that is a float": ["CheckpointError", { offset: op.float(0) }],
  "an offset that is a text": ["CheckpointError", { offset: op.text("0") }],
  "a negative size": ["CheckpointError", { shape: op.tuple(op.int(-2), op.int(3)) }],
  "sizes that overflow": ["CheckpointError", { shape: op.tuple(op.long(2n ** 40n), op.long(2n ** 40n)) }],
  "sizes beyond 2⁶⁴": ["CheckpointError", { shape: op.tuple(op.long(2n ** 70n, 9), op.int(3)) }],
  "a shape that is a list": ["CheckpointError", { shape: op.list(op.int(2), op.int(3)) }],
  "a shape of floats": ["CheckpointError", { shape: op.tuple(op.float(2), op.float(3)) }],
  "a shape that is None": ["CheckpointError", { shape: utf8("N") }],
  "strides of another length": ["CheckpointError", { strides: op.tuple(op.int(1)) }],
  "negative strides": ["CheckpointError", { strides: op.tuple(op.int(3), op.int(-1)) }],
  "strides beyond the storage": ["CheckpointError", { strides: op.tuple(op.int(300), op.int(1)) }],
  "a broadcast view": [
    "CheckpointError",
    { shape: op.tuple(op.int(255), op.int(255)), strides: op.tuple(op.int(0), op.int(0)) },
  ],
  "a broadcast view of petabytes": [
    "CheckpointError",
    { shape: op.tuple(op.long(2n ** 25n), op.long(2n ** 25n)), strides: op.tuple(op.int(0), op.int(0)) },
  ],
  "a view whose elements share places": ["UnsupportedError", { strides: op.tuple(op.int(1), op.int(1)) }],
  "a transposed view": ["loads", { strides: op.tuple(op.int(1), op.int(2)) }],
  "a view of a part": ["loads", { offset: op.int(2), shape: op.tuple(op.int(2)), strides: op.tuple(op.int(2)) }],
  "no elements": ["loads", { shape: op.tuple(op.int(0), op.int(3)) }],
  "a storage's key that climbs": ["CheckpointError", { key: op.text("../0") }],
  "a storage's key that is absolute": ["CheckpointError", { key: op.text("/etc/passwd") }],
  "a storage's key that is a number": ["CheckpointError", { key: op.int(0) }],
  "a storage that is not there": ["CheckpointError", { key: op.text("7") }],
  "a storage of another size": ["CheckpointError", { count: op.int(7) }],
  "a storage of petabytes": ["CheckpointError", { count: op.long(2n ** 50n) }],
  "a storage of -1 elements": ["CheckpointError", { count: op.int(-1) }],
  "a storage of no class": ["CheckpointError", { storageClass: op.global("torch", "Size") }],
  "a storage's class as a text": ["CheckpointError", { storageClass: op.text("FloatStorage") }],
  "a storage's class that is code": ["CheckpointError", { storageClass: op.global("os", "FloatStorage") }],
  "a sparse tensor": ["UnsupportedError", { callee: op.global("torch._utils", "_rebuild_sparse_tensor") }],
  "a quantised tensor": ["UnsupportedError", { callee: op.global("torch._utils", "_rebuild_qtensor") }],
};

const NESTED = 200_000;

/** Whole pickles, wrong as such. */
const PICKLES: Readonly<Record<string, readonly [Case["expect"], Uint8Array]>> = {
  "an empty pickle": ["CheckpointError", new Uint8Array()],
  "nothing but a stop": ["CheckpointError", utf8(".")],
  "protocol 255": ["UnsupportedError", concat(op.proto(255), "}.")],
  "an empty dict": ["CheckpointError", pickle("}")],
  "a list": ["CheckpointError", pickle("]")],
  "a number": ["CheckpointError", pickle(op.int(7))],
  "a tensor alone": ["CheckpointError", pickle(tensor())],
  "no stop": ["CheckpointError", concat(op.proto(), op.dict(op.text("w"), tensor()))],
  "a number as a name": ["CheckpointError", pickle(op.dict(op.int(1), tensor()))],
  "a list as a name": ["CheckpointError", pickle(op.dict(utf8("]"), tensor()))],
  "a name twice": ["CheckpointError", pickle(op.dict(op.text("w"), tensor(), op.text("w"), tensor()))],
  "a key without a value": ["CheckpointError", pickle("}(", op.text("w"), "u")],
  "a memo entry that was never set": ["CheckpointError", pickle("h\x07")],
  "a memo entry of four thousand millions": ["CheckpointError", pickle("}r", Uint8Array.of(255, 255, 255, 255))],
  "a mark that is not there": ["CheckpointError", pickle("t")],
  "an operation on nothing": ["CheckpointError", pickle("s")],
  "an append to a dict": ["CheckpointError", pickle("}", op.int(1), "a")],
  "a call of a text": ["CheckpointError", pickle(op.text("os.system"), op.tuple(op.text("x")), "R")],
  "a text of four gigabytes": ["CheckpointError", pickle("X", Uint8Array.of(255, 255, 255, 255))],
  "a text that is not UTF-8": ["CheckpointError", pickle("X", little(2, 4), Uint8Array.of(0xff, 0xfe))],
  "a long that breaks off": ["CheckpointError", concat(op.proto(), Uint8Array.of(0x8a, 200, 1))],
  "a name without an end": ["CheckpointError", concat(op.proto(), "c", "x".repeat(5000))],
  "lists within lists": ["CheckpointError", pickle("]".repeat(NESTED), "a".repeat(NESTED - 1))],
  "tuples within tuples": [
    "CheckpointError",
    pickle(
      ")",
      Uint8Array.from({ length: NESTED }, () => 0x85),
    ),
  ],
  "a list that holds itself": ["CheckpointError", pickle("]q\0h\0a")],
  "a dict that holds itself": ["CheckpointError", pickle("}q\0", op.text("w"), "h\0s")],
  "state for a dict": ["CheckpointError", pickle("}}b")],
  "an unknown opcode": ["UnsupportedError", pickle("\x7f")],
  "INST, which calls": ["UnsupportedError", pickle("(ios\nsystem\n")],
  "OBJ, which calls": ["UnsupportedError", pickle("(o")],
  NEWOBJ: ["UnsupportedError", pickle("})", Uint8Array.of(0x81))],
  EXT1: ["UnsupportedError", pickle(Uint8Array.of(0x82, 1))],
  STACK_GLOBAL: ["UnsupportedError", pickle(op.text("os"), op.text("system"), Uint8Array.of(0x93))],
  "a persistent id as a text": ["UnsupportedError", pickle("P0\n")],
  "many marks": ["CheckpointError", pickle("(".repeat(1_100_000))],
};

/** Eight times eight times … the same list: a few bytes that mean thousands of millions of values. */
function bomb(): Uint8Array {
  const levels = Array.from({ length: 12 }, (_, level) =>
    concat("](", `h${String.fromCharCode(level)}`.repeat(8), `eq${String.fromCharCode(level + 1)}`),
  );
  return pickle(op.dict(op.text("w"), tensor(), op.text("x"), concat("(]q\0", ...levels, "t")));
}

const ARCHIVES: Readonly<Record<string, readonly [Case["expect"], readonly Entry[], ZipEnd?]>> = (() => {
  const good = torchEntries(stateDict(tensor()));
  const changed = (at: number, change: Partial<Entry>): Entry[] =>
    good.map((entry, i) => (i === at ? { ...entry, ...change } : entry));
  const listed = (what: Entry["listed"], at = 2): Entry[] => changed(at, { listed: what! });
  return {
    plain: ["loads", good],
    "a comment at the end": ["loads", good, { comment: "hello" }],
    "no data.pkl": ["CheckpointError", good.slice(1)],
    "two data.pkl": ["CheckpointError", [...good, { name: "other/data.pkl", bytes: stateDict(tensor()) }]],
    "no version": ["CheckpointError", good.slice(0, -1)],
    "version 99": ["UnsupportedError", changed(3, { bytes: utf8("99") })],
    "version of letters": ["CheckpointError", changed(3, { bytes: utf8("three") })],
    "big-endian": ["UnsupportedError", changed(1, { bytes: utf8("big") })],
    "an unknown byte order": ["CheckpointError", changed(1, { bytes: utf8("middle") })],
    "no storage": ["CheckpointError", good.filter((_, i) => i !== 2)],
    "an entry twice": ["CheckpointError", [...good, good[2]!]],
    "an entry that climbs": ["CheckpointError", [...good, { name: "archive/../evil", bytes: FLOATS }]],
    "an absolute entry": ["CheckpointError", [...good, { name: "/etc/passwd", bytes: FLOATS }]],
    "an entry with a backslash": ["CheckpointError", [...good, { name: "archive\\evil", bytes: FLOATS }]],
    "an entry with a zero byte": ["CheckpointError", [...good, { name: "archive/data/0\0x", bytes: FLOATS }]],
    "an entry beside the folder": ["CheckpointError", [...good, { name: "evil", bytes: FLOATS }]],
    "a compressed storage": ["UnsupportedError", listed({ method: 8 })],
    "an encrypted storage": ["UnsupportedError", listed({ flags: 1 })],
    "two sizes": ["CheckpointError", listed({ packed: 23 })],
    "a size too large": ["CheckpointError", listed({ size: 2 ** 31 })],
    "a size too small": ["CheckpointError", listed({ size: 20 })],
    "a 64-bit size that is not there": ["CheckpointError", listed({ size: 0xffffffff })],
    "an entry that begins elsewhere": ["CheckpointError", listed({ header: 1 })],
    "an entry that begins behind the end": ["CheckpointError", listed({ header: 2 ** 31 })],
    "two entries in one place": ["CheckpointError", listed({ header: 0 })],
    "another name in the list": ["CheckpointError", listed({ name: "archive/data/1" })],
    "a list that says one entry more": ["CheckpointError", good, { count: 5 }],
    "a list that says none": ["CheckpointError", good, { count: 0 }],
    "a list of four gigabytes": ["CheckpointError", good, { size: 2 ** 32 - 2 }],
    "a list that begins behind the end": ["CheckpointError", good, { start: 2 ** 31 }],
    "a list that begins at 0": ["CheckpointError", good, { start: 0 }],
    "no entry at all": ["CheckpointError", []],
  };
})();

export function pickles(): Case[] {
  const cases = new Cases("pickle");
  const bytes = (name: string, expect: Case["expect"], file: Uint8Array): void =>
    cases.add(name, expect, { [FILE]: file });
  const inZip = (name: string, expect: Case["expect"], data: Uint8Array): void =>
    bytes(`zip: ${name}`, expect, zip(torchEntries(data)));
  const old = (name: string, expect: Case["expect"], parts: Parameters<typeof legacy>[0]): void =>
    bytes(`legacy: ${name}`, expect, legacy(parts));

  for (const [module, name] of CODE) {
    const call = op.call(op.global(module, name), op.tuple(op.text("exit")));
    inZip(`calls ${module}.${name}`, "CheckpointError", pickle(op.dict(op.text("w"), tensor(), op.text("x"), call)));
    if (module === "os" || module === "builtins") {
      old(`calls ${module}.${name}`, "CheckpointError", {
        dict: pickle(op.dict(op.text("w"), legacyTensor(), op.text("x"), call)),
      });
      old(`calls ${module}.${name} instead of the magic number`, "CheckpointError", { magic: pickle(call) });
      old(`calls ${module}.${name} in the list of storages`, "CheckpointError", { keys: pickle(call) });
    }
  }
  for (const [name, [expect, parts]] of Object.entries(TENSORS)) {
    inZip(name, expect, stateDict(tensor(parts)));
    if (!name.includes("not there") && !name.includes("of another size"))
      old(name, expect, { dict: stateDict(legacyTensor(parts)) });
  }
  for (const [name, [expect, data]] of Object.entries(PICKLES)) inZip(name, expect, data);
  for (const name of ["an empty dict", "a list", "a name twice", "an unknown opcode", "lists within lists"]) {
    const [expect, data] = PICKLES[name]!;
    old(name, expect, { dict: data });
  }
  inZip("a list of the same list, eight to the twelfth", "loads", bomb());
  inZip(
    "names as of prototypes",
    "loads",
    pickle(op.dict(op.text("__proto__"), tensor(), op.text("constructor"), tensor())),
  );
  for (const [name, [expect, entries, end]] of Object.entries(ARCHIVES))
    bytes(`archive: ${name}`, expect, zip(entries, end));
  const whole = zip(torchEntries(stateDict(tensor())));
  for (const share of [0.1, 0.5, 0.9, 0.99])
    bytes(`archive: cut to ${share}`, "CheckpointError", whole.slice(0, Math.floor(share * whole.length)));
  bytes("archive: only an end", "CheckpointError", zip([]));
  bytes("archive: bytes in front", "any", concat("junk", whole));

  old("plain", "loads", {});
  old("another magic number", "CheckpointError", { magic: pickle(op.int(7)) });
  old("version 7", "UnsupportedError", { version: pickle(op.int(7)) });
  old("a version that is a text", "UnsupportedError", { version: pickle(op.text("1001")) });
  old("a system that is a list", "CheckpointError", { system: pickle("]") });
  old("big-endian", "UnsupportedError", { system: pickle(op.dict(op.text("little_endian"), op.bool(false))) });
  old("no key", "CheckpointError", { keys: pickle("]") });
  old("keys that are a dict", "CheckpointError", { keys: pickle("}") });
  old("a key twice", "CheckpointError", { keys: pickle(op.list(op.text("0"), op.text("0"))) });
  old("a key that no tensor names", "CheckpointError", { keys: pickle(op.list(op.text("0"), op.text("1"))) });
  old("a storage of another count", "CheckpointError", { storages: concat(little(5, 8), FLOATS) });
  old("a storage of -1", "CheckpointError", { storages: concat(little(-1, 8), FLOATS) });
  old("a storage that is cut", "CheckpointError", { storages: concat(little(6, 8), FLOATS.subarray(0, 20)) });
  old("no storage", "CheckpointError", { storages: new Uint8Array() });
  old("bytes behind the storages", "CheckpointError", { storages: concat(little(6, 8), FLOATS, "junk") });
  old("a view between storages", "UnsupportedError", {
    dict: stateDict(legacyTensor({ view: op.tuple(op.text("1"), op.int(0), op.int(6)) })),
  });
  const wholeOld = legacy();
  for (const length of [1, 14, 30, 60, wholeOld.length - 1])
    bytes(`legacy: cut to ${length}`, "CheckpointError", wholeOld.slice(0, length));
  bytes("empty", "CheckpointError", new Uint8Array());
  bytes("a page in its place", "CheckpointError", utf8("<!doctype html><title>Sign in</title>"));
  bytes("a tar archive in its place", "any", concat("sys_info", new Uint8Array(600)));
  return cases.all;
}
