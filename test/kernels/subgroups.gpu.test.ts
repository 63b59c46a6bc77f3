// The bodies for subgroups of 16, 32 and 64 lanes, which no software adapter has: every product's tile edges, every row sum.
import { describe, expect, test } from "vitest";
import { KERNEL_CASES } from "../../src/self-test/cases.js";
import { brokenDevice } from "../support/broken-device.js";
import { runCase } from "../support/cases.js";
import { standInDevice } from "../support/stand-in.js";

/** Matrices at the edges of tiles, columns and places; LayerNorm whole; softmax's extremes. */
const CASES = [
  ...KERNEL_CASES["matmul"]!.slice(0, 2),
  ...KERNEL_CASES["layerNorm"]!,
  ...KERNEL_CASES["attention"]!.filter(({ name }) => name.startsWith("softmax")),
];

// Each compiles for a device of its own: in the short run the widest.
describe.each(__LONG__ ? [16, 32, 64] : [64])("subgroups of %i", (lanes) => {
  test("as the kernels plan them", async () => {
    expect(CASES.length).toBe(7);
    const { device, changed } = await standInDevice(lanes, { software: true });
    for (const one of CASES) await runCase(device, one);
    expect(changed.count).toBeGreaterThan(8);
    device.gpu.destroy();
  });
});

// What RDNA, Intel and Adreno offer (subgroup-size-control), on a driver that then refuses: no software adapter has subgroups of 64.
test("subgroups of a size that the driver refuses when the pipeline is made", async () => {
  const asked: string[] = [];
  const compiled: string[] = [];
  const { device } = await brokenDevice((code) => {
    (code.includes("@subgroup_size(64)") ? asked : compiled).push(code);
    return code;
  });
  device.capabilities = { ...device.capabilities, software: false, subgroupSize: 64, subgroupControl: true };
  const rows = CASES.filter(({ name }) => !KERNEL_CASES["matmul"]!.some((one) => one.name === name));
  expect(rows.length).toBe(5);
  for (const one of rows) await runCase(device, one);
  expect(asked.length).toBeGreaterThan(1);
  expect(compiled.filter((code) => code.includes("eighths"))).toHaveLength(asked.length);
  device.gpu.destroy();
});
