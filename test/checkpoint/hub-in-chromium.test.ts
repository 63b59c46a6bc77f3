// The hub where it is met: fetch in Chromium, from a page of another origin, through redirects to a third with signatures that expire,
// with headers shown or hidden, gated or not; and what the browser keeps of it. (Started from Node, where the servers run.)
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium, type Browser, type BrowserContext } from "playwright";
import { afterAll, beforeAll, expect, test } from "vitest";
// @ts-expect-error plain JavaScript
import { findBrowser } from "../../tools/browser.mjs";
import type * as Reader from "../../src/checkpoint.js";
import { checkpointBundle } from "../support/checkpoint-bundle.js";
import { standInHub, type StandInHub } from "../support/model-server.js";

const SIZE = 700_000;
const files = {
  "config.json": new TextEncoder().encode('{"model_type": "deberta-v2"}'),
  "model.safetensors": Uint8Array.from({ length: SIZE }, (_, i) => i % 251),
};

const PAGE = `<!doctype html><title>hub</title>
<script type="module">import * as reader from "./checkpoint.js"; globalThis.reader = reader;</script>`;

let pages: Server;
let browser: Browser;

beforeAll(async () => {
  const modules = new Map((await checkpointBundle()).map(({ fileName, code }) => [`/${fileName}`, code]));
  pages = createServer(({ url }, response) => {
    const code = modules.get(url!);
    response.setHeader("Content-Type", code === undefined ? "text/html" : "text/javascript");
    response.end(code ?? PAGE);
  });
  await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));
  const executablePath = await (findBrowser as () => Promise<string | undefined>)();
  browser = await chromium.launch({ args: ["--no-sandbox"], ...(executablePath ? { executablePath } : {}) });
});
afterAll(async () => {
  await browser.close();
  pages.close();
  pages.closeAllConnections();
});

/** In the page: reads the config and, in two parts, the weights. Gives what came of it in words. */
async function readThere([hub, token]: readonly [string, string | undefined]): Promise<string> {
  const { openFolder } = (globalThis as unknown as { reader: typeof Reader }).reader;
  const toStandIn: typeof fetch = (input, init) =>
    fetch((input as string).replace("https://huggingface.co/", hub), init);
  try {
    const folder = await openFolder("owner/name", { fetch: toStandIn, ...(token === undefined ? {} : { token }) });
    const names = ["config.json", "model.safetensors"];
    const [config, weights] = await Promise.all(names.map((name) => folder.open(name)));
    if (!config || !weights) throw folder.missing("model.safetensors");
    let count = 0;
    for await (const bytes of config.read(0, config.size)) if (bytes.length === 0) return "an empty piece";
    for (const [start, end] of [
      [300_000, weights.size],
      [0, 300_000],
    ] as const) {
      let at = start;
      for await (const bytes of weights.read(start, end)) {
        if (bytes.some((byte, i) => byte !== (at + i) % 251)) return "wrong bytes";
        at += bytes.length;
        count += bytes.length;
      }
    }
    folder.close();
    return `all ${count}`;
  } catch (error) {
    return String(error);
  }
}

/** In the page: until nothing is kept or noted any more. What reads or writes holds a lock from its first step to its last. */
async function untilAtRest(): Promise<void> {
  for (;;) {
    const { held = [], pending = [] } = await navigator.locks.query();
    if (held.length + pending.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A visit in a page of its own, which stays until all that came is kept. */
async function visit(context: BrowserContext, hub: StandInHub, token?: string): Promise<string> {
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => "reader" in globalThis);
  const told = await page.evaluate(readThere, [hub.hub.url, token] as const);
  await page.evaluate(untilAtRest);
  await page.close();
  return told;
}

test.each<[string, Parameters<typeof standInHub>[1] & { token?: string }]>([
  ["with its listing", {}],
  ["without a listing", { listing: false }],
  ["whose signed addresses work once", { uses: 1 }],
  ["whose headers are hidden", { exposes: false }],
  ["gated, with a token", { gated: true, token: "right" }],
])(
  "a hub %s: everything comes; where a commit is known, a second visit asks for nothing",
  async (_, { token, ...habits }) => {
    const hub = await standInHub(files, habits);
    const context = await browser.newContext();
    try {
      expect(await visit(context, hub, token)).toBe(`all ${SIZE}`);
      expect(hub.cdn.asked.length).toBeGreaterThan(0);
      if (habits.listing === false) return;
      hub.hub.asked.length = hub.cdn.asked.length = 0;
      expect(await visit(context, hub, token)).toBe(`all ${SIZE}`);
      expect([...hub.hub.asked, ...hub.cdn.asked]).toEqual([]);
    } finally {
      await context.close();
      await hub.close();
    }
  },
);

test.each([
  [true, /terms .*token/],
  [false, /403/],
])("a gated hub without a token says so (headers shown: %s)", async (exposes, message) => {
  const hub = await standInHub(files, { gated: true, exposes });
  const context = await browser.newContext();
  expect(await visit(context, hub)).toMatch(message);
  await context.close();
  await hub.close();
});
