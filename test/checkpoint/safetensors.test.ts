// The header's checks, one line a kind (the long table is hostile.test.ts), and files that the official library wrote.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openWeights } from "../../src/checkpoint/shards.js";
import { CheckpointError } from "../../src/errors.js";
import { headerOf, safetensorsFile } from "../support/made-safetensors.js";

const asSource = (bytes: Uint8Array<ArrayBuffer>): File[] => [new File([bytes], "model.safetensors")];
const tensor = (fields: object): string =>
  JSON.stringify({ "encoder.w": { dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields } });

test.each<[string, Uint8Array<ArrayBuffer>, RegExp]>([
  ["shorter than a length", new Uint8Array(7), /has 7 bytes/],
  ["a length beyond the file", safetensorsFile("{}", 0, 3), /header ends at byte 11, the file has 10 bytes/],
  ["a length beyond the bound", safetensorsFile("{}", 0, 100_000_001), /at most 100000000 are read/],
  ["a length that is no exact double", safetensorsFile("{}", 0, 2 ** 53), /at most 100000000 are read/],
  ["bad UTF-8", safetensorsFile("{}", 0).with(8, 0xff), /not JSON in UTF-8/],
  ["a byte-order mark", safetensorsFile("\uFEFF{}", 0), /not JSON in UTF-8/],
  ["NUL padding", safetensorsFile("{}\0", 0), /not JSON in UTF-8/],
  ["an array", safetensorsFile("[]", 0), /not a JSON object/],
  ["a key twice", safetensorsFile('{"a":null,"\\u0061":null}', 0), /the key "a" is given twice/],
  ["deep nesting", safetensorsFile(`{"a":${"[".repeat(200)}${"]".repeat(200)}}`, 0), /nested deeper than 128/],
  ["half a surrogate pair", safetensorsFile('{"__metadata__":{"a":"\\ud800"}}', 0), /surrogate/],
  ["metadata that is no text", safetensorsFile('{"__metadata__":{"a":1}}', 0), /__metadata__/],
  ["a tensor that is null", safetensorsFile('{"encoder.w":null}', 0), /"encoder\.w" is not described/],
  ["an unknown dtype", safetensorsFile(tensor({ dtype: "f32" }), 8), /"encoder\.w" has the dtype .*f32/],
  ["a dtype from a prototype", safetensorsFile(tensor({ dtype: "toString" }), 8), /has the dtype/],
  ["a missing shape", safetensorsFile(tensor({ shape: undefined }), 8), /has the shape missing/],
  ["a negative size", safetensorsFile(tensor({ shape: [-2] }), 8), /has the number -2/],
  [
    "a size written 2.0",
    safetensorsFile(tensor({}).replace("[2]", "[2.0]"), 8),
    /"encoder\.w"\."shape" has the number 2\.0/,
  ],
  ["a size written 2e0", safetensorsFile(tensor({}).replace("[2]", "[2e0]"), 8), /has the number 2e0/],
  ["three offsets", safetensorsFile(tensor({ data_offsets: [0, 8, 8] }), 8), /has the data_offsets/],
  ["offsets that run backwards", safetensorsFile(tensor({ data_offsets: [8, 0] }), 8), /run backwards/],
  ["an end beyond the file", safetensorsFile(tensor({ data_offsets: [0, 9] }), 8), /"encoder\.w" ends at byte/],
  ["a shape that takes other bytes", safetensorsFile(tensor({ shape: [3] }), 8), /takes 12 bytes, not 8/],
  ["a product that overflows", safetensorsFile(tensor({ shape: [2 ** 40, 2 ** 40] }), 8), /no possible number/],
  ["one hidden by a zero", safetensorsFile(tensor({ shape: [2 ** 40, 2 ** 40, 0] }), 8), /no possible number/],
  ["a hole before", safetensorsFile(tensor({ data_offsets: [1, 9] }), 9), /"encoder\.w" leaves a hole/],
  ["bytes after the last", safetensorsFile(tensor({}), 9), /tensors end at byte/],
  [
    "two tensors on the same bytes",
    safetensorsFile(
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
      1,
    ),
    /tensor "b" overlaps/,
  ],
])("%s is refused", async (_, bytes, message) => {
  const error: unknown = await openWeights(asSource(bytes)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).toMatch(/^model\.safetensors: /);
});

test("tensors are listed in the order of their bytes, in absolute positions", async () => {
  const header =
    '{"b":{"dtype":"F16","shape":[],"data_offsets":[4,6]},"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4],"note":[1.5]}}  ';
  const table = await openWeights(asSource(safetensorsFile(header, 6)));
  const start = 8 + header.length;
  expect([...table]).toEqual([
    ["a", { name: "a", dtype: "I32", shape: [1], file: "model.safetensors", start, end: start + 4 }],
    ["b", { name: "b", dtype: "F16", shape: [], file: "model.safetensors", start: start + 4, end: start + 6 }],
  ]);
});

test("awkward names stay names", async () => {
  const names = ["", "__proto__", "constructor", "7", "ü", "<img src=x>"];
  const { header, dataBytes } = headerOf(Object.fromEntries(names.map((name) => [name, [1]])));
  const table = await openWeights(asSource(safetensorsFile(header, dataBytes)));
  expect([...table.keys()].sort()).toEqual([...names].sort());
});

test("a file that the official library wrote", async () => {
  const bytes = new Uint8Array(
    readFileSync(new URL("../fixtures/checkpoint/single/model.safetensors", import.meta.url)),
  );
  const table = await openWeights(asSource(bytes));
  expect(table.size).toBe(26);
  const last = [...table.values()].at(-1)!;
  expect(last.end).toBe(bytes.length);
});

test("a string of millions of escapes takes no stack", async () => {
  const header = `{"__metadata__":{"a":"${"\\n".repeat(3_000_000)}"},"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`;
  const file = new File([safetensorsFile(header, 1)], "model.safetensors");
  expect([...(await openWeights([file])).keys()]).toEqual(["w"]);
});

test("shards together hold no more tensors than one file may", async () => {
  const shard = (letter: string): string =>
    JSON.stringify(
      Object.fromEntries(
        Array.from({ length: 50_001 }, (_, i) => [`${letter}${i}`, { dtype: "U8", shape: [0], data_offsets: [0, 0] }]),
      ),
    );
  const files = ["a", "b"].map((letter) => new File([safetensorsFile(shard(letter), 0)], `${letter}.safetensors`));
  const index = JSON.stringify({ weight_map: { a0: "a.safetensors", b0: "b.safetensors" } });
  const folder = [...files, new File([index], "model.safetensors.index.json")];
  await expect(openWeights(folder)).rejects.toThrow(/its shards hold more than 100000 tensors/);
});
