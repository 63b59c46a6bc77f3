// Every kernel variant against its float64 twin, on every capability set of the adapter.
import { describe, test } from "vitest";
import { runCase } from "../support/cases.js";
import { capabilitySets } from "../support/gpu.js";
import { KERNEL_CASES } from "./cases.js";

const sets = await capabilitySets();

describe.each(sets)("$name", ({ device }) => {
  describe.each(Object.entries(KERNEL_CASES))("%s", (_, cases) => {
    test.each(cases)("$name", (one) => runCase(device, one));
  });
});
