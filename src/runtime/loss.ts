// The loss of a GPU device. Once lost, most WebGPU calls succeed silently and some waits never end: every wait goes through here.
import { DeviceError } from "../errors.js";

/** Milliseconds between the failure of pending work and the news that the device is lost, at most. */
const LOSS_DELAY = 100;

export class Loss {
  private error: DeviceError | undefined;
  private readonly whenLost: Promise<DeviceError>;
  private readonly waiting = new Set<(loss: DeviceError) => void>();

  constructor(gpu: GPUDevice) {
    this.whenLost = gpu.lost.then((info) => {
      this.error = new DeviceError(
        `the GPU device was lost (${info.reason}${info.message ? `: ${info.message}` : ""}). Load the model again; if that fails, reload the page.`,
      );
      for (const reject of this.waiting) reject(this.error);
      return this.error;
    });
  }

  throwIfLost(): void {
    if (this.error) throw this.error;
  }

  /**
   * Waits for `work`, but no longer than the device lives. Waits are listed rather than raced against one promise, which
   * would keep something of every wait for as long as the device lives.
   */
  async unlessLost<T>(work: Promise<T>): Promise<T> {
    this.throwIfLost();
    let reject: ((loss: DeviceError) => void) | undefined;
    try {
      return await new Promise<T>((resolve, fail) => {
        reject = fail;
        this.waiting.add(fail);
        work.then(resolve, fail);
      });
    } catch (error) {
      // A lost device may reject its pending work before it says that it is lost.
      await Promise.race([this.whenLost, new Promise((resolve) => setTimeout(resolve, LOSS_DELAY))]);
      this.throwIfLost();
      throw error;
    } finally {
      this.waiting.delete(reject!);
    }
  }
}
