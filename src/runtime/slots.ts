// The reused buffers behind a model's plans. Slot i is as large as any plan ever needed; a larger plan replaces the
// buffer (never copies), and other plans notice by the version that their bind groups are stale.
import type { Device } from "./device.js";

export class Slots {
  /** Grows whenever a buffer was replaced. */
  version = 0;
  private buffers: (GPUBuffer | undefined)[] = [];
  private staging: GPUBuffer | undefined;
  private readonly device: Device;

  constructor(device: Device) {
    this.device = device;
  }

  /** Makes every slot at least as large as asked. What did not fit is freed first, so that old and new never add up. */
  async ensure(sizes: readonly number[], stagingBytes: number): Promise<void> {
    const grown = sizes.flatMap((bytes, slot) => ((this.buffers[slot]?.size ?? 0) < bytes ? [{ slot, bytes }] : []));
    const restage = (this.staging?.size ?? 0) < stagingBytes;
    if (grown.length === 0 && !restage) return;
    for (const { slot } of grown) this.free(slot);
    if (restage) this.freeStaging();
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const { buffers, staging } = await this.device.guarded("activations", () => ({
      buffers: grown.map(({ slot, bytes }) =>
        this.device.createBuffer(`slot ${slot}`, bytes, STORAGE | COPY_SRC | COPY_DST),
      ),
      staging: restage ? this.device.createBuffer("read-back", stagingBytes, MAP_READ | COPY_DST) : this.staging,
    }));
    grown.forEach(({ slot }, i) => (this.buffers[slot] = buffers[i]));
    this.staging = staging;
  }

  buffer(index: number): GPUBuffer {
    return this.buffers[index]!;
  }

  /** The buffer that results are copied to and mapped from. */
  readback(): GPUBuffer {
    return this.staging!;
  }

  /** Bytes of the slots and of the read-back buffer, and how many buffers they are. */
  totals(): { slots: number; readback: number; buffers: number } {
    const made = this.buffers.filter((buffer) => buffer !== undefined);
    return {
      slots: made.reduce((sum, buffer) => sum + buffer.size, 0),
      readback: this.staging?.size ?? 0,
      buffers: made.length + (this.staging ? 1 : 0),
    };
  }

  dispose(): void {
    this.buffers.forEach((_, slot) => this.free(slot));
    this.freeStaging();
  }

  private free(slot: number): void {
    const buffer = this.buffers[slot];
    if (!buffer) return;
    this.device.destroyBuffer(buffer);
    this.buffers[slot] = undefined;
    this.version++;
  }

  private freeStaging(): void {
    if (this.staging) this.device.destroyBuffer(this.staging);
    this.staging = undefined;
  }
}
