// The kernel cases of each capability set. Sets share shaders: in the short run a case is left out where all of its dispatches are
// those of a set before. Free of Vitest, so that Chromium and Deno run the same.
import type { Capabilities } from "../../src/kernels/kernel.js";
import type { Device } from "../../src/runtime/device.js";
import { dispatches } from "../../src/runtime/dispatches.js";
import type { GraphCase } from "../../src/self-test/case.js";
import { KERNEL_CASES } from "../../src/self-test/cases.js";
import type { CapabilitySet } from "../support/gpu.js";

export interface CaseGroup {
  /** The set, and what the cases are of. */
  readonly title: string;
  readonly device: Device;
  readonly cases: readonly GraphCase[];
}

/** What a case makes a device do, as a text. */
function workOf({ name, build }: GraphCase, device: Capabilities): string {
  const all = dispatches(build(device).graph, device);
  return JSON.stringify([name, ...all.map(({ shader, params, workgroups }) => [shader.text, params, workgroups])]);
}

export function caseGroups(sets: readonly CapabilitySet[]): CaseGroup[] {
  const met = new Set<string>();
  const isNew = (one: GraphCase, { capabilities }: Device): boolean => {
    const { size } = met;
    return met.add(workOf(one, capabilities)).size > size;
  };
  const groups = sets.flatMap(({ name, device }) =>
    Object.entries(KERNEL_CASES).map(([group, cases]) => ({
      title: `${name} > ${group}`,
      device,
      cases: cases.filter((one) => __LONG__ || isNew(one, device)),
    })),
  );
  return groups.filter(({ cases }) => cases.length > 0);
}
