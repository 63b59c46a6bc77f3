// Every kernel variant against its float64 twin, on every capability set of the adapter.
import { describe, test } from "vitest";
import { KERNEL_CASES } from "../../src/self-test/cases.js";
import { bodyCase } from "../../src/self-test/cases/matmul.js";
import { runCase } from "../support/cases.js";
import { capabilitySets } from "../support/gpu.js";
import { GPU_PLANS, packedBodyCases } from "./plans.js";

const sets = await capabilitySets();

describe.each(sets)("$name", ({ device }) => {
  describe.each(Object.entries(KERNEL_CASES))("%s", (_, cases) => {
    test.each(cases)("$name", (one) => runCase(device, one));
  });
});

// Bodies for GPUs that are not there compute the same on any device; default limits are the ones they must fit into.
describe("matmul's bodies, default limits", () => {
  const { device } = sets.at(-1)!;
  test.each(GPU_PLANS.map(bodyCase))("$name", (one) => runCase(device, one));
  test.each(packedBodyCases(0))("$name", (one) => runCase(device, one));
});
