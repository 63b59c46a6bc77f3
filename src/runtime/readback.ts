// From a buffer on the device to an array of the host.
import type { Device } from "./device.js";

/** The first bytes of a mappable buffer, copied. */
export async function readBack(device: Device, staging: GPUBuffer, bytes: number): Promise<Float32Array> {
  if (bytes === 0) return new Float32Array(0);
  await device.unlessLost(staging.mapAsync(GPUMapMode.READ, 0, bytes));
  const data = new Float32Array(staging.getMappedRange(0, bytes).slice(0));
  staging.unmap();
  return data;
}
