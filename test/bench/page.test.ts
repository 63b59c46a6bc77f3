// The page of the bench as it would lie on a static host: built, opened, run with a small budget on the software adapter, and the file
// that it gives to save. (Started from Node, where the build runs.)
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright";
import sirv from "sirv";
import { afterAll, beforeAll, expect, test } from "vitest";
// @ts-expect-error plain JavaScript
import { buildPage as buildUntyped, readReport as readUntyped } from "../../bench/page.mjs";
import type { Report } from "../../bench/page/report.js";
// @ts-expect-error plain JavaScript
import { BROWSER_FLAGS, FAST_COMPILE_FLAG, findBrowser } from "../../tools/browser.mjs";

const buildPage = buildUntyped as (folder: string, options: { onnx: boolean }) => Promise<void>;
const readReport = readUntyped as (report: Report) => string[];

const folder = mkdtempSync(join(tmpdir(), "bench-page-"));
let server: Server;
let browser: Browser;

beforeAll(async () => {
  await buildPage(folder, { onnx: false });
  const files = sirv(folder);
  server = createServer((request, response) => files(request, response, () => void response.writeHead(404).end()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const executablePath = await (findBrowser as () => Promise<string | undefined>)();
  browser = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    args: [...(BROWSER_FLAGS as string[]), FAST_COMPILE_FLAG as string],
  });
});

afterAll(async () => {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true });
});

test("measures what is asked for and gives the figures to save", async () => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.fill("#budget", "1");
  await page.uncheck("input[name=selfTest]"); // most of the time on a processor, and a test of its own (test/self-test)
  await page.click("#start");
  await page.waitForSelector("#save:not([hidden])", { timeout: 110_000 });
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#file")]);
  const report = JSON.parse(readFileSync(await download.path(), "utf8")) as Report;
  expect(errors).toEqual([]);
  expect(download.suggestedFilename()).toMatch(/^figures-.*\d\.json$/);

  expect(report.capabilities.software).toBe(true);
  expect(report.limits["maxBufferSize"]).toBeGreaterThanOrEqual(2 ** 28);
  expect(report.features).toContain("core-features-and-limits");
  expect(report.selfTest).toEqual({ cases: 0, wrong: [] });

  expect(report.bodies.map(({ shape }) => shape)).toEqual(["128×768×768", "512×768×3072", "1×768×768"]);
  for (const { timed, shape, planned, bodies } of report.bodies) {
    expect(bodies.length).toBeGreaterThan(8);
    expect(bodies.map(({ plan }) => plan)).toContain(planned);
    for (const body of bodies) {
      expect(body.failed, body.plan).toBeUndefined();
      expect(body.error, body.plan).toBeLessThan(1e-5);
      expect(body.milliseconds, body.plan).toBeGreaterThan(0);
    }
    if (shape === "512×768×3072") expect(timed).not.toBe(shape); // no processor does it in a millisecond
  }

  const timed = report.kernels.filter(({ failed }) => failed === undefined);
  expect(timed.length).toBeGreaterThan(3);
  for (const { failed, milliseconds } of report.kernels)
    expect(failed?.startsWith("left out: some ") ?? milliseconds! > 0, failed ?? "a time").toBe(true);

  expect(report.models).toHaveLength(6);
  for (const { failed } of report.models) expect(failed ?? "left out: some").toMatch(/^left out: some/);

  const [, ...lines] = readReport(report);
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toMatch(/planned .* ms; fastest .* ms; ratio \d+\.\d\d$/);
  await page.close();
}, 120_000);
