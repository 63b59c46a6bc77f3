// The kernel cases under Deno: wgpu and Naga, what Firefox uses, on the variants without subgroups.
import { runCase } from "../support/cases.js";
import { runTests } from "../support/deno.js";
import { capabilitySets } from "../support/gpu.js";
import { caseGroups } from "./case-groups.js";
import { packedBodyCases } from "./plans.js";

const sets = await capabilitySets();

const { device: least } = sets.at(-1)!;

await runTests([
  ...caseGroups(sets).flatMap(({ title, device, cases }) =>
    cases.map((one) => ({ name: `${title} > ${one.name}`, run: () => runCase(device, one) })),
  ),
  ...packedBodyCases(2).map((one) => ({ name: one.name, run: () => runCase(least, one) })),
]);
