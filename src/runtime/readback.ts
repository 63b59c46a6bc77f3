// From buffers on the device to arrays of the host: a ring of two small mappable buffers, so that outputs of any size come
// through bounded memory, and one is read while the device fills the other.
import { DeviceError } from "../errors.js";
import type { Device } from "./device.js";

/** Bytes of one buffer of the ring: at most, and at least. */
const MOST = 16 * 2 ** 20;
const LEAST = 64 * 2 ** 10;

interface Copy {
  readonly from: number;
  readonly bytes: number;
  readonly target: Float32Array;
  readonly at: number;
}

/** One buffer of the ring, taken: copy into it while commands are encoded, `map` after the submit, then `read`. */
export class ReadbackBuffer {
  private readonly buffer: GPUBuffer;
  private readonly device: Device;
  private readonly release: () => void;
  private readonly copies: Copy[] = [];
  private filled = 0;
  private mapped: Promise<void> | undefined;

  constructor(device: Device, buffer: GPUBuffer, release: () => void) {
    this.device = device;
    this.buffer = buffer;
    this.release = release;
  }

  /** Copies bytes of `source` from `at` on, as many as there is room for, to the same place of `target`; tells how many. */
  copy(encoder: GPUCommandEncoder, source: GPUBuffer, at: number, bytes: number, target: Float32Array): number {
    const count = Math.min(bytes, this.buffer.size - this.filled);
    if (count === 0) return 0;
    encoder.copyBufferToBuffer(source, at, this.buffer, this.filled, count);
    this.copies.push({ from: this.filled, bytes: count, target, at });
    this.filled += count;
    return count;
  }

  /** Asks for what was copied: in the same block as the submit, which saves a round trip. */
  map(): void {
    if (this.filled === 0) return;
    this.mapped = this.device.unlessLost(this.buffer.mapAsync(GPUMapMode.READ, 0, this.filled));
    this.mapped.catch(() => undefined); // awaited in `read`
  }

  /** Waits for the copies, puts them into their targets and gives the buffer back. */
  async read(): Promise<void> {
    try {
      await this.mapped;
      if (!this.mapped) return;
      const range = this.buffer.getMappedRange(0, this.filled);
      for (const { from, bytes, target, at } of this.copies)
        target.set(new Float32Array(range, from, bytes / 4), at / 4);
    } finally {
      this.giveBack();
    }
  }

  /** Gives the buffer back without its contents; also when the device never got the copies. */
  giveBack(): void {
    if (this.mapped) this.buffer.unmap(); // ends a map that is still waited for
    this.release();
  }
}

/** Two staging buffers that grow to what outputs need, and no further than `MOST`. */
export class ReadbackRing {
  private readonly device: Device;
  private readonly free: (GPUBuffer | undefined)[] = [undefined, undefined];
  private readonly waiting: (() => void)[] = [];
  private readonly made = new Set<GPUBuffer>();
  private isDisposed = false;

  constructor(device: Device) {
    this.device = device;
  }

  /** A buffer for up to `bytes`, as soon as one is free. */
  async take(bytes: number): Promise<ReadbackBuffer> {
    while (this.free.length === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    let buffer = this.free.pop();
    try {
      const wanted = Math.min(MOST, 2 ** Math.ceil(Math.log2(Math.max(LEAST, bytes))));
      if (buffer && buffer.size < wanted) {
        this.destroy(buffer);
        buffer = undefined;
      }
      if (!buffer) {
        const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
        buffer = await this.device.guarded("read-back", () => this.device.createBuffer("read-back", wanted, usage));
        this.made.add(buffer);
      }
    } catch (error) {
      this.put(undefined);
      throw error;
    }
    const taken = buffer;
    return new ReadbackBuffer(this.device, taken, () => this.put(taken));
  }

  totals(): { bytes: number; buffers: number } {
    return { bytes: [...this.made].reduce((sum, { size }) => sum + size, 0), buffers: this.made.size };
  }

  /** Frees the buffers; one that is taken goes when it is given back. */
  dispose(): void {
    this.isDisposed = true;
    for (const buffer of this.free) if (buffer) this.destroy(buffer);
    this.free.fill(undefined);
  }

  private put(buffer: GPUBuffer | undefined): void {
    if (buffer && this.isDisposed) this.destroy(buffer);
    this.free.push(this.isDisposed ? undefined : buffer);
    this.waiting.shift()?.();
  }

  private destroy(buffer: GPUBuffer): void {
    this.made.delete(buffer);
    this.device.destroyBuffer(buffer);
  }
}

/** An array for results; where the host has no room for it, that is no mistake of the caller's. */
export function allocate(name: string, bytes: number): Float32Array {
  try {
    return new Float32Array(bytes / 4);
  } catch (cause) {
    throw new DeviceError(`${name}: no memory for a result of ${bytes} bytes: give shorter or fewer texts`, { cause });
  }
}
