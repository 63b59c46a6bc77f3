// What tells the bytes of a file from all others: models share what they make of files only where it is equal.
import { expect, test } from "vitest";
import { contentOf } from "../../src/checkpoint/content.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import type { Source, SourceOptions } from "../../src/checkpoint/source.js";

const NAME = "model.safetensors";
const contentIn = async (source: Source, options: SourceOptions = {}): Promise<string> =>
  contentOf((await (await openFolder(source, { cache: "off", ...options })).open(NAME))!);

/** A server with one file and these headers. */
const serverWith =
  (headers: Record<string, string>): typeof fetch =>
  () =>
    Promise.resolve(
      new Response(new Uint8Array([7, 7, 7]), { status: 206, headers: { "Content-Range": "bytes 0-2/3", ...headers } }),
    );
const OLD = "Sat, 01 Jan 2000 00:00:00 GMT";
const BASE = "https://example.org/model/";

test("an address with an entity tag, or a date that is not of just now, says what its bytes are", async () => {
  for (const headers of [{ ETag: '"a"' }, { "Last-Modified": OLD }]) {
    const fetch = serverWith(headers);
    expect(await contentIn(BASE, { fetch })).toBe(await contentIn(BASE, { fetch }));
    const signed = [1, 2].map((signature) => contentIn(`${BASE}?X-Amz-Signature=${signature}`, { fetch }));
    expect(new Set(await Promise.all(signed)).size).toBe(1);
    const others = [
      contentIn(BASE, { fetch }),
      contentIn("https://example.org/other/", { fetch }),
      contentIn(BASE, { fetch, token: "mine" }),
      contentIn(BASE, { fetch, headers: { "X-Who": "me" } }),
      contentIn(BASE, { fetch: serverWith({ ...headers, ETag: '"b"' }) }),
      contentIn(`${BASE}?version=2`, { fetch }),
    ];
    expect(new Set(await Promise.all(others)).size).toBe(others.length);
  }
});

test("where nothing says so, or a date may hide two versions, each opening is of its own", async () => {
  const now = new Date().toUTCString();
  for (const fetch of [serverWith({}), serverWith({ "Last-Modified": now }), serverWith({ ETag: 'W/"weak"' })])
    expect(await contentIn(BASE, { fetch })).not.toBe(await contentIn(BASE, { fetch }));
});

test("a promised hash says it all, wherever the bytes come from", async () => {
  const integrity = { [NAME]: `sha256-${"A".repeat(43)}=` };
  const here = new File([new Uint8Array(3)], NAME);
  const one = await contentIn([here], { integrity });
  expect(await contentIn(BASE, { integrity, fetch: serverWith({}) })).toBe(one);
  expect(await contentIn([here])).not.toBe(one);
});

test("files that the user chose are what they are; sources of one's own as long as they are the same objects", async () => {
  const [one, other] = [new File(["abc"], NAME), new File(["abc"], NAME)];
  expect(await contentIn([one])).toBe(await contentIn([one]));
  expect(await contentIn([one])).not.toBe(await contentIn([other]));

  const make = () => ({ size: 0, async *read() {} });
  const kept = make();
  const same = { open: () => Promise.resolve(kept) };
  const fresh = { open: () => Promise.resolve(make()) };
  expect(await contentIn(same)).toBe(await contentIn(same));
  expect(await contentIn(fresh)).not.toBe(await contentIn(fresh));
});

test("a directory's files are told by their dates and sizes", async () => {
  let file = new File(["abc"], NAME, { lastModified: 1 });
  const root = {
    name: "models",
    getFileHandle: () => Promise.resolve({ getFile: () => Promise.resolve(new File([file], NAME, file)) }),
  } as unknown as FileSystemDirectoryHandle;
  const before = await contentIn(root);
  expect(await contentIn(root)).toBe(before);
  file = new File(["abd"], NAME, { lastModified: 2 });
  expect(await contentIn(root)).not.toBe(before);
});
