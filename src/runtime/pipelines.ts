// Compiled pipelines of one device, by shader text. A compilation in progress is shared, so that nothing compiles twice
// and loading can start compilations while weights are still arriving.
import { DeviceError } from "../errors.js";
import type { Shader } from "../kernels/shader.js";
import type { Loss } from "./loss.js";

/** A pipeline and the layout of its tensors (group 0); group 1 is Params at a dynamic offset, the same for all. */
export interface Pipeline {
  readonly shader: Shader;
  readonly pipeline: GPUComputePipeline;
  readonly tensors: GPUBindGroupLayout;
}

export class Pipelines {
  /** Layout of group 1 in every pipeline. */
  readonly paramsLayout: GPUBindGroupLayout;
  private readonly gpu: GPUDevice;
  private readonly loss: Loss;
  private readonly cache = new Map<string, Promise<Pipeline>>();
  private finished = 0;

  constructor(gpu: GPUDevice, loss: Loss) {
    this.gpu = gpu;
    this.loss = loss;
    gpu.pushErrorScope("validation"); // on a caller's device no error of ours may reach the caller's handler
    this.paramsLayout = gpu.createBindGroupLayout({
      label: "params",
      entries: [
        { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "uniform", hasDynamicOffset: true } },
      ],
    });
    gpu.popErrorScope().catch(() => undefined); // a lost device is noticed elsewhere
  }

  /** The compiled pipeline of a shader; a shader that does not compile rejects with file, line and message. */
  get(shader: Shader): Promise<Pipeline> {
    let pipeline = this.cache.get(shader.text);
    if (!pipeline) {
      pipeline = this.compile(shader);
      this.cache.set(shader.text, pipeline);
      pipeline.then(
        () => this.finished++,
        () => this.cache.delete(shader.text),
      );
    }
    return pipeline;
  }

  /** Whether a shader was asked for before. */
  has({ text }: Shader): boolean {
    return this.cache.has(text);
  }

  /** Pipelines asked for and compiled so far. */
  counts(): { asked: number; compiled: number } {
    return { asked: this.cache.size, compiled: this.finished };
  }

  private async compile(shader: Shader): Promise<Pipeline> {
    const { gpu } = this;
    this.loss.throwIfLost();
    gpu.pushErrorScope("validation"); // what is invalid would otherwise be reported as uncaptured
    const tensors = gpu.createBindGroupLayout({
      label: shader.file,
      entries: shader.bindings.map(({ index, access }) => ({
        binding: index,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === "read" ? "read-only-storage" : "storage" },
      })),
    });
    const module = gpu.createShaderModule({ label: shader.file, code: shader.text });
    const layout = gpu.createPipelineLayout({ bindGroupLayouts: [tensors, this.paramsLayout] });
    const invalid = gpu.popErrorScope();
    const compiled = gpu.createComputePipelineAsync({
      label: shader.file,
      layout,
      compute: { module, entryPoint: "main" },
    });
    compiled.catch(() => undefined); // awaited below
    await this.loss.unlessLost(invalid);
    try {
      return { shader, tensors, pipeline: await this.loss.unlessLost(compiled) };
    } catch (cause) {
      this.loss.throwIfLost();
      if (shader.fallback) return this.compile(shader.fallback);
      const { messages } = await module.getCompilationInfo();
      const first = messages.find((message) => message.type === "error");
      const reason = first
        ? `${first.lineNum}: ${first.message}`
        : cause instanceof Error
          ? cause.message
          : String(cause);
      throw new DeviceError(`${shader.file}:${reason} (variant ${shader.label || "plain"})`, { cause });
    }
  }
}
