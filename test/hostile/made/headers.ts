// Headers of safetensors files: two float tensors of [2] and [2, 2], and everything that can be wrong with them.
import { safetensorsFile } from "../../support/made-safetensors.js";
import { type Case, Cases, concat, little, utf8 } from "./case.js";

const FILE = "model.safetensors";
const A = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
const B = { dtype: "F32", shape: [2, 2], data_offsets: [8, 24] };
const DATA = 24;
const GOOD = JSON.stringify({ a: A, b: B });

export function headers(): Case[] {
  const cases = new Cases("header");
  const bytes = (name: string, expect: Case["expect"], file: Uint8Array): void =>
    cases.add(name, expect, { [FILE]: file });
  const text = (name: string, header: string, data = DATA): void =>
    bytes(name, "CheckpointError", safetensorsFile(header, data));
  const json = (name: string, header: unknown, data = DATA): void => text(name, JSON.stringify(header), data);
  const good = (name: string, header: string, data = DATA): void => bytes(name, "loads", safetensorsFile(header, data));

  good("plain", GOOD);
  good("padded with spaces", `${GOOD}     `);
  good("spaces within", ` {"a" : ${JSON.stringify(A)} , "b":\t${JSON.stringify(B)}}\n`);
  good("metadata of strings", `{"__metadata__":{"format":"pt"},"a":${JSON.stringify(A)}}`, 8);
  good("metadata null", `{"__metadata__":null,"a":${JSON.stringify(A)}}`, 8);
  good("no tensor at all", "{}", 0);
  good("a tensor without elements", JSON.stringify({ a: { dtype: "F32", shape: [0, 7], data_offsets: [0, 0] } }), 0);
  good("a scalar", JSON.stringify({ a: { dtype: "F64", shape: [], data_offsets: [0, 8] } }), 8);
  good("names as of prototypes", `{"__proto__":${JSON.stringify(A)},"constructor":${JSON.stringify(B)}}`);
  good("hasOwnProperty", JSON.stringify({ hasOwnProperty: A, toString: B }));
  good("tensors listed backwards", JSON.stringify({ b: B, a: A }));
  good("an emoji as a name", JSON.stringify({ "🫖": A, b: B }));
  good("unknown fields", JSON.stringify({ a: { ...A, note: "x" }, b: B }));
  good("an empty name", JSON.stringify({ "": A, b: B }));

  for (let length = 0; length < 8; length++) bytes(`${length} bytes`, "CheckpointError", new Uint8Array(length));
  const whole = safetensorsFile(GOOD, DATA);
  for (const length of [8, 9, 20, 8 + GOOD.length - 1, 8 + GOOD.length, whole.length - 1])
    bytes(`cut at ${length}`, "CheckpointError", whole.slice(0, length));
  bytes("a byte too many", "CheckpointError", concat(whole, "x"));
  const lengths = [0n, 1n, BigInt(GOOD.length - 1), BigInt(GOOD.length + 1), 100_000_001n, 2n ** 31n, 2n ** 32n + 100n];
  for (const length of [...lengths, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n])
    bytes(`header length ${length}`, "CheckpointError", concat(little(length, 8), GOOD, new Uint8Array(DATA)));
  bytes(
    "header length in big-endian",
    "CheckpointError",
    concat(little(GOOD.length, 8).reverse(), GOOD, new Uint8Array(DATA)),
  );

  text("no JSON", "not json at all");
  text("half a JSON", GOOD.slice(0, -3));
  text("two documents", `${GOOD}{}`);
  text("a trailing comma", `${GOOD.slice(0, -1)},}`);
  text("a comment", `/* x */${GOOD}`);
  text("NaN", `{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}`, 8);
  text("a byte order mark", `\ufeff${GOOD}`);
  bytes(
    "UTF-16",
    "CheckpointError",
    safetensorsFileOf(
      Uint8Array.from({ length: 2 * GOOD.length }, (_, i) => (i % 2 === 0 ? GOOD.charCodeAt(i / 2) : 0)),
    ),
  );
  bytes(
    "no UTF-8",
    "CheckpointError",
    safetensorsFileOf(concat(GOOD.slice(0, 2), Uint8Array.of(0xff, 0xfe), GOOD.slice(2))),
  );
  bytes(
    "overlong UTF-8",
    "CheckpointError",
    safetensorsFileOf(concat(GOOD.slice(0, 2), Uint8Array.of(0xc0, 0xaf), GOOD.slice(2))),
  );
  text("a zero byte", `${GOOD}\0`);
  for (const value of [null, true, 7, "text", [A], []]) json(`the whole is ${JSON.stringify(value)}`, value);
  for (const value of [null, true, 7, "text", [A]]) json(`a tensor is ${JSON.stringify(value)}`, { a: value });
  json("a tensor is {}", { a: {} });
  text("half of a surrogate pair", `{"\\ud800":${JSON.stringify(A)},"b":${JSON.stringify(B)}}`);
  text("a name twice", `{"a":${JSON.stringify(A)},"a":${JSON.stringify(B)}}`);
  text("a name twice, once escaped", `{"a":${JSON.stringify(A)},"\\u0061":${JSON.stringify(B)}}`);
  text("a field twice", `{"a":{"dtype":"F32","dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, 4);
  text("nested 10 000 deep", `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, 0);
  text("metadata nested 10 000 deep", `{"__metadata__":${`{"a":`.repeat(10_000)}1${"}".repeat(10_000)}}`, 0);
  good("metadata of six million escapes", `{"__metadata__":{"a":"${"\\n".repeat(6_000_000)}"}}`, 0);
  json("metadata with a number", { __metadata__: { a: 1 }, a: A }, 8);
  json("metadata is a list", { __metadata__: ["a"], a: A }, 8);
  json("metadata is a tensor", { __metadata__: A }, 8);

  for (const field of ["dtype", "shape", "data_offsets"] as const) {
    const without: Record<string, unknown> = { ...A };
    Reflect.deleteProperty(without, field);
    json(`no ${field}`, { a: without }, 8);
    for (const value of [null, {}, true, "x", [[2]]])
      json(`${field} ${JSON.stringify(value)}`, { a: { ...A, [field]: value } }, 8);
  }
  for (const dtype of ["f32", "F32 ", "FLOAT", "float32", "", "constructor", "__proto__", 4, ["F32"]])
    json(`dtype is ${JSON.stringify(dtype)}`, { a: { ...A, dtype } }, 8);
  const sizes = [
    "-2",
    "2.0",
    "2e0",
    "1.5",
    "1e400",
    "-0",
    "9007199254740993",
    "18446744073709551618",
    `"2"`,
    "true",
    "null",
    "[2]",
  ];
  for (const size of sizes) text(`a size ${size}`, `{"a":{"dtype":"F32","shape":[${size}],"data_offsets":[0,8]}}`, 8);
  for (const size of sizes)
    text(`an offset ${size}`, `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,${size}]}}`, 8);
  json("too few bytes", { a: { ...A, shape: [3] } }, 8);
  json("too many bytes", { a: { ...A, shape: [1] } }, 8);
  json("sizes that overflow to the right number", { a: { ...A, shape: [2 ** 52, 2 ** 52, 2 ** 52] } }, 8);
  json(
    "sizes that overflow before a 0",
    { a: { dtype: "F32", shape: [2 ** 40, 2 ** 40, 0], data_offsets: [0, 0] } },
    0,
  );
  json("half a byte", { a: { dtype: "F4", shape: [3], data_offsets: [0, 1] } }, 1);
  json("one offset", { a: { ...A, data_offsets: [8] } }, 8);
  json("three offsets", { a: { ...A, data_offsets: [0, 8, 8] } }, 8);
  json("offsets that run backwards", { a: { ...A, data_offsets: [8, 0] } }, 8);
  json("a hole", { a: A, b: { ...B, data_offsets: [16, 32] } }, 32);
  json("a hole in front", { a: { ...A, data_offsets: [8, 16] } }, 16);
  json("an overlap", { a: A, b: { ...B, data_offsets: [4, 20] } }, 20);
  json("the same bytes twice", { a: A, b: A }, 8);
  json("bytes that no tensor has", { a: A });
  json("ends beyond the file", { a: A, b: B }, DATA - 1);
  json("ends far beyond the file", { a: { ...A, shape: [2 ** 40], data_offsets: [0, 2 ** 42] } }, 8);
  json("a name of 70 000 letters", { ["x".repeat(70_000)]: A }, 8);
  json("an unknown tensor type beside a good one", { a: A, b: { ...B, dtype: "I4" } });
  bytes(
    "a shape of 100 000 ones",
    "loads",
    safetensorsFile(
      JSON.stringify({ a: { dtype: "F32", shape: new Array(100_000).fill(1), data_offsets: [0, 4] } }),
      4,
    ),
  );
  bytes("a pickle in its place", "CheckpointError", utf8("\x80\x02}q\0."));
  bytes("a zip archive in its place", "CheckpointError", concat("PK\x03\x04", new Uint8Array(100)));
  bytes(
    "an HDF5 file in its place",
    "CheckpointError",
    concat(Uint8Array.of(0x89), "HDF\r\n\x1a\n", new Uint8Array(100)),
  );
  bytes("a page in its place", "CheckpointError", utf8("<!doctype html><title>Sign in</title>"));
  bytes(
    "a Git LFS pointer in its place",
    "CheckpointError",
    utf8(`version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 9\n`),
  );
  return cases.all;
}

function safetensorsFileOf(header: Uint8Array): Uint8Array {
  return concat(little(header.length, 8), header, new Uint8Array(DATA));
}
