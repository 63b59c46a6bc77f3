// The loss of a GPU device. Once lost, most WebGPU calls succeed silently and some waits never end: every wait goes through here.
import { DeviceError } from "../errors.js";
import { pollsByTimer, pollWhile } from "./firefox-poll.js";

/** Milliseconds between the failure of pending work and the news that the device is lost, at most: it only delays a failure. */
const LOSS_DELAY = 1000;

export class Loss {
  /** Resolves when the device is lost, never rejects. */
  readonly whenLost: Promise<DeviceError>;
  private error: DeviceError | undefined;
  private readonly gpu: GPUDevice;
  private readonly waiting = new Set<(loss: DeviceError) => void>();

  constructor(gpu: GPUDevice) {
    this.gpu = gpu;
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
   * @throws DeviceError, whatever the browser's own exception was; but a pipeline's failure as it is
   */
  async unlessLost<T>(work: Promise<T>): Promise<T> {
    this.throwIfLost();
    let reject: ((loss: DeviceError) => void) | undefined;
    try {
      return await new Promise<T>((resolve, fail) => {
        reject = fail;
        if (pollsByTimer() && this.waiting.size === 0)
          setTimeout(() => pollWhile(this.gpu, () => this.waiting.size > 0 && !this.error));
        this.waiting.add(fail);
        work.then(resolve, fail);
      });
    } catch (error) {
      if (error === this.error) throw error;
      // A lost device may reject its pending work before it says that it is lost.
      await Promise.race([this.whenLost, new Promise((resolve) => setTimeout(resolve, LOSS_DELAY))]);
      this.throwIfLost();
      const isRaw = error instanceof DOMException && error.name !== "GPUPipelineError";
      throw isRaw ? new DeviceError("the GPU did not finish its work", { cause: error }) : error;
    } finally {
      this.waiting.delete(reject!);
    }
  }
}
