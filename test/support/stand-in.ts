// Subgroups of sizes that no adapter here has: the shaders that those would get, with the builtins replaced by functions of the
// same meaning over workgroup memory. One workgroup of these kernels is one subgroup.
import type { Capabilities } from "../../src/kernels/kernel.js";
import { Device } from "../../src/runtime/device.js";
import { brokenDevice } from "./broken-device.js";

const standIn = (lanes: number) => `
var<private> standInLane: u32;
var<workgroup> standInVectors: array<vec4f, ${lanes}>;
var<workgroup> standInNumbers: array<f32, ${lanes}>;
fn subgroupBroadcast(value: vec4f, lane: u32) -> vec4f {
  workgroupBarrier();
  standInVectors[standInLane] = value;
  workgroupBarrier();
  return standInVectors[lane];
}
fn subgroupAdd(value: f32) -> f32 {
  workgroupBarrier();
  standInNumbers[standInLane] = value;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ${lanes}u; i++) { total += standInNumbers[i]; }
  return total;
}
fn subgroupMax(value: f32) -> f32 {
  workgroupBarrier();
  standInNumbers[standInLane] = value;
  workgroupBarrier();
  var largest = standInNumbers[0];
  for (var i = 1u; i < ${lanes}u; i++) { largest = max(largest, standInNumbers[i]); }
  return largest;
}
`;

function replaced(code: string, lanes: number): string {
  if (!code.includes("enable subgroups;")) return code;
  return (
    code
      .replace("enable subgroups;", "")
      .replace("@builtin(subgroup_invocation_id)", "@builtin(local_invocation_index)")
      .replace(/(@builtin\(local_invocation_index\) (\w+): u32\) \{)/, "$1\n  standInLane = $2;") + standIn(lanes)
  );
}

/** A device that believes in subgroups of so many lanes; `changed` counts the shaders that use them. */
export async function standInDevice(
  lanes: number,
  given: Partial<Capabilities> = {},
): Promise<{ device: Device; changed: { count: number } }> {
  const { device, changed } = await brokenDevice((code) => replaced(code, lanes));
  device.capabilities = { ...device.capabilities, subgroupSize: lanes, ...given };
  return { device, changed };
}
