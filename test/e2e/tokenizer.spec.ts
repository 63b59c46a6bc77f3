// The built `deberta-webgpu/tokenizer` in a page and in a module worker, under the policies that the README names. The
// policy is a header of every file, the worker's script too: one in a meta element would not bind workers.
import { expect, test as base, type Page } from "@playwright/test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import sirv from "sirv";

const FOLDERS = {
  "/dist/": "../../dist",
  "/model/": "../fixtures/tokenizer/foreign-ids-800",
  "/": ".",
};
const POLICIES = {
  "script-src 'self'": "default-src 'self'; script-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
} as const;
type Policy = keyof typeof POLICIES;

/** A server of the files above, all of them under one policy. */
async function serve(policy: Policy): Promise<{ url: string; close(): void }> {
  const folders = Object.entries(FOLDERS).map(([prefix, path]) => {
    const serveFile = sirv(fileURLToPath(new URL(path, import.meta.url)), { dev: true, etag: true });
    return { prefix, serveFile };
  });
  const server = createServer((request, response) => {
    response.setHeader("Content-Security-Policy", POLICIES[policy]);
    const { url = "/" } = request;
    if (url === "/") {
      response.setHeader("Content-Type", "text/html").end("<!doctype html><title>probe</title>");
      return;
    }
    const { prefix, serveFile } = folders.find((folder) => url.startsWith(folder.prefix))!;
    request.url = url.slice(prefix.length - 1);
    serveFile(request, response, () => void response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Found {
  readonly compared?: number;
  readonly differences?: readonly string[];
  readonly error?: string;
  readonly message?: string;
  readonly violations: readonly string[];
  readonly askedForGpu: boolean;
  /** Whether the policy is in force here. */
  readonly refusesEval: boolean;
}
const CLEAN = { differences: [], violations: [], askedForGpu: false, refusesEval: true };
type Engine = "javascript" | "sentencepiece-js";
type Place = "page" | "worker";

/** Runs tokenizer-probe.mjs. */
function probe(page: Page, place: Place, engine: Engine): Promise<Found> {
  return page.evaluate(
    async ([place, engine]) => {
      const script = "/tokenizer-probe.mjs";
      if (place === "page") return ((await import(script)) as { probe(engine: string): Promise<Found> }).probe(engine);
      const worker = new Worker(script, { type: "module" });
      const answer = new Promise<Found>((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<Found>) => resolve(data);
        worker.onerror = ({ message }) => reject(new Error(message));
      });
      worker.postMessage(engine);
      return answer.finally(() => worker.terminate());
    },
    [place, engine] as const,
  );
}

const test = base.extend<{ policy: Policy; server: undefined }>({
  policy: ["script-src 'self'", { option: true }],
  server: [
    async ({ policy, page }, use) => {
      const server = await serve(policy);
      await page.goto(server.url);
      await use(undefined);
      server.close();
    },
    { auto: true },
  ],
});

for (const policy of Object.keys(POLICIES) as Policy[])
  for (const place of ["page", "worker"] as const)
    test.describe(`${place}, ${policy}`, () => {
      test.use({ policy });
      const hasWasm = policy.includes("wasm-unsafe-eval");

      test("both tokenizers with the own engine", async ({ page }) => {
        const found = await probe(page, place, "javascript");
        expect(found).toEqual({ ...CLEAN, compared: 54 });
      });

      test(`engine "sentencepiece-js" ${hasWasm ? "works too" : "is refused with what it needs"}`, async ({ page }) => {
        const { message, ...found } = await probe(page, place, "sentencepiece-js");
        if (hasWasm) {
          expect(found.compared).toBeGreaterThan(40); // all but ties
          expect(found).toMatchObject(CLEAN);
        } else {
          const { refusesEval, askedForGpu } = CLEAN;
          const violations = ["script-src: wasm-eval"];
          expect(found).toEqual({ error: "UnsupportedError", violations, refusesEval, askedForGpu });
          expect(message).toContain("'wasm-unsafe-eval'");
        }
      });
    });
