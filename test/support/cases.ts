// A case as a test: every kernel right, no buffer left, no WebGPU error that nobody caught.
import type { Device } from "../../src/runtime/device.js";
import type { GraphCase } from "../../src/self-test/case.js";
import { runCase as results } from "../../src/self-test/run-case.js";
import { checked } from "./gpu.js";

/** Runs a case on a device. Throws an Error that lists every wrong value. */
export async function runCase(device: Device, one: GraphCase): Promise<void> {
  const wrong = (await checked(device, () => results(device, one))).filter(({ ok }) => !ok);
  if (wrong.length > 0) throw new Error(wrong.map(({ message }) => message).join("\n"));
}
