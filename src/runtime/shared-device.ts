// The device that models share when the caller gives none: asked for with the first of them, destroyed some seconds after the last,
// as a page that swaps one model for another would compile everything again.
import { Device } from "./device.js";

/** Milliseconds that the device stays without a model. */
const LINGER = 5000;

let shared: { readonly device: Promise<Device>; users: number; released: number } | undefined;

/**
 * The device to load a model on: the caller's, which is never destroyed, or one that all models without a device of their own
 * share and that goes soon after the last of them. `release` once for every call.
 */
export async function acquireDevice(given?: GPUDevice): Promise<{
  /** To compile and run on. */
  device: Device;
  /** Gives it back. */
  release: () => void;
}> {
  if (given) return { device: Device.of(given), release: () => undefined };
  const mine = (shared ??= { device: Device.request(), users: 0, released: 0 });
  mine.users++;
  const release = () => {
    if (--mine.users > 0) return;
    const released = ++mine.released;
    const timer: unknown = setTimeout(() => {
      if (mine.users > 0 || mine.released !== released) return;
      forget();
      mine.device.then(
        ({ gpu }) => gpu.destroy(),
        () => undefined,
      );
    }, LINGER);
    (timer as { unref?: () => void }).unref?.(); // a program outside of browsers ends when it has nothing else to do
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
