// The same faults where they matter: fetch in Chromium, across origins, where headers hide, an error loses what was queued
// and some answers fail without a reason. (Started from Node, where the server runs.)
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
// @ts-expect-error plain JavaScript
import { findBrowser } from "../../tools/browser.mjs";
import type * as Reader from "../../src/checkpoint.js";
import { checkpointBundle } from "../support/checkpoint-bundle.js";
import type { FaultyModule, FaultyServer } from "../support/faulty-server.js";
// @ts-expect-error plain JavaScript
import * as faulty from "../support/faulty-server.mjs";

const SIZE = 1_000_000;

const PAGE = `<!doctype html><title>faults</title>
<script type="module">import * as reader from "./checkpoint.js"; globalThis.reader = reader;</script>`;

/** In the page: reads the head and, after a gap, the rest. Gives what came of it in words. */
async function readThere(base: string): Promise<string> {
  const { openFolder } = (globalThis as unknown as { reader: typeof Reader }).reader;
  const generated = (i: number): number => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24) & 255;
  try {
    const file = await (await openFolder(base, { cache: "off" })).open("model.safetensors");
    if (!file) return "absent";
    for (const [start, end] of [
      [0, 50_000],
      [100_000, file.size],
    ] as const) {
      let at = start;
      for await (const bytes of file.read(start, end)) {
        if (bytes.some((byte, i) => byte !== generated(at + i))) return "wrong bytes";
        at += bytes.length;
      }
    }
    file.close();
    return `all ${file.size}`;
  } catch (error) {
    return String(error);
  }
}

describe("a faulty server and Chromium", () => {
  let server: FaultyServer;
  let pages: FaultyServer;
  let browser: Browser;
  let page: Page;
  const folder = mkdtempSync(join(tmpdir(), "faults-"));
  beforeAll(async () => {
    for (const { fileName, code } of await checkpointBundle()) writeFileSync(join(folder, fileName), code);
    writeFileSync(join(folder, "page.html"), PAGE);
    const { startFaultyServer } = faulty as FaultyModule;
    server = await startFaultyServer({ root: folder });
    pages = await startFaultyServer({ root: folder });
    const executablePath = await (findBrowser as () => Promise<string | undefined>)();
    browser = await chromium.launch({ args: ["--no-sandbox"], ...(executablePath ? { executablePath } : {}) });
    page = await browser.newPage();
    await page.goto(`${pages.url}/page.html`);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([server.close(), pages.close()]);
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => server.reset());

  test.each<[string, RegExp, number]>([
    // fault, outcome, most requests (a HEAD for the size where Content-Range is hidden)
    ["", /^all 1000000$/, 2],
    ["norange", /^all 1000000$/, 1],
    ["cors=noexpose", /^all 1000000$/, 3],
    ["cors=noexpose;norange", /^all 1000000$/, 1],
    ["contentrange=star", /^all 1000000$/, 3],
    ["preflight=fail", /^all 1000000$/, 2],
    ["redirect=other", /^all 1000000$/, 4],
    ["reset=1", /^all 1000000$/, 3],
    ["norange;cut=500000:1", /^all 1000000$/, 2],
    ["short=5:1", /^all 1000000$/, 3],
    ["length=-7:1", /^all 1000000$/, 3],
    ["length=+7:1", /^all 1000000$/, 3], // the error may lose what was queued
    ["norange;gzip", /^all 1000000$/, 4],
    ["gzip", /^all 1000000$|Content-Encoding/, 4],
    ["missing", /^absent$/, 1],
    ["contentrange=shift", /^CheckpointError: model\.safetensors: asked for bytes 0 to 65535, got Content-Range/, 1],
    ["contentrange=whole;minrange=1", /^CheckpointError: .*whole file/, 2],
    ["multipart", /^CheckpointError: .*multipart/, 1],
    ["r416", /^CheckpointError: .*416/, 1],
    ["etag=change", /^CheckpointError: .*changed on the server/, 2],
    ["missing=html;only=model", /^absent$/, 1],
    ["missing=403;only=model", /^absent$/, 1],
    ["missing=400;only=model", /^absent$/, 1],
    ["html", /^absent$/, 1],
    ["unauthorized", /^CheckpointError: .*401/, 1],
    ["auth=right", /^CheckpointError: .*401/, 1],
    ["status=418", /^CheckpointError: .*418/, 1],
    ["status=503:1;retryafter=0", /^all 1000000$/, 3],
    ["chunked", /^all 1000000$/, 3],
    ["etag=weak", /^all 1000000$/, 2],
    ["etag=none", /^all 1000000$/, 2],
    ["etag=flap", /^CheckpointError: .*changed on the server/, 2],
    ["noifrange", /^all 1000000$/, 2],
    ["cut=300000:1", /^all 1000000$/, 3],
    ["drip=200000:5", /^all 1000000$/, 2],
    ["delay=50", /^all 1000000$/, 2],
    ["type=text%2Fhtml", /^all 1000000$/, 2],
    ["cachecontrol=max-age=60", /^all 1000000$/, 2],
    ["isolated", /^all 1000000$/, 2],
    ["cors=origin", /^all 1000000$/, 2],
    ["redirect=same", /^all 1000000$/, 4],
    ["redirect=keep", /^all 1000000$/, 4],
    ["norange;br", /^all 1000000$/, 4],
    ["short=5", /^CheckpointError: .*twice/, 3],
    ["contentrange=none", /^CheckpointError|^all 1000000$/, 3], // in a page no other than a hidden one
    ["contentrange=garbage", /^CheckpointError: .*Content-Range/, 1],
    ["contentrange=total;minrange=1", /^CheckpointError: .*changed on the server/, 2],
    ["cors=noexpose;head=405", /^CheckpointError: .*size/, 3],
    ["cors=noexpose;head=nolength", /^CheckpointError: .*size/, 3],
    ["forbidden", /^absent$/, 1], // whoever needs the file says why: folder.missing()
    ["cors=off", /^CheckpointError: .*offline, unknown host, blocked by CORS/, 5],
  ])("%s", async (faults, outcome, requests) => {
    const base = `${server.url}/${faults && `~${faults}/`}__gen/${SIZE}/`;
    expect(await page.evaluate(readThere, base)).toMatch(outcome);
    expect(server.log().requests.length).toBeLessThanOrEqual(requests);
    expect(server.log().requests.filter(({ method }) => method === "OPTIONS")).toEqual([]);
  });
});
