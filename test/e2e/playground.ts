// What every end-to-end test stands on: the built playground on a server of its own, a page that is watched for errors and
// for requests to anybody else, in its worker too, and a count of the GPU buffers that are alive there.
import { expect, test as base, type Page, type Worker } from "@playwright/test";
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

export const test = base.extend<{ watch: Watch; inWorker: string }, { site: Site }>({
  site: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants a destructured first argument
    async ({}, use) => {
      const site = await serve({});
      await use(site);
      await site.close();
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
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("request", (request) => {
        strangers.push(request.url());
        requests.push(`${request.url()} ${request.postData() ?? ""}`);
      });
      await page.route(/\/assets\/(hub-)?engine-thread-[\w-]+\.js$/, async (route) => {
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
      expect(errors.filter((error) => !expectedErrors.some((text) => error.includes(text)))).toEqual([]);
      const isExpected = (url: string) =>
        url.startsWith("blob:") || expectedServers.some((origin) => url.startsWith(`${origin}/`));
      expect(strangers.filter((url) => !isExpected(url))).toEqual([]);
    },
    { auto: true },
  ],
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
export async function expectState(page: Page, state: string): Promise<void> {
  await expect(page.locator("main")).toHaveAttribute("data-state", state);
}

/** Opens a screen and waits for its first answer. */
export async function openScreen(page: Page, hash: string): Promise<void> {
  await page.goto(`/#${hash}`);
  await expectState(page, "result");
}

export const bestLabel = (page: Page) => page.getByRole("table", { name: "Scores" }).getByRole("rowheader").first();

export async function openModelDialog(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Model/ }).click();
  await expect(page.getByRole("dialog", { name: "Model" })).toBeVisible();
}
