// Servers as they are met: what is not there is answered by a page or by 403, parts come short, an extension hides lengths, the hub
// lists, redirects and refuses. Files behind each are read to their last byte.
import { expect, test } from "vitest";
import { openFolder } from "../../src/checkpoint/folder.js";
import { hashesOf } from "../../src/checkpoint/hashes.js";
import { openWeights } from "../../src/checkpoint/shards.js";
import { stream } from "../../src/checkpoint/stream.js";
import { bytesFromMemory, type Folder } from "../../src/checkpoint/byte-source.js";
import type { SourceOptions } from "../../src/checkpoint/source.js";
import { safetensorsFile } from "../support/made-safetensors.js";
import { serve, standInHub, type Habit } from "../support/model-server.js";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const data = Uint8Array.from({ length: 240_000 }, (_, i) => (i * 7) % 251);
const weights = safetensorsFile(
  JSON.stringify({
    w: { dtype: "U8", shape: [200_000], data_offsets: [0, 200_000] },
    v: { dtype: "U8", shape: [40_000], data_offsets: [200_000, 240_000] },
  }),
  data,
);
const files = { "config.json": text("{}"), "model.safetensors": weights };

/** Looks for a file that is not there, then reads all weights. */
async function readAll(source: string, options: SourceOptions = {}): Promise<Uint8Array> {
  const folder = await openFolder(source, options);
  expect(await folder.open("tokenizer.json")).toBeUndefined();
  return drain(folder);
}

async function drain(folder: Folder): Promise<Uint8Array> {
  const table = await openWeights(folder);
  const all: Uint8Array[] = [];
  for await (const { bytes } of stream([...table.values()], folder)) all.push(bytes.slice());
  return Buffer.concat(all);
}

test.each<Habit>(["plain", "page", "403", "400", "short"])("a server with the habit %s", async (habit) => {
  const server = await serve(files, habit);
  try {
    expect(Buffer.compare(await readAll(server.url), data)).toBe(0);
  } finally {
    await server.close();
  }
});

test("a part under status 200 and without a length, as in a browser's extension: the file is read whole", async () => {
  const server = await serve(files, "extension");
  try {
    const table = await openWeights(server.url);
    expect([...table.keys()]).toEqual(["w", "v"]);
  } finally {
    await server.close();
  }
});

test.each<Habit>(["page", "403"])(
  "habit %s: a file that must be there is an error that says what was answered",
  async (habit) => {
    const server = await serve({}, habit);
    try {
      await expect(openWeights(server.url)).rejects.toMatchObject(
        habit === "page" ? { reason: "absent", status: 200 } : { reason: "forbidden", status: 403 },
      );
    } finally {
      await server.close();
    }
  },
);

test("the hub: one listing pins the commit and ends the 404s; signed addresses that expire are asked for again", async () => {
  const hub = await standInHub(files, { uses: 1 });
  try {
    expect(Buffer.compare(await readAll("owner/name", { fetch: hub.fetch, token: "t" }), data)).toBe(0);
    expect(hub.hub.asked.filter((path) => path.startsWith("/api/"))).toHaveLength(1);
    expect(hub.hub.asked.filter((path) => path.includes("tokenizer.json"))).toEqual([]);
    expect(hub.cdn.asked.length).toBeGreaterThan(0);
  } finally {
    await hub.close();
  }
});

test("the hub without a listing: names are tried", async () => {
  const hub = await standInHub(files, { listing: false });
  try {
    expect(Buffer.compare(await readAll("owner/name", { fetch: hub.fetch }), data)).toBe(0);
    expect(hub.hub.asked.filter((path) => path.startsWith("/api/"))).toHaveLength(1);
  } finally {
    await hub.close();
  }
});

test("a gated repository says what to do", async () => {
  const hub = await standInHub(files, { gated: true });
  try {
    const refused = openWeights("owner/name", { fetch: hub.fetch });
    await expect(refused).rejects.toMatchObject({ reason: "forbidden", status: 403 });
    await expect(refused).rejects.toThrow(/accept the model's terms/);
    expect((await openWeights("owner/name", { fetch: hub.fetch, token: "right" })).size).toBe(2);
  } finally {
    await hub.close();
  }
});

test("integrity pins the load: other names are refused, and the header that was parsed is the one that is hashed", async () => {
  const integrity = await hashesOf(folderOf(files));
  expect(Object.keys(integrity)).toEqual(["config.json", "model.safetensors"]);
  const ok = await openFolder(folderOf(files), { integrity });
  expect((await drain(ok)).length).toBe(240_000);

  const more = folderOf({ ...files, "tokenizer.json": text("{}") });
  await expect((await openFolder(more, { integrity })).open("tokenizer.json")).rejects.toThrow(
    /does not name this file/,
  );

  // A server that gives another header to whoever asks for a part than to whoever asks for the whole.
  const swapped = Uint8Array.from(weights);
  const at = Buffer.from(weights).indexOf('"w"') + 1;
  const other = Buffer.from(weights).indexOf('"v"') + 1;
  [swapped[at], swapped[other]] = [swapped[other]!, swapped[at]!];
  let reads = 0;
  const twoFaced: Folder = {
    open: (name) =>
      Promise.resolve(
        name === "model.safetensors"
          ? {
              size: weights.length,
              read: (...range) => bytesFromMemory(++reads < 4 ? swapped : weights).read(...range),
            }
          : name === "config.json"
            ? bytesFromMemory(text("{}"))
            : undefined,
      ),
  };
  const folder = await openFolder(twoFaced, { integrity });
  await expect(drain(folder)).rejects.toMatchObject({ reason: "mismatch" });
});

test.each(["an address", "a hub id"])(
  "a folder below %s: its files go by their short names, and are hashed",
  async (what) => {
    const inFolder = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`onnx/${name}`, bytes]));
    const server = what === "an address" ? await serve(inFolder, "plain") : await standInHub(inFolder);
    const source = "hub" in server ? "owner/name" : server.url;
    const options = { subfolder: "onnx", ...("hub" in server && { fetch: server.fetch }) };
    try {
      expect(Buffer.compare(await readAll(source, options), data)).toBe(0);
      const integrity = await hashesOf(source, options);
      expect(Object.keys(integrity)).toEqual(["config.json", "model.safetensors"]);
      expect(Buffer.compare(await readAll(source, { ...options, integrity }), data)).toBe(0);
      const wrong = readAll(source, {
        ...options,
        integrity: { ...integrity, "model.safetensors": integrity["config.json"]! },
      });
      await expect(wrong).rejects.toMatchObject({ reason: "mismatch", file: "model.safetensors" });
      const absent = (await openFolder(source, options)).missing("spm.model");
      expect(absent).toMatchObject({ reason: "absent", file: "spm.model" });
    } finally {
      await server.close();
    }
  },
);

function folderOf(given: Readonly<Record<string, Uint8Array>>): Folder {
  return {
    open: (name) => {
      const bytes = given[name];
      return Promise.resolve(bytes && bytesFromMemory(bytes));
    },
  };
}
