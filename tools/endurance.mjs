// `npm run test:endurance`: two tabs of a browser work at the same time, requests and loads that come and go, while the memory of both
// pages and of the GPU's process is watched. Draws it as .cache/endurance.svg. --requests and --loads say how much of it, over both
// tabs. The last line is "N passed, N failed": one case a bound.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { BROWSER_FLAGS, ensureBrowser, FAST_COMPILE_FLAG } from "./browser.mjs";
import { ROOT } from "./setup.mjs";

const TABS = 2;
const SAMPLES = 40;
const MIB = 2 ** 20;
/** Samples before these are of pages that still compile and grow to their size. */
const WARM = SAMPLES / 4;

/** What may grow after the warm part, by curve: share of the warm part's most, and MiB beside. */
const BOUNDS = {
  "heap of the first page": { share: 0, beside: 2 },
  "heap of the second page": { share: 0, beside: 2 },
  "GPU process": { share: 0.1, beside: 0 },
};

/** Resident bytes of a process, where the system tells them (Linux). */
function residentBytes(id) {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))[1]);
  } catch {
    return NaN;
  }
}

async function openTab(browser, url) {
  const page = await browser.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(url);
  await page.waitForFunction("globalThis.endure !== undefined", undefined, { timeout: 120_000 });
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const heap = async () => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "JSHeapUsedSize").value;
  };
  return { page, errors, heap };
}

/** Runs it all; resolves to the curves in MiB by name, and the bytes that nobody held, sample after sample. */
async function watch(requests, loads) {
  const { chromium } = await import("playwright");
  const { createServer } = await import("vite");
  const server = await createServer({
    root: ROOT,
    mode: "firefox",
    logLevel: "error",
    server: { port: 0, host: "127.0.0.1" },
    optimizeDeps: { entries: ["test/endurance/index.html", "test/endurance/*.ts", "src/**/*.ts"] },
  });
  await server.listen();
  const browser = await chromium.launch({
    executablePath: await ensureBrowser(),
    args: [...BROWSER_FLAGS, FAST_COMPILE_FLAG],
  });
  try {
    const url = `${server.resolvedUrls.local[0]}test/endurance/index.html`;
    const tabs = [];
    for (let i = 0; i < TABS; i++) tabs.push(await openTab(browser, url));
    const session = await browser.newBrowserCDPSession();
    const gpuProcess = async () => {
      const { processInfo } = await session.send("SystemInfo.getProcessInfo");
      return processInfo.find(({ type }) => type === "GPU").id;
    };
    const first = await gpuProcess();
    const curves = Object.fromEntries(Object.keys(BOUNDS).map((name) => [name, []]));
    const [heaps, gpu] = [Object.values(curves).slice(0, TABS), curves["GPU process"]];
    const lost = [];
    const share = (all, n) => Math.round((all / TABS / SAMPLES) * (n + 1)) - Math.round((all / TABS / SAMPLES) * n);
    for (let n = 0; n < SAMPLES; n++) {
      const work = [share(requests, n), share(loads, n)];
      const run = ({ page }) => page.evaluate((counts) => globalThis.endure(...counts), work);
      lost.push(...(await Promise.all(tabs.map(run))));
      for (const [i, tab] of tabs.entries()) heaps[i].push((await tab.heap()) / MIB);
      gpu.push(residentBytes(first) / MIB);
    }
    const errors = tabs.flatMap((tab) => tab.errors);
    if ((await gpuProcess()) !== first) errors.push("the GPU's process ended and came again");
    return { curves, lost, errors };
  } finally {
    await browser.close();
    await server.close();
  }
}

/** The most that each curve may show after its warm part. */
const boundsOf = (curves) =>
  Object.fromEntries(
    Object.entries(BOUNDS).map(([name, { share, beside }]) => {
      const warm = Math.max(...curves[name].slice(0, WARM));
      return [name, warm * (1 + share) + beside];
    }),
  );

const [WIDTH, HEIGHT, LEFT, GAP] = [720, 140, 60, 50];

/** A panel for each curve: the curve, and its bound as a dashed line over the samples that it holds for. */
function draw(curves, bounds, title) {
  const panels = Object.entries(curves).map(([name, values], panel) => {
    const top = GAP + panel * (HEIGHT + GAP);
    const most = 1.1 * Math.max(bounds[name], ...values);
    const x = (n) => LEFT + (n * (WIDTH - LEFT)) / (SAMPLES - 1);
    const y = (value) => top + HEIGHT * (1 - value / most);
    const points = values.map((value, n) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    const bound = y(bounds[name]).toFixed(1);
    return [
      `<text x="${LEFT}" y="${top - 8}">${name}: ${values.at(-1).toFixed(1)} MiB at the end, bound ${bounds[name].toFixed(1)} MiB</text>`,
      `<path d="M${LEFT} ${top}V${top + HEIGHT}H${WIDTH}" fill="none" stroke="#888"/>`,
      `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${most.toFixed(0)}</text>`,
      `<text x="${LEFT - 6}" y="${top + HEIGHT}" text-anchor="end">0</text>`,
      `<path d="M${x(WARM).toFixed(1)} ${bound}H${WIDTH}" fill="none" stroke="#c00" stroke-dasharray="6 4"/>`,
      `<polyline points="${points}" fill="none" stroke="#06c" stroke-width="2"/>`,
    ].join("\n");
  });
  const height = GAP + panels.length * (HEIGHT + GAP);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH + 20} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${LEFT}" y="18" font-weight="bold">${title}</text>`,
    ...panels,
    "</svg>\n",
  ].join("\n");
}

/** Runs the tabs and holds what they took against the bounds. Resolves to { passed, failed, details }. */
export async function testEndurance({
  requests = 10_000,
  loads = 500,
  file = join(ROOT, ".cache/endurance.svg"),
} = {}) {
  const started = performance.now();
  const { curves, lost, errors } = await watch(requests, loads);
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  const bounds = boundsOf(curves);
  const title = `${TABS} tabs, ${requests} requests and ${loads} loads in ${minutes} minutes on SwiftShader, ${cpus().length} cores`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, draw(curves, bounds, title));
  const verdicts = [
    ["errors in the pages", errors.length === 0, errors.join("; ") || "none"],
    ["bytes lost on the devices", lost.every((bytes) => bytes === 0), `${Math.max(...lost)} at most`],
    ...Object.entries(curves)
      .filter(([, values]) => values.every(Number.isFinite))
      .map(([name, values]) => {
        const most = Math.max(...values.slice(WARM));
        return [name, most <= bounds[name], `at most ${most.toFixed(1)} MiB, bound ${bounds[name].toFixed(1)} MiB`];
      }),
  ];
  const details = [
    title,
    ...verdicts.map(([name, isGood, figures]) => `${isGood ? "✓" : "×"} ${name}: ${figures}`),
    file,
  ];
  const passed = verdicts.filter(([, isGood]) => isGood).length;
  return { passed, failed: verdicts.length - passed, details };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { requests: { type: "string" }, loads: { type: "string" }, file: { type: "string" } },
  });
  const { requests = "10000", loads = "500", file } = values;
  const outcome = await testEndurance({ requests: Number(requests), loads: Number(loads), ...(file ? { file } : {}) });
  console.log(outcome.details.join("\n"));
  console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
  process.exitCode = outcome.failed > 0 ? 1 : 0;
}
