// A server that misbehaves (../support/faulty-server.mjs): each fault ends well or in a CheckpointError, after the
// requests it should take and no more. `~fault` stands in the base URL; /__gen/SIZE/name is a made-up file.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openFolder } from "../../src/checkpoint/folder.js";
import { readWhole } from "../../src/checkpoint/read-whole.js";
import type { SourceOptions } from "../../src/checkpoint/source.js";
import { stream } from "../../src/checkpoint/stream.js";
import { CheckpointError } from "../../src/errors.js";
import { testClock } from "../support/clock.js";
import type { FaultyModule, FaultyServer } from "../support/faulty-server.js";
// @ts-expect-error plain JavaScript
import * as faulty from "../support/faulty-server.mjs";

const { startFaultyServer, generated: generatedByte } = faulty as FaultyModule;
const SIZE = 1_000_000;

describe("a faulty server", () => {
  let server: FaultyServer;
  let generated: FaultyModule["generated"];
  beforeAll(async () => {
    generated = generatedByte;
    server = await startFaultyServer({ root: "test/fixtures" });
  });
  afterAll(() => server.close());
  beforeEach(() => server.reset());

  const open = async (faults: string, options: SourceOptions = {}, size = SIZE, clock = testClock()) => {
    const folder = await openFolder(`${server.url}/${faults && `~${faults}/`}__gen/${size}/`, options, clock);
    return { folder, file: await folder.open("model.safetensors") };
  };

  /** Reads the head, then the rest from 100 000 on, and compares every byte. */
  const readAll = async (
    faults: string,
    options: SourceOptions = {},
    size = SIZE,
    clock = testClock(),
  ): Promise<void> => {
    const { folder, file } = await open(faults, options, size, clock);
    if (!file) throw folder.missing("model.safetensors");
    expect(file.size).toBe(size);
    for (const [start, end] of [
      [0, 8],
      [8, 50_000],
      [100_000, size],
    ] as const) {
      let at = start;
      for await (const bytes of file.read(start, end)) {
        let wrong = -1;
        for (let i = 0; i < bytes.length; i++) if (bytes[i] !== generated(at + i)) wrong = at + i;
        expect(wrong).toBe(-1);
        at += bytes.length;
      }
      expect(at).toBe(end);
    }
    file.close();
  };

  test.each<[string, number, number]>([
    // fault, requests, most bytes that the server may have sent
    ["", 2, SIZE],
    ["norange", 1, SIZE],
    ["chunked", 2, SIZE],
    ["etag=weak", 2, SIZE],
    ["etag=none", 2, SIZE],
    ["contentrange=star", 3, SIZE], // the size by HEAD
    ["status=500:3", 5, SIZE],
    ["status=429:2;retryafter=1", 4, SIZE],
    ["status=503:1;retryafter=date:2", 3, SIZE],
    ["status=503:1;retryafter=x", 3, SIZE],
    ["status=408:1", 3, SIZE],
    ["reset=1", 3, SIZE],
    ["cut=300000:1", 3, 2 * SIZE],
    ["cut=1000:2", 4, 2 * SIZE],
    ["cut=100000", 11, 2 * SIZE], // each attempt brings 100 000 bytes: progress, so no attempt is the last
    ["short=5:1", 3, SIZE],
    ["length=+7", 2, SIZE],
    ["stall=200000:1", 3, 2 * SIZE],
    ["drip=50000:5", 2, SIZE],
    ["norange;cut=500000:1", 2, 2 * SIZE],
    ["norange;stall=500000:1", 2, 2 * SIZE],
    ["norange=1", 1, SIZE],
    ["redirect=other", 4, SIZE],
    ["redirect=same", 4, SIZE],
    ["redirect=same:307", 4, SIZE],
    ["redirect=keep", 4, SIZE],
    ["noifrange", 2, SIZE],
    ["type=text%2Fhtml", 2, SIZE],
    ["cachecontrol=max-age=60", 2, SIZE],
    ["isolated", 2, SIZE],
    ["head=405", 2, SIZE], // nothing is asked by HEAD where a range tells the size
    ["head=lie", 2, SIZE],
  ])("%s: all bytes arrive", async (faults, requests, sent) => {
    await readAll(faults);
    const log = server.log();
    expect(log.requests.length).toBeLessThanOrEqual(requests);
    expect(log.totals.sent).toBeLessThanOrEqual(sent);
    expect(log.requests.filter(({ range }) => range?.startsWith("bytes=-"))).toEqual([]);
    expect(log.requests.filter(({ headers }) => headers["if-range"])).toEqual([]);
  });

  test("a compressed answer without ranges is taken at its decoded length", async () => {
    await readAll("norange;gzip");
    expect(server.log().requests.length).toBe(1);
  });

  test.each<[string, RegExp, number]>([
    // fault, message, requests
    ["forbidden", /answered 403: no access/, 1],
    ["unauthorized", /answered 401: the file needs a token/, 1],
    ["auth=right", /answered 401/, 1],
    ["status=418", /answered 418/, 1],
    ["status=500", /answered 500 .*after 5 attempts/, 5],
    ["status=429;retryafter=100", /asks to wait 100 s/, 1],
    ["reset", /could not be fetched.*after 5 attempts/, 5],
    ["cut=100", /connection broke.*after 5 attempts/, 5],
    ["short=5", /ended at byte \d+ of \d+, twice/, 2],
    ["contentrange=shift", /Content-Range: bytes 1-65536/, 1],
    ["contentrange=none", /Content-Range: \(none\)/, 1],
    ["contentrange=garbage", /Content-Range: pages/, 1],
    ["contentrange=whole;minrange=1", /whole file/, 2],
    ["contentrange=shift;minrange=1", /Content-Range/, 2],
    ["contentrange=total;minrange=1", /changed on the server.*1000000 bytes, now 1000007/, 2],
    ["multipart", /got multipart\/byteranges/, 1],
    ["r416", /answered 416/, 1],
    ["r416;minrange=1", /answered 416: no byte 100000/, 2],
    ["gzip", /Content-Encoding: gzip/, 1],
    ["etag=change", /changed on the server while loading/, 2],
    ["etag=flap", /changed on the server while loading/, 2],
    ["missing;minrange=1", /vanished from the server/, 2],
    ["redirect=http", /could not be fetched/, 5],
    ["redirect=loop", /could not be fetched/, 105],
    ["br", /Content-Encoding: br/, 1],
    ["contentrange=star;head=405", /does not tell the file's size/, 2],
    ["contentrange=star;head=nolength", /does not tell the file's size/, 2],
    ["html=500", /answered 500 .*after 5 attempts/, 5],
  ])("%s: CheckpointError", async (faults, message, requests) => {
    const error: unknown = await readAll(faults).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toContain("model.safetensors");
    expect(server.log().requests.length).toBe(requests);
  });

  test.each(["flip=150000", "contentrange=data;minrange=1", "contentrange=star;head=lie"])(
    "%s: bytes that nobody can tell are wrong are told by their hash",
    async (fault) => {
      const file = (await openFolder(`${server.url}/__gen/${SIZE}/`)).open("model.safetensors");
      const digest = createHash("sha256");
      const right = (await file)!;
      for await (const bytes of right.read(0, right.size)) digest.update(bytes);
      const integrity = { "model.safetensors": `sha256-${digest.digest("base64")}` };
      const { file: served } = await open(fault, { integrity });
      const entry = { file: "model.safetensors", start: 0, end: served!.size };
      const folder = await openFolder(`${server.url}/~${fault}/__gen/${SIZE}/`, { integrity }, testClock());
      const reading = (async () => {
        for await (const { bytes } of stream([entry], folder)) if (bytes.length === 0) break;
      })();
      await expect(reading).rejects.toBeInstanceOf(CheckpointError);
    },
  );

  test("a missing file is undefined, after one request", async () => {
    expect((await open("missing")).file).toBeUndefined();
    expect(server.log().requests.length).toBe(1);
  });

  test("an empty file has size 0", async () => {
    expect((await open("", {}, 0)).file?.size).toBe(0);
    expect((await open("empty")).file?.size).toBe(0);
  });

  test.each(["html", "missing=html;only=model", "forbidden", "missing=403;only=model", "missing=400;only=model"])(
    "%s: taken as absent; whoever cannot do without the file is told what was answered",
    async (fault) => {
      const { folder, file } = await open(fault);
      expect(file).toBeUndefined();
      expect(server.log().requests.length).toBe(1);
      const isPage = fault.includes("html");
      expect(folder.missing("model.safetensors")).toMatchObject({
        message: expect.stringMatching(isPage ? /HTML page/ : /answered 40[03]/) as string,
        file: "model.safetensors",
        status: isPage ? 200 : fault.includes("400") ? 400 : 403,
      });
    },
  );

  test("small files come whole, so that servers may compress them", async () => {
    const folder = await openFolder(`${server.url}/~gzip/__gen/3000/`, {}, testClock());
    const file = (await folder.open("config.json"))!;
    expect(file.size).toBe(3000);
    expect(server.log().requests.map(({ range }) => range)).toEqual([null]);
  });

  test.each(["lfs", "json"])("%s instead of the file: its bytes are given, at their length", async (fault) => {
    const { file } = await open(fault);
    expect(file!.size).toBeLessThan(200);
    const reading = readWhole(file!, 1000);
    if (fault === "json") await reading;
    else await expect(reading).rejects.toThrow(/looks like/);
  });

  test("back-off doubles up to 8 s, Retry-After wins", async () => {
    const clock = testClock();
    await readAll("status=500:4", {}, SIZE, clock);
    expect(clock.waits.filter((wait) => wait !== 250)).toEqual([500, 1000, 2000, 4000]);
    const polite = testClock();
    await readAll("status=503:2;retryafter=3", {}, SIZE, polite);
    expect(polite.waits.filter((wait) => wait !== 250)).toEqual([3000, 3000]);
  });

  test("the token reaches the source's own origin only, and no message", async () => {
    await readAll("auth=t0k3n", { token: "t0k3n" });
    await readAll("redirect=other", { token: "t0k3n" });
    expect(server.log().totals.byOrigin["other"]?.authorization).toBe(0);
    const error: unknown = await readAll("auth=other", { token: "t0k3n" }).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/token was not accepted/);
    expect(String(error)).not.toContain("t0k3n");
  });

  test.each(["", "norange", "delay=5000", "stall=0", "stall=100000", "drip=1000:20", "status=503", "reset"])(
    "%s: an abort ends within 100 ms with the signal's own reason, and no request stays open",
    async (faults) => {
      for (const delay of [0, 5, 60]) {
        server.reset();
        const control = new AbortController();
        const reason = { delay };
        const { signal } = control;
        let fetches = 0;
        const counted: typeof fetch = (...request) => {
          fetches++;
          return fetch(...request);
        };
        const work = openFolder(`${server.url}/${faults && `~${faults}/`}__gen/400000000/`, {
          signal,
          fetch: counted,
        }).then(async (folder) => {
          const file = (await folder.open("x.bin"))!;
          let sum = 0;
          try {
            for await (const bytes of file.read(0, file.size, signal)) sum += bytes.length;
          } finally {
            folder.close();
          }
          return sum;
        });
        const outcome = work.catch((error: unknown) => error);
        await new Promise((resolve) => setTimeout(resolve, delay));
        const start = performance.now();
        control.abort(reason);
        expect(await outcome).toBe(reason);
        expect(performance.now() - start).toBeLessThan(100);
        const before = fetches;
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(fetches).toBe(before);
        expect(server.log().requests.filter(({ closed }) => !closed)).toEqual([]);
        expect(server.log().totals.sent).toBeLessThan(40_000_000);
      }
    },
  );

  test("an aborted signal makes no request", async () => {
    const reason = new Error("early");
    const folder = await openFolder(`${server.url}/__gen/10/`, { signal: AbortSignal.abort(reason) });
    await expect(folder.open("x.bin")).rejects.toBe(reason);
    expect(server.log().requests).toEqual([]);
  });
});
