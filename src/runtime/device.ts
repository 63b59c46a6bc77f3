// A GPU device with what every other part needs of it: capabilities as plain data, counted buffers, pipelines, loss.
// One Device stands for one GPUDevice, so models that share a GPUDevice share compiled pipelines and totals.
import { DeviceError, UnsupportedError } from "../errors.js";
import type { Capabilities } from "../kernels/kernel.js";
import { Loss } from "./loss.js";
import { Pace } from "./pace.js";
import { Pipelines } from "./pipelines.js";
import { Shared } from "./shared.js";
import { type Variant, VARIANT_NAMES, without } from "./variants.js";

/** Everything is a faster path with a tested fallback; none of these is required. */
const WANTED_FEATURES: readonly string[] = ["subgroups", "subgroup-size-control", "timestamp-query"];

/** Limits that are raised to what the adapter has: large tables and scores need them, the rest stays at the default. */
const WANTED_LIMITS = ["maxStorageBufferBindingSize", "maxBufferSize"] as const;

const devices = new WeakMap<GPUDevice, Device>();

/** A GPUDevice with what models and graphs need of it. `Device.of` and `Device.request` make one. */
export class Device {
  /** The WebGPU device. */
  readonly gpu: GPUDevice;
  /** What kernels may use: less after `withdraw`. */
  capabilities: Capabilities;
  /** Compiled shaders, shared by all models of the device. */
  readonly pipelines: Pipelines;
  /** How much work a submit may hold, by the device's measured rate. */
  readonly pace: Pace = new Pace();
  /** Weights that several models may use, each by what it is. */
  readonly weights: Shared<GPUBuffer> = new Shared<GPUBuffer>();
  /** What was switched off on this device, and why, in sentences. */
  readonly withdrawn: string[] = [];
  private readonly live = new Map<GPUBuffer, number>();
  private readonly loss: Loss;
  /** Buffers made by the `guarded` block that is running. */
  private created: GPUBuffer[] | undefined;

  private constructor(gpu: GPUDevice) {
    this.gpu = gpu;
    this.capabilities = readCapabilities(gpu);
    this.loss = new Loss(gpu);
    this.pipelines = new Pipelines(gpu, this.loss);
  }

  /** The Device of a GPUDevice that somebody made. */
  static of(gpu: GPUDevice): Device {
    const known = devices.get(gpu);
    if (known) return known;
    const device = new Device(gpu);
    devices.set(gpu, device);
    return device;
  }

  /** Asks the browser for a device with the features that make things faster, and no limit above what the adapter has. */
  static async request(): Promise<Device> {
    const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
    if (!gpu) {
      throw new UnsupportedError(
        "this environment has no WebGPU (navigator.gpu is missing): use Chrome or Edge 113, Safari 26, Firefox 141 or newer, over https or localhost",
      );
    }
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) {
      throw new UnsupportedError(
        "WebGPU found no usable GPU adapter: check that graphics acceleration is on and the driver is installed",
      );
    }
    const requiredFeatures = WANTED_FEATURES.filter((name) => adapter.features.has(name)) as GPUFeatureName[];
    const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
    try {
      // A driver may refuse what its adapter promises; the defaults still run most models.
      const gpu = await adapter
        .requestDevice({ requiredFeatures, requiredLimits })
        .catch(() => adapter.requestDevice());
      return Device.of(gpu);
    } catch (cause) {
      throw new DeviceError("WebGPU refused to open the GPU device", { cause });
    }
  }

  /** Resolves with the DeviceError when the device is lost. */
  get lost(): Promise<DeviceError> {
    return this.loss.whenLost;
  }

  /** Throws a DeviceError once the device is lost: afterwards most WebGPU calls fail silently. */
  throwIfLost(): void {
    this.loss.throwIfLost();
  }

  /** Waits for `work`, but no longer than the device lives. */
  unlessLost<T>(work: Promise<T>): Promise<T> {
    return this.loss.unlessLost(work);
  }

  /** A counted buffer. Call inside `guarded`, which turns a failed allocation into a DeviceError. */
  createBuffer(label: string, bytes: number, usage: number): GPUBuffer {
    this.throwIfLost();
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    const buffer = this.gpu.createBuffer({ label, size, usage });
    this.live.set(buffer, size);
    this.created?.push(buffer);
    return buffer;
  }

  /** Frees a buffer; a second time is harmless. */
  destroyBuffer(buffer: GPUBuffer): void {
    if (this.live.delete(buffer)) buffer.destroy();
  }

  /**
   * Runs `create` under error scopes; a refused or failed call is a DeviceError, and the buffers that `create` made are
   * freed.
   */
  async guarded<T>(what: string, create: () => T): Promise<T> {
    const { result, verdict } = this.scoped(what, create);
    await verdict;
    return result;
  }

  /**
   * As `guarded`, but what `create` made is there at once and the verdict comes later, for work that need not wait for it.
   * Scopes are a stack per device, which others may share: they are pushed and popped in one synchronous block.
   */
  scoped<T>(
    what: string,
    create: () => T,
  ): {
    /** What `create` gave. */
    readonly result: T;
    /** Rejects with the DeviceError. */
    readonly verdict: Promise<void>;
  } {
    this.throwIfLost();
    this.gpu.pushErrorScope("out-of-memory");
    this.gpu.pushErrorScope("validation");
    const created: GPUBuffer[] = (this.created = []);
    const free = () => created.forEach((buffer) => this.destroyBuffer(buffer));
    let result: T | undefined;
    let failure: { readonly error: unknown } | undefined;
    try {
      result = create();
    } catch (error) {
      failure = { error };
    }
    this.created = undefined;
    const errors = Promise.all([this.gpu.popErrorScope(), this.gpu.popErrorScope()]);
    errors.catch(() => undefined); // awaited in `verdict` unless `create` threw; a lost device rejects it
    if (failure) {
      free();
      if (failure.error instanceof DOMException) throw new DeviceError(what, { cause: failure.error });
      throw failure.error as Error;
    }
    const verdict = this.verdict(what, errors).catch((error: unknown) => {
      free();
      throw error;
    });
    verdict.catch(() => undefined); // whoever needs it awaits it
    return { result: result as T, verdict };
  }

  private async verdict(what: string, errors: Promise<[GPUError | null, GPUError | null]>): Promise<void> {
    const [invalid, exhausted] = await this.unlessLost(errors);
    if (exhausted) {
      const held = (this.totals().bytes / 2 ** 20).toFixed(1);
      throw new DeviceError(`${what}: out of GPU memory with ${held} MiB held (${exhausted.message})`);
    }
    if (invalid) throw new DeviceError(`${what}: ${invalid.message}`);
  }

  /** Submits commands that do some work; tells when it is done. Inside `guarded` or `scoped`. */
  submit(commands: GPUCommandEncoder, flops: number): Promise<void> {
    this.gpu.queue.submit([commands.finish()]);
    return this.pace.submitted(flops, this.unlessLost(this.gpu.queue.onSubmittedWorkDone()));
  }

  /** The adapter, in the browser's words. */
  get adapter(): string {
    const info = this.gpu.adapterInfo as GPUAdapterInfo | undefined; // older browsers have none
    return [info?.vendor, info?.architecture, info?.device, info?.description].filter(Boolean).join(" ") || "unnamed";
  }

  /** This device as it would be without some variants, to try them; models do not notice. */
  without(variants: readonly Variant[]): Device {
    const capabilities = without(this.capabilities, variants);
    return Object.create(this, { capabilities: { value: capabilities, writable: true } }) as Device;
  }

  /** Switches variants of kernels off for all models of this device, and says so once: work goes on, slower. */
  withdraw(variants: readonly Variant[], reason: string): void {
    this.capabilities = without(this.capabilities, variants);
    const names = variants.map((variant) => VARIANT_NAMES[variant]).join(" and ");
    const sentence = `without ${names} on ${this.adapter}: ${reason}`;
    this.withdrawn.push(sentence);
    console.warn(`deberta-webgpu runs ${sentence}`);
  }

  /** Live buffers and their bytes, over all models of this device. */
  totals(): {
    /** How many. */
    buffers: number;
    /** Their sizes. */
    bytes: number;
  } {
    return { buffers: this.live.size, bytes: [...this.live.values()].reduce((sum, bytes) => sum + bytes, 0) };
  }
}

/** The size that shaders ask for where a device has several (RDNA, Adreno): a whole row of softmax and LayerNorm. */
const ASKED_SUBGROUP = 64;

function readCapabilities(gpu: GPUDevice): Capabilities {
  const info = gpu.adapterInfo as (GPUAdapterInfo & { isFallbackAdapter?: boolean }) | undefined;
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0, vendor = "", architecture = "" } = info ?? {};
  const hasSubgroups = gpu.features.has("subgroups");
  const isConstant = hasSubgroups && least === most && least >= 4;
  const isAskedFor =
    hasSubgroups &&
    !isConstant &&
    gpu.features.has("subgroup-size-control") &&
    least <= ASKED_SUBGROUP &&
    most >= ASKED_SUBGROUP;
  return {
    subgroupSize: isConstant ? least : isAskedFor ? ASKED_SUBGROUP : 0,
    subgroupControl: isAskedFor,
    software:
      info?.isFallbackAdapter === true ||
      /swiftshader|llvmpipe|lavapipe/i.test(`${architecture} ${vendor} ${info?.description ?? ""}`),
    workgroupThreads: gpu.limits.maxComputeInvocationsPerWorkgroup,
    bindingBytes: Math.min(gpu.limits.maxStorageBufferBindingSize, gpu.limits.maxBufferSize),
    workgroupsPerDimension: gpu.limits.maxComputeWorkgroupsPerDimension,
    vendor,
    architecture,
  };
}
