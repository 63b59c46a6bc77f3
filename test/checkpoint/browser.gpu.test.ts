// What only a browser has: addresses that count from the page, chosen files, directory handles, fetch's own CORS and ranges.
import { describe, expect, test } from "vitest";
import { openFolder } from "../../src/checkpoint/folder.js";
import { readJson } from "../../src/checkpoint/read-whole.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { CheckpointError, UnsupportedError } from "../../src/errors.js";

const SHARDED = "/fixtures/checkpoint/sharded/";

async function countBytes(source: Parameters<typeof openFolder>[0]): Promise<[tensors: number, bytes: number]> {
  const folder = await openFolder(source);
  const table = await openWeights(folder);
  let read = 0;
  for await (const { bytes } of stream([...table.values()], folder)) read += bytes.length;
  return [table.size, read];
}

const download = async (url: string): Promise<Blob> => (await fetch(url)).blob();

test.each([SHARDED, `..${SHARDED}`, new URL(SHARDED, location.href)])(
  "a folder of the page's server: %s",
  async (source) => {
    expect(await countBytes(source)).toEqual([43, 105_884]);
  },
);

test("a directory handle, as a directory picker gives it", async () => {
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle("checkpoint-test", { create: true });
  const names = [
    "model.safetensors.index.json",
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
  ];
  for (const name of names) {
    const writable = await (await directory.getFileHandle(name, { create: true })).createWritable();
    await writable.write(await download(SHARDED + name));
    await writable.close();
  }
  expect(await countBytes(directory)).toEqual([43, 105_884]);
  await expect(readJson(await openFolder(directory), "config.json")).rejects.toThrow(/not found in the directory/);
  await root.removeEntry("checkpoint-test", { recursive: true });
});

test("the files of an input element", async () => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([await download("/fixtures/checkpoint/single/model.safetensors")], "model.safetensors"));
  const input = Object.assign(document.createElement("input"), { type: "file", files: transfer.files });
  const [tensors, bytes] = await countBytes(input.files);
  expect([tensors, bytes > 10_000]).toEqual([26, true]);
});

interface Entry {
  readonly file: string;
  readonly format: string;
  readonly expect: string;
  readonly mention?: string[];
}

const entries = __HAS_SHARED__
  ? ((await (await fetch("/shared/hostile/manifest.json")).json()) as { entries: Entry[] }).entries
  : [];

describe.skipIf(!__HAS_SHARED__)("hostile files (in ../shared, absent from a plain clone)", () => {
  test("every fifth header is judged as in Node", async () => {
    for (const entry of entries.filter(({ format }) => format === "safetensors").filter((_, i) => i % 5 === 0)) {
      const file = new File([await download(`/shared/hostile/${entry.file}`)], "model.safetensors");
      const error: unknown = await openWeights([file]).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) {
        expect(error instanceof CheckpointError || error instanceof UnsupportedError, entry.file).toBe(true);
        for (const mention of entry.mention ?? []) expect((error as Error).message).toContain(mention);
      }
      if (entry.expect !== "either") expect(error !== undefined, entry.file).toBe(entry.expect === "reject");
    }
  });
});
