// The page around the screens: shut towards other servers, from the page and from its worker, by whatever host serves it;
// there without a connection; quick from a cold start.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import sirv from "sirv";
import { engineOf, expect, expectState, INTENT, MODELS, openScreen, serve, test, type Site } from "./playground.js";

const BUILT = fileURLToPath(new URL("../../dist-demo", import.meta.url));

/** A static host that knows nothing of policies, with the playground in a folder of its own. */
async function serveUnder(path: string): Promise<Site> {
  const files = sirv(BUILT, { dev: true, etag: true });
  const server = createServer((request, response) => {
    if (!request.url?.startsWith(path)) return void response.writeHead(404).end();
    request.url = request.url.slice(path.length - 1);
    files(request, response, () => void response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const SECRET = "wake me at 4417 tomorrow, says Quentin";

test("the page and its worker cannot talk to anybody else, and the text goes nowhere", async ({ page, watch }) => {
  watch.expectErrors("Content Security Policy", "Failed to fetch");
  await watch.leaveWorker();
  const stranger = await serve({ folder: MODELS, allowOrigin: "*" });
  await openScreen(page, "classify");
  await page.getByRole("textbox", { name: "Text" }).fill(SECRET);
  await expectState(page, "running");
  await expectState(page, "result");
  const tryIt = (address: string) =>
    fetch(address).then(
      () => "reached",
      () => "refused",
    );
  const address = `${stranger.url}/${INTENT}/config.json`;
  expect(await page.evaluate(tryIt, address)).toBe("refused");
  expect(await engineOf(page).evaluate(tryIt, address)).toBe("refused");
  await stranger.close();
  expect(watch.requests.filter((request) => /4417|Quentin/.test(decodeURIComponent(request)))).toEqual([]);
  for (const path of ["/", "/hub.html", "/sw.js"]) {
    const policy = (await page.request.get(path)).headers()["content-security-policy"];
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("require-trusted-types-for 'script'");
  }
});

test("the first screen is drawn before a byte of a model, by at most 30 kB of scripts and 8 kB of styles", async ({
  page,
}) => {
  await page.route("**/models/**", () => undefined); // never answered
  await page.goto("/");
  await expectState(page, "loading");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Text" })).toBeVisible();
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const kept = loaded.filter((address) => !address.includes("engine-thread")); // the worker's own
  const compressed = (ending: string) =>
    [...new Set(kept.map((address) => new URL(address).pathname))]
      .filter((path) => path.endsWith(ending))
      .reduce((sum, path) => sum + gzipSync(readFileSync(BUILT + path)).length, 0);
  const [scripts, styles] = [compressed(".js"), compressed(".css")];
  test
    .info()
    .annotations.push({ type: "first screen", description: `scripts ${scripts}, styles ${styles} bytes, gzip` });
  expect(scripts).toBeGreaterThan(10_000);
  expect(scripts).toBeLessThanOrEqual(30_000);
  expect(styles).toBeLessThanOrEqual(8_000);
});

test("the first answer of a first visit comes within ten seconds", async ({ browser, site }) => {
  const times: number[] = [];
  while (times.length < 2 && !times.some((time) => time <= 10_000)) {
    const context = await browser.newContext({ baseURL: site.url });
    const page = await context.newPage();
    const started = performance.now();
    await page.goto("/");
    await expectState(page, "result");
    times.push(performance.now() - started);
    await context.close();
  }
  test.info().annotations.push({ type: "first answer", description: `${times.map(Math.round).join(", ")} ms` });
  expect(Math.min(...times)).toBeLessThanOrEqual(10_000);
});

test("the theme button is remembered; the skip link leads to the screen", async ({ page }) => {
  await page.goto("/");
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await page.reload();
  await expect(page.getByRole("button", { name: "Use the light theme" })).toBeVisible();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.locator("main")).toBeFocused();
});

test("a screen whose file a new deploy removed says so and offers to load the page again", async ({ page, watch }) => {
  watch.expectErrors("404", "Failed to fetch dynamically imported module", "Failed to load");
  await page.route("**/assets/compare-*.js", (route) => route.fulfill({ status: 404 }));
  await page.goto("/#compare");
  await expect(page.getByRole("alert")).toContainText("A part of this page could not be fetched.");
  await expect(page.getByRole("button", { name: "Load the page again" })).toBeVisible();
});

test.describe("with its service worker", () => {
  test.use({ serviceWorkers: "allow" });

  test("under a path of any static host: it works, and its worker is shut in all the same", async ({ page, watch }) => {
    watch.expectErrors("Content Security Policy", "Failed to fetch");
    await watch.leaveWorker();
    const host = await serveUnder("/some/path/");
    const stranger = await serve({ folder: MODELS, allowOrigin: "*" });
    watch.expectServer(host.url);
    await page.goto(`${host.url}/some/path/#classify`);
    await expectState(page, "result");
    const tryIt = (address: string) =>
      fetch(address).then(
        () => "reached",
        () => "refused",
      );
    const address = `${stranger.url}/${INTENT}/config.json`;
    expect(await page.evaluate(tryIt, address)).toBe("refused");
    expect(await engineOf(page).evaluate(tryIt, address)).toBe("refused");
    await host.close();
    await stranger.close();
  });

  test("the page is there without a connection, and old builds' files are gone", async ({ page, context, watch }) => {
    watch.expectErrors("ERR_INTERNET_DISCONNECTED", "Failed to load resource", "Failed to fetch");
    await page.goto("/#classify");
    await page.evaluate(() => caches.open("playground of another build"));
    await expectState(page, "result");
    const missing = () =>
      page.evaluate(async () => {
        const loaded = performance.getEntriesByType("resource").filter(({ name }) => !name.includes("/models/"));
        const kept = await Promise.all(loaded.map(async ({ name }) => (await caches.match(name)) !== undefined));
        return kept.filter((isKept) => !isKept).length;
      });
    await expect.poll(missing).toBe(0);
    await context.setOffline(true);
    await page.reload();
    await expect(page.getByRole("heading", { name: "Classify" })).toBeVisible();
    await expect(page.getByRole("textbox", { name: "Text" })).toHaveValue("wake me up at half past six tomorrow");
    await context.setOffline(false); // some versions of Chromium tell a page that was loaded offline only of what changes
    await context.setOffline(true);
    await expect(page.getByText("Offline. Loaded models work.")).toBeVisible();
  });
});
