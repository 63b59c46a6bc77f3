// What every end-to-end test stands on: the built playground on a server of its own, a page that is watched for errors
// and for requests to anybody else, and a count of the GPU buffers that are alive.
import { expect, test as base, type Page } from "@playwright/test";
// @ts-expect-error plain JavaScript
import { serve as serveFiles } from "../../tools/serve.mjs";

export { expect };

interface Site {
  readonly url: string;
  close(): Promise<void>;
}

export const serve = serveFiles as (options: { folder?: string; allowOrigin?: string }) => Promise<Site>;

interface Watch {
  /** Console and WebGPU errors that a test expects: text that each of them holds. */
  expectErrors(...texts: string[]): void;
  /** Addresses of other servers that a test expects to be asked. */
  expectServer(origin: string): void;
}

export const test = base.extend<{ watch: Watch }, { site: Site }>({
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
  watch: [
    async ({ page, site }, use) => {
      const errors: string[] = [];
      const strangers: string[] = [];
      const expectedErrors: string[] = [];
      const expectedServers = [site.url];
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("request", (request) => strangers.push(request.url()));
      await page.addInitScript(watchGpu);
      await use({
        expectErrors: (...texts) => void expectedErrors.push(...texts),
        expectServer: (origin) => void expectedServers.push(origin),
      });
      expect(errors.filter((error) => !expectedErrors.some((text) => error.includes(text)))).toEqual([]);
      expect(strangers.filter((url) => !expectedServers.some((origin) => url.startsWith(`${origin}/`)))).toEqual([]);
    },
    { auto: true },
  ],
});

declare global {
  interface Window {
    liveBuffers: Set<GPUBuffer>;
    gpuDevices: GPUDevice[];
  }
}

/** Runs in the page before anything else: follows buffers, and makes uncaptured WebGPU errors console errors. */
function watchGpu(): void {
  window.liveBuffers = new Set();
  window.gpuDevices = [];
  if (!("GPUDevice" in window)) return;
  /* eslint-disable @typescript-eslint/unbound-method -- called with the object they were taken from */
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  const { requestDevice } = GPUAdapter.prototype;
  /* eslint-enable @typescript-eslint/unbound-method */
  GPUDevice.prototype.createBuffer = function (descriptor) {
    const buffer = createBuffer.call(this, descriptor);
    window.liveBuffers.add(buffer);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    window.liveBuffers.delete(this);
    destroy.call(this);
  };
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    device.addEventListener("uncapturederror", ({ error }) => console.error(`WebGPU: ${error.message}`));
    window.gpuDevices.push(device);
    return device;
  };
}

/** Waits until the page shows a state. */
export async function expectState(page: Page, state: string): Promise<void> {
  await expect(page.locator("main")).toHaveAttribute("data-state", state);
}

export const bestLabel = (page: Page) => page.getByRole("table", { name: "Scores" }).getByRole("rowheader").first();

export async function openModelDialog(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Model/ }).click();
  await expect(page.getByRole("dialog", { name: "Model" })).toBeVisible();
}
