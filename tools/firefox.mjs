// `npm run test:firefox`: kernels, golden models, tasks, worker, cache and the built playground's screens in Firefox, on the same software
// GPU as Chromium's tests, within the same tolerances. Installs the browser where there is none. --short: what `npm test` has time
// for. The last line is "N passed, N failed".
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { ensureFirefox, softwareVulkan } from "./browser.mjs";
import { buildAll } from "./run.mjs";
import { serve } from "./serve.mjs";
import { ROOT } from "./setup.mjs";

const GROUPS = ["kernels", "golden", "tasks", "worker", "cache"];
/** The screen, and the bundled model without which it has nothing to show. */
const SCREENS = [
  ["redact", "redact"],
  ["classify", "tiny-intent"],
  ["zero-shot", "zero-shot"],
  ["ask", "answers"],
  ["fill", "fill"],
  ["rank", "vectors"],
  ["compare", "vectors"],
  ["choose", "reply"],
  ["inspect", "tiny-intent"],
];
const SHORT_SCREENS = 2;
const MINUTE = 60_000;

const PREFERENCES = {
  "dom.webgpu.enabled": true,
  "dom.webgpu.workers.enabled": true,
  "gfx.webgpu.ignore-blocklist": true,
};

/** Firefox, installed where there is none, on the software GPU of Chromium's tests. */
export async function launchFirefox() {
  const { default: puppeteer } = await import("puppeteer-core");
  return puppeteer.launch({
    browser: "firefox",
    executablePath: await ensureFirefox(),
    headless: true,
    extraPrefsFirefox: PREFERENCES,
    env: { ...process.env, ...(await softwareVulkan()) },
    protocolTimeout: 30 * MINUTE,
  });
}

/** A page that gathers what went wrong in it. */
async function watchedPage(browser) {
  const page = await browser.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  return { page, errors };
}

/** The groups of test/firefox/page.ts, on Vite's own server, which compiles what the page imports. */
async function runGroups(browser, groups, long) {
  const { createServer } = await import("vite");
  process.env.TEST_LONG = long ? "1" : "";
  const server = await createServer({
    root: ROOT,
    mode: "firefox",
    logLevel: "error",
    server: { port: 0, host: "127.0.0.1" },
    // All libraries are found before the page is there: finding one later loads the page anew.
    optimizeDeps: { entries: ["test/firefox/index.html", "test/firefox/*.ts", "src/**/*.ts"] },
  });
  await server.listen();
  const { page, errors } = await watchedPage(browser);
  const outcomes = [];
  try {
    await page.goto(`${server.resolvedUrls.local[0]}test/firefox/index.html`);
    for (const group of groups) {
      await page.waitForFunction("globalThis.runGroup !== undefined", { timeout: 2 * MINUTE });
      const started = performance.now();
      const { passed, failed } = await page.evaluate((name) => globalThis.runGroup(name), group);
      outcomes.push({
        group,
        passed,
        failed: [...failed, ...errors.splice(0)],
        seconds: (performance.now() - started) / 1000,
      });
    }
  } catch (error) {
    outcomes.push({ group: "page", passed: 0, failed: [String(error), ...errors], seconds: 0 });
  } finally {
    await page.close();
    await server.close();
  }
  return outcomes;
}

/** Each screen of the built playground answers its example. */
async function runScreens(browser, screens) {
  if (!existsSync(join(ROOT, "dist-demo/index.html"))) {
    const { code, output } = await buildAll();
    if (code !== 0) return { group: "screens", passed: 0, failed: [output], seconds: 0 };
  }
  const started = performance.now();
  const site = await serve();
  const failed = [];
  let passed = 0;
  for (const [screen, model] of screens) {
    if (!existsSync(join(ROOT, "dist-demo/models", model))) continue;
    const { page, errors } = await watchedPage(browser);
    try {
      await page.goto(`${site.url}/#${screen}`);
      await page.waitForSelector('main[data-state="result"]', { timeout: 2 * MINUTE });
      if (errors.length > 0) throw new Error(errors.join("; "));
      passed++;
    } catch (error) {
      const shown = await page.evaluate(() => globalThis.document.body.innerText.slice(0, 300)).catch(() => "");
      failed.push(`${screen}: ${String(error)} (${shown.replaceAll("\n", " ")})`);
    } finally {
      await page.close();
    }
  }
  await site.close();
  return { group: "screens", passed, failed, seconds: (performance.now() - started) / 1000 };
}

/** Runs everything; resolves to { passed, failed, details }. */
export async function testFirefox({ short = false, groups = GROUPS } = {}) {
  const browser = await launchFirefox();
  try {
    const version = await browser.version();
    const outcomes = await runGroups(
      browser,
      groups.filter((group) => GROUPS.includes(group)),
      !short,
    );
    if (groups === GROUPS || groups.includes("screens"))
      outcomes.push(await runScreens(browser, short ? SCREENS.slice(0, SHORT_SCREENS) : SCREENS));
    const details = [version];
    for (const { group, passed, failed, seconds } of outcomes) {
      details.push(`${group}: ${passed} passed, ${failed.length} failed (${seconds.toFixed(1)} s)`);
      details.push(...failed.map((line) => `  × ${line}`));
    }
    const count = (field) => outcomes.reduce((sum, outcome) => sum + field(outcome), 0);
    return { passed: count(({ passed }) => passed), failed: count(({ failed }) => failed.length), details };
  } finally {
    await browser.close();
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({ options: { short: { type: "boolean" } }, allowPositionals: true });
  const groups = positionals.length > 0 ? { groups: positionals } : {};
  const { passed, failed, details } = await testFirefox({ short: values.short ?? false, ...groups });
  console.log(details.join("\n"));
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
