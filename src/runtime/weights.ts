// The GPU side of loading: resident buffers, and a staging buffer from which one dispatch per tensor converts a file's
// bytes into the layout that kernels read. Bytes pass in chunks; nothing here holds a tensor in JavaScript.
import { assert } from "../errors.js";
import type { Dispatch } from "../kernels/kernel.js";
import type { Device } from "./device.js";
import { writeParams } from "./params.js";

/** The buffers that stay on the device for a model's life, by name; some of them are other models', too. */
export class Residents {
  /** By the residents' names. */
  readonly buffers: Map<string, GPUBuffer> = new Map<string, GPUBuffer>();
  private readonly device: Device;

  /** Allocates nothing yet. */
  constructor(device: Device) {
    this.device = device;
  }

  /** Makes all buffers, zeroed; a failure frees those already made. */
  async allocate(sizes: Iterable<readonly [name: string, bytes: number]>): Promise<void> {
    try {
      await this.device.guarded("weights", () => {
        for (const [name, bytes] of sizes) {
          assert(!this.buffers.has(name), `resident ${name} is allocated twice`);
          const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
          this.buffers.set(name, this.device.createBuffer(name, bytes, usage));
        }
      });
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Takes the buffers that the device has already. @param keys by the residents' names: what each is */
  take(keys: ReadonlyMap<string, string>): void {
    for (const [name, key] of keys) {
      const buffer = this.device.weights.take(key);
      if (buffer) this.buffers.set(name, buffer);
    }
  }

  /** Lets other models use these buffers, which are whole now. */
  offer(keys: ReadonlyMap<string, string>): void {
    for (const [name, key] of keys) {
      const buffer = this.buffers.get(name);
      if (buffer) this.device.weights.add(key, buffer);
    }
  }

  /** Fills a buffer from the host. */
  async write(name: string, data: Uint32Array | Float32Array): Promise<void> {
    const buffer = this.buffers.get(name);
    assert(buffer, `no resident ${name}`);
    await this.device.guarded(name, () =>
      this.device.gpu.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>),
    );
  }

  /** Frees one buffer that is no longer needed. */
  release(name: string): void {
    const buffer = this.buffers.get(name);
    if (buffer) this.letGo(buffer);
    this.buffers.delete(name);
  }

  /** Bytes, and how many buffers they are; several names may share one. */
  totals(): ReturnType<Device["totals"]> & {
    /** Bytes that other models hold, too. */
    readonly shared: number;
  } {
    const made = [...new Set(this.buffers.values())];
    const sizeOf = (buffers: readonly GPUBuffer[]): number => buffers.reduce((sum, { size }) => sum + size, 0);
    const shared = made.filter((buffer) => this.device.weights.isShared(buffer));
    return { bytes: sizeOf(made), buffers: made.length, shared: sizeOf(shared) };
  }

  /** Frees all buffers that no other model uses. */
  dispose(): void {
    for (const buffer of new Set(this.buffers.values())) this.letGo(buffer);
    this.buffers.clear();
  }

  private letGo(buffer: GPUBuffer): void {
    if (this.device.weights.drop(buffer)) this.device.destroyBuffer(buffer);
  }
}

/** Bytes written between two waits for the queue: more would pile up as copies in the GPU process. */
const IN_FLIGHT = 32 * 2 ** 20;
const MAX_DISPATCHES = 16;
const PARAMS_STRIDE = 256;

/** A conversion of what lies in the staging buffer. */
export interface Conversion {
  readonly dispatch: Dispatch;
  readonly target: GPUBuffer;
}

/** The staging buffer: `write` a tensor's bytes piece by piece, then `convert`. The queue keeps them in order. */
export class Staging {
  private readonly device: Device;
  private readonly buffer: GPUBuffer;
  private readonly params: GPUBuffer;
  private sinceWait = 0;
  /** Of what was written and submitted since the last wait: none is waited for by itself. */
  private verdicts: Promise<void>[] = [];

  private constructor(device: Device, buffer: GPUBuffer, params: GPUBuffer) {
    this.device = device;
    this.buffer = buffer;
    this.params = params;
  }

  static async create(device: Device, capacity: number): Promise<Staging> {
    return device.guarded("staging", () => {
      const buffer = device.createBuffer("staging", capacity, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      return new Staging(device, buffer, device.createBuffer("staging params", MAX_DISPATCHES * PARAMS_STRIDE, usage));
    });
  }

  /** Puts bytes at an offset; both the offset and the length are multiples of 4. */
  write(offset: number, bytes: Uint8Array): void {
    const write = () => this.device.gpu.queue.writeBuffer(this.buffer, offset, bytes as Uint8Array<ArrayBuffer>);
    this.verdicts.push(this.device.scoped("write weights", write).verdict);
    this.sinceWait += bytes.byteLength;
  }

  /** Submits the conversions of the staged tensor. Submitting also lets the device free what was destroyed. */
  async convert(conversions: readonly Conversion[]): Promise<void> {
    assert(conversions.length <= MAX_DISPATCHES, `${conversions.length} conversions of one tensor`);
    const { gpu, pipelines } = this.device;
    const compiled = await Promise.all(conversions.map(({ dispatch }) => pipelines.get(dispatch.shader)));
    const { verdict } = this.device.scoped("convert weights", () => {
      const encoder = gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      const params = gpu.createBindGroup({
        layout: pipelines.paramsLayout,
        entries: [{ binding: 0, resource: { buffer: this.params, size: PARAMS_STRIDE } }],
      });
      conversions.forEach(({ dispatch, target }, index) => {
        const { pipeline, tensors } = compiled[index]!;
        const data = new DataView(new ArrayBuffer(PARAMS_STRIDE));
        writeParams(data, 0, dispatch);
        gpu.queue.writeBuffer(this.params, index * PARAMS_STRIDE, data);
        const entries = [target, this.buffer].map((buffer, binding) => ({ binding, resource: { buffer } }));
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, gpu.createBindGroup({ layout: tensors, entries }));
        pass.setBindGroup(1, params, [index * PARAMS_STRIDE]);
        pass.dispatchWorkgroups(...dispatch.workgroups);
      });
      pass.end();
      gpu.queue.submit([encoder.finish()]);
    });
    this.verdicts.push(verdict);
    if (this.sinceWait >= IN_FLIGHT) await this.settle();
  }

  /** Waits for all that was submitted. */
  async settle(): Promise<void> {
    const { verdicts } = this;
    this.verdicts = [];
    this.sinceWait = 0;
    await Promise.all(verdicts);
    await this.device.unlessLost(this.device.gpu.queue.onSubmittedWorkDone());
  }

  dispose(): void {
    this.device.destroyBuffer(this.buffer);
    this.device.destroyBuffer(this.params);
  }
}
