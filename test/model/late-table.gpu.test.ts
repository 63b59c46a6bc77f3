// A large word table from a server with byte ranges: the first answer does not wait for it, and nothing else changes.
import { beforeEach, describe, expect, test } from "vitest";
import { CheckpointError, DebertaV2Model, DisposedError, type LoadOptions, type Progress } from "../../src/index.js";
import { filesOf, folderOf, makeCheckpoint, MINIATURE } from "../support/checkpoint.js";
import { checked, sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();
const SOURCE = "https://models.example/large/";
const ROWS = 180_000; // of 96 bytes: 17 MB
const files = filesOf(makeCheckpoint({ ...MINIATURE, vocab_size: ROWS }, "none"));
const BULK = 1 << 20; // longer ranges can only be the table on its way
const inputIds = [
  [1, 179_999, 90_000, 5],
  [1, 90_000, 17, 120_000, 2],
];

const never = new Promise<void>(() => undefined);

/** A server with ranges. Each chunk of an answer waits for `gate`; `refuse` says what is answered by 403. */
class Server {
  gate: (length: number) => Promise<void> | undefined = () => undefined;
  refuse: (length: number) => boolean = () => false;
  requests = 0;
  /** Bytes delivered of ranges that are no bulk. */
  small = 0;
  /** Bodies that are neither read to their end nor cancelled. */
  open = 0;

  readonly fetch: typeof fetch = (input, init) => {
    const bytes = files.get((input as string).split("/").at(-1)!);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("Range") ?? "") ?? [];
    if (!bytes || first === undefined) return Promise.resolve(new Response(null, { status: 404 }));
    const [start, end] = [Number(first), Math.min(Number(last) + 1, bytes.length)];
    this.requests++;
    if (this.refuse(end - start)) return Promise.resolve(new Response(null, { status: 403 }));
    if (end - start < BULK) this.small += end - start;
    let at = start;
    this.open++;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          await this.gate(end - start);
          if (at < end) controller.enqueue(bytes.slice(at, (at = Math.min(end, at + 65_536))));
          if (at < end) return;
          this.open--;
          controller.close();
        },
        cancel: () => {
          this.open--;
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { "Content-Range": `bytes ${start}-${end - 1}/${bytes.length}`, ETag: '"1"' };
    return Promise.resolve(new Response(body, { status: 206, headers }));
  };
}

let server: Server;
let rows: Progress[];
beforeEach(() => {
  server = new Server();
  rows = [];
});
const load = (options: LoadOptions = {}): Promise<DebertaV2Model> =>
  DebertaV2Model.fromPretrained(SOURCE, {
    device: device.gpu,
    fetch: server.fetch,
    onProgress: (progress) => {
      if (progress.phase === "rows") rows.push(progress);
    },
    ...options,
  });
const states = async (model: DebertaV2Model, ids = inputIds) =>
  (await model.forward({ inputIds: ids })).lastHiddenState;

const expected = await (async () => {
  const model = await DebertaV2Model.fromPretrained(folderOf(files), { device: device.gpu });
  const all = await states(model);
  await model.dispose();
  return all;
})();

describe("a word table that comes late", () => {
  test("an answer needs only its rows; once all are here nothing more is asked for", () =>
    checked(device, async () => {
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      server.gate = (length) => (length > BULK ? opened : undefined);
      const model = await load();
      expect(await states(model)).toEqual(expected);
      expect(server.small).toBeLessThan(1 << 20); // weights and rows; the table has 17 MB
      const asked = server.requests;
      expect(await states(model)).toEqual(expected);
      expect(server.requests).toBe(asked);

      open();
      await expect.poll(() => rows.at(-1)?.loaded).toBe(ROWS * 96);
      expect(rows.at(-1)).toEqual({ file: "model.safetensors", phase: "rows", loaded: ROWS * 96, total: ROWS * 96 });
      await states(model, [[3, 77_777, 150_001]]);
      expect(server.requests).toBe(asked);
      expect(await states(model)).toEqual(expected);
      await model.dispose();
      expect(server.open).toBe(0);
    }));

  test("dispose ends the download, and calls that wait for rows", () =>
    checked(device, async () => {
      server.gate = (length) => (length > BULK ? never : undefined);
      const model = await load();
      server.gate = () => never;
      const asked = model.forward({ inputIds: [[1, 60_000]] });
      await expect.poll(() => server.open).toBe(2); // the table and a row; the file’s first 64 KiB are here
      await Promise.all([model.dispose(), expect(asked).rejects.toThrow(DisposedError)]);
      expect(server.open).toBe(0);
    }));

  test("the download fails: rows are read as they are needed; a row that cannot be had is a CheckpointError", () =>
    checked(device, async () => {
      server.refuse = (length) => length > BULK;
      const model = await load();
      expect(await states(model)).toEqual(expected);
      server.refuse = () => true;
      await expect(model.forward({ inputIds: [[1, 44_444]] })).rejects.toThrow(CheckpointError);
      expect(await states(model)).toEqual(expected);
      server.refuse = (length) => length > BULK;
      expect((await states(model, [[1, 44_444]])).data.every(Number.isFinite)).toBe(true);
      await model.dispose();
    }));

  test("abort while rows are on their way", () =>
    checked(device, async () => {
      server.gate = (length) => (length > BULK ? never : undefined);
      const model = await load();
      const controller = new AbortController();
      const asked = model.forward({ inputIds: [[1, 55_555]] }, { signal: controller.signal });
      controller.abort("enough");
      await expect(asked).rejects.toBe("enough");
      expect(await states(model)).toEqual(expected);
      await model.dispose();
    }));

  test("a file that must be hashed is read as a whole first", () =>
    checked(device, async () => {
      const digest = await crypto.subtle.digest("SHA-256", files.get("model.safetensors")!);
      const hash = `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
      const model = await load({ integrity: { "model.safetensors": hash } });
      const asked = server.requests;
      expect(await states(model)).toEqual(expected);
      expect(server.requests).toBe(asked);
      expect(rows).toEqual([]);
      await model.dispose();
    }));
});
