// Every kernel variant against its float64 twin, on every capability set of the adapter that has it.
import { describe, expect, test } from "vitest";
import type { Capabilities } from "../../src/kernels/kernel.js";
import type { Device } from "../../src/runtime/device.js";
import { dispatches } from "../../src/runtime/dispatches.js";
import { KERNEL_CASES } from "../../src/self-test/cases.js";
import { bodyCase } from "../../src/self-test/cases/matmul.js";
import { runCase } from "../support/cases.js";
import { capabilitySets } from "../support/gpu.js";
import { caseGroups } from "./case-groups.js";
import { GPU_PLANS, packedBodyCases } from "./plans.js";

const sets = await capabilitySets();

/** Without subgroups Deno runs every case: the short run has each third here. */
const SHORT = 3;
const groups = caseGroups(sets).map(({ cases, ...group }) => ({
  ...group,
  cases: cases.filter((_, i) => __LONG__ || group.device.capabilities.subgroupSize > 0 || i % SHORT === 0),
}));

describe.each(groups)("$title", ({ device, cases }) => {
  test.each(cases)("$name", (one) => runCase(device, one));
});

// Bodies for GPUs that are not there compute the same on any device; default limits are the ones they must fit into.
describe("matmul's bodies, default limits", () => {
  const { device } = sets.at(-1)!;
  test.each(GPU_PLANS.map(bodyCase))("$name", (one) => runCase(device, one));
  test.each(packedBodyCases(0))("$name", (one) => runCase(device, one));

  test("halves that RDNA3 gets as floats", async () => {
    const capabilities: Capabilities = { ...device.capabilities, vendor: "amd", architecture: "rdna-3" };
    const rdna3 = Object.create(device, { capabilities: { value: capabilities } }) as Device;
    const halves = KERNEL_CASES["matmul"]!.find(({ name }) => name === "weights in f16")!;
    const { graph } = halves.build(capabilities);
    const texts = dispatches(graph, capabilities).map(({ shader }) => shader.text);
    expect(texts.filter((text) => text.includes("2.0 * weights")).length).toBeGreaterThan(2);
    await runCase(rdna3, halves);
  });
});
