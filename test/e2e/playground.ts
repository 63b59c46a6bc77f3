// What every end-to-end test stands on: the built playground on a server of its own, a page that is watched for errors and
// for requests to anybody else, in its worker too, and a count of the GPU buffers that are alive there.
import { expect, test as base, type ConsoleMessage, type Page, type Request, type Worker } from "@playwright/test";
import { fileURLToPath } from "node:url";
// @ts-expect-error plain JavaScript
import { serve as serveFiles } from "../../tools/serve.mjs";

export { expect };

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

export const serve = serveFiles as (options: { folder?: string; allowOrigin?: string }) => Promise<Site>;

export const MODELS = fileURLToPath(new URL("../../dist-demo/models", import.meta.url));

/** The bundled folders of the two classifiers. */
export const INTENT = "tiny-intent";
export const MOOD = "tiny-mood";

const SIZE = { width: 1280, height: 800 };
const ENGINE = /\/assets\/(hub-)?engine-thread-[\w-]+\.js$/;

/** Cases that cost much and repeat what another one shows in short. */
export const LONG = process.env["TEST_LONG"] === "1";

interface Watch {
  /** Console and WebGPU errors that a test expects: text that each of them holds. */
  expectErrors(...texts: string[]): void;
  /** Addresses of other servers that a test expects to be asked. */
  expectServer(origin: string): void;
  /** What was asked for: address and body of every request. */
  readonly requests: readonly string[];
  /** Leaves the worker's script as the server sends it: one that a test puts together has no address of its own, and the
   * browser then lets it reach no other local server, whatever the policy says. */
  leaveWorker(): Promise<void>;
}

/** Tests with a page of their own. */
export const test = base.extend<{ watch: Watch; inWorker: string }, { site: Site; tour: Page }>({
  site: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants a destructured first argument
    async ({}, use) => {
      const site = await serve({});
      await use(site);
      await site.close();
    },
    { scope: "worker" },
  ],
  tour: [
    async ({ browser, site }, use) => {
      const permissions = ["clipboard-read", "clipboard-write"];
      const context = await browser.newContext({
        baseURL: site.url,
        viewport: SIZE,
        permissions,
        serviceWorkers: "block",
      });
      await use(await context.newPage());
      await context.close();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ site }, use) => use(site.url),
  /** Code that runs in the engine's worker before anything else. */
  inWorker: ["", { option: true }],
  watch: [
    async ({ page, site, inWorker }, use) => {
      const errors: string[] = [];
      const strangers: string[] = [];
      const requests: string[] = [];
      const expectedErrors: string[] = ["Service Worker registration blocked"];
      const expectedServers = [site.url];
      const onConsole = (message: ConsoleMessage) => {
        if (message.type() === "error") errors.push(message.text());
      };
      const onError = (error: Error) => void errors.push(error.message);
      const onRequest = (request: Request) => {
        strangers.push(request.url());
        requests.push(`${request.url()} ${request.postData() ?? ""}`);
      };
      page.on("console", onConsole).on("pageerror", onError).on("request", onRequest);
      await page.route(ENGINE, async (route) => {
        if (route.request().method() !== "GET") return route.continue();
        const watching = `(${watchGpu.toString()})();${inWorker};`;
        try {
          const response = await route.fetch();
          await route.fulfill({ response, body: watching + (await response.text()) });
        } catch (error) {
          // A page that is loaded again or closed meanwhile wants no answer any more.
          if (!/disposed|closed|aborted|Test ended|already handled|Invalid InterceptionId/i.test(String(error)))
            throw error;
        }
      });
      await use({
        expectErrors: (...texts) => void expectedErrors.push(...texts),
        expectServer: (origin) => void expectedServers.push(origin),
        requests,
        leaveWorker: () => page.unrouteAll(),
      });
      page.off("console", onConsole).off("pageerror", onError).off("request", onRequest);
      await page.unroute(ENGINE);
      expect(errors.filter((error) => !expectedErrors.some((text) => error.includes(text)))).toEqual([]);
      const isExpected = (url: string) =>
        url.startsWith("blob:") || expectedServers.some((origin) => url.startsWith(`${origin}/`));
      expect(strangers.filter((url) => !isExpected(url))).toEqual([]);
    },
    { auto: true },
  ],
});

/**
 * Tests that share one page, which goes from screen to screen as a visitor does: its engine stays, so that a shader is compiled
 * once for all of them.
 */
export const visit = test.extend({
  page: async ({ tour }, use) => {
    await tour.goto("/#storage"); // loads no model, and makes every screen after it a new one
    await expect(tour.locator("main")).toHaveAttribute("data-screen", "storage");
    await use(tour);
    await tour.emulateMedia({ colorScheme: null, reducedMotion: null });
    await tour.setViewportSize(SIZE);
  },
});

/** The worker's global scope with what `watchGpu` adds. */
type Watched = typeof globalThis & { liveBuffers: Set<GPUBuffer>; gpuDevices: GPUDevice[] };

/** Runs in the worker: follows buffers and devices, and makes uncaptured WebGPU errors console errors. */
function watchGpu(): void {
  const scope = globalThis as Watched;
  scope.liveBuffers = new Set();
  scope.gpuDevices = [];
  if (!("GPUDevice" in scope)) return;
  /* eslint-disable @typescript-eslint/unbound-method -- called with the object they were taken from */
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  const { requestDevice } = GPUAdapter.prototype;
  /* eslint-enable @typescript-eslint/unbound-method */
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    scope.liveBuffers.add(buffer);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    scope.liveBuffers.delete(this);
    destroy.call(this);
  };
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    device.addEventListener("uncapturederror", ({ error }) => console.error(`WebGPU: ${error.message}`));
    scope.gpuDevices.push(device);
    return device;
  };
}

/** The worker in which the engine runs. */
export function engineOf(page: Page): Worker {
  const worker = page.workers().find((each) => each.url().includes("engine-thread"));
  if (!worker) throw new Error("the engine's worker has not started");
  return worker;
}

export const liveBuffers = (page: Page): Promise<number> =>
  engineOf(page).evaluate(() => (globalThis as Watched).liveBuffers.size);

export const loseDevices = (page: Page): Promise<void> =>
  engineOf(page).evaluate(() => (globalThis as Watched).gpuDevices.forEach((device) => device.destroy()));

/** Waits until the page shows a state. */
export async function expectState(page: Page, state: string | RegExp): Promise<void> {
  await expect(page.locator("main")).toHaveAttribute("data-state", state);
}

/** Opens a screen and waits for its first answer. */
export async function openScreen(page: Page, hash: string, state: string | RegExp = "result"): Promise<void> {
  await page.goto(`/#${hash}`);
  await expect(page.locator("main")).toHaveAttribute("data-screen", hash.split("?")[0]!);
  await expectState(page, state);
}

export const bestLabel = (page: Page) => page.getByRole("table", { name: "Scores" }).getByRole("rowheader").first();

export async function openModelDialog(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Model/ }).click();
  await expect(page.getByRole("dialog", { name: "Model" })).toBeVisible();
}
