// Shrinking a checkpoint: every type within its rounding, nothing else changed, in bounded memory; and what it refuses.
import { expect, test } from "vitest";
import { bytesFromMemory, type ByteSource } from "../../src/checkpoint/byte-source.js";
import { floatsOf, halfBits, halfValue } from "../../src/checkpoint/floats.js";
import { joinQuantised, type QuantisedEntry, type WeightEntry } from "../../src/checkpoint/quantised.js";
import { openWeights, type TensorEntry } from "../../src/checkpoint/shards.js";
import type { Source } from "../../src/checkpoint/source.js";
import { shrinkWeights, type ShrinkOptions } from "../../src/checkpoint/shrink.js";
import { CheckpointError } from "../../src/errors.js";
import { madeFolder, MINIATURE } from "../support/checkpoint.js";
import { CONTAINERS, inContainer } from "../support/containers.js";
import { headerOf, safetensorsFile } from "../support/made-safetensors.js";
import { randomValues } from "../support/random.js";

const TENSORS = {
  "deberta.embeddings.word_embeddings.weight": [50, 64],
  "deberta.embeddings.LayerNorm.weight": [64],
  "deberta.encoder.layer.0.attention.self.query_proj.weight": [96, 64],
  "deberta.encoder.layer.0.attention.self.query_proj.bias": [96],
  "deberta.encoder.layer.0.output.dense.weight": [20, 36],
  "deberta.encoder.conv.conv.weight": [24, 8, 3],
  "deberta.encoder.rel_embeddings.weight": [16, 64],
} as const;

function original() {
  const { header, dataBytes } = headerOf(TENSORS);
  const values = randomValues(dataBytes / 4, 1);
  return safetensorsFile(header, new Uint8Array(values.buffer as ArrayBuffer));
}

const folderOf = (file: Uint8Array) => ({
  open: (name: string) => Promise.resolve(name === "model.safetensors" ? bytesFromMemory(file) : undefined),
});

async function shrunk(options: ShrinkOptions, source: Source = folderOf(original())) {
  let file = new Uint8Array(0);
  const told = await shrinkWeights(
    source,
    {
      write(position, bytes) {
        if (position + bytes.length > file.length) {
          const larger = new Uint8Array(position + bytes.length);
          larger.set(file);
          file = larger;
        }
        file.set(bytes, position);
      },
    },
    options,
  );
  return { file, told };
}

async function tableOf(file: Uint8Array): Promise<ReadonlyMap<string, WeightEntry>> {
  return joinQuantised(await openWeights(folderOf(file)));
}

/** The numbers that a tensor of a file stands for. */
function numbersOf(file: Uint8Array, entry: WeightEntry): Float32Array {
  const bytes = file.subarray(entry.start, entry.end);
  if (!("scales" in entry)) return floatsOf(entry.dtype, bytes);
  const scales = floatsOf(entry.scales.dtype, file.subarray(entry.scales.start, entry.scales.end));
  const count = entry.shape.reduce((product, size) => product * size, 1);
  const each = count / scales.length;
  return Float32Array.from({ length: count }, (_, i) => {
    const integer = entry.dtype === "I8" ? (bytes[i]! << 24) >> 24 : ((bytes[i >> 1]! >> (4 * (i % 2))) & 15) - 8;
    return integer * scales[Math.floor(i / each)]!;
  });
}

/** Largest error of a tensor as a share of its largest magnitude. */
function largestError(name: string, got: Float32Array, wanted: Float32Array): number {
  expect(got.length, name).toBe(wanted.length);
  const magnitude = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0) / magnitude;
}

const MATRIX = "deberta.encoder.layer.0.attention.self.query_proj.weight";
const ODD = "deberta.encoder.layer.0.output.dense.weight"; // 36 inputs: blocks of 32 do not divide it
const CONV = "deberta.encoder.conv.conv.weight";
const TABLE = "deberta.embeddings.word_embeddings.weight";

test.each([
  [{ dtype: "q8" }, { [MATRIX]: "I8", [ODD]: "I8", [CONV]: "I8", [TABLE]: "I8" }],
  [{ dtype: "q4" }, { [MATRIX]: "I4", [ODD]: "I8", [CONV]: "I8", [TABLE]: "I8" }],
  [
    { dtype: "f16", wordTable: "f16" },
    { [MATRIX]: "F16", [ODD]: "F16", [CONV]: "F16", [TABLE]: "F16" },
  ],
] as const)("%o", async (options, types) => {
  const before = original();
  const { file, told } = await shrunk(options);
  const [was, is] = [await tableOf(before), await tableOf(file)];
  expect([...is.keys()].sort()).toEqual([...was.keys()].sort());
  const bound: Record<string, number> = { I8: 0.51 / 127, I4: 1.01 / 8, F16: 2 ** -11, F32: 0 };
  for (const [name, entry] of is) {
    expect(entry.shape, name).toEqual(was.get(name)!.shape);
    const error = largestError(name, numbersOf(file, entry), numbersOf(before, was.get(name)!));
    expect(error, name).toBeLessThanOrEqual(bound[entry.dtype]!);
    if (entry.shape.length === 1) expect(entry.dtype, name).toBe("F32");
  }
  expect(Object.fromEntries(Object.keys(types).map((name) => [name, is.get(name)!.dtype]))).toEqual(types);
  expect(is.get("deberta.encoder.rel_embeddings.weight")!.dtype).toBe("F16");
  const data = file.length - 8 - Number(new DataView(file.buffer).getBigUint64(0, true));
  expect(told.after).toBe(data);
});

test("scales lie before their integers, so that a stream has them in time", async () => {
  const is = await tableOf((await shrunk({ dtype: "q4" })).file);
  const quantised = [...is.values()].filter((entry): entry is QuantisedEntry => "scales" in entry);
  expect(quantised.length).toBe(4);
  for (const entry of quantised) expect(entry.scales.end, entry.name).toBeLessThanOrEqual(entry.start);
});

test("one row of zeros and one of a single outlier stay finite", async () => {
  const { header } = headerOf({ "a.weight": [2, 32] });
  const values = new Float32Array(64);
  values[40] = -3e38;
  const source = folderOf(safetensorsFile(header, new Uint8Array(values.buffer)));
  for (const dtype of ["q8", "q4"] as const) {
    const { file } = await shrunk({ dtype }, source);
    const numbers = numbersOf(file, (await tableOf(file)).get("a.weight")!);
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect(numbers.subarray(0, 32).every((value) => value === 0)).toBe(true);
  }
});

test.each(CONTAINERS)("a checkpoint in another container, %s: the same names, types and numbers", async (container) => {
  const folder = madeFolder({ ...MINIATURE, conv_kernel_size: 3, hidden_size: 32, num_attention_heads: 2 }, "pooled");
  const there = await inContainer(folder, container);
  expect(there).toBeDefined();
  for (const options of [{}, { dtype: "q4" }, { dtype: "f16", wordTable: "f16" }] as const) {
    const { file: wanted } = await shrunk(options, folder);
    const { file } = await shrunk(options, there);
    const [is, was] = [await tableOf(file), await tableOf(wanted)];
    expect([...is.keys()].sort()).toEqual([...was.keys()].sort());
    for (const [name, entry] of is) {
      expect(entry, name).toMatchObject({ dtype: was.get(name)!.dtype, shape: was.get(name)!.shape });
      expect(numbersOf(file, entry), name).toEqual(numbersOf(wanted, was.get(name)!));
    }
  }
});

test("a number that is not finite is named; what is quantised already is not shrunk again", async () => {
  const { header } = headerOf({ "a.weight": [2, 4] });
  const values = Float32Array.of(1, 2, 3, 4, 5, NaN, 7, 8);
  const source = folderOf(safetensorsFile(header, new Uint8Array(values.buffer)));
  await expect(shrunk({}, source)).rejects.toThrow("a.weight[1, 1] is NaN");
  const { file } = await shrunk({});
  await expect(shrunk({}, folderOf(file))).rejects.toThrow(/quantised already/);
});

test.each([
  ["of another type", { dtype: "I32" }],
  ["of another number of rows", { shape: [7, 1] }],
  ["that do not divide a row", { shape: [6, 5] }],
])("scales %s are refused", (_, change) => {
  const entry = (name: string, dtype: string, shape: number[]) =>
    ({ name, dtype, shape, file: "model.safetensors", start: 0, end: 0 }) as unknown as TensorEntry;
  const entries = new Map([
    ["a", entry("a", "I8", [6, 8])],
    ["a_scale", { ...entry("a_scale", "F32", [6, 1]), ...change } as TensorEntry],
  ]);
  expect(() => joinQuantised(entries)).toThrow(CheckpointError);
});

test("a file of many megabytes passes in rows", async () => {
  const shape = [1024, 2048];
  const { header, dataBytes } = headerOf({ "a.weight": shape });
  const start = 8 + header.length;
  const head = safetensorsFile(header, 0);
  let largest = 0;
  const source: ByteSource = {
    size: start + dataBytes,
    // eslint-disable-next-line @typescript-eslint/require-await -- made on the fly
    async *read(from, to) {
      if (from < start) yield head.subarray(from, Math.min(start, to));
      for (let at = Math.max(from, start); at < to; at += 1 << 16) yield new Uint8Array(Math.min(1 << 16, to - at));
    },
  };
  const folder = { open: (name: string) => Promise.resolve(name === "model.safetensors" ? source : undefined) };
  const { after } = await shrinkWeights(folder, {
    write: (_, bytes) => void (largest = Math.max(largest, bytes.length)),
  });
  expect(after).toBe(1024 * 2048 + 4 * 1024);
  expect(largest).toBeLessThanOrEqual(8 * 2048);
});

test("halves: nearest, ties to even, subnormal, infinite", () => {
  const all = Array.from({ length: 0x7c00 }, (_, bits) => bits);
  expect(all.map((bits) => halfBits(halfValue(bits)))).toEqual(all);
  expect(halfBits(1 + 2 ** -11)).toBe(halfBits(1));
  expect(halfBits(1 + 3 * 2 ** -11)).toBe(halfBits(1 + 2 ** -9));
  expect([halfBits(65519), halfBits(65520), halfBits(-1e9), halfBits(2 ** -25)]).toEqual([0x7bff, 0x7c00, 0xfc00, 0]);
});
