// A GPUDevice without a GPU, for what no adapter can show on purpose: it counts submits, waits and maps, computes nothing,
// takes as long as it is told, refuses what WebGPU refuses of mapped and destroyed buffers, and fails the n-th allocation.
import { Device } from "../../src/runtime/device.js";

Object.assign(globalThis, {
  GPUBufferUsage: {
    MAP_READ: 1,
    MAP_WRITE: 2,
    COPY_SRC: 4,
    COPY_DST: 8,
    UNIFORM: 64,
    STORAGE: 128,
    QUERY_RESOLVE: 512,
  },
  GPUMapMode: { READ: 1, WRITE: 2 },
  GPUShaderStage: { COMPUTE: 4 },
});

class StubBuffer {
  readonly size: number;
  readonly usage: number;
  readonly label: string;
  state: "unmapped" | "pending" | "mapped" | "destroyed" = "unmapped";
  private readonly gpu: StubGpu;
  private stopMap: ((error: Error) => void) | undefined;

  constructor(gpu: StubGpu, { size, usage, label = "" }: GPUBufferDescriptor) {
    this.gpu = gpu;
    this.size = size;
    this.usage = usage;
    this.label = label;
  }

  mapAsync(): Promise<undefined> {
    this.gpu.log.push("map");
    if (this.state !== "unmapped") return Promise.reject(new DOMException("Buffer already mapped", "OperationError"));
    this.state = "pending";
    return new Promise((resolve, reject) => {
      this.stopMap = reject;
      void this.gpu.idle().then(() => {
        if (this.state !== "pending") return;
        this.state = "mapped";
        resolve(undefined);
      });
    });
  }

  getMappedRange(offset = 0, size = this.size - offset): ArrayBuffer {
    if (this.state !== "mapped") throw new DOMException("not mapped", "OperationError");
    this.gpu.onMappedRange?.();
    return new ArrayBuffer(size);
  }

  unmap(): void {
    if (this.state === "pending") this.stopMap!(new DOMException("unmapped", "AbortError"));
    if (this.state !== "destroyed") this.state = "unmapped";
  }

  destroy(): void {
    if (this.state === "pending") this.stopMap!(new DOMException("destroyed", "AbortError"));
    if (this.state !== "destroyed") this.gpu.bytes -= this.size;
    this.state = "destroyed";
  }
}

interface Commands {
  dispatches: number;
  readonly buffers: StubBuffer[];
}

export class StubGpu {
  /** What was called, in order: "submit", "map", "push", "pop", "scope" (a verdict was given), "done" (a submit ended). */
  readonly log: string[] = [];
  /** Dispatches of each submit. */
  readonly submits: number[] = [];
  /** Submits that have not ended, and the most at a time. */
  unfinished = 0;
  mostUnfinished = 0;
  bytes = 0;
  peakBytes = 0;
  /** Milliseconds of a dispatch. */
  dispatchTime = 0;
  /** The allocation, counted from 1, that finds no memory. */
  failAt: number | undefined;
  allocations = 0;
  onMappedRange: (() => void) | undefined;
  onWrite: (() => void) | undefined;
  private work: Promise<void> = Promise.resolve();
  private readonly scopes: { filter: string; error: { message: string } | null }[] = [];

  readonly features: Set<string> = new Set<string>();
  readonly adapterInfo: object = { vendor: "stub", architecture: "", isFallbackAdapter: false };
  readonly lost: Promise<GPUDeviceLostInfo> = new Promise<GPUDeviceLostInfo>(() => undefined);
  readonly limits: object = {
    maxBufferSize: 2 ** 28,
    maxStorageBufferBindingSize: 2 ** 27,
    maxComputeInvocationsPerWorkgroup: 256,
    maxComputeWorkgroupsPerDimension: 65535,
    minUniformBufferOffsetAlignment: 256,
  };
  readonly queue: object = {
    writeBuffer: (buffer: StubBuffer) => {
      this.onWrite?.();
      this.usable("writeBuffer", buffer);
    },
    submit: (all: readonly Commands[]) => {
      this.log.push("submit");
      const dispatches = all.reduce((sum, commands) => sum + commands.dispatches, 0);
      for (const { buffers } of all) for (const buffer of buffers) this.usable("submit", buffer);
      this.submits.push(dispatches);
      this.mostUnfinished = Math.max(this.mostUnfinished, ++this.unfinished);
      const milliseconds = dispatches * this.dispatchTime;
      this.work = this.work
        .then(() => (milliseconds > 0 ? new Promise((resolve) => setTimeout(resolve, milliseconds)) : undefined))
        .then(() => {
          this.unfinished--;
          this.log.push("done");
        });
    },
    onSubmittedWorkDone: () => this.idle(),
  };

  /** Settles when everything that was submitted until now has ended. */
  idle(): Promise<void> {
    return this.work;
  }

  pushErrorScope(filter: string): void {
    this.log.push("push");
    this.scopes.push({ filter, error: null });
  }

  async popErrorScope(): Promise<{ message: string } | null> {
    this.log.push("pop");
    const scope = this.scopes.pop();
    if (!scope) throw new DOMException("no scope", "OperationError");
    await new Promise((resolve) => setTimeout(resolve)); // a round trip
    this.log.push("scope");
    return scope.error;
  }

  createBuffer(descriptor: GPUBufferDescriptor): StubBuffer {
    const buffer = new StubBuffer(this, descriptor);
    if (++this.allocations === this.failAt) {
      buffer.state = "destroyed";
      this.fail("out-of-memory", `no memory for ${descriptor.label}`);
      return buffer;
    }
    if (descriptor.size > 2 ** 28)
      this.fail("validation", `Buffer size (${descriptor.size}) exceeds the max buffer size limit`);
    this.bytes += buffer.size;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    return buffer;
  }

  createCommandEncoder(): object {
    const commands: Commands = { dispatches: 0, buffers: [] };
    return {
      beginComputePass: () => ({
        setPipeline: () => undefined,
        setBindGroup: (_index: number, group: { buffers: StubBuffer[] }) => commands.buffers.push(...group.buffers),
        dispatchWorkgroups: () => commands.dispatches++,
        end: () => undefined,
      }),
      copyBufferToBuffer: (from: StubBuffer, fromAt: number, to: StubBuffer, toAt: number, size: number) => {
        commands.buffers.push(from, to);
        if (fromAt + size > from.size || toAt + size > to.size) this.fail("validation", "copy out of bounds");
      },
      finish: () => commands,
    };
  }

  createBindGroup({ entries }: { entries: { resource: { buffer: StubBuffer } }[] }): object {
    return { buffers: entries.map(({ resource }) => resource.buffer) };
  }

  createBindGroupLayout(): object {
    return {};
  }

  createPipelineLayout(): object {
    return {};
  }

  createShaderModule(): object {
    return { getCompilationInfo: () => Promise.resolve({ messages: [] }) };
  }

  createComputePipelineAsync(): Promise<object> {
    return Promise.resolve({});
  }

  private usable(what: string, buffer: StubBuffer): void {
    if (buffer.state !== "unmapped") this.fail("validation", `${what} with the ${buffer.state} buffer ${buffer.label}`);
  }

  private fail(filter: string, message: string): void {
    const scope = this.scopes.findLast((one) => one.filter === filter);
    if (!scope) throw new Error(`uncaptured: ${message}`);
    scope.error ??= { message };
  }
}

/** A Device over a stub. */
export function stubDevice(): { gpu: StubGpu; device: Device } {
  const gpu = new StubGpu();
  return { gpu, device: Device.of(gpu as unknown as GPUDevice) };
}
