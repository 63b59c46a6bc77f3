// A large word table from a server with byte ranges: the first answer does not wait for it, and nothing else changes.
import { beforeEach, describe, expect, test } from "vitest";
import {
  DebertaV2Model,
  hashesOf,
  DisposedError,
  type Folder,
  type LoadOptions,
  type Progress,
} from "../../src/index.js";
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
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  /** Bytes delivered of long ranges. */
  bulk = 0;
  /** Bodies that are neither read to their end nor cancelled. */
  opened = 0;
  /** Lets all go on that wait for `more`. */
  open: () => void = () => undefined;
  private readonly more_ = new Promise<void>((resolve) => (this.open = resolve));
  more(): Promise<void> {
    return this.more_;
  }

  readonly fetch: typeof fetch = (input, init) => {
    const name = (input as string).split("/").at(-1)!;
    const bytes = files.get(name);
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get("Range") ?? "") ?? [];
    if (!bytes) return Promise.resolve(new Response(null, { status: 404 }));
    if (first === undefined) return Promise.resolve(new Response(bytes.slice())); // small files are asked for as a whole
    const [start, end] = [Number(first), Math.min(Number(last) + 1, bytes.length)];
    this.asked.push(`${name} ${start}-${end}`);
    if (this.refuse(end - start)) return Promise.resolve(new Response(null, { status: 403 }));
    let at = start;
    this.opened++;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          await this.gate(end - start);
          const part = bytes.slice(at, (at = Math.min(end, at + 65_536)));
          if (part.length > 0) controller.enqueue(part);
          if (end - start > BULK) this.bulk += part.length;
          if (at < end) return;
          this.opened--;
          controller.close();
        },
        cancel: () => {
          this.opened--;
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
    cache: "off",
    onProgress: (progress) => {
      if (progress.phase === "rows") rows.push(progress);
    },
    ...options,
  });
const states = async (model: DebertaV2Model, ids = inputIds) =>
  (await model.forward({ inputIds: ids })).lastHiddenState;

/** From a caller's own object, which may be anywhere: its table is read as a whole. */
const expected = await (async () => {
  const plain: Folder = {
    open: async (name) => {
      const source = await folderOf(files).open(name);
      return source && { size: source.size, read: (...range) => source.read(...range) };
    },
  };
  const model = await DebertaV2Model.fromPretrained(plain, { device: device.gpu });
  expect(model.memory().hostBytes).toBeGreaterThanOrEqual(ROWS * 96);
  const all = await states(model);
  await model.dispose();
  return all;
})();

const inOrder = [[1, 5, 90_000]]; // the highest row is half way
const BYTES = (ROWS - 1024) * 96; // what comes late: all but the last rows

describe("a word table that comes late", () => {
  test("a text waits for the file to come so far, not for the rest; added tokens are here at once", () =>
    checked(device, async () => {
      let most = 100_000 * 96;
      server.gate = (length) => (length > BULK && server.bulk >= most ? server.more() : undefined);
      const model = await load();
      let isWhole = false;
      void model.whole.then(() => (isWhole = true));
      await states(model, inOrder);
      expect((await states(model, [[1, 179_999]])).shape).toEqual([1, 2, 24]);
      const late = states(model);
      expect(await states(model, inOrder)).toEqual(await states(model, inOrder)); // the one that waits holds up no other
      expect(isWhole).toBe(false);
      expect(model.memory().hostBytes).toBeLessThan(12 << 20); // pages come as their bytes do
      most = Infinity;
      server.open();
      expect(await late).toEqual(expected);
      await model.whole;
      expect(rows.at(-1)).toMatchObject({ file: "model.safetensors", phase: "rows", loaded: BYTES, total: BYTES });
      expect(rows.at(-1)!.overall.loaded).toBe(rows.at(-1)!.overall.total);
      await model.dispose();
      expect(model.memory().hostBytes).toBe(0);
      expect(server.opened).toBe(0);
    }));

  test("what is asked of the server does not depend on the text", () =>
    checked(device, async () => {
      const asked: string[][] = [];
      for (const ids of [[[1, 2]], [[1, 60_000, 170_000, 33]], inputIds]) {
        server = new Server();
        const model = await load();
        await states(model, ids);
        await model.whole;
        await states(model, ids);
        asked.push(server.asked);
        await model.dispose();
      }
      expect(asked[1]).toEqual(asked[0]);
      expect(asked[2]).toEqual(asked[0]);
    }));

  test("on-demand: only the rows that texts need, each once", () =>
    checked(device, async () => {
      const model = await load({ wordTable: "on-demand" });
      await model.whole;
      expect(await states(model)).toEqual(expected);
      const asked = server.asked.length;
      expect(await states(model)).toEqual(expected);
      expect(server.asked.length).toBe(asked);
      expect(model.memory().hostBytes).toBeLessThan(1 << 16);
      await model.dispose();
    }));

  test("dispose ends the download, and calls that wait for rows", () =>
    checked(device, async () => {
      server.gate = (length) => (length > BULK ? never : undefined);
      const model = await load();
      const asked = model.forward({ inputIds: [[1, 60_000]] });
      await Promise.all([
        expect(model.dispose()).resolves.toBeUndefined(),
        expect(asked).rejects.toThrow(DisposedError),
        expect(model.whole).rejects.toThrow(DisposedError),
      ]);
      expect(server.opened).toBe(0);
    }));

  test("the download breaks: texts that wait hear of it, and it goes on by itself where it stood", () =>
    checked(device, async () => {
      let refused = 0;
      server.refuse = (length) => length > BULK && ++refused < 2;
      const model = await load();
      await expect(model.forward({ inputIds: [[1, 60_000]] })).rejects.toMatchObject({ status: 403 });
      expect(await states(model)).toEqual(expected);
      await model.whole;
      expect(refused).toBe(2);
      await model.dispose();
    }));

  test("abort while rows are on their way", () =>
    checked(device, async () => {
      server.gate = (length) => (length > BULK ? server.more() : undefined);
      const model = await load();
      const controller = new AbortController();
      const asked = model.forward({ inputIds: [[1, 55_555]] }, { signal: controller.signal });
      controller.abort("enough");
      await expect(asked).rejects.toBe("enough");
      server.open();
      expect(await states(model)).toEqual(expected);
      await model.dispose();
    }));

  test("of a local file nothing is copied but the rows of late texts", () =>
    checked(device, async () => {
      const chosen = [...files].map(([name, bytes]) => new File([bytes], name));
      const model = await DebertaV2Model.fromPretrained(chosen, { device: device.gpu });
      await model.whole;
      expect(await states(model)).toEqual(expected);
      expect(model.memory().hostBytes).toBeLessThan(1 << 16);
      await model.dispose();
    }));

  test("a file that must be hashed is read as a whole first", () =>
    checked(device, async () => {
      const model = await load({ integrity: await hashesOf(folderOf(files)) });
      const asked = server.asked.length;
      expect(await states(model)).toEqual(expected);
      expect(server.asked.length).toBe(asked);
      expect(rows).toEqual([]);
      await model.dispose();
    }));
});
