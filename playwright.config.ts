// End-to-end tests: the built playground and the built package in the browser that tools/browser.mjs finds, on its software GPU.
import { defineConfig } from "@playwright/test";
// @ts-expect-error plain JavaScript, shared with the set-up scripts
import { BROWSER_FLAGS, FAST_COMPILE_FLAG, findBrowser } from "./tools/browser.mjs";

const executablePath = await (findBrowser as () => Promise<string | undefined>)();

export default defineConfig({
  testDir: "test/e2e",
  outputDir: "test-results",
  timeout: 120_000, // a software GPU on a machine that others use too
  expect: { timeout: 45_000 },
  workers: 1, // one software GPU
  forbidOnly: true,
  use: {
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      args: [...(BROWSER_FLAGS as string[]), FAST_COMPILE_FLAG as string],
    },
    viewport: { width: 1280, height: 800 },
    permissions: ["clipboard-read", "clipboard-write"],
    serviceWorkers: "block", // one test looks at it
  },
});
