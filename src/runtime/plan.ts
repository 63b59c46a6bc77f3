// A compiled graph: pipelines, slots, bind groups and one parameter buffer. Running it is one upload, one compute pass,
// one submit, one read-back. This is the only place that encodes commands for a model.
import { assert } from "../errors.js";
import { byteLength, type Dispatch, type TensorType } from "../kernels/kernel.js";
import type { Device } from "./device.js";
import { describe, dispatches } from "./dispatches.js";
import type { Graph, Node, Value } from "./graph.js";
import { type MemoryPlan, planMemory } from "./memory-plan.js";
import type { Pipeline } from "./pipelines.js";
import { profileSteps, type StepTime } from "./profile.js";
import { readBack } from "./readback.js";
import type { Slots } from "./slots.js";

/** Contents of a graph's inputs by name, in the element type of each. */
export type Inputs = Readonly<Record<string, Float32Array | Uint32Array>>;

/** A tensor read back from the device. */
export interface ReadBack {
  readonly type: TensorType;
  readonly data: Float32Array;
}

/** One node, ready to be encoded; `params` is its offset in the parameter buffer. */
interface Step {
  readonly node: Node;
  readonly dispatch: Dispatch;
  readonly pipeline: Pipeline;
  readonly params: number;
}

/** The buffers of a graph's residents, by name. */
export type ResidentBuffers = ReadonlyMap<string, GPUBuffer>;

/** Starts compiling what a graph needs, so that a later `compile` finds it done; tells after each how many of all are. */
export async function warmUp(
  device: Device,
  graph: Graph,
  onCompiled?: (compiled: number, all: number) => void,
): Promise<void> {
  const shaders = new Set(dispatches(graph, device.capabilities).map(({ shader }) => shader));
  let compiled = 0;
  await Promise.all(
    [...shaders].map(async (shader) => {
      await device.pipelines.get(shader);
      onCompiled?.(++compiled, shaders.size);
    }),
  );
}

/** Plans memory, compiles pipelines and prepares bind groups. The caller keeps residents and slots alive. */
export async function compile(device: Device, graph: Graph, residents: ResidentBuffers, slots: Slots): Promise<Plan> {
  const planned = dispatches(graph, device.capabilities);
  for (const [index, { workgroups }] of planned.entries()) {
    const name = graph.nodes[index]!.output.name;
    if (workgroups.some((count) => count > device.capabilities.workgroupsPerDimension))
      throw new RangeError(`${name}: ${workgroups.join(" × ")} workgroups exceed the device's limit`);
  }
  for (const value of [...graph.inputs, ...graph.nodes.map((node) => node.output)]) {
    if (byteLength(value.type) > device.capabilities.bindingBytes)
      throw new RangeError(
        `${value.name} needs ${byteLength(value.type)} bytes, this device binds ${device.capabilities.bindingBytes}: give shorter or fewer texts`,
      );
  }
  const pipelines = await Promise.all(planned.map(({ shader }) => device.pipelines.get(shader)));
  const align = device.gpu.limits.minUniformBufferOffsetAlignment;
  const largest = Math.max(16, ...planned.map(({ shader }) => shader.params.length * 4));
  const stride = Math.ceil(largest / align) * align;
  const steps = graph.nodes.map((node, index): Step => ({
    node,
    dispatch: planned[index]!,
    pipeline: pipelines[index]!,
    params: index * stride,
  }));
  const params = new ArrayBuffer(Math.max(1, steps.length) * stride);
  for (const step of steps) writeParams(new DataView(params), step);
  const buffer = await device.guarded("plan parameters", () => {
    const made = device.createBuffer("params", params.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    device.gpu.queue.writeBuffer(made, 0, params);
    return made;
  });
  return new Plan(device, graph, residents, slots, steps, buffer, stride);
}

function writeParams(view: DataView, { dispatch, params }: Step): void {
  dispatch.shader.params.forEach(({ name, type }, field) => {
    const value = dispatch.params[name];
    assert(value !== undefined, `${dispatch.shader.file}: no value for parameter ${name}`);
    const at = params + 4 * field;
    if (type === "f32") view.setFloat32(at, value, true);
    else if (type === "i32") view.setInt32(at, value, true);
    else view.setUint32(at, value, true);
  });
}

export class Plan {
  readonly graph: Graph;
  readonly memory: MemoryPlan;
  private readonly device: Device;
  private readonly residents: ResidentBuffers;
  private readonly slots: Slots;
  private readonly steps: readonly Step[];
  private readonly params: GPUBuffer;
  private readonly paramsStride: number;
  private bindGroups: { version: number; params: GPUBindGroup; tensors: GPUBindGroup[] } | undefined;

  constructor(
    device: Device,
    graph: Graph,
    residents: ResidentBuffers,
    slots: Slots,
    steps: readonly Step[],
    params: GPUBuffer,
    paramsStride: number,
  ) {
    this.device = device;
    this.graph = graph;
    this.memory = planMemory(graph);
    this.residents = residents;
    this.slots = slots;
    this.steps = steps;
    this.params = params;
    this.paramsStride = paramsStride;
  }

  /** Runs the graph. Runs that share slots must not overlap: the model queues them. */
  async run(inputs: Inputs, signal?: AbortSignal): Promise<Map<string, Float32Array>> {
    signal?.throwIfAborted();
    const outputs = [...this.graph.outputs].map(([name, value]) => ({ name, value, bytes: byteLength(value.type) }));
    const total = outputs.reduce((sum, { bytes }) => sum + bytes, 0);
    await this.prepare(total);
    signal?.throwIfAborted();
    const staging = this.slots.readback();
    await this.device.guarded("run", () => {
      this.upload(inputs);
      const encoder = this.device.gpu.createCommandEncoder();
      this.encode(encoder.beginComputePass(), 0, this.steps.length);
      let at = 0;
      for (const { value, bytes } of outputs) {
        encoder.copyBufferToBuffer(this.bufferOf(value), 0, staging, at, bytes);
        at += bytes;
      }
      this.device.gpu.queue.submit([encoder.finish()]);
    });
    const data = await readBack(this.device, staging, total);
    let at = 0;
    const results = new Map<string, Float32Array>();
    for (const { name, bytes } of outputs) {
      results.set(name, data.subarray(at / 4, (at + bytes) / 4));
      at += bytes;
    }
    return results;
  }

  /** Runs the graph and leaves each output in a buffer on the device: for constants that are computed once. */
  async fill(inputs: Inputs, targets: ReadonlyMap<string, GPUBuffer>): Promise<void> {
    await this.prepare(0);
    await this.device.guarded("run", () => {
      this.upload(inputs);
      const encoder = this.device.gpu.createCommandEncoder();
      this.encode(encoder.beginComputePass(), 0, this.steps.length);
      for (const [name, value] of this.graph.outputs) {
        const target = targets.get(name);
        assert(target, `no buffer for ${name}`);
        encoder.copyBufferToBuffer(this.bufferOf(value), 0, target, 0, byteLength(value.type));
      }
      this.device.gpu.queue.submit([encoder.finish()]);
    });
  }

  /** Every computed value, in order, as it is right after its node: for tests and for looking inside. Slow. */
  async inspect(inputs: Inputs, visit: (name: string, value: ReadBack, node: Node) => void): Promise<void> {
    const largest = Math.max(16, ...this.graph.nodes.map((node) => byteLength(node.output.type)));
    await this.prepare(largest);
    const staging = this.slots.readback();
    for (const [index, { node }] of this.steps.entries()) {
      const bytes = byteLength(node.output.type);
      await this.device.guarded(node.output.name, () => {
        if (index === 0) this.upload(inputs);
        const encoder = this.device.gpu.createCommandEncoder();
        this.encode(encoder.beginComputePass(), index, index + 1);
        encoder.copyBufferToBuffer(this.bufferOf(node.output), 0, staging, 0, bytes);
        this.device.gpu.queue.submit([encoder.finish()]);
      });
      visit(node.output.name, { type: node.output.type, data: await readBack(this.device, staging, bytes) }, node);
    }
  }

  /**
   * Time per node, by timestamps around a pass of its own, or by waiting for a submit of its own where the device has
   * no timestamp-query. Short nodes are repeated: browsers round timestamps.
   */
  async profile(inputs: Inputs, repeats = 4): Promise<StepTime[]> {
    await this.prepare(16);
    await this.device.guarded("run", () => this.upload(inputs));
    return profileSteps(this.device, this.steps, (pass, from, to) => this.encode(pass, from, to), repeats);
  }

  /** See `describe`. */
  describe(): string {
    return describe(this.graph, this.device.capabilities);
  }

  /** Of the parameter buffer, which is all that a plan owns. */
  get bytes(): number {
    return this.params.size;
  }

  /** Frees the parameter buffer; slots and residents belong to the model. */
  dispose(): void {
    this.device.destroyBuffer(this.params);
  }

  private bufferOf(value: Value): GPUBuffer {
    if (value.kind === "resident") {
      const buffer = this.residents.get(value.name);
      assert(buffer, `no buffer for ${value.name}`);
      return buffer;
    }
    return this.slots.buffer(this.memory.slotOf.get(value.storage.id)!);
  }

  private async prepare(readback: number): Promise<void> {
    await this.slots.ensure(this.memory.slots, readback);
    if (this.bindGroups?.version === this.slots.version) return;
    const { gpu, pipelines } = this.device;
    this.bindGroups = await this.device.guarded("bind groups", () => ({
      version: this.slots.version,
      params: gpu.createBindGroup({
        layout: pipelines.paramsLayout,
        entries: [{ binding: 0, resource: { buffer: this.params, size: this.paramsStride } }],
      }),
      tensors: this.steps.map(({ node, pipeline }) =>
        gpu.createBindGroup({
          layout: pipeline.tensors,
          entries: [node.output, ...node.inputs].map((value, binding) => ({
            binding,
            resource: { buffer: this.bufferOf(value), size: byteLength(value.type) },
          })),
        }),
      ),
    }));
  }

  private upload(inputs: Inputs): void {
    for (const value of this.graph.inputs) {
      const data = inputs[value.name];
      assert(data, `no data for input ${value.name}`);
      assert(data.byteLength <= byteLength(value.type), `${data.length} elements for input ${value.name}`);
      this.device.gpu.queue.writeBuffer(this.bufferOf(value), 0, data as Float32Array<ArrayBuffer>);
    }
  }

  private encode(pass: GPUComputePassEncoder, from: number, to: number): void {
    const groups = this.bindGroups!;
    for (let index = from; index < to; index++) {
      const { pipeline, dispatch, params } = this.steps[index]!;
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(0, groups.tensors[index]);
      pass.setBindGroup(1, groups.params, [params]);
      pass.dispatchWorkgroups(...dispatch.workgroups);
    }
    pass.end();
  }
}
