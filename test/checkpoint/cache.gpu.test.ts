// What a browser keeps of a source: a second load asks for nothing, an interrupted one goes on, what has changed is fetched anew, and
// nothing is kept that should not be. The store is the browser's own; the server is a fetch inside the page that counts.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { cachedModels, clearCache, deleteCachedModel } from "../../src/index.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import type { Progress } from "../../src/checkpoint/progress.js";
import { readOptionalJson, readWhole } from "../../src/checkpoint/read-whole.js";
import { systemClock, type Clock } from "../../src/checkpoint/retry.js";
import type { SourceOptions } from "../../src/checkpoint/source.js";
import { fakeServer, type FakeServer } from "../support/fake-server.js";
import { testClock } from "../support/clock.js";

const SOURCE = "https://models.example/mine/";
const SIZE = 1_500_000;
const weights = Uint8Array.from({ length: SIZE }, (_, i) => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24) & 255);
const quick = testClock();
/** Retries at once, but waits for the hub's listing. */
const clock: Clock = {
  ...quick,
  wait: (milliseconds, signal) => (milliseconds === 10_000 ? systemClock : quick).wait(milliseconds, signal),
};
const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

let server: FakeServer;
beforeEach(async () => {
  await clearCache();
  server = fakeServer({ "config.json": text('{"a": 1}'), "model.safetensors": weights });
});
afterEach(clearCache);

/** Loads as a model does: small files, one that is not there, the head of the weights, then the rest in two parts. */
async function load(options: SourceOptions = {}, upTo = SIZE, source = SOURCE): Promise<Uint8Array> {
  const folder = await openFolder(source, { fetch: server.fetch, ...options }, clock);
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
  vi.waitFor(async () => expect(await wholeNames()).toHaveLength(wholeFiles), { timeout: 8000, interval: 20 });

interface Stored {
  checked: number;
  isStale: boolean;
  readonly files: [string, { room: string; settled?: boolean; whole?: boolean; verified?: boolean }][];
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

const isWhole = (bytes: Uint8Array, other = weights): boolean => indexedDB.cmp(bytes, other) === 0;

/** What other loads and the browser see: the store's own files. */
const rooms = async (): Promise<string[]> => {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("deberta-webgpu");
  const names: string[] = [];
  for await (const name of root.keys()) names.push(name);
  return names;
};

const told = (): { onProgress: (progress: Progress) => void; phases: string[] } => {
  const phases: string[] = [];
  return { onProgress: ({ phase, file }) => phase === "not cached" && phases.push(file), phases };
};

test("a second load makes no request, not even without a network", async () => {
  expect(isWhole(await load())).toBe(true);
  expect(server.sent).toBe(SIZE + 8);
  await settled();
  server.asked.length = 0;
  expect(isWhole(await load())).toBe(true);
  server.isOffline = true;
  expect(isWhole(await load())).toBe(true);
  expect(server.asked).toEqual([]);
  expect(await cachedModels()).toEqual([
    { source: SOURCE, bytes: SIZE + 8, files: 2, lastUsed: expect.closeTo(Date.now(), -5) as number },
  ]);
});

test("an interrupted load goes on where it stopped: what was kept is not fetched again", async () => {
  for (const breaksAt of [70_000, 640_001, 1_234_567]) {
    await clearCache();
    server.sent = 0;
    server.breaksAt = breaksAt;
    await expect(load()).rejects.toMatchObject({ name: "CheckpointError", reason: "unreachable" });
    server.breaksAt = Infinity;
    expect(isWhole(await load())).toBe(true);
    // The whole, the first 64 KiB again or a byte of a file to see that it is the same, and what was on its way.
    expect(server.sent).toBeLessThanOrEqual(SIZE + 8 + 120_000);
    await settled();
  }
});

test("a load that is aborted keeps what has come", async () => {
  const control = new AbortController();
  const reason = new Error("enough");
  const folder = await openFolder(SOURCE, { fetch: server.fetch });
  const file = (await folder.open("model.safetensors"))!;
  let came = 0;
  const reading = async (): Promise<void> => {
    for await (const bytes of file.read(0, SIZE, control.signal))
      if ((came += bytes.length) > 700_000) control.abort(reason);
  };
  await expect(reading()).rejects.toBe(reason);
  await vi.waitFor(async () => expect((await cachedModels())[0]!.bytes).toBeGreaterThanOrEqual(700_000));
  const asked = server.asked.length;
  await new Promise((resolve) => setTimeout(resolve, 2500));
  expect(server.asked).toHaveLength(asked);
});

test("another version on the server: the old bytes are not mixed with the new ones", async () => {
  server.breaksAt = 900_000;
  await expect(load()).rejects.toMatchObject({ reason: "unreachable" });
  server.breaksAt = Infinity;
  const next = weights.map((byte) => 255 - byte);
  server.files.set("model.safetensors", next);
  server.etag = (name) => `"${name} 2"`;
  expect(isWhole(await load(), next)).toBe(true);
});

test("more of a file than was read before, and it has changed: an error, and a second try takes the new one", async () => {
  await load({}, 900_000);
  await vi.waitFor(async () => expect((await manifest())!.files.every(([, file]) => file.settled)).toBe(true));
  const next = weights.map((byte) => 255 - byte);
  server.files.set("model.safetensors", next);
  server.etag = (name) => `"${name} 2"`;
  await expect(load()).rejects.toMatchObject({ reason: "changed", file: "model.safetensors" });
  expect(isWhole(await load(), next)).toBe(true);
});

test("no tag and no date: what is half is fetched anew, what is whole is used", async () => {
  server.etag = () => undefined;
  await load({}, 900_000);
  const next = weights.map((byte) => 255 - byte);
  server.files.set("model.safetensors", next);
  expect(isWhole(await load(), next)).toBe(true);
  await settled();
  server.isOffline = true;
  expect(isWhole(await load(), next)).toBe(true);
});

test("an hour later the server is asked after the load, and the next load takes what is new", async () => {
  await load();
  await settled();
  await changeManifest((stored) => (stored.checked -= 3_700_000));
  const next = weights.map((byte) => 255 - byte);
  server.files.set("model.safetensors", next);
  server.etag = (name) => `"${name} 2"`;
  server.asked.length = 0;
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  try {
    const folder = await openFolder(SOURCE, { fetch: server.fetch });
    await folder.open("config.json");
    expect(server.asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
  } finally {
    vi.useRealTimers();
  }
  await vi.waitFor(async () => expect((await manifest())?.isStale).toBe(true));
  expect(server.asked.sort()).toEqual(["GET config.json 0-0", "GET model.safetensors 0-0"]);

  server.isOffline = true; // then the old ones still serve
  expect(isWhole(await load())).toBe(true);
  server.isOffline = false;
  expect(isWhole(await load(), next)).toBe(true);
});

test("a file that changed beside one that is new is an error, and a second try takes the new ones", async () => {
  await load();
  await settled();
  server.files.set("config.json", text('{"a": 1, "b": 2}'));
  server.files.set("modules.json", text("[]"));
  server.etag = (name) => `"${name} 2"`;
  const openBoth = async (): Promise<unknown> => {
    const folder = await openFolder(SOURCE, { fetch: server.fetch });
    await readOptionalJson(folder, "config.json");
    await readOptionalJson(folder, "modules.json");
    return readOptionalJson(folder, "config.json");
  };
  await expect(openBoth()).rejects.toMatchObject({ reason: "changed", file: "modules.json" });
  expect(await openBoth()).toEqual({ a: 1, b: 2 });
});

describe("never kept", () => {
  test.each([
    ["an HTML page", "<!doctype html><title>Please sign in</title>"],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n"],
    ["what is not JSON", '{"a": 1'],
  ])("%s under the name of a file", async (_, page) => {
    server.files.set("config.json", text(page));
    await expect(load()).rejects.toThrow();
    server.files.set("config.json", text('{"a": 1}'));
    server.etag = () => undefined;
    expect(isWhole(await load())).toBe(true);
  });

  test("answers where nothing could be had: the next load asks again", async () => {
    const real = new Map(server.files);
    server.files.clear();
    await expect((await openFolder(SOURCE, { fetch: server.fetch })).open("config.json")).resolves.toBeUndefined();
    expect(await rooms()).toEqual([]);
    for (const [name, bytes] of real) server.files.set(name, bytes);
    expect(isWhole(await load())).toBe(true);
  });

  test("what a load with cache off reads; read-only uses what is there", async () => {
    await load({ cache: "off" });
    await load({ cache: "read-only" });
    expect(await rooms()).toEqual([]);
    await load();
    await settled();
    server.isOffline = true;
    expect(isWhole(await load({ cache: "read-only" }))).toBe(true);
    await expect(load({ cache: "off" })).rejects.toMatchObject({ reason: "unreachable" });
  });

  test("files of the caller's own", async () => {
    await readWhole((await (await openFolder([new File(["{}"], "config.json")])).open("config.json"))!, 10);
    expect(await rooms()).toEqual([]);
  });
});

test("what came with a token is given only to who has one", async () => {
  await load({ token: "t" });
  await settled();
  server.isOffline = true;
  expect(isWhole(await load({ token: "t" }))).toBe(true);
  await expect(load()).rejects.toMatchObject({ reason: "unreachable" });
});

test("signed addresses: another signature is the same file, another query is not", async () => {
  await load({}, SIZE, `${SOURCE}?X-Amz-Signature=1`);
  await settled();
  const asked = server.asked.length;
  expect(isWhole(await load({}, SIZE, `${SOURCE}?X-Amz-Signature=2`))).toBe(true);
  expect(server.asked).toHaveLength(asked);
  await load({}, SIZE, `${SOURCE}?v=2`);
  expect(server.asked.length).toBeGreaterThan(asked);
});

test("no room: the load goes on, says so once, and nothing half is left", async () => {
  const { value: real } = Object.getOwnPropertyDescriptor(FileSystemWritableFileStream.prototype, "write")! as {
    value: FileSystemWritableFileStream["write"];
  };
  let written = 0;
  vi.spyOn(FileSystemWritableFileStream.prototype, "write").mockImplementation(function (
    this: FileSystemWritableFileStream,
    chunk,
  ) {
    written += (chunk as Uint8Array).length;
    if (written > 600_000) return Promise.reject(new DOMException("full", "QuotaExceededError"));
    return real.call(this, chunk);
  });
  const { onProgress, phases } = told();
  try {
    expect(isWhole(await load({ onProgress }))).toBe(true);
  } finally {
    vi.restoreAllMocks();
  }
  expect(phases).toEqual(["model.safetensors"]);
  expect(await cachedModels()).toEqual([]);
  expect(await rooms()).toEqual([]);
  expect(isWhole(await load())).toBe(true);
});

test("parts that were dropped or cut are fetched again", async () => {
  await load();
  await settled();
  const [, { room }] = (await manifest())!.files.find(([name]) => name === "model.safetensors")!;
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("deberta-webgpu");
  const parts = await root.getDirectoryHandle(room);
  const names: string[] = [];
  for await (const name of parts.keys()) names.push(name);
  await parts.removeEntry(names[1]!);
  const writable = await (await parts.getFileHandle(names[3]!)).createWritable();
  await writable.write("cut");
  await writable.close();
  server.sent = 0;
  expect(isWhole(await load())).toBe(true);
  expect(server.sent).toBeGreaterThan(0);
  expect(server.sent).toBeLessThan(600_000);
});

test("two loads at once do not spoil each other, and one of them keeps", async () => {
  const both = await Promise.all([load(), load()]);
  expect(both.map((bytes) => isWhole(bytes))).toEqual([true, true]);
  await settled();
  expect((await cachedModels())[0]!.bytes).toBe(SIZE + 8);
  server.isOffline = true;
  expect(isWhole(await load())).toBe(true);
});

test("models are deleted one by one, also while one is read, or all at once; nobody else's files are", async () => {
  const root = await navigator.storage.getDirectory();
  await root.getDirectoryHandle("of the page", { create: true });
  const other = "https://models.example/other/";
  await load();
  await load({}, SIZE, other);
  expect((await cachedModels()).map(({ source }) => source)).toEqual([other, SOURCE]);
  const folder = await openFolder(other, { fetch: server.fetch });
  const file = (await folder.open("model.safetensors"))!;
  await deleteCachedModel(other);
  expect(isWhole(await readWhole(file, SIZE))).toBe(true);
  expect((await cachedModels()).map(({ source }) => source)).toEqual([SOURCE]);
  await clearCache();
  expect(await cachedModels()).toEqual([]);
  expect(await root.getDirectoryHandle("of the page")).toBeDefined();
  await root.removeEntry("of the page");
});

test("what is nearly whole is completed when all is quiet; a load before that asks for nothing, either", async () => {
  await load({}, 1_300_000);
  await settled(1);
  await vi.waitFor(async () => expect((await manifest())!.files.every(([, file]) => file.settled)).toBe(true));
  const asked = server.asked.length;
  await load({}, 1_300_000);
  expect(server.asked).toHaveLength(asked);
  await settled();
  expect(server.sent).toBe(SIZE + 8);
});

describe("the hub", () => {
  const COMMITS = ["a".repeat(40), "b".repeat(40)] as const;
  const blobs = new Map<string, string>();

  /** Lists the files of `server` at a commit, and serves them at that commit only. */
  const hub = (state: { commit: string; sha256: string | undefined }): typeof fetch => {
    const list = (): Response => {
      server.asked.push("LIST");
      if (server.isOffline) throw new TypeError("Failed to fetch");
      const siblings = [...server.files].map(([rfilename, { length }]) =>
        rfilename === "model.safetensors"
          ? { rfilename, size: length, lfs: { size: length, sha256: state.sha256 } }
          : { rfilename, size: length, blobId: blobs.get(rfilename) },
      );
      return Response.json({ sha: state.commit, siblings });
    };
    return (input, init) => {
      const url = input as string;
      if (url.startsWith("https://huggingface.co/api/models/owner/name/revision/main")) return Promise.resolve(list());
      if (!url.startsWith(`https://huggingface.co/owner/name/resolve/${state.commit}/`))
        return Promise.resolve(new Response("not pinned", { status: 500 }));
      return server.fetch(input, init);
    };
  };
  const hashOf = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  beforeEach(() => blobs.set("config.json", "c".repeat(40)));

  test("with everything kept a load asks for nothing, nor for the listing; its hash is checked in the background", async () => {
    const send = hub({ commit: COMMITS[0], sha256: await hashOf(weights) });
    expect(isWhole(await load({ fetch: send }, SIZE, "owner/name"))).toBe(true);
    await vi.waitFor(async () => {
      const files = new Map((await manifest())!.files);
      expect(files.get("model.safetensors")).toMatchObject({ whole: true, verified: true });
    }, 8000);
    server.isOffline = true;
    const asked = server.asked.length;
    expect(isWhole(await load({ fetch: send }, SIZE, "owner/name"))).toBe(true);
    expect(server.asked).toHaveLength(asked);
    expect((await cachedModels())[0]).toMatchObject({ source: "owner/name", files: 2 });
    await deleteCachedModel("owner/name");
    expect(await cachedModels()).toEqual([]);
  });

  test("a wrong hash: what came is used, said, and deleted", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { onProgress, phases } = told();
    const send = hub({ commit: COMMITS[0], sha256: await hashOf(weights.subarray(1)) });
    expect(isWhole(await load({ fetch: send, onProgress }, SIZE, "owner/name"))).toBe(true);
    await vi.waitFor(() => expect(phases).toEqual(["model.safetensors"]), 8000);
    expect(warned.mock.lastCall?.[0]).toMatch(/model\.safetensors of owner\/name does not have the SHA-256/);
    await vi.waitFor(async () => expect((await cachedModels())[0]).toMatchObject({ files: 1, bytes: 8 }));
    vi.restoreAllMocks();
  });

  test("an interrupted load and a new commit: what the commit did not change is not fetched again", async () => {
    const state: { commit: string; sha256: string } = { commit: COMMITS[0], sha256: await hashOf(weights) };
    server.breaksAt = 900_000;
    await expect(load({ fetch: hub(state) }, SIZE, "owner/name")).rejects.toMatchObject({ reason: "unreachable" });
    server.breaksAt = Infinity;
    state.commit = COMMITS[1];
    server.files.set("config.json", text('{"a": 1, "b": 2}'));
    blobs.set("config.json", "d".repeat(40));
    server.etag = (name) => `"${name} from another host"`; // the listing says that the bytes are the same
    expect(isWhole(await load({ fetch: hub(state) }, SIZE, "owner/name"))).toBe(true);
    expect(server.sent).toBeLessThan(SIZE + 120_000);
    const folder = await openFolder("owner/name", { fetch: hub(state) });
    expect(await readOptionalJson(folder, "config.json")).toEqual({ a: 1, b: 2 });
  });
});

test("without a private file system the Cache API keeps; without either nothing does", async () => {
  vi.spyOn(StorageManager.prototype, "getDirectory").mockRejectedValue(new DOMException("no", "SecurityError"));
  try {
    server.breaksAt = 640_001;
    await expect(load()).rejects.toMatchObject({ reason: "unreachable" });
    server.breaksAt = Infinity;
    expect(isWhole(await load())).toBe(true);
    expect(server.sent).toBeLessThan(SIZE + 120_000);
    await vi.waitFor(async () => expect((await cachedModels())[0]).toMatchObject({ bytes: SIZE + 8, files: 2 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.isOffline = true;
    expect(isWhole(await load())).toBe(true);
    expect(await caches.keys()).not.toEqual([]);
    await clearCache();
    expect(await caches.keys()).toEqual([]);
    server.isOffline = false;

    vi.spyOn(CacheStorage.prototype, "keys").mockRejectedValue(new DOMException("no", "SecurityError"));
    expect(isWhole(await load())).toBe(true);
    expect(await cachedModels()).toEqual([]);
  } finally {
    vi.restoreAllMocks();
  }
});
