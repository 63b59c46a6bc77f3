// Streams of tensors and rows: every byte once, in order, in few requests, and nothing gathered.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { bytesFromMemory, type ByteSource, type Folder } from "../../src/checkpoint/byte-source.js";
import { openFolder } from "../../src/checkpoint/folder.js";
import type { Step } from "../../src/checkpoint/progress.js";
import { readRows } from "../../src/checkpoint/rows.js";
import type { TensorEntry } from "../../src/checkpoint/tensor-entry.js";
import { stream } from "../../src/checkpoint/stream.js";
import { CheckpointError } from "../../src/errors.js";
import { generator, randomInteger } from "../support/random.js";

/** A byte of a made-up file. */
const byteAt = (i: number): number => (Math.imul(i, 2654435761) >>> 13) & 255;
const made = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => byteAt(i));

const entry = (name: string, start: number, end: number, file = "a", shape = [end - start]): TensorEntry => ({
  name,
  dtype: "U8",
  shape,
  file,
  start,
  end,
});

/** Files of these sizes that note every read, and how many reads are open. */
function countingFolder(sizes: Readonly<Record<string, number>>, chunk = 1000) {
  const log = { reads: [] as string[], bytes: 0, open: 0 };
  const sources = new Map(Object.entries(sizes).map(([name, size]) => [name, bytesFromMemory(made(size))]));
  const counting = (name: string, source: ByteSource): ByteSource => ({
    size: source.size,
    async *read(start, end) {
      log.reads.push(`${name} ${start}-${end}`);
      log.open++;
      try {
        for (let at = start; at < end; at += chunk) {
          for await (const bytes of source.read(at, Math.min(end, at + chunk))) {
            log.bytes += bytes.length;
            yield bytes;
          }
        }
      } finally {
        log.open--;
      }
    },
  });
  const open = (name: string): Promise<ByteSource | undefined> => {
    const source = sources.get(name);
    return Promise.resolve(source && counting(name, source));
  };
  return { log, open };
}

/** Streams the entries and compares every byte with what the file has there. */
async function check(entries: readonly TensorEntry[], folder: Folder): Promise<void> {
  const read = new Map(entries.map(({ name }) => [name, 0]));
  for await (const { entry, offset, bytes } of stream(entries, folder)) {
    expect(offset).toBe(read.get(entry.name));
    const expected = Uint8Array.from(bytes, (_, i) => byteAt(entry.start + offset + i));
    expect(Buffer.compare(bytes, expected)).toBe(0);
    read.set(entry.name, offset + bytes.length);
  }
  expect(read).toEqual(new Map(entries.map(({ name, start, end }) => [name, end - start])));
}

test("neighbours come in one read, far tensors in another, files one after another", async () => {
  const folder = countingFolder({ a: 1_000_000, b: 5000 });
  const entries = [entry("z", 900_000, 901_000), entry("y", 10, 20), entry("x", 20, 3000), entry("w", 0, 5000, "b")];
  await check(entries, folder);
  expect(folder.log.reads).toEqual(["a 10-3000", "a 900000-901000", "b 0-5000"]);
});

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  "random tables %i: each tensor from first byte to last",
  async (seed) => {
    const next = generator(seed);
    const size = 40_000;
    const entries = Array.from({ length: randomInteger(next, 1, 30) }, (_, i) => {
      const start = randomInteger(next, 0, size);
      return entry(`t${i}`, start, Math.min(size, start + randomInteger(next, 0, 3000)), next() < 0.5 ? "a" : "b");
    });
    const folder = countingFolder({ a: size, b: size }, randomInteger(next, 1, 5000));
    await check(entries, folder);
  },
);

test("large chunks are handed on in pieces of at most 1 MiB", async () => {
  const size = 5 << 20;
  const folder = await openFolder({ open: () => Promise.resolve(bytesFromMemory(new Uint8Array(size))) });
  const pieces: number[] = [];
  for await (const { bytes } of stream([entry("t", 7, size)], folder)) pieces.push(bytes.length);
  expect(Math.max(...pieces)).toBe(1 << 20);
  expect(pieces.reduce((sum, length) => sum + length)).toBe(size - 7);
});

test("progress goes by file, never falls, never passes its total, and reaches it", async () => {
  const folder = countingFolder({ a: 1_000_000, b: 5000 });
  const reports: Step[] = [];
  const entries = [entry("x", 10, 20_000), entry("y", 600_000, 700_000), entry("z", 0, 4000, "b")];
  for await (const { bytes } of stream(entries, folder, { onProgress: (report) => reports.push(report) })) {
    expect(bytes.length).toBeGreaterThan(0);
  }
  for (const [file, total] of [
    ["a", 119_990],
    ["b", 4000],
  ] as const) {
    const own = reports.filter((report) => report.file === file);
    expect(new Set(own.map((report) => report.total))).toEqual(new Set([total]));
    expect(own.map(({ loaded }) => loaded)).toEqual([...own.map(({ loaded }) => loaded)].sort((a, b) => a - b));
    expect([own[0]!.loaded, own.at(-1)!.loaded]).toEqual([0, total]);
    expect(own[0]!.phase).toBe("weights");
  }
});

const hashOf = (size: number): string => `sha256-${createHash("sha256").update(made(size)).digest("base64")}`;

test("a file with a promised hash is read as a whole, once, and checked", async () => {
  const source = countingFolder({ a: 900_000 });
  const entries = [entry("x", 10, 20), entry("y", 800_000, 800_010)];
  const folder = await openFolder(source, { integrity: { a: hashOf(900_000) } });
  await check(entries, folder);
  expect(source.log.reads).toEqual(["a 0-900000"]);
  const wrong = await openFolder(source, { integrity: { a: hashOf(899_999) } });
  await expect(check(entries, wrong)).rejects.toThrow(/^a: integrity says sha256-/);
});

test("a file that vanished, or is shorter than its header said, is named", async () => {
  await expect(check([entry("x", 0, 5, "gone")], countingFolder({ a: 10 }))).rejects.toThrow(/^gone: not found/);
  const late = check([entry("x", 5, 15)], countingFolder({ a: 10 }));
  await expect(late).rejects.toThrow(/^a: bytes 5 to 15 lie outside the file of 10 bytes/);
});

test("an abort at any piece rejects with the signal's own reason and leaves nothing open", async () => {
  const entries = [entry("x", 0, 5000), entry("y", 0, 5000, "b")]; // ten pieces
  for (let stop = 0; stop <= 10; stop++) {
    const folder = countingFolder({ a: 5000, b: 5000 });
    const control = new AbortController();
    const reason = { stop };
    let pieces = 0;
    const reading = (async () => {
      if (stop === 0) control.abort(reason);
      for await (const { bytes } of stream(entries, folder, { signal: control.signal })) {
        expect(bytes.length).toBe(1000);
        if (++pieces === stop) control.abort(reason);
      }
    })();
    await expect(reading, `after ${stop} pieces`).rejects.toBe(reason);
    await Promise.resolve();
    expect(folder.log.open, `after ${stop} pieces`).toBe(0);
    expect(pieces).toBe(stop);
  }
});

test("a reader that stops early leaves nothing open", async () => {
  const folder = countingFolder({ a: 5000 });
  for await (const { bytes } of stream([entry("x", 0, 5000)], folder)) if (bytes.length > 0) break;
  await Promise.resolve();
  expect(folder.log.open).toBe(0);
});

const TABLE = entry("words", 100, 100 + 20_000 * 8, "a", [20_000, 2]);

test("rows come as asked for, repeats included, neighbours in one request", async () => {
  const folder = countingFolder({ a: 200_000 });
  const rows = [19_999, 3, 4, 3, 0];
  const bytes = await readRows(TABLE, rows, folder);
  const expected = rows.flatMap((row) => Array.from({ length: 8 }, (_, i) => byteAt(100 + row * 8 + i)));
  expect([...bytes]).toEqual(expected);
  expect([...folder.log.reads].sort()).toEqual(["a 100-140", "a 160092-160100"]);
});

test.each([-1, 20_000, 1.5, NaN])("row %s is the caller's mistake", async (row) => {
  const folder = countingFolder({ a: 200_000 });
  await expect(readRows(TABLE, [row], folder)).rejects.toThrow(RangeError);
  expect(folder.log.reads).toEqual([]);
});

test("rows that cannot be read end all requests for rows", async () => {
  const folder = countingFolder({ a: 150_000 });
  const rows = Array.from({ length: 20 }, (_, i) => i * 1000);
  await expect(readRows(TABLE, rows, folder)).rejects.toThrow(CheckpointError);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(folder.log.open).toBe(0);
  expect((await readRows(TABLE, [], folder)).length).toBe(0);
});
