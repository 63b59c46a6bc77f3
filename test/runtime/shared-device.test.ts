// The engine's own device: one for all models, there for the next one that comes soon, gone when none does.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Device } from "../../src/runtime/device.js";
import { acquireDevice } from "../../src/runtime/shared-device.js";
import { StubGpu } from "../support/stub-gpu.js";

class StubDevice extends StubGpu {
  isDestroyed = false;
  destroy(): void {
    this.isDestroyed = true;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  const requestDevice = () => Promise.resolve(new StubDevice());
  const requestAdapter = () => Promise.resolve({ features: new Set(), limits: {}, requestDevice });
  vi.stubGlobal("navigator", { gpu: { requestAdapter } });
});
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const isDestroyed = ({ gpu }: Device): boolean => (gpu as unknown as StubDevice).isDestroyed;

test("models at once share a device; a later one within seconds gets it too, as compiled as it is", async () => {
  const [one, two] = await Promise.all([acquireDevice(), acquireDevice()]);
  expect(two.device).toBe(one.device);
  one.release();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(isDestroyed(one.device)).toBe(false);
  two.release();
  await vi.advanceTimersByTimeAsync(4000);
  const three = await acquireDevice();
  expect(three.device).toBe(one.device);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(isDestroyed(one.device)).toBe(false);
  three.release();
  await vi.advanceTimersByTimeAsync(5000);
  expect(isDestroyed(one.device)).toBe(true);
});

test("a program of Node's or Deno's does not wait for that", async () => {
  const start = vi.spyOn(globalThis, "setTimeout");
  const { release } = await acquireDevice();
  release();
  const lingers = start.mock.results.filter((_, i) => start.mock.calls[i]![1]! >= 1000);
  expect(lingers.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false]);
  start.mockRestore();
});

test("once it is gone the next model gets a new one", async () => {
  const one = await acquireDevice();
  one.release();
  await vi.advanceTimersByTimeAsync(5000);
  expect(isDestroyed(one.device)).toBe(true);
  const two = await acquireDevice();
  expect(two.device).not.toBe(one.device);
  two.release();
});

test("a given device is nobody's to destroy", async () => {
  const given = new StubDevice();
  const { device, release } = await acquireDevice(given as unknown as GPUDevice);
  release();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(isDestroyed(device)).toBe(false);
});
