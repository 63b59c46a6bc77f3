// What is kept, where it counts: a page that is closed in the middle of a download, two tabs, a worker, a full disk, a machine
// without a network, a server of another origin that hides its headers. (Started from Node, where the server runs.)
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
// @ts-expect-error plain JavaScript
import { findBrowser } from "../../tools/browser.mjs";
import type * as Reader from "../../src/checkpoint.js";
import { checkpointBundle } from "../support/checkpoint-bundle.js";

const MiB = 1 << 20;
const SIZE = 6 * MiB + 12_345;
const byteAt = (i: number): number => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24) & 255;
const weights = Uint8Array.from({ length: SIZE }, (_, i) => byteAt(i));

const PAGE = `<!doctype html><title>kept</title>
<script type="module">import * as reader from "./checkpoint.js"; Object.assign(globalThis, { reader, told: [] });</script>`;

interface Habits {
  /** Milliseconds between two chunks of 64 KiB. */
  pause: number;
  etag: string;
  /** Whether a page of another origin sees more than the headers that every page sees. */
  exposes: boolean;
  /** Fails every request. */
  isDown: boolean;
}

/** The page and its modules on one origin; a model on another, which counts what it sends. */
async function serve(modules: ReadonlyMap<string, string>) {
  const habits: Habits = { pause: 0, etag: '"1"', exposes: true, isDown: false };
  const asked: string[] = [];
  let sent = 0;
  const open = (handle: Parameters<typeof createServer>[1]): Promise<Server> =>
    new Promise((resolve) => {
      const server: Server = createServer(handle).listen(0, "127.0.0.1", () => resolve(server));
    });
  const pages = await open(({ url }, response) => {
    const code = modules.get(url!.slice(1));
    response.setHeader("Content-Type", code === undefined ? "text/html" : "text/javascript");
    response.end(code ?? PAGE);
  });
  const models = await open(({ url, headers, method }, response) => {
    const { range } = headers;
    if (method !== "OPTIONS") asked.push(`${method!} ${url!.split("/").at(-1)!} ${range ?? "whole"}`);
    if (habits.isDown) return void response.destroy();
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (habits.exposes) response.setHeader("Access-Control-Expose-Headers", "*");
    response.setHeader("Cache-Control", "no-store").setHeader("ETag", habits.etag);
    if (!url!.endsWith("/model.safetensors")) return void response.writeHead(404).end();
    const [, from = 0, to = SIZE - 1] = (/^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? []).map(Number);
    const end = Math.min(to + 1, SIZE);
    if (range) response.setHeader("Content-Range", `bytes ${from}-${end - 1}/${SIZE}`);
    response.writeHead(range ? 206 : 200, { "Content-Length": end - from });
    if (method === "HEAD") return void response.end();
    const { pause } = habits;
    let at = from;
    const next = (): void => {
      if (response.destroyed) return;
      const chunk = weights.subarray(at, Math.min(end, at + 65_536));
      if (chunk.length === 0) return void response.end();
      at += chunk.length;
      sent += chunk.length;
      // As fast as the page takes it: what a socket holds is counted, too.
      const goOn = (): void => void setTimeout(next, pause);
      if (response.write(chunk)) goOn();
      else response.once("drain", goOn);
    };
    next();
  });
  const port = (server: Server): number => (server.address() as AddressInfo).port;
  return {
    habits,
    asked,
    sent: () => sent,
    reset: () => {
      Object.assign(habits, { pause: 0, etag: '"1"', exposes: true, isDown: false });
      asked.length = sent = 0;
    },
    page: `http://127.0.0.1:${port(pages)}/`,
    base: `http://127.0.0.1:${port(models)}/model/`,
    close: () => {
      for (const each of [pages, models]) {
        each.close();
        each.closeAllConnections();
      }
    },
  };
}

let server: Awaited<ReturnType<typeof serve>>;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  const chunks = await checkpointBundle();
  const worker = `import * as reader from "./checkpoint.js";
    onmessage = async ({ data: [base, source] }) => postMessage(await eval("(" + source + ")")(base, reader));`;
  server = await serve(
    new Map([...chunks.map(({ fileName, code }) => [fileName, code] as const), ["worker.js", worker]]),
  );
  const executablePath = await (findBrowser as () => Promise<string | undefined>)();
  browser = await chromium.launch({ args: ["--no-sandbox"], ...(executablePath ? { executablePath } : {}) });
});
afterAll(async () => {
  await browser.close();
  server.close();
});
beforeEach(async () => {
  server.reset();
  context = await browser.newContext();
});
afterEach(() => context.close());

async function newPage(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(server.page);
  await page.waitForFunction(() => "reader" in globalThis);
  return page;
}

/** In the page or a worker: reads the weights as a load does. Gives what came of it in words. */
async function readThere(base: string, given?: typeof Reader): Promise<string> {
  const scope = globalThis as unknown as { reader: typeof Reader; told: string[] };
  const { openFolder } = given ?? scope.reader;
  const expected = (i: number): number => (Math.imul(i ^ (i >>> 7), 0x9e3779b1) >>> 24) & 255;
  const onProgress = ({ phase }: { phase: string }): void => void scope.told.push(phase);
  try {
    const folder = await openFolder(base, { onProgress });
    if (await folder.open("tokenizer.json")) return "a file that is not there";
    const file = (await folder.open("model.safetensors"))!;
    let at = 0;
    for (const [start, end] of [
      [0, 8],
      [8, 5000],
      [5000, file.size],
    ] as const)
      for await (const bytes of file.read(start, end)) {
        for (let i = 0; i < bytes.length; i += 97) if (bytes[i] !== expected(at + i)) return `wrong at ${at + i}`;
        at += bytes.length;
      }
    return `all ${at}`;
  } catch (error) {
    return String(error);
  }
}

const ALL = `all ${SIZE}`;
const load = async (page: Page): Promise<string> => page.evaluate(readThere, server.base);
const kept = (page: Page): Promise<number> =>
  page.evaluate(
    async () => (await (globalThis as unknown as { reader: typeof Reader }).reader.cachedModels())[0]?.bytes ?? 0,
  );
const untilWhole = async (page: Page): Promise<void> => {
  await expect.poll(() => kept(page), { timeout: 10_000 }).toBe(SIZE);
  await page.waitForTimeout(400); // it is noted a moment later
};

test("a page that is closed at any byte: with the next one, no more than a MiB is fetched twice", async () => {
  for (const share of [0.02, 0.35, 0.8]) {
    await context.close();
    context = await browser.newContext();
    server.reset();
    server.habits.pause = 25; // slower than a disk, so that nothing waits in a socket when the page goes
    const page = await newPage();
    void load(page).catch(() => undefined);
    await expect.poll(() => server.sent(), { interval: 5, timeout: 20_000 }).toBeGreaterThan(share * SIZE);
    await page.close({ runBeforeUnload: false });
    server.habits.pause = 0;
    const next = await newPage();
    const before = await kept(next);
    expect(await load(next)).toBe(ALL);
    expect(server.sent()).toBeLessThanOrEqual(SIZE + MiB);
    if (share > 0.3) expect(before).toBeGreaterThan(0);
  }
});

test.each([true, false])(
  "a second load asks for nothing, is faster, and works offline (headers exposed: %s)",
  async (exposes) => {
    server.habits.exposes = exposes;
    const page = await newPage();
    const timed = async (): Promise<number> => {
      const start = performance.now();
      expect(await load(page)).toBe(ALL);
      return performance.now() - start;
    };
    const first = await timed();
    await untilWhole(page);
    server.asked.length = 0;
    const second = await timed();
    expect(server.asked).toEqual([]);
    expect(second).toBeLessThan(first);
    server.habits.isDown = true;
    expect(await load(await newPage())).toBe(ALL);
    expect(server.asked).toEqual([]);
  },
);

test("two tabs at once: both are right, and one downloads", async () => {
  server.habits.pause = 2;
  const pages = await Promise.all([newPage(), newPage()]);
  expect(await Promise.all(pages.map(load))).toEqual([ALL, ALL]);
  await untilWhole(pages[0]);
  expect(server.sent()).toBeLessThan(1.5 * SIZE);
  server.habits.isDown = true;
  expect(await load(pages[1])).toBe(ALL);
});

test("a worker keeps and finds the same", async () => {
  const page = await newPage();
  const inWorker = (): Promise<string> =>
    page.evaluate(
      ([base, source]) =>
        new Promise<string>((resolve) => {
          const worker = new Worker("./worker.js", { type: "module" });
          worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
          worker.onerror = ({ message }) => resolve(message);
          worker.postMessage([base, source]);
        }),
      [server.base, String(readThere).replace("scope.told.push(phase)", "0")] as const,
    );
  expect(await inWorker()).toBe(ALL);
  await untilWhole(page);
  server.asked.length = 0;
  expect(await load(page)).toBe(ALL);
  expect(await inWorker()).toBe(ALL);
  expect(server.asked).toEqual([]);
});

test("a full disk: the load goes on, says so once, and leaves nothing", async () => {
  const page = await newPage();
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(server.page).origin, quotaSize: 3 * MiB });
  expect(await load(page)).toBe(ALL);
  const told = await page.evaluate(() => (globalThis as unknown as { told: string[] }).told);
  expect(told.filter((phase) => phase === "not cached")).toHaveLength(1);
  await expect.poll(() => kept(page)).toBe(0);
});

test("a version that changed while the page was closed is not mixed with what was kept", async () => {
  server.habits.pause = 4;
  const page = await newPage();
  void load(page).catch(() => undefined);
  await expect.poll(() => server.sent(), { timeout: 20_000 }).toBeGreaterThan(0.5 * SIZE);
  await page.close();
  server.reset();
  server.habits.etag = '"2"';
  expect(await load(await newPage())).toBe(ALL);
  expect(server.sent()).toBeGreaterThanOrEqual(SIZE);
});
