// The device that models share when the caller gives none: asked for with the first of them, destroyed with the last.
import { Device } from "./device.js";

let shared: { readonly device: Promise<Device>; users: number } | undefined;

/**
 * The device to load a model on: the caller's, which is never destroyed, or one that all models without a device of their own
 * share and that goes with the last of them. `release` once for every call.
 */
export async function acquireDevice(given?: GPUDevice): Promise<{
  /** To compile and run on. */
  device: Device;
  /** Gives it back. */
  release: () => void;
}> {
  if (given) return { device: Device.of(given), release: () => undefined };
  const mine = (shared ??= { device: Device.request(), users: 0 });
  mine.users++;
  const release = () => {
    if (--mine.users > 0) return;
    if (shared === mine) shared = undefined;
    void mine.device.then(
      ({ gpu }) => gpu.destroy(),
      () => undefined,
    );
  };
  const forget = () => {
    if (shared === mine) shared = undefined;
  };
  try {
    const device = await mine.device;
    void device.gpu.lost.then(forget); // the next load asks for a new one
    return { device, release };
  } catch (error) {
    forget();
    release();
    throw error;
  }
}
