// The reused buffers behind a model's plans. Slot i is as large as plans needed lately; a larger plan replaces the buffer
// (never copies), and other plans notice by the version that their bind groups are stale.
import type { Device } from "./device.js";
import { ReadbackRing } from "./readback.js";

/** Runs that are remembered. A slot goes when it is this many times, and this many bytes, larger than any of them needed. */
const REMEMBERED = 16;
const TOO_LARGE = 4;
const WORTH_IT = 32 * 2 ** 20;

/** Buffers that plans share: slot i is as large as plans needed lately. */
export class Slots {
  /** Grows whenever a buffer was replaced. */
  version = 0;
  /** Where results are read back through. */
  readonly readback: ReadbackRing;
  private buffers: (GPUBuffer | undefined)[] = [];
  private recent: (readonly number[])[] = [];
  private readonly device: Device;

  /** Allocates nothing yet. */
  constructor(device: Device) {
    this.device = device;
    this.readback = new ReadbackRing(device);
  }

  /**
   * Makes every slot at least as large as asked, and gives back what only older runs needed. What does not fit is freed first,
   * so that old and new never add up.
   */
  async ensure(sizes: readonly number[]): Promise<void> {
    this.recent = [...this.recent.slice(1 - REMEMBERED), sizes];
    this.buffers.forEach((buffer, slot) => {
      const most = Math.max(...this.recent.map((run) => run[slot] ?? 0));
      const size = buffer?.size ?? 0;
      if (size > TOO_LARGE * most && size > most + WORTH_IT) this.free(slot);
    });
    const grown = sizes.flatMap((bytes, slot) => ((this.buffers[slot]?.size ?? 0) < bytes ? [{ slot, bytes }] : []));
    if (grown.length === 0) return;
    for (const { slot } of grown) this.free(slot);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffers = await this.device.guarded("activations", () =>
      grown.map(({ slot, bytes }) => this.device.createBuffer(`slot ${slot}`, bytes, usage)),
    );
    grown.forEach(({ slot }, i) => (this.buffers[slot] = buffers[i]));
  }

  /** The buffer of a slot, after `ensure`; another one once `version` has grown. */
  buffer(index: number): GPUBuffer {
    return this.buffers[index]!;
  }

  /** Bytes of the slots, and how many they are. */
  totals(): ReturnType<Device["totals"]> {
    const made = this.buffers.filter((buffer) => buffer !== undefined);
    return { bytes: made.reduce((sum, buffer) => sum + buffer.size, 0), buffers: made.length };
  }

  /** Frees all buffers. */
  dispose(): void {
    this.buffers.forEach((_, slot) => this.free(slot));
    this.readback.dispose();
  }

  private free(slot: number): void {
    const buffer = this.buffers[slot];
    if (!buffer) return;
    this.device.destroyBuffer(buffer);
    this.buffers[slot] = undefined;
    this.version++;
  }
}
