// The reused buffers behind a model's plans. Slot i is as large as any plan ever needed; a larger plan replaces the
// buffer (never copies), and other plans notice by the version that their bind groups are stale.
import type { Device } from "./device.js";

export class Slots {
  /** Grows whenever a buffer was replaced. */
  version = 0;
  private buffers: GPUBuffer[] = [];
  private staging: GPUBuffer | undefined;
  private readonly device: Device;

  constructor(device: Device) {
    this.device = device;
  }

  /** Makes every slot at least as large as asked. */
  async ensure(sizes: readonly number[], stagingBytes: number): Promise<void> {
    const fits = sizes.every((bytes, i) => (this.buffers[i]?.size ?? 0) >= bytes);
    if (fits && (this.staging?.size ?? 0) >= stagingBytes) return;
    await this.device.guarded("activations", () => {
      sizes.forEach((bytes, i) => {
        const old = this.buffers[i];
        if (old && old.size >= bytes) return;
        if (old) this.device.destroyBuffer(old);
        this.buffers[i] = this.device.createBuffer(
          `slot ${i}`,
          bytes,
          GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
        );
        this.version++;
      });
      if ((this.staging?.size ?? 0) < stagingBytes) {
        if (this.staging) this.device.destroyBuffer(this.staging);
        this.staging = this.device.createBuffer(
          "read-back",
          stagingBytes,
          GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
        );
      }
    });
  }

  buffer(index: number): GPUBuffer {
    return this.buffers[index]!;
  }

  /** The buffer that results are copied to and mapped from. */
  readback(): GPUBuffer {
    return this.staging!;
  }

  /** Bytes of the slots and of the read-back buffer. */
  bytes(): { slots: number; readback: number } {
    return { slots: this.buffers.reduce((sum, buffer) => sum + buffer.size, 0), readback: this.staging?.size ?? 0 };
  }

  dispose(): void {
    for (const buffer of this.buffers) this.device.destroyBuffer(buffer);
    if (this.staging) this.device.destroyBuffer(this.staging);
    this.buffers = [];
    this.staging = undefined;
  }
}
