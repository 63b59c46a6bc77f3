// The kernel cases under Deno: wgpu and Naga, what Firefox uses, on the variants without subgroups.
import { KERNEL_CASES } from "../../src/self-test/cases.js";
import { runCase } from "../support/cases.js";
import { runTests } from "../support/deno.js";
import { capabilitySets } from "../support/gpu.js";
import { packedBodyCases } from "./plans.js";

const sets = await capabilitySets();

const { device: least } = sets.at(-1)!;

await runTests([
  ...sets.flatMap((set) =>
    Object.entries(KERNEL_CASES).flatMap(([group, cases]) =>
      cases.map((one) => ({
        name: `${set.name} > ${group} > ${one.name}`,
        run: () => runCase(set.device, one),
      })),
    ),
  ),
  ...packedBodyCases(2).map((one) => ({ name: one.name, run: () => runCase(least, one) })),
]);
