// The self-test that pages call: it finds this adapter sound, stops when asked, and finds what is wrong on one that is not.
import { expect, test } from "vitest";
import { selfTest } from "../../src/index.js";
import { LAYER_NORM_CASES } from "../../src/self-test/cases/layer-norm.js";
import { runCase } from "../../src/self-test/run-case.js";
import { brokenDevice } from "../support/broken-device.js";
import { capabilitySets, checked, sharedDevice } from "../support/gpu.js";

const device = await sharedDevice();

test("tells its progress, and an abort ends it", () =>
  checked(device, async () => {
    const stop = new AbortController();
    const told: number[] = [];
    const running = selfTest({
      device: device.gpu,
      signal: stop.signal,
      onProgress(done, all) {
        expect(all).toBeGreaterThan(50);
        if (told.push(done) === 2) stop.abort(new Error("enough"));
      },
    });
    await expect(running).rejects.toThrow("enough");
    expect(told).toEqual([1, 2]);
  }));

// What a page cannot have of this adapter, as tiles for GPUs, has the same cases in kernels.gpu.test.ts.
const devices = new Map(
  (await capabilitySets()).map((set) => [set.device.gpu, { name: set.name, device: set.device }]),
);

test.runIf(__LONG__).for([...devices.values()])("$name: every kernel is right (test:long)", ({ device: each }) =>
  checked(each, async () => {
    const { ok, adapter, results } = await selfTest({ device: each.gpu });
    expect(results.filter((result) => !result.ok)).toEqual([]);
    expect(ok).toBe(true);
    expect(adapter).toMatch(/\w/);
    expect(results.length).toBeGreaterThan(100);
    for (const { error } of results) expect(error).toBeLessThan(1);
  }),
);

test("a shader that computes wrongly is named with the value that is wrong", async () => {
  const { device: broken } = await brokenDevice((code) => code.replaceAll("gamma[", "2 * gamma["));
  const [result] = await runCase(broken, LAYER_NORM_CASES[0]!);
  expect(result).toMatchObject({ kernel: "layerNorm", case: LAYER_NORM_CASES[0]!.name, ok: false });
  expect(result!.error).toBeGreaterThan(0.1);
  expect(result!.message).toContain("layerNorm");
  broken.gpu.destroy();
});

test("a shader that the driver refuses is a result too", async () => {
  const { device: broken } = await brokenDevice((code) => code.replace("fn main", "fn mein"));
  const [result] = await runCase(broken, LAYER_NORM_CASES[0]!);
  expect(result).toMatchObject({ kernel: "layerNorm", error: Infinity, ok: false });
  expect(result!.message).toContain("layer-norm.wgsl");
  broken.gpu.destroy();
});
