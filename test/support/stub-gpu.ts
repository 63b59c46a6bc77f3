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

export class StubBuffer {
  readonly size: number;
  readonly usage: number;
  readonly label: string;
  state: "unmapped" | "pending" | "mapped" | "destroyed" = "unmapped";
  /** What it holds, once somebody has asked. */
  private memory: Uint8Array<ArrayBuffer> | undefined;
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
      void this.gpu.workDone().then(() => {
        if (this.state !== "pending") return;
        this.state = "mapped";
        resolve(undefined);
      });
    });
  }

  getMappedRange(offset = 0, size = this.size - offset): ArrayBuffer {
    if (this.state !== "mapped") throw new DOMException("not mapped", "OperationError");
    this.gpu.onMappedRange?.();
    return this.memory?.slice(offset, offset + size).buffer ?? new ArrayBuffer(size);
  }

  /** Its bytes; zeros until they are written. */
  get contents(): Uint8Array<ArrayBuffer> {
    return (this.memory ??= new Uint8Array(this.size));
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

/** Of WebGPU, those that somebody reads. */
export const DEFAULT_LIMITS = {
  maxBufferSize: 2 ** 28,
  maxStorageBufferBindingSize: 2 ** 27,
  maxStorageBuffersPerShaderStage: 8,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupSizeY: 256,
  maxComputeWorkgroupSizeZ: 64,
  maxComputeWorkgroupStorageSize: 16_384,
  maxComputeWorkgroupsPerDimension: 65_535,
  minUniformBufferOffsetAlignment: 256,
};
export type StubLimits = typeof DEFAULT_LIMITS;

/** What a bind group binds, by binding. */
export type Bindings = readonly { readonly buffer: StubBuffer; readonly size: number }[];

/** A dispatch as it is submitted. */
export interface StubDispatch {
  readonly shader: string;
  readonly tensors: Bindings;
  readonly params: { readonly buffer: StubBuffer; readonly at: number };
  readonly workgroups: readonly number[];
}

export interface StubCopy {
  readonly from: StubBuffer;
  readonly fromAt: number;
  readonly to: StubBuffer;
  readonly toAt: number;
  readonly size: number;
}

interface Commands {
  readonly work: (StubDispatch | StubCopy)[];
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
  /** How often something was waited for that only the device knows; waits that begin together are one. */
  roundTrips = 0;
  onMappedRange: (() => void) | undefined;
  onWrite: (() => void) | undefined;
  private work: Promise<void> = Promise.resolve();
  private round: Promise<void> | undefined;
  private readonly scopes: { filter: string; error: { message: string } | null }[] = [];

  readonly features: Set<string> = new Set<string>();
  readonly adapterInfo: object = { vendor: "stub", architecture: "", isFallbackAdapter: false };
  readonly lost: Promise<GPUDeviceLostInfo> = new Promise<GPUDeviceLostInfo>(() => undefined);
  readonly limits: StubLimits = DEFAULT_LIMITS;
  readonly queue: object = {
    writeBuffer: (buffer: StubBuffer, at: number, data: ArrayBuffer | ArrayBufferView) => {
      this.onWrite?.();
      this.usable("writeBuffer", buffer);
      this.write?.(buffer, at, data);
    },
    submit: (all: readonly Commands[]) => {
      this.log.push("submit");
      const work = all.flatMap((commands) => commands.work);
      const dispatches = work.filter((each) => "shader" in each).length;
      for (const { buffers } of all) for (const buffer of buffers) this.usable("submit", buffer);
      for (const each of work) {
        if ("shader" in each) this.dispatch?.(each);
        else this.copy?.(each);
      }
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
    onSubmittedWorkDone: () => this.workDone(),
  };

  /** Settles when everything that was submitted until now has ended. */
  async workDone(): Promise<void> {
    await Promise.all([this.work, this.roundTrip()]);
  }

  /** Until the device has answered, which is after all that goes on without its answer. */
  private roundTrip(): Promise<void> {
    return (this.round ??= new Promise((resolve) =>
      setTimeout(() => {
        this.round = undefined;
        this.roundTrips++;
        resolve();
      }),
    ));
  }

  pushErrorScope(filter: string): void {
    this.log.push("push");
    this.scopes.push({ filter, error: null });
  }

  async popErrorScope(): Promise<{ message: string } | null> {
    this.log.push("pop");
    const scope = this.scopes.pop();
    if (!scope) throw new DOMException("no scope", "OperationError");
    await this.roundTrip();
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
    if (descriptor.size > this.limits.maxBufferSize)
      this.fail("validation", `Buffer size (${descriptor.size}) exceeds the max buffer size limit`);
    this.bytes += buffer.size;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    return buffer;
  }

  createCommandEncoder(): object {
    const commands: Commands = { work: [], buffers: [] };
    return {
      beginComputePass: () => {
        let shader = "";
        const groups: { group: Bindings; at: number }[] = [];
        return {
          setPipeline: (pipeline: { shader?: string }) => void (shader = pipeline.shader ?? ""),
          setBindGroup: (index: number, group: Bindings, [at = 0]: readonly number[] = []) => {
            groups[index] = { group, at };
            commands.buffers.push(...group.map(({ buffer }) => buffer));
          },
          dispatchWorkgroups: (...workgroups: number[]) => {
            const [{ group: tensors }, { group, at }] = groups as [(typeof groups)[0], (typeof groups)[0]];
            commands.work.push({ shader, tensors, params: { buffer: group[0]!.buffer, at }, workgroups });
          },
          end: () => undefined,
        };
      },
      copyBufferToBuffer: (from: StubBuffer, fromAt: number, to: StubBuffer, toAt: number, size: number) => {
        commands.buffers.push(from, to);
        if (fromAt + size > from.size || toAt + size > to.size) this.fail("validation", "copy out of bounds");
        commands.work.push({ from, fromAt, to, toAt, size });
      },
      finish: () => commands,
    };
  }

  createBindGroup({ entries }: { entries: { resource: { buffer: StubBuffer; size?: number } }[] }): Bindings {
    return entries.map(({ resource: { buffer, size = buffer.size } }) => ({ buffer, size }));
  }

  createBindGroupLayout({ entries }: { entries: readonly { buffer: { type: string } }[] }): object {
    return { entries };
  }

  createPipelineLayout(): object {
    return {};
  }

  createShaderModule({ code }: { code: string }): { shader: string } {
    return Object.assign({ shader: code }, { getCompilationInfo: () => Promise.resolve({ messages: [] }) });
  }

  createComputePipelineAsync({ compute }: { compute: { module: { shader: string } } }): Promise<{ shader?: string }> {
    return Promise.resolve({ shader: compute.module.shader });
  }

  // What a GPU with memory and arithmetic does (computing-gpu.ts).
  protected write?(buffer: StubBuffer, at: number, data: ArrayBuffer | ArrayBufferView): void;
  protected copy?(copy: StubCopy): void;
  protected dispatch?(dispatch: StubDispatch): void;

  private usable(what: string, buffer: StubBuffer): void {
    if (buffer.state !== "unmapped") this.fail("validation", `${what} with the ${buffer.state} buffer ${buffer.label}`);
  }

  protected fail(filter: string, message: string): void {
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
