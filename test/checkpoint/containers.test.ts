// The containers beside safetensors, each in a small file: what is read of it, and that no damage to it ends in anything but
// our errors. The files are in the form that torch and Keras write; code.bin asks for os.system, which is refused unasked.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bytesFromMemory, type ByteSource, type Folder } from "../../src/checkpoint/byte-source.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";
import { generator, randomInteger } from "../support/random.js";

const fixture = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../fixtures/checkpoint/containers/${name}`, import.meta.url)));

/** Every tensor's shape and the hash of its bytes in row-major order. */
async function contents(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<Record<string, object>> {
  const folder = await openFolder([new File([bytes], name)]);
  const table = await openWeights(folder);
  const hashes = new Map([...table.keys()].map((tensor) => [tensor, createHash("sha256")]));
  for await (const piece of stream([...table.values()], folder)) hashes.get(piece.entry.name)!.update(piece.bytes);
  return Object.fromEntries(
    [...table.values()].map(({ name: tensor, shape, dtype }) => [
      tensor,
      { shape, dtype, sha256: hashes.get(tensor)!.digest("hex").slice(0, 12) },
    ]),
  );
}

const WORDS = "deberta.embeddings.word_embeddings.weight";
const CASES: readonly [string, string, Record<string, object>][] = [
  ["zip.bin", "pytorch_model.bin", { [WORDS]: { dtype: "F32", shape: [2, 3], sha256: "ad98ce7f4517" } }],
  ["zip-transposed.bin", "pytorch_model.bin", { [WORDS]: { dtype: "F32", shape: [3, 2], sha256: "7767739f5574" } }],
  [
    "zip-shared.bin",
    "pytorch_model.bin",
    {
      [WORDS]: { shape: [2, 3], sha256: "ad98ce7f4517" },
      "deberta.encoder.rel_embeddings.weight": { shape: [2, 3], sha256: "ad98ce7f4517" },
    },
  ],
  ["legacy.bin", "pytorch_model.bin", { [WORDS]: { dtype: "F32", shape: [2, 3], sha256: "d00fc458aeca" } }],
  [
    "keras.h5",
    "tf_model.h5",
    { "deberta/tf_model/layer_._0/kernel:0": { dtype: "F32", shape: [2, 3], sha256: "343c5201aaad" } },
  ],
];

test.each(CASES)("%s is read as %s", async (file, name, tensors) => {
  expect(await contents(name, fixture(file))).toMatchObject(tensors);
});

test("a name that pickles of tensors do not hold is refused, and named", async () => {
  await expect(contents("pytorch_model.bin", fixture("code.bin"))).rejects.toThrow(/asks for os\.system/);
});

test.each(CASES)("%s whose second half is gone after some reads: read to its end, or refused", async (file, name) => {
  const whole = fixture(file);
  const outcomes = new Set<boolean>();
  for (let intact = 0; intact < 12; intact++) {
    let reads = 0;
    const shrinking: ByteSource = {
      size: whole.length,
      read: (...range) =>
        bytesFromMemory(reads++ < intact ? whole : whole.subarray(0, whole.length / 2)).read(...range),
    };
    const folder = await openFolder({ open: (each) => Promise.resolve(each === name ? shrinking : undefined) });
    const error: unknown = await drain(folder).catch((reason: unknown) => reason);
    if (error !== undefined) expect(error).toBeInstanceOf(CheckpointError);
    outcomes.add(error === undefined);
  }
  expect(outcomes.has(false)).toBe(true);
});

async function drain(folder: Folder): Promise<undefined> {
  const table = await openWeights(folder);
  for await (const { bytes } of stream([...table.values()], folder)) if (bytes.length === 0) break;
}

const FLIPS = __LONG__ ? 20_000 : 300;

describe.each(CASES)("%s, damaged", (file, name) => {
  const whole = fixture(file);
  const judge = async (bytes: Uint8Array<ArrayBuffer>, what: string): Promise<void> => {
    const error: unknown = await contents(name, bytes).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    const isOurs = error === undefined || error instanceof CheckpointError || error instanceof UnsupportedError;
    expect(isOurs, `${what}: ${String(error)}`).toBe(true);
  };

  test("cut short anywhere", async () => {
    const step = Math.ceil(whole.length / 400);
    for (let length = 0; length < whole.length; length += step) await judge(whole.slice(0, length), `${length} bytes`);
  });

  test(`${FLIPS} mutants`, async () => {
    const next = generator(7);
    for (let i = 0; i < FLIPS; i++) {
      const bytes = whole.slice();
      for (let n = randomInteger(next, 1, 3); n > 0; n--)
        bytes[randomInteger(next, 0, bytes.length - 1)] = randomInteger(next, 0, 255);
      await judge(bytes, `mutant ${i}`);
    }
  });
});
