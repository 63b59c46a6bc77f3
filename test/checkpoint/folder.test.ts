// What counts as a source, how names become files, and the reading of small files as a whole.
import { expect, test } from "vitest";
import { openFolder } from "../../src/checkpoint/folder.js";
import { readJson, readOptionalJson, readWhole } from "../../src/checkpoint/read-whole.js";
import type { Source } from "../../src/checkpoint/source.js";
import { bytesFromMemory } from "../../src/checkpoint/byte-source.js";
import { CheckpointError } from "../../src/errors.js";

const text = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value);

/** A folder in memory that counts how often each file is opened. */
function memoryFolder(files: Record<string, string>) {
  const opened: string[] = [];
  return {
    opened,
    open: (name: string) => {
      opened.push(name);
      const content = files[name];
      return Promise.resolve(content === undefined ? undefined : bytesFromMemory(text(content)));
    },
  };
}

/** A fetch that serves one file per URL and notes what was asked. */
function fakeFetch(files: Record<string, string>) {
  const urls: string[] = [];
  const requests: Request[] = [];
  const send = (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    urls.push(request.url);
    requests.push(request);
    const content = files[request.url];
    if (content === undefined) return Promise.resolve(new Response("no", { status: 404 }));
    const bytes = text(content);
    if (!request.headers.has("Range")) return Promise.resolve(new Response(bytes));
    const end = Math.min(bytes.length, 65536);
    const headers = { "Content-Range": `bytes 0-${end - 1}/${bytes.length}` };
    return Promise.resolve(new Response(bytes.slice(0, end), { status: 206, headers }));
  };
  return { urls, requests, fetch: send };
}

async function requestedUrl(source: Source, options = {}): Promise<string | undefined> {
  const { urls, fetch } = fakeFetch({});
  await (await openFolder(source, { ...options, fetch })).open("config.json");
  return urls.at(-1); // at the hub the listing is asked for first
}

test.each<[Source, object, string]>([
  ["https://a.example/models/x/", {}, "https://a.example/models/x/config.json"],
  [new URL("https://a.example/models/x/?v=1#top"), {}, "https://a.example/models/x/config.json?v=1"],
  ["https://a.example/~cut=10:1;only=x/y/", {}, "https://a.example/~cut=10:1;only=x/y/config.json"],
  ["microsoft/deberta-v3-base", {}, "https://huggingface.co/microsoft/deberta-v3-base/resolve/main/config.json"],
  ["a/b", { revision: "refs/pr/4" }, "https://huggingface.co/a/b/resolve/refs%2Fpr%2F4/config.json"],
])("%s is asked for at its address", async (source, options, url) => {
  expect(await requestedUrl(source, options)).toBe(url);
});

test.each([
  "",
  "config",
  "https://a.example/models/x",
  "models/deberta/",
  "./models/",
  "/models/",
  "../..",
  "a/..",
  "./b",
  "a/b/c",
  "data:text/plain,x/",
  "https://user:secret@a.example/x/",
  null,
  undefined,
  7,
  {},
  [{}],
])("%j is no source in Node", async (source) => {
  await expect(openFolder(source as Source)).rejects.toThrow(TypeError);
});

test("the token and the caller's headers go with each request", async () => {
  const { requests, fetch } = fakeFetch({});
  const folder = await openFolder("https://a.example/x/", { token: "t0", headers: { "X-Test": "1" }, fetch });
  await folder.open("config.json");
  expect(requests[0]?.headers.get("Authorization")).toBe("Bearer t0");
  expect(requests[0]?.headers.get("X-Test")).toBe("1");
  expect(requests[0]?.headers.get("Range")).toBeNull(); // small files come whole, larger ones by ranges
});

test("a file is opened once, a small one read with one request", async () => {
  const url = "https://a.example/x/config.json";
  const { urls, fetch } = fakeFetch({ [url]: '{"a":1}' });
  const folder = await openFolder("https://a.example/x/", { fetch });
  expect(await readJson(folder, "config.json")).toEqual({ a: 1 });
  expect(await readJson(folder, "config.json")).toEqual({ a: 1 });
  expect(urls).toEqual([url]);
});

test("an opened folder is given back as it is", async () => {
  const folder = await openFolder(memoryFolder({}));
  expect(await openFolder(folder)).toBe(folder);
  const alike = { ...memoryFolder({}), location: "here", close: () => undefined };
  expect(await openFolder(alike)).not.toBe(alike);
});

const withPath = (path: string): File => {
  const file = new File(["{}"], path.split("/").at(-1)!);
  return Object.defineProperty(file, "webkitRelativePath", { value: path });
};

test.each<[string, File[], string[], string[]]>([
  ["chosen files", [new File(["{}"], "config.json")], ["config.json"], ["x/config.json"]],
  [
    "a directory",
    [withPath("m/config.json"), withPath("m/sub/a.json")],
    ["config.json", "sub/a.json"],
    ["m/config.json"],
  ],
  [
    "a directory around it",
    [withPath("h/m/config.json"), withPath("h/m/b.json")],
    ["config.json", "b.json"],
    ["m/b.json"],
  ],
  ["no files", [], [], ["config.json"]],
])("%s are found by their names", async (_, files, present, absent) => {
  const folder = await openFolder(files);
  for (const name of present) expect(await readJson(folder, name), name).toEqual({});
  for (const name of absent) expect(await folder.open(name), name).toBeUndefined();
});

test("a directory handle is walked", async () => {
  const missing = (): Promise<never> => Promise.reject(new DOMException("no", "NotFoundError"));
  const file = { getFile: () => Promise.resolve(new File(["[1]"], "b.json")) };
  const sub = { getFileHandle: (name: string) => (name === "b.json" ? Promise.resolve(file) : missing()) };
  const root = {
    name: "root",
    getDirectoryHandle: (name: string) => (name === "sub" ? Promise.resolve(sub) : missing()),
    getFileHandle: missing,
  };
  const folder = await openFolder(root as unknown as FileSystemDirectoryHandle);
  expect(await readJson(folder, "sub/b.json")).toEqual([1]);
  expect(await folder.open("other/b.json")).toBeUndefined();
  expect(await folder.open("config.json")).toBeUndefined();
});

test.each([
  "",
  ".",
  "..",
  "../x",
  "a/../x",
  "a//b",
  "/a",
  "a/",
  "a\\b",
  "%2e%2e/x",
  "https://e/x",
  "a\0",
  "a b",
  "x".repeat(300),
])("the name %j is refused before anything is opened", async (name) => {
  const source = memoryFolder({});
  const folder = await openFolder(source);
  await expect(folder.open(name)).rejects.toThrow(CheckpointError);
  expect(source.opened).toEqual([]);
});

test.each([
  ["<!DOCTYPE html><html>", /config\.json: looks like an HTML page/],
  [
    "version https://git-lfs.github.com/spec/v1\noid sha256:" + "5a".repeat(32) + "\nsize 77\n",
    /Git LFS pointer.*77 bytes/,
  ],
  ["{", /config\.json: is not JSON/],
  ["", /config\.json: is not JSON/],
])("%j is not a JSON file", async (content, message) => {
  const folder = await openFolder(memoryFolder({ "config.json": content }));
  await expect(readJson(folder, "config.json")).rejects.toThrow(message);
});

test("a missing file is named with its place; an optional one is undefined", async () => {
  const folder = await openFolder(memoryFolder({}));
  await expect(readJson(folder, "config.json")).rejects.toThrow("config.json: not found in the given source");
  expect(await readOptionalJson(folder, "config.json")).toBeUndefined();
});

test("a file above the limit is refused before it is read", async () => {
  let reads = 0;
  const size = 2 ** 40;
  const read = (): never => {
    reads++;
    throw new Error("read");
  };
  const folder = await openFolder({ open: () => Promise.resolve({ size, read }) });
  const file = (await folder.open("spm.model"))!;
  await expect(readWhole(file, 1000)).rejects.toThrow(`spm.model: has ${size} bytes`);
  expect(reads).toBe(0);
});

test.each([
  ["too few bytes", [3], /asked for bytes 0 to 5, the source ended at 3/],
  ["too many bytes", [3, 4], /got at least 2 more/],
])("a source that gives %s is refused", async (_, chunks, message) => {
  // eslint-disable-next-line @typescript-eslint/require-await -- an async iterable of what is already here
  const read = async function* () {
    for (const length of chunks) yield new Uint8Array(length);
  };
  const folder = await openFolder({ open: () => Promise.resolve({ size: 5, read }) });
  await expect(readWhole((await folder.open("a"))!, 100)).rejects.toThrow(message);
});

test("a foreign error in a source names the file and keeps its cause", async () => {
  const cause = new Error("disk");
  const read = (): never => {
    throw cause;
  };
  const folder = await openFolder({ open: () => Promise.resolve({ size: 5, read }) });
  const reading = readWhole((await folder.open("a.bin"))!, 100);
  await expect(reading).rejects.toThrow(CheckpointError);
  await expect(reading).rejects.toMatchObject({ message: expect.stringContaining("a.bin") as string, cause });
});

test("integrity: the right hash passes, another names the file, a malformed one is the caller's mistake", async () => {
  const right = "sha256-" + Buffer.from(await crypto.subtle.digest("SHA-256", text("{}"))).toString("base64");
  const wrong = `sha256-${"A".repeat(43)}=`;
  const source = memoryFolder({ "config.json": "{}" });
  expect(await readJson(await openFolder(source, { integrity: { "config.json": right } }), "config.json")).toEqual({});
  const folder = await openFolder(source, { integrity: { "config.json": wrong } });
  await expect(readJson(folder, "config.json")).rejects.toThrow(/config\.json: integrity says/);
  await expect(openFolder(source, { integrity: { "config.json": "sha256-xyz" } })).rejects.toThrow(TypeError);
});

test("a source that never answers is left within 100 ms of an abort, with the signal's own reason", async () => {
  const control = new AbortController();
  const reason = { why: "enough" };
  const never = new Promise<never>(() => undefined);
  const folder = await openFolder({ open: () => never }, { signal: control.signal });
  const opening = folder.open("a");
  const start = performance.now();
  control.abort(reason);
  await expect(opening).rejects.toBe(reason);
  expect(performance.now() - start).toBeLessThan(100);
});

const failing = (): never => {
  throw new RangeError("no");
};

test.each([() => Promise.reject(new RangeError("no")), failing])(
  "a source whose open fails names the file",
  async (open) => {
    const folder = await openFolder({ open });
    await expect(folder.open("a.bin")).rejects.toThrow(/a\.bin: could not be read \(RangeError: no\)/);
  },
);

test.each([{}, { size: -1, read: () => [] }, { size: 1.5, read: () => [] }, { size: 3 }])(
  "an object that is no ByteSource (%j) is the caller's mistake",
  async (source) => {
    const folder = await openFolder({ open: () => Promise.resolve(source as never) });
    await expect(folder.open("a")).rejects.toThrow(TypeError);
  },
);

test.each(["//evil/m/", "/\\evil/m/", "/\n/evil/m/", "\\\\evil/m/"])(
  "%j names another host: refused",
  async (source) => {
    await expect(openFolder(source)).rejects.toThrow(TypeError);
  },
);

test.each(["", "..", ".", "a/../b", "a b", "/x", "x/", "a\\b"])("revision %j is refused", async (revision) => {
  await expect(openFolder("owner/name", { revision })).rejects.toThrow(/revision/);
});

test("the query of a base URL goes with every file, and into no message", async () => {
  const asked: string[] = [];
  const send = ((url: string) => {
    asked.push(url);
    return Promise.resolve(new Response(null, { status: 404 }));
  }) as typeof fetch;
  const folder = await openFolder("https://a.example/m/?sig=secret", { fetch: send });
  expect(await folder.open("config.json")).toBeUndefined();
  expect(asked).toEqual(["https://a.example/m/config.json?sig=secret"]);
  expect(folder.missing("config.json").message).not.toContain("secret");
});

test("token and headers: not over plain http but to this machine; custom headers do not follow to another origin", async () => {
  await expect(openFolder("http://a.example/m/", { token: "t" })).rejects.toThrow(TypeError);
  await expect(openFolder("http://a.example/m/", { headers: { "X-Key": "k" } })).rejects.toThrow(TypeError);
  await openFolder("http://localhost:8000/m/", { token: "t" });
  const seen: [string, string | null, string | null][] = [];
  const send = ((url: string, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    seen.push([url, headers.get("X-Key"), headers.get("Authorization")]);
    if (url.startsWith("https://a.example/m/"))
      return Promise.resolve(new Response(null, { status: 302, headers: { Location: "/n/config.json" } }));
    if (url.startsWith("https://a.example/n/"))
      return Promise.resolve(new Response(null, { status: 302, headers: { Location: "https://b.example/" } }));
    return Promise.resolve(new Response("{}", { headers: { "Content-Length": "2" } }));
  }) as typeof fetch;
  const folder = await openFolder("https://a.example/m/", { fetch: send, token: "t", headers: { "X-Key": "k" } });
  expect(await readJson(folder, "config.json")).toEqual({});
  expect(seen).toEqual([
    ["https://a.example/m/config.json", "k", "Bearer t"],
    ["https://a.example/n/config.json", "k", "Bearer t"],
    ["https://b.example/", null, null],
  ]);
});
