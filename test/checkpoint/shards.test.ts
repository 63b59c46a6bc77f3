// Which files are tried in which order, what an index may say, and what other containers are told.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { bytesFromMemory } from "../../src/checkpoint/byte-source.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { CheckpointError } from "../../src/errors.js";
import { headerOf, safetensorsFile } from "../support/made-safetensors.js";

/** A folder in memory that notes which names are asked for and how many bytes are read of each. */
function folderOf(files: Readonly<Record<string, Uint8Array | string | object>>) {
  const asked: string[] = [];
  const read = new Map<string, number>();
  const toBytes = (content: Uint8Array | string | object): Uint8Array =>
    content instanceof Uint8Array
      ? content
      : new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content));
  const open = (name: string) => {
    asked.push(name);
    const content = files[name];
    if (content === undefined) return Promise.resolve(undefined);
    const source = bytesFromMemory(toBytes(content));
    return Promise.resolve({
      size: source.size,
      read: (start: number, end: number) => {
        read.set(name, (read.get(name) ?? 0) + end - start);
        return source.read(start, end);
      },
    });
  };
  return { asked, read, open };
}

const weights = (tensors: Record<string, number[]>): Uint8Array => {
  const { header, dataBytes } = headerOf(tensors);
  return safetensorsFile(header, dataBytes);
};

test("the names of Transformers are tried in its order", async () => {
  const folder = folderOf({});
  await expect(openWeights(folder)).rejects.toThrow(/no weights in the given source: looked for model\.safetensors/);
  expect(folder.asked).toEqual([
    "config.json",
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "tf_model.h5",
    "tf_model.h5.index.json",
  ]);
});

test("one file goes before shards beside it", async () => {
  const folder = folderOf({ "model.safetensors": weights({ a: [1] }), "model.safetensors.index.json": "{" });
  expect([...(await openWeights(folder)).keys()]).toEqual(["a"]);
  expect(folder.asked).not.toContain("model.safetensors.index.json");
});

test("a damaged model.safetensors beside other weights is an error, not a reason to take those", async () => {
  const folder = folderOf({ "model.safetensors": new Uint8Array(12).fill(7), "pytorch_model.bin": new Uint8Array(9) });
  await expect(openWeights(folder)).rejects.toMatchObject({ name: "CheckpointError", file: "model.safetensors" });
  expect(folder.asked).not.toContain("pytorch_model.bin");
});

test("the config or the caller may name the file", async () => {
  const files = { "other.safetensors": weights({ a: [1] }), "model.safetensors": weights({ b: [1] }) };
  const config = { transformers_weights: "other.safetensors" };
  expect([...(await openWeights(folderOf({ ...files, "config.json": config }))).keys()]).toEqual(["a"]);
  expect([...(await openWeights(folderOf(files), { weights: "other.safetensors" })).keys()]).toEqual(["a"]);
  const missing = openWeights(folderOf({ "config.json": config }));
  await expect(missing).rejects.toThrow(/looked for other\.safetensors$/);
});

test.each(["../x.safetensors", "sub/x.safetensors", "a\\b", "https://e/x", "", 7])(
  "transformers_weights %j is refused",
  async (name) => {
    const folder = folderOf({ "config.json": { transformers_weights: name } });
    await expect(openWeights(folder)).rejects.toThrow(/^config\.json: transformers_weights is/);
    expect(folder.asked).toEqual(["config.json"]);
  },
);

const INDEX = "model.safetensors.index.json";
const indexOf = (map: unknown): object => ({ metadata: { total_size: 1 }, weight_map: map });

test("all shards make one table, from their headers alone", async () => {
  const shards = { "s1.safetensors": weights({ a: [1000], b: [2] }), "s2.safetensors": weights({ c: [3000] }) };
  const map = { a: "s1.safetensors", b: "s1.safetensors", c: "s2.safetensors" };
  const folder = folderOf({ [INDEX]: indexOf(map), ...shards });
  const table = await openWeights(folder);
  expect([...table.values()].map(({ name, file }) => `${file} ${name}`)).toEqual([
    "s1.safetensors a",
    "s1.safetensors b",
    "s2.safetensors c",
  ]);
  expect(folder.read.get("s2.safetensors")).toBeLessThan(1000);
});

test("a tensor in another shard than the index says counts, and so does one that it does not list", async () => {
  const shards = { "s1.safetensors": weights({ b: [1] }), "s2.safetensors": weights({ a: [1], extra: [1] }) };
  const map = { a: "s1.safetensors", b: "s2.safetensors" };
  const table = await openWeights(folderOf({ [INDEX]: indexOf(map), ...shards }));
  expect([...table.keys()].sort()).toEqual(["a", "b", "extra"]);
});

test.each<[string, unknown, RegExp]>([
  ["no map", {}, /^model\.safetensors\.index\.json: weight_map is not/],
  ["an array", [], /weight_map/],
  ["an empty map", indexOf({}), /weight_map/],
  ["a shard that is a number", indexOf({ "encoder.w": 5 }), /names 5 for "encoder\.w"/],
  ["a shard above the folder", indexOf({ a: "../s.safetensors" }), /names "\.\.\/s\.safetensors" for "a"/],
  ["a shard on another host", indexOf({ a: "https://e.example/s.safetensors" }), /for "a"/],
  ["a shard of another kind", indexOf({ a: "s.bin" }), /is no \.safetensors file/],
  [
    "a shard that is not there",
    indexOf({ a: "s9.safetensors" }),
    /^s9\.safetensors: not found .*\(named by model\.safetensors\.index\.json\)/,
  ],
  ["a tensor that no shard has", indexOf({ a: "s1.safetensors", zz: "s1.safetensors" }), /no shard holds "zz"/],
  [
    "a tensor in two shards",
    indexOf({ a: "s1.safetensors", b: "s2.safetensors" }),
    /^s2\.safetensors: tensor "a" is in s1\.safetensors too/,
  ],
])("an index with %s is refused", async (_, index, message) => {
  const shards = { "s1.safetensors": weights({ a: [1] }), "s2.safetensors": weights({ a: [1], b: [1] }) };
  const folder = folderOf({ [INDEX]: index as object, ...shards });
  const error: unknown = await openWeights(folder).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CheckpointError);
  expect((error as Error).message).toMatch(message);
});

test("more than 1024 shards are refused before one is opened", async () => {
  const map = Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`t${i}`, `s${i}.safetensors`]));
  const folder = folderOf({ [INDEX]: indexOf(map) });
  await expect(openWeights(folder)).rejects.toThrow(/names 1025 shards/);
  expect(folder.asked.length).toBe(3);
});

const ZIP = new Uint8Array([0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0]);
const PICKLE = new Uint8Array([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20]);
const HDF5 = new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
const TAR = new Uint8Array(512);
TAR.set(new TextEncoder().encode("ustar"), 257);

test.each<[string, Uint8Array | string, typeof CheckpointError, RegExp]>([
  ["pytorch_model.bin", ZIP, CheckpointError, /^pytorch_model\.bin: is cut short \(a zip archive/],
  ["pytorch_model.bin", PICKLE, CheckpointError, /^pytorch_model\.bin: ends within a pickle/],
  ["pytorch_model.bin", weights({ a: [1] }), CheckpointError, /^pytorch_model\.bin: looks like safetensors/],
  ["tf_model.h5", HDF5, CheckpointError, /^tf_model\.h5: has 8 bytes, less than/],
  ["pytorch_model.bin", TAR, CheckpointError, /^pytorch_model\.bin: looks like a tar archive/],
  ["model.safetensors", ZIP, CheckpointError, /^model\.safetensors: looks like a PyTorch file/],
  [
    "model.safetensors",
    "<!DOCTYPE html><html></html>",
    CheckpointError,
    /^model\.safetensors: looks like an HTML page/,
  ],
  ["pytorch_model.bin", "<html>", CheckpointError, /^pytorch_model\.bin: looks like an HTML page/],
  ["model.safetensors", '{"error":"Repository not found"}', CheckpointError, /looks like a JSON object/],
  [
    "model.safetensors",
    `version https://git-lfs.github.com/spec/v1\noid sha256:${"5a".repeat(32)}\nsize 735050977\n`,
    CheckpointError,
    /looks like a Git LFS pointer.*735050977 bytes, sha256 5a5a/,
  ],
  ["model.safetensors", "", CheckpointError, /^model\.safetensors: has 0 bytes/],
  ["tf_model.h5", "what is this", CheckpointError, /^tf_model\.h5: holds no known kind/],
])("%s with other content is named for what it is", async (name, content, type, message) => {
  const good = { "pytorch_model.bin": ZIP }; // never taken instead of a broken model.safetensors
  const folder = folderOf({ ...(name === "model.safetensors" ? good : {}), [name]: content });
  const error: unknown = await openWeights(folder).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(type);
  expect((error as Error).message).toMatch(message);
});

test("the first bytes tell what a file of another name holds", async () => {
  const folder = folderOf({ "model.ckpt": weights({ a: [1] }) });
  expect([...(await openWeights(folder, { weights: "model.ckpt" })).keys()]).toEqual(["a"]);
});

test("shards that the official library wrote", async () => {
  const file = (name: string): File => {
    const path = new URL(`../fixtures/checkpoint/sharded/${name}`, import.meta.url);
    return new File([new Uint8Array(readFileSync(path))], name);
  };
  const names = [INDEX, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const table = await openWeights(names.map(file));
  const index = JSON.parse(await file(INDEX).text()) as { weight_map: Record<string, string> };
  expect(Object.fromEntries([...table.values()].map(({ name, file }) => [name, file]))).toEqual(index.weight_map);
});
