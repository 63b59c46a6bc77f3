// What a browser keeps of a source: a second load asks for nothing, an interrupted one goes on, what has changed is fetched anew, and
// nothing is kept that should not be. The store is the browser's own; the server is a fetch inside the page that counts.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cachedModels, clearCache, deleteCachedModel } from "../../src/index.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import type { Progress } from "../../src/checkpoint/progress.js";
import { readOptionalJson, readWhole } from "../../src/checkpoint/read-whole.js";
import type { SourceOptions } from "../../src/checkpoint/source.js";
import { fakeServer, type FakeServer } from "../support/fake-server.js";
import { testClock } from "../support/clock.js";

const SOURCE = "https://models.example/mine/";
const SIZE = 1_500_000;
const weights = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24) & 255);
const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

let server: FakeServer;
beforeEach(async () => {
  await clearCache();
  server = fakeServer({ "config.json": text('{"a": 1}'), "model.safetensors": weights });
});
afterEach(clearCache);

/** Loads as a model does: small files, one that is not there, the head of the weights, then the rest in two parts. */
async function load(options: SourceOptions = {}, upTo = SIZE, source = SOURCE): Promise<Uint8Array> {
  const folder = await openFolder(source, { fetch: server.fetch, ...options }, testClock());
  try {
    expect(await readOptionalJson(folder, "config.json")).toMatchObject({ a: 1 });
    expect(await folder.open("tokenizer.json")).toBeUndefined();
    const file = (await folder.open("model.safetensors"))!;
    const all = new Uint8Array(file.size);
    for (const [start, end] of [
      [0, 8],
      [8, 1000],
      [1000, Math.min(upTo, 1_000_000)],
      [1_000_000, upTo],
    ] as const) {
      let at = start;
      if (at < end)
        for await (const bytes of file.read(start, end)) {
          all.set(bytes, at);
          at += bytes.length;
        }
    }
    return all;
  } catch (error) {
    folder.refuse(error);
    throw error;
  } finally {
    folder.close();
  }
}

/** Until what is written in the background is there. */
const settled = (wholeFiles = 2): Promise<void> =>
  vi.waitFor(async () => expect(await wholeNames()).toHaveLength(wholeFiles), { timeout: 5000, interval: 20 });

interface Stored {
  checked: number;
  isStale: boolean;
  readonly files: [string, { room: string; whole?: boolean; verified?: boolean }][];
}

async function manifestFile(): Promise<FileSystemFileHandle | undefined> {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("deberta-webgpu");
  for await (const [room, handle] of root.entries())
    if (!room.includes(".") && handle instanceof FileSystemDirectoryHandle)
      return handle.getFileHandle("manifest.json");
  return undefined;
}

const manifest = async (): Promise<Stored | undefined> => {
  const file = await manifestFile();
  return file && (JSON.parse(await (await file.getFile()).text()) as Stored);
};

const wholeNames = async (): Promise<string[]> =>
  ((await manifest())?.files ?? []).filter(([, { whole }]) => whole).map(([name]) => name);

const changeManifest = async (change: (stored: Stored) => void): Promise<void> => {
  const stored = (await manifest())!;
  change(stored);
  const writable = await (await manifestFile())!.createWritable();
  await writable.write(JSON.stringify(stored));
  await writable.close();
};

test("a second load makes no request, not even without a network", async () => {
  expect(await load()).toEqual(weights);
  expect(server.sent).toBe(SIZE + 8);
  await settled();
  server.asked.length = 0;
  expect(await load()).toEqual(weights);
  server.isOffline = true;
  expect(await load()).toEqual(weights);
  expect(server.asked).toEqual([]);
  expect(await cachedModels()).toEqual([
    { source: SOURCE, bytes: SIZE + 8, files: 2, lastUsed: expect.closeTo(Date.now(), -5) as number },
  ]);
});
