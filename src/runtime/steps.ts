// The nodes of a graph, ready to be encoded: pipelines, bind groups over slots and residents, and one parameter buffer.
import { assert } from "../errors.js";
import { byteLength, type Dispatch } from "../kernels/kernel.js";
import { compiledFor } from "./compiled.js";
import type { Device } from "./device.js";
import type { Graph, Node, Value } from "./graph.js";
import { type MemoryPlan, planMemory } from "./memory-plan.js";
import { writeParams } from "./params.js";
import type { Pipeline } from "./pipelines.js";
import type { Slots } from "./slots.js";

/** Contents of a graph's inputs by name, in the element type of each. */
export type Inputs = Readonly<Record<string, Float32Array | Uint32Array>>;

/** The buffers of a graph's residents, by name. */
export type ResidentBuffers = ReadonlyMap<string, GPUBuffer>;

/** One node; `params` is its offset in the parameter buffer. */
interface Step {
  readonly node: Node;
  readonly dispatch: Dispatch;
  readonly pipeline: Pipeline;
  readonly params: number;
}

/** Refuses what the device cannot run: by the value's name and both numbers. */
function check({ capabilities }: Device, graph: Graph, planned: readonly Dispatch[]): void {
  for (const [index, { workgroups }] of planned.entries()) {
    const name = graph.nodes[index]!.output.name;
    if (workgroups.some((count) => count > capabilities.workgroupsPerDimension))
      throw new RangeError(`${name}: ${workgroups.join(" × ")} workgroups exceed the device's limit`);
  }
  for (const { name, type } of [...graph.inputs, ...graph.nodes.map((node) => node.output)]) {
    if (byteLength(type) > capabilities.bindingBytes)
      throw new RangeError(
        `${name} needs ${byteLength(type)} bytes, this device binds ${capabilities.bindingBytes}: give shorter or fewer texts`,
      );
  }
}

/** Plans memory, compiles pipelines and writes the parameters. */
export async function stepsOf(device: Device, graph: Graph, residents: ResidentBuffers, slots: Slots): Promise<Steps> {
  const { dispatches: planned, pipelines } = await compiledFor(device, graph);
  check(device, graph, planned);
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
  for (const { dispatch, params: at } of steps) writeParams(new DataView(params), at, dispatch);
  const buffer = await device.guarded("plan parameters", () => {
    const made = device.createBuffer("params", params.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    device.gpu.queue.writeBuffer(made, 0, params);
    return made;
  });
  return new Steps(device, graph, residents, slots, steps, buffer, stride);
}

/** A graph's steps in their order, on a device. */
export class Steps {
  /** Where the graph's values lie. */
  readonly memory: MemoryPlan;
  readonly all: readonly Step[];
  private readonly device: Device;
  private readonly graph: Graph;
  private readonly residents: ResidentBuffers;
  private readonly slots: Slots;
  private readonly params: GPUBuffer;
  private readonly paramsStride: number;
  private bindGroups: { version: number; params: GPUBindGroup; tensors: GPUBindGroup[] } | undefined;

  constructor(
    device: Device,
    graph: Graph,
    residents: ResidentBuffers,
    slots: Slots,
    all: readonly Step[],
    params: GPUBuffer,
    paramsStride: number,
  ) {
    this.device = device;
    this.graph = graph;
    this.memory = planMemory(graph);
    this.residents = residents;
    this.slots = slots;
    this.all = all;
    this.params = params;
    this.paramsStride = paramsStride;
  }

  /** Before the first step of a run: slots are large enough, and bind groups those of the buffers there are. */
  async prepare(): Promise<void> {
    await this.slots.ensure(this.memory.slots);
    if (this.bindGroups?.version === this.slots.version) return;
    const { gpu, pipelines } = this.device;
    this.bindGroups = await this.device.guarded("bind groups", () => ({
      version: this.slots.version,
      params: gpu.createBindGroup({
        layout: pipelines.paramsLayout,
        entries: [{ binding: 0, resource: { buffer: this.params, size: this.paramsStride } }],
      }),
      tensors: this.all.map(({ node, pipeline }) =>
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

  /** Writes the inputs into their slots. */
  upload(inputs: Inputs): void {
    for (const value of this.graph.inputs) {
      const data = inputs[value.name];
      assert(data, `no data for input ${value.name}`);
      assert(data.byteLength <= byteLength(value.type), `${data.length} elements for input ${value.name}`);
      this.device.gpu.queue.writeBuffer(this.bufferOf(value), 0, data as Float32Array<ArrayBuffer>);
    }
  }

  /** Puts one step into a pass, after `prepare`. */
  encode(pass: GPUComputePassEncoder, index: number): void {
    const groups = this.bindGroups!;
    const { pipeline, dispatch, params } = this.all[index]!;
    pass.setPipeline(pipeline.pipeline);
    pass.setBindGroup(0, groups.tensors[index]);
    pass.setBindGroup(1, groups.params, [params]);
    pass.dispatchWorkgroups(...dispatch.workgroups);
  }

  /** Where a value lies, after `prepare`. */
  bufferOf(value: Value): GPUBuffer {
    if (value.kind === "resident") {
      const buffer = this.residents.get(value.name);
      assert(buffer, `no buffer for ${value.name}`);
      return buffer;
    }
    return this.slots.buffer(this.memory.slotOf.get(value.storage.id)!);
  }

  /** Of the parameter buffer, which is all that steps own. */
  get bytes(): number {
    return this.params.size;
  }

  /** Frees the parameter buffer; slots and residents belong to the model. */
  dispose(): void {
    this.device.destroyBuffer(this.params);
  }
}
