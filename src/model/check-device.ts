// Before a device computes for anybody it computes something known. A variant of kernels that comes out wrong is given up.
import { DeviceError } from "../errors.js";
import type { Device } from "../runtime/device.js";
import { FALLBACKS, hasAll } from "../runtime/variants.js";
import { withPlan } from "../runtime/with-plan.js";
import { isKnown, knownLayer } from "./known-layer.js";

const checks = new WeakMap<Device, Promise<void>>();

/**
 * Resolves when the device has computed a known layer rightly: at once, or without the variants that `device.withdrawn` names.
 * Once for a device.
 * @throws DeviceError where nothing that can be given up helps
 */
export function checkDevice(device: Device): Promise<void> {
  let check = checks.get(device);
  if (!check) {
    check = run(device);
    checks.set(device, check);
    check.catch(() => checks.delete(device)); // memory may be there the next time
  }
  return check;
}

async function run(device: Device): Promise<void> {
  if (await isSound(device)) return;
  const { capabilities } = device;
  for (const variants of FALLBACKS) {
    if (!hasAll(capabilities, variants) || !(await isSound(device.without(variants)))) continue;
    device.withdraw(variants, "with them a known layer comes out wrong");
    return;
  }
  throw new DeviceError(`${device.adapter} computes wrongly: a layer with a known answer came out differently`);
}

async function isSound(device: Device): Promise<boolean> {
  const { graph, inputs, residents } = knownLayer(device.capabilities);
  return isKnown(await withPlan(device, graph, residents, (plan) => plan.run(inputs)));
}
